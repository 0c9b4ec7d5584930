/**
 * The connection, as a full table: for each state and each event, the next state and what to do. Pure. Only this file and
 * its moves choose a next state; only connection.ts performs an effect. A new state or event does not compile until each
 * of its cells is decided.
 */
import { FRESH, type Event, type Facts, type State, type Step } from './state.ts';
import {
  type EventOf,
  type StateOf,
  check,
  climb,
  close,
  confirm,
  destroy,
  drop,
  fail,
  gone,
  hasten,
  pause,
  prepare,
  relieve,
  replace,
  reset,
  rest,
  retry,
  settle,
  start,
  stay,
  suspect,
  worsen,
} from './moves.ts';
import { advance, distrust, heldLost, hurry, open, relieveBeside, runnerEnded, win } from './race-moves.ts';

type Cell<S extends State['state'], E extends Event['type']> = (state: StateOf<S>, event: EventOf<E>, facts: Facts) => Step;
type Table = { readonly [S in State['state']]: { readonly [E in Event['type']]: Cell<S, E> } };

export function step(state: State, event: Event, facts: Facts): Step {
  const cell = table[state.state][event.type] as (state: State, event: Event, facts: Facts) => Step;
  return cell(state, event, facts);
}

export const initialState: State = { state: 'idle', memory: FRESH };

/** The same wherever there is still something to end. */
const always = { fatal: close, destroy } as const;

// prettier-ignore
const table: Table = {
  idle: {
    need: start, connect: start, pause, retry: stay, token: stay, 'token-failed': stay, welcome: stay, ended: stay,
    'held-ended': stay, silence: stay, alive: stay, due: stay, online: stay, offline: stay, visible: stay, network: stay,
    jump: stay, rest: stay, wake: stay, ...always,
  },
  paused: {
    need: stay, connect: start, pause: stay, retry: stay, token: stay, 'token-failed': stay, welcome: stay, ended: stay,
    'held-ended': stay, silence: stay, alive: stay, due: stay, online: stay, offline: stay, visible: stay, network: stay,
    jump: stay, rest: stay, wake: stay, ...always,
  },
  resting: {
    need: stay, connect: start, pause, retry: start, token: stay, 'token-failed': stay, welcome: stay, ended: stay,
    'held-ended': stay, silence: stay, alive: stay, due: start, online: start, offline: stay, visible: start, network: start,
    jump: start, rest: stay, wake: start, ...always,
  },
  preparing: {
    need: stay, connect: stay, pause, retry: stay, token: open, 'token-failed': fail, welcome: stay, ended: stay,
    'held-ended': heldLost, silence: distrust, alive: relieveBeside, due: stay, online: hurry, offline: hurry, visible: hurry,
    network: hurry, jump: hurry, rest, wake: hurry, ...always,
  },
  opening: {
    need: stay, connect: stay, pause, retry: stay, token: stay, 'token-failed': stay, welcome: win, ended: runnerEnded,
    'held-ended': heldLost, silence: distrust, alive: relieveBeside, due: advance, online: hurry, offline: hurry, visible: hurry,
    network: hurry, jump: hurry, rest, wake: hurry, ...always,
  },
  proving: {
    need: stay, connect: stay, pause, retry: stay, token: stay, 'token-failed': stay, welcome: stay, ended: fail,
    'held-ended': stay, silence: suspect, alive: stay, due: settle, online: check, offline: check, visible: check,
    network: check, jump: check, rest, wake: check, ...always,
  },
  stable: {
    need: stay, connect: stay, pause, retry: stay, token: stay, 'token-failed': stay, welcome: stay, ended: drop,
    'held-ended': stay, silence: suspect, alive: stay, due: climb, online: check, offline: check, visible: check,
    network: check, jump: check, rest, wake: check, ...always,
  },
  doubting: {
    need: stay, connect: stay, pause, retry: stay, token: stay, 'token-failed': stay, welcome: stay, ended: confirm,
    'held-ended': stay, silence: stay, alive: relieve, due: replace, online: worsen, offline: worsen, visible: worsen,
    network: worsen, jump: worsen, rest, wake: worsen, ...always,
  },
  waiting: {
    need: stay, connect: stay, pause, retry, token: stay, 'token-failed': stay, welcome: stay, ended: stay,
    'held-ended': stay, silence: stay, alive: stay, due: prepare, online: hasten, offline: gone, visible: hasten,
    network: hasten, jump: reset, rest, wake: hasten, ...always,
  },
  offline: {
    need: stay, connect: stay, pause, retry, token: stay, 'token-failed': stay, welcome: stay, ended: stay,
    'held-ended': stay, silence: stay, alive: stay, due: prepare, online: hasten, offline: stay, visible: hasten,
    network: hasten, jump: reset, rest, wake: hasten, ...always,
  },
  closed: {
    need: stay, connect: stay, pause: stay, retry: stay, token: stay, 'token-failed': stay, welcome: stay, ended: stay,
    'held-ended': stay, silence: stay, alive: stay, due: stay, online: stay, offline: stay, visible: stay, network: stay,
    jump: stay, rest: stay, wake: stay, fatal: stay, destroy: stay,
  },
};
