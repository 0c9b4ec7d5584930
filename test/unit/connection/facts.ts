import { HoldfastError } from '../../../src/errors.ts';
import { endRule } from '../../../src/protocol/end-codes.ts';
import { type Ended, type Event, FRESH, type Facts, type Memory, type State, reasonOf } from '../../../src/connection/state.ts';
import type { Reason } from '../../../src/types.ts';

export const NOW = 1_000_000;

export function facts(given: Partial<Facts> = {}): Facts {
  const timing = { backoffBase: 500, backoffCap: 30_000, backoffCapHidden: 300_000, openTimeout: 10_000 };
  return { now: NOW, random: 0.5, online: true, visible: true, ...timing, ...given };
}

export function reason(code: number): Reason {
  const error = new HoldfastError('connection-lost', 'It ended.');
  return { ...reasonOf('network', code, endRule(code).name, error), layer: 'transport' };
}

export function ended(code: number, given: Partial<Ended> = {}): Extract<Event, { type: 'ended' }> {
  return { type: 'ended', ended: { reason: reason(code), after: 0, spread: null, mended: false, ...given } };
}

export function memory(given: Partial<Memory> = {}): Memory {
  return { ...FRESH, token: null, ...given };
}

/** A connection that has been stable for a minute. */
export const HELD = { since: NOW - 60_000, life: 'stable' } as const;

/** One of each state, in the middle of its life. */
export function stateOf<S extends State['state']>(name: S, given: Partial<Memory> = {}): Extract<State, { state: S }> {
  const held = memory(given);
  const waiting = { memory: { ...held, reason: held.reason ?? reason(1006) }, until: NOW + 20_000 };
  const all: { readonly [N in State['state']]: Extract<State, { state: N }> } = {
    idle: { state: 'idle', memory: held },
    paused: { state: 'paused', memory: held },
    resting: { state: 'resting', memory: { ...held, reason: held.reason ?? reason(1000) }, until: NOW + 3000 },
    preparing: { state: 'preparing', memory: held, held: null },
    opening: { state: 'opening', memory: held, held: null, until: NOW + 10_000 },
    proving: { state: 'proving', memory: held, since: NOW - 1000, until: NOW + 9000 },
    stable: { state: 'stable', memory: held, since: NOW - 60_000 },
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
