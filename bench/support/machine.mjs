/**
 * Holdfast's own rule for the herd: the client's pure connection machine out of src/, one for each client. Nothing of the
 * rule is copied here; this file alone knows the machine's events and facts.
 */
import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';

const SRC = fileURLToPath(new URL('../../src/', import.meta.url));
/** The client's defaults, ms. */
const TIMING = { backoffBase: 500, backoffCap: 30_000, backoffCapHidden: 300_000, openTimeout: 10_000 };
/** All clients had been connected for this long when they were dropped, ms. */
const LIVED = 120_000;

async function load() {
  const { outputFiles } = await build({
    stdin: {
      contents: `export { initialState, step } from './connection/machine.ts';
export { dueAt } from './connection/state.ts';
export { END, endRule } from './protocol/end-codes.ts';`,
      resolveDir: SRC,
      loader: 'ts',
    },
    bundle: true,
    write: false,
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
}

/** @returns {Promise<import('./herd.mjs').Rule>} */
export async function holdfastRule() {
  const { END, dueAt, endRule, initialState, step } = await load();

  function create({ clients, random, scenario }) {
    // One object for all steps: the machine reads its facts and keeps none of them.
    const facts = { ...TIMING, now: 0, random: 0, online: true, visible: true };

    function move(state, event, now, expected) {
      facts.now = now;
      facts.random = random();
      const { state: next } = step(state, event, facts);
      if (next.state !== expected)
        throw new Error(`The machine went from ${state.state} by ${event.type} to ${next.state}, not to ${expected}.`);
      return next;
    }
    const ended = (code, spread) => ({
      type: 'ended',
      ended: {
        reason: {
          by: 'server',
          layer: code === END.abnormal ? 'transport' : 'session',
          code,
          name: endRule(code).name,
          transport: 'websocket',
          opened: true,
          lastRoundTrip: null,
          error: null,
        },
        after: 0,
        spread,
        mended: false,
      },
    });
    const dropped = scenario.spread === undefined ? ended(END.abnormal, null) : ended(END.goingAway, scenario.spread);
    const refused = ended(END.abnormal, null);

    let state = move(initialState, { type: 'need' }, -LIVED, 'preparing');
    state = move(state, { type: 'token' }, -LIVED, 'opening');
    state = move(state, { type: 'welcome' }, -LIVED, 'proving');
    state = move(state, { type: 'due' }, dueAt(state), 'stable');
    // States are never changed in place: all clients may begin with the same one.
    const states = new Array(clients).fill(state);

    return {
      wait(client, failures, now) {
        const next = move(states[client], failures === 0 ? dropped : refused, now, 'waiting');
        states[client] = next;
        return dueAt(next) - now;
      },
      attempt(client, now) {
        // The herd counts in whole milliseconds; the machine's own time may lie a fraction of one later.
        const preparing = move(states[client], { type: 'due' }, Math.max(now, dueAt(states[client])), 'preparing');
        states[client] = move(preparing, { type: 'token' }, now, 'opening');
      },
      welcome(client, now) {
        move(states[client], { type: 'welcome' }, now, 'proving');
        states[client] = null;
      },
    };
  }

  return { name: 'Holdfast', from: 'src/connection', rule: 'the connection machine itself', create };
}
