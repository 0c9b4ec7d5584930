/**
 * The connection, as a full table: for each state and each event, the next state and what to do. Pure. Only this file and
 * its moves choose a next state; only connection.ts performs an effect. A new state or event does not compile until each
 * of its cells is decided.
 */
import { FRESH, type Event, type Facts, type State, type Step } from './state.ts';
import {
  type EventOf,
  type StateOf,
  believed,
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
  rest,
  retry,
  rouse,
  serve,
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
  const memory = 'memory' in state && believed(state.memory, facts);
  return cell(memory && memory !== state.memory ? { ...state, memory } : state, event, facts);
}

export const initialState: State = { state: 'idle', memory: FRESH };

// ---- cells that mostly are the same ------------------------------------------------------------------------------------------

/** Where there is still something to end. */
const always = { fatal: close, destroy } as const;
/** What asks for a connection or for its end. */
const asks = <C>(cell: C) => ({ need: cell, connect: cell, pause: cell, retry: cell }) as const;
/** What an attempt or a connection tells. */
const news = <C>(cell: C) =>
  ({ token: cell, 'token-failed': cell, welcome: cell, ended: cell, 'held-ended': cell, silence: cell, alive: cell }) as const;
/** What may mean that the network, the page or the clock is not what it was. */
const hints = <C>(cell: C) => ({ online: cell, offline: cell, visible: cell, network: cell, jump: cell, wake: cell }) as const;

// prettier-ignore
const table: Table = {
  idle: { ...asks(start), pause, retry: stay, ...news(stay), due: stay, ...hints(stay), rest: stay, ...always },
  paused: { ...asks(stay), connect: start, ...news(stay), due: stay, ...hints(stay), rest: stay, ...always },
  resting: {
    need: serve, connect: start, pause, retry: start, ...news(stay), due: start, ...hints(rouse), offline: stay, rest: stay,
    ...always,
  },
  preparing: {
    ...asks(stay), pause, token: open, 'token-failed': fail, welcome: stay, ended: stay, 'held-ended': heldLost,
    silence: distrust, alive: relieveBeside, due: stay, ...hints(hurry), rest, ...always,
  },
  opening: {
    ...asks(stay), pause, token: stay, 'token-failed': stay, welcome: win, ended: runnerEnded, 'held-ended': heldLost,
    silence: distrust, alive: relieveBeside, due: advance, ...hints(hurry), rest, ...always,
  },
  proving: {
    ...asks(stay), pause, ...news(stay), ended: fail, silence: suspect, due: settle, ...hints(check), rest, ...always,
  },
  stable: {
    ...asks(stay), pause, ...news(stay), ended: drop, silence: suspect, due: climb, ...hints(check), rest, ...always,
  },
  doubting: {
    ...asks(stay), pause, ...news(stay), ended: confirm, alive: relieve, due: replace, ...hints(worsen), rest, ...always,
  },
  waiting: {
    ...asks(stay), pause, retry, ...news(stay), due: prepare, ...hints(hasten), offline: gone, rest, ...always,
  },
  offline: {
    ...asks(stay), pause, retry, ...news(stay), due: prepare, ...hints(hasten), offline: stay, rest, ...always,
  },
  closed: { ...asks(stay), ...news(stay), due: stay, ...hints(stay), rest: stay, fatal: stay, destroy: stay },
};
