import { fork, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const CHILD = fileURLToPath(new URL('./child.mjs', import.meta.url));
const started = [];

/**
 * Servers run on one CPU and clients on another. Where a scheduler may put them together it does so for one side and not for
 * the other, as it happens, and a message that need not wake another CPU takes a third of the time.
 */
export const pinned = ['0', '1'].every((cpu) => spawnSync('taskset', ['-c', cpu, 'true']).status === 0);

/**
 * Runs one role of a peer in a process of its own, so that no side pays for the other's heap and compiled code.
 * `HOLDFAST_BENCH_PROFILE=<dir>` writes a CPU profile of each process there.
 *
 * @param {string} peer name of a file in bench/peers
 * @param {string} role name of a function that it exports
 * @returns a proxy: `await child.publish(3)` calls the role's `publish(3)` over there
 */
export async function start(peer, role) {
  const profile = process.env['HOLDFAST_BENCH_PROFILE'];
  const execArgv = profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`, `--cpu-prof-name=${peer}-${role}.cpuprofile`] : [];
  const file = fileURLToPath(new URL(`../peers/${peer}.mjs`, import.meta.url));
  const node = [process.execPath, ...execArgv];
  const pin = { execPath: 'taskset', execArgv: ['-c', role === 'server' ? '0' : '1', ...node] };
  const child = fork(CHILD, [file, role], pinned ? pin : { execArgv });
  const waiting = new Map();
  let asked = 0;
  started.push(child);
  await new Promise((resolve, reject) => {
    child.on('message', ({ ready, id, result, error }) => {
      if (ready) return resolve();
      const { done, fail } = waiting.get(id);
      waiting.delete(id);
      if (error === undefined) done(result);
      else fail(new Error(`${peer} ${role}: ${error}`));
    });
    child.on('exit', (code) => {
      const lost = new Error(`${peer} ${role} ended with ${code}`);
      reject(lost);
      for (const { fail } of waiting.values()) fail(lost);
    });
  });
  const ask = (action, args) =>
    new Promise((done, fail) => {
      asked += 1;
      waiting.set(asked, { done, fail });
      child.send({ id: asked, action, args });
    });
  // A proxy that is awaited is asked for `then`.
  return new Proxy({}, { get: (_, action) => (action === 'then' ? undefined : (...args) => ask(action, args)) });
}

/** Ends every process that was started. */
export async function stopAll() {
  await Promise.all(
    started.splice(0).map(
      (child) =>
        new Promise((resolve) => {
          child.removeAllListeners('exit');
          child.once('exit', resolve);
          child.disconnect();
        }),
    ),
  );
}
