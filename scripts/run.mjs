import { spawn } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Runs a program from the project's root, with its output on ours.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ env?: Record<string, string>, timeout?: number, whole?: boolean }} [options] `timeout` in ms ends it and all it
 *   has started; `whole`: its output comes when it has ended, so that programs which run together don't mix theirs
 * @returns {Promise<number>} its exit code; 1 if it could not start, was ended by a signal or took too long
 */
export function run(command, args, { env = {}, timeout = 0, whole = false } = {}) {
  return new Promise((resolve) => {
    // A group of its own, so that a time-out also ends the browsers that a test has started.
    const detached = timeout > 0 && process.platform !== 'win32';
    const stdio = whole ? /** @type {const} */ (['ignore', 'pipe', 'pipe']) : 'inherit';
    const child = spawn(command, args, { cwd: root, stdio, env: { ...process.env, ...env }, detached });
    const output = [];
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => output.push(chunk));
    const end = (signal) => (detached ? process.kill(-child.pid, signal) : child.kill(signal));
    const timer =
      timeout > 0 &&
      setTimeout(() => {
        console.error(`\n${[command, ...args].join(' ')} took longer than ${timeout / 1000} s and was ended.`);
        end('SIGKILL');
      }, timeout);
    let stopped = false;
    const onSignal = (signal) => {
      stopped = true;
      end(signal);
      // Without a group the child ends by itself, in its own time, and is waited for.
      if (detached) process.exit(1);
    };
    const finish = (code) => {
      clearTimeout(timer);
      process.stdout.write(Buffer.concat(output));
      process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
      resolve(code);
    };
    process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
    child.on('error', (error) => {
      console.error(`${command} could not be started: ${error.message}`);
      finish(1);
    });
    child.on(whole ? 'close' : 'exit', (code) => (stopped ? process.exit(code ?? 1) : finish(code ?? 1)));
  });
}

/** Runs a script with this Node, whatever `node` is on the path. `file` is relative to the project's root. */
export function node(file, args = [], options = {}) {
  return run(process.execPath, [file, ...args], options);
}

/**
 * Calls `script` if the module was started as a program; a failure is one sentence, not a stack trace.
 *
 * @param {ImportMeta} meta
 * @param {() => Promise<void>} script
 */
export async function main(meta, script) {
  // Started through a symbolic link, argv has the link's path and import.meta the target's.
  if (process.argv[1] === undefined || realpathSync(process.argv[1]) !== fileURLToPath(meta.url)) return;
  try {
    await script();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
