/**
 * The connection, as a full table: for each state and each event, the next state and what to do. Pure. Only this file
 * chooses a next state; only connection.ts performs an effect. A new state or event does not compile until each of its
 * cells is decided.
 */
import { HoldfastError } from '../errors.ts';
import { END, endRule } from '../protocol/end-codes.ts';
import type { Reason } from '../types.ts';
import { FIRST_TRY_SPREAD, HINTED_SPREAD, earliestAttempt, fullJitter, recentAttempts } from './backoff.ts';
import { type Effect, type Ended, type Event, FRESH, type Facts, type Memory, type State, type Step, reasonOf } from './state.ts';

/** A connection that lived this long proves the transport and resets the backoff, ms. */
export const STABLE_AFTER = 10_000;

type StateOf<S extends State['state']> = Extract<State, { state: S }>;
type EventOf<E extends Event['type']> = Extract<Event, { type: E }>;
type Cell<S extends State['state'], E extends Event['type']> = (state: StateOf<S>, event: EventOf<E>, facts: Facts) => Step;
type Table = { readonly [S in State['state']]: { readonly [E in Event['type']]: Cell<S, E> } };

export function step(state: State, event: Event, facts: Facts): Step {
  const cell = table[state.state][event.type] as (state: State, event: Event, facts: Facts) => Step;
  return cell(state, event, facts);
}

export const initialState: State = { state: 'idle', memory: FRESH };

// ---- moves -----------------------------------------------------------------------------------------------------------

const go = (state: State, ...effects: readonly Effect[]): Step => ({ state, effects });
const stay = (state: State): Step => go(state);

function prepare({ memory }: { readonly memory: Memory }, _event: Event, { now }: Facts): Step {
  const attempts = [...recentAttempts(memory.attempts, now), now];
  return go({ state: 'preparing', memory: { ...memory, attempts } }, { type: 'ask-token', reason: memory.token });
}

/** The app wants a connection now. It may ask in a loop, and the limit of attempts holds for it too (invariant I13). */
const retry = (state: StateOf<'waiting' | 'offline'>, event: Event, facts: Facts): Step => {
  const until = earliestAttempt(state.memory.attempts, facts.now);
  return until > facts.now ? go({ ...state, until }) : prepare(state, event, facts);
};

const start = (state: StateOf<'idle' | 'paused'>, event: Event, facts: Facts): Step => {
  const until = earliestAttempt(state.memory.attempts, facts.now);
  if (until <= facts.now) return prepare(state, event, facts);
  // Idle with that many attempts behind it: the app has ended each of them.
  const reason = reasonOf('app', END.normal, endRule(END.normal).name);
  return go({ state: 'waiting', memory: { ...state.memory, reason }, floor: until, until });
};

const open = ({ memory }: StateOf<'preparing'>, _event: Event, { now, openTimeout }: Facts): Step =>
  go({ state: 'opening', memory: { ...memory, token: null }, until: now + openTimeout }, { type: 'open' });

/** Welcomed: the token was good, so a later refusal of it is a first one again. */
const prove = ({ memory }: StateOf<'opening'>, _event: Event, { now }: Facts): Step =>
  go({ state: 'proving', memory: { ...memory, reason: null }, since: now, until: now + STABLE_AFTER });

const settle = ({ memory, since }: StateOf<'proving'>): Step =>
  go({ state: 'stable', memory: { ...FRESH, attempts: memory.attempts, token: null }, since });

const rest = ({ memory }: { readonly memory: Memory }): Step =>
  go({ state: 'paused', memory: { ...memory, failures: 0, reason: null } }, { type: 'abandon', code: END.normal });

const close = (_state: State, { reason }: { readonly reason: Reason }): Step =>
  go({ state: 'closed', reason }, { type: 'abandon', code: END.normal });

const destroy = (state: State): Step => close(state, { reason: reasonOf('app', END.normal, 'destroyed') });

const check = (state: State): Step => go(state, { type: 'check' });

/** An attempt failed, or a connection was lost before it was stable. */
const fail = (state: { readonly memory: Memory }, { ended }: { readonly ended: Ended }, facts: Facts): Step =>
  lose(state.memory, ended, facts, fullJitter(state.memory.failures + 1, facts.backoffBase, capOf(facts), facts.random));

/** A long-lived connection was lost. */
const drop = ({ memory }: StateOf<'stable'>, { ended }: EventOf<'ended'>, facts: Facts): Step =>
  lose(memory, ended, facts, facts.random * FIRST_TRY_SPREAD);

const timeOut = (state: StateOf<'opening'>, _event: Event, facts: Facts): Step => {
  const error = new HoldfastError('timeout', `The server did not welcome the client within ${facts.openTimeout} ms.`);
  const timedOut = reasonOf('client', END.openTimeout, endRule(END.openTimeout).name, error);
  const reason: Reason = { ...timedOut, layer: 'transport', ...facts.link };
  return fail(state, { ended: { reason, after: 0, spread: null, mended: false } }, facts);
};

function capOf(facts: Facts): number {
  return facts.visible ? facts.backoffCap : facts.backoffCapHidden;
}

function lose(memory: Memory, { reason, after, spread, mended }: Ended, facts: Facts, jitter: number): Step {
  const { action } = endRule(reason.code);
  const abandon: Effect = { type: 'abandon', code: END.normal };
  const rejectedAgain = action === 'refresh-once' && memory.reason?.code === reason.code;
  if ((action === 'end' && !mended) || rejectedAgain) {
    return go({ state: 'closed', reason: { ...reason, error: finalError(reason) } }, abandon);
  }
  const token = action === 'refresh' ? 'expired' : action === 'refresh-once' ? 'rejected' : memory.token;
  const failures = action === 'spread' ? memory.failures : memory.failures + 1;
  const wait = action === 'spread' && spread !== null ? facts.random * spread : jitter;
  const next: Memory = { ...memory, failures, token, reason };
  return go(delay(next, facts, facts.now + after, facts.now + after + wait), abandon);
}

/** Waits until `until`, never before `floor` and never more than 15 attempts a minute (invariant I13). */
function delay(memory: Memory, facts: Facts, floor: number, until: number): State {
  const earliest = Math.max(floor, earliestAttempt(memory.attempts, facts.now));
  if (facts.online) return { state: 'waiting', memory, floor, until: Math.max(earliest, until) };
  // "Offline" is a hint and may be wrong (VPNs, virtual adapters), so a slow retry goes on.
  const slow = facts.now + capOf(facts) * (0.5 + facts.random / 2);
  return { state: 'offline', memory, floor, until: Math.max(earliest, slow) };
}

/** The network may be back: nearly at once, but not below a floor that the server set. */
const hasten = (state: StateOf<'waiting' | 'offline'>, _event: Event, facts: Facts): Step =>
  go(delay(state.memory, facts, state.floor, Math.min(state.until, facts.now + facts.random * HINTED_SPREAD)));

const gone = (state: StateOf<'waiting'>, _event: Event, facts: Facts): Step =>
  go(delay(state.memory, facts, state.floor, state.until));

function finalError(reason: Reason): HoldfastError {
  const options = { cause: reason.error };
  if (reason.code === END.tokenRejected) return new HoldfastError('unauthorized', 'The server refused the token twice.', options);
  if (reason.code === END.forbidden) return new HoldfastError('forbidden', 'The server refused this client.', options);
  const said = reason.error?.message ?? reason.name;
  return new HoldfastError('protocol-error', `The server ended the session for good (${reason.code}): ${said}`, options);
}

// ---- the table ---------------------------------------------------------------------------------------------------------

// prettier-ignore
const table: Table = {
  idle: {
    need: start, connect: start, pause: rest, retry: stay, token: stay, 'token-failed': stay, welcome: stay, ended: stay, due: stay,
    online: stay, offline: stay, visible: stay, fatal: close, destroy,
  },
  paused: {
    need: stay, connect: start, pause: stay, retry: stay, token: stay, 'token-failed': stay, welcome: stay, ended: stay,
    due: stay, online: stay, offline: stay, visible: stay, fatal: close, destroy,
  },
  preparing: {
    need: stay, connect: stay, pause: rest, retry: stay, token: open, 'token-failed': fail, welcome: stay, ended: stay, due: stay,
    online: stay, offline: stay, visible: stay, fatal: close, destroy,
  },
  opening: {
    need: stay, connect: stay, pause: rest, retry: stay, token: stay, 'token-failed': stay, welcome: prove, ended: fail, due: timeOut,
    online: stay, offline: stay, visible: stay, fatal: close, destroy,
  },
  proving: {
    need: stay, connect: stay, pause: rest, retry: stay, token: stay, 'token-failed': stay, welcome: stay, ended: fail, due: settle,
    online: check, offline: check, visible: check, fatal: close, destroy,
  },
  stable: {
    need: stay, connect: stay, pause: rest, retry: stay, token: stay, 'token-failed': stay, welcome: stay, ended: drop, due: stay,
    online: check, offline: check, visible: check, fatal: close, destroy,
  },
  waiting: {
    need: stay, connect: stay, pause: rest, retry, token: stay, 'token-failed': stay, welcome: stay, ended: stay, due: prepare,
    online: hasten, offline: gone, visible: hasten, fatal: close, destroy,
  },
  offline: {
    need: stay, connect: stay, pause: rest, retry, token: stay, 'token-failed': stay, welcome: stay, ended: stay, due: prepare,
    online: hasten, offline: stay, visible: stay, fatal: close, destroy,
  },
  closed: {
    need: stay, connect: stay, pause: stay, retry: stay, token: stay, 'token-failed': stay, welcome: stay, ended: stay, due: stay,
    online: stay, offline: stay, visible: stay, fatal: stay, destroy: stay,
  },
};
