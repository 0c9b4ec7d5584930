import { HoldfastError } from '../../../src/errors.ts';
import { endRule } from '../../../src/protocol/end-codes.ts';
import type { Race } from '../../../src/connection/race.ts';
import {
  type Beside,
  type Ended,
  type Event,
  FRESH,
  type Facts,
  type Held,
  type Memory,
  type State,
  reasonOf,
} from '../../../src/connection/state.ts';
import type { Reason } from '../../../src/types.ts';

export const NOW = 1_000_000;

export function facts(given: Partial<Facts> = {}): Facts {
  const timing = { backoffBase: 500, backoffCap: 30_000, backoffCapHidden: 300_000, openTimeout: 10_000 };
  const ways = { plan: [0], climb: [], raceAfter: [1500, 1500, 1500] };
  return { now: NOW, random: 0.5, online: true, visible: true, ...timing, ...ways, ...given };
}

export function reason(code: number): Reason {
  const error = new HoldfastError('connection-lost', 'It ended.');
  return { ...reasonOf('network', code, endRule(code).name, error), layer: 'transport' };
}

export function ended(code: number, given: Partial<Ended> = {}, rung = 0): Extract<Event, { type: 'ended' }> {
  return { type: 'ended', rung, ended: { reason: reason(code), after: 0, spread: null, mended: false, ...given } };
}

export function memory(given: Partial<Memory> = {}): Memory {
  return { ...FRESH, token: null, ...given };
}

/** A connection that has been stable for a minute. */
export const HELD: Held = { rung: 0, since: NOW - 60_000, life: 'stable', climbAt: null };
/** The same, in doubt, while others are opened in its place. */
export const DOUBTED: Beside = { ...HELD, trust: 'doubted' };
/** The second of three transports, which works while the first is tried. */
export const SOUND: Beside = { ...HELD, rung: 1, trust: 'sound' };

/** Those that run are given up 10 s from now. */
export function race(running: readonly number[], left: readonly number[] = [], nextIn = 1500): Race {
  const runners = running.map((rung) => ({ rung, until: NOW + 10_000 }));
  return { left, running: runners, nextAt: left.length === 0 ? null : NOW + nextIn };
}

/** One of each state, in the middle of its life. */
export function stateOf<S extends State['state']>(name: S, given: Partial<Memory> = {}): Extract<State, { state: S }> {
  const held = memory(given);
  const waiting = { memory: { ...held, reason: held.reason ?? reason(1006) }, until: NOW + 20_000 };
  const all: { readonly [N in State['state']]: Extract<State, { state: N }> } = {
    idle: { state: 'idle', memory: held },
    paused: { state: 'paused', memory: held },
    resting: { state: 'resting', memory: { ...held, reason: held.reason ?? reason(1000) }, until: NOW + 3000 },
    preparing: { state: 'preparing', memory: held, held: null },
    opening: { state: 'opening', memory: held, held: null, race: race([0]), until: NOW + 10_000 },
    proving: { state: 'proving', memory: held, rung: 0, since: NOW - 1000, until: NOW + 9000, from: 'attempt' },
    stable: { state: 'stable', memory: held, rung: 0, since: NOW - 60_000, until: null },
    doubting: { state: 'doubting', memory: held, held: HELD, cause: 'hint', until: NOW + 700 },
    waiting: { state: 'waiting', ...waiting },
    offline: { state: 'offline', ...waiting },
    closed: { state: 'closed', reason: reason(4403) },
  };
  return all[name];
}

export const STATES = [
  'idle',
  'paused',
  'resting',
  'preparing',
  'opening',
  'proving',
  'stable',
  'doubting',
  'waiting',
  'offline',
  'closed',
] as const;

/** Takes `step`'s answer for a state that waits. @throws Error if it does not */
export function waitOf(state: State, now = NOW): number {
  if (state.state !== 'waiting' && state.state !== 'offline') throw new Error(`${state.state} does not wait`);
  return state.until - now;
}
