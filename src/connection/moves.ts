/** What the cells of the machine's table do. Pure, like the table. */
import { HoldfastError } from '../errors.ts';
import { END, endRule } from '../protocol/end-codes.ts';
import type { Reason } from '../types.ts';
import { FIRST_TRY_SPREAD, HINTED_SPREAD, climbAfter, earliestAttempt, fullJitter, patience, recentAttempts } from './backoff.ts';
import {
  type Beside,
  type Effect,
  type Ended,
  type Event,
  FRESH,
  type Facts,
  type Held,
  type Memory,
  type State,
  type Step,
  heldOf,
  reasonOf,
} from './state.ts';

/** A connection that lived this long proves the transport and resets the backoff, ms. */
export const STABLE_AFTER = 10_000;
/** A page that still runs this long after it said that it rests goes on, ms. */
const REST = 3000;
/** Of failed climbs: the network is another one. */
const SOON = -1;
/** A token that is refused so soon was never good. ms */
const FRESH_TOKEN = 30_000;

export type StateOf<S extends State['state']> = Extract<State, { state: S }>;
export type EventOf<E extends Event['type']> = Extract<Event, { type: E }>;
type Waiting = StateOf<'waiting' | 'offline'>;
export type Attempting = StateOf<'preparing' | 'opening'>;

const ABANDON: Effect = { type: 'abandon' };
export const CHECK: Effect = { type: 'check' };
export const go = (state: State, ...effects: readonly Effect[]): Step => ({ state, effects });
export const stay = (state: State): Step => go(state);

// ---- attempts ----------------------------------------------------------------------------------------------------------

function attempt(memory: Memory, held: Beside | null, now: number): Step {
  const attempts = [...recentAttempts(memory.attempts, now), now];
  return go({ state: 'preparing', memory: { ...memory, attempts }, held }, { type: 'ask-token', reason: memory.token });
}

/** Neither the server's floor nor the limit of attempts forbids it. */
function mayAttempt({ floor, attempts }: Memory, now: number): boolean {
  return Math.max(floor, earliestAttempt(attempts, now)) <= now;
}

/** What was waited for is over, also by a clock that was set back meanwhile. */
export const prepare = ({ memory }: { readonly memory: Memory }, { type }: Event, { now }: Facts): Step =>
  attempt(type === 'due' ? { ...memory, floor: 0 } : memory, null, now);

/** The app wants a connection now. It may ask in a loop, and the limit of attempts holds for it too (invariant I13). */
export const retry = (state: Waiting, event: Event, facts: Facts): Step => {
  const until = earliestAttempt(state.memory.attempts, facts.now);
  return until > facts.now ? go({ ...state, until }) : prepare(state, event, facts);
};

export const start = (state: StateOf<'idle' | 'paused' | 'resting'>, event: Event, facts: Facts): Step => {
  const { memory } = state;
  const until = Math.max(memory.floor, earliestAttempt(memory.attempts, facts.now));
  if (until <= facts.now) return prepare(state, event, facts);
  // Nothing is wrong, and yet that many attempts: the app has ended each of them.
  const reason = memory.reason ?? reasonOf('app', END.normal, endRule(END.normal).name);
  return go({ state: 'waiting', memory: { ...memory, reason }, until });
};

/** A hint: a page that saves data rests on, for as long as it is hidden. */
export const rouse = (state: StateOf<'resting'>, event: Event, facts: Facts): Step =>
  state.until === null && !facts.visible ? stay(state) : start(state, event, facts);

/** A page that was left publishes for its next visit. */
export const serve = (state: StateOf<'resting'>, event: Event, facts: Facts): Step =>
  state.until === null ? start(state, event, facts) : stay(state);

export const settle = ({ memory, rung, since, from }: StateOf<'proving'>, _event: Event, facts: Facts): Step => {
  const climbs = from === 'climb' || facts.climb.length === 0 ? 0 : memory.climbs;
  const stable = { state: 'stable', memory: { ...FRESH, attempts: memory.attempts, climbs, token: null }, rung, since } as const;
  return go({ ...stable, until: nextClimb(climbs, facts) });
};

// ---- better transports -----------------------------------------------------------------------------------------------------

export function nextClimb(climbs: number, { now, random, climb }: Facts): number | null {
  return climb.length === 0 ? null : now + climbAfter(climbs, random);
}

/** A better transport is tried beside the one that works, which nothing happens to meanwhile. */
export const climb = (state: StateOf<'stable'>, _event: Event, facts: Facts): Step => {
  const { memory } = state;
  const free = facts.online && facts.visible && !facts.saves && mayAttempt(memory, facts.now);
  if (free && facts.climb.length > 0) return attempt(memory, { ...heldOf(state)!, climbAt: null, trust: 'sound' }, facts.now);
  // Not soon: a hidden page is not to be woken each second. What shows it is a hint, after which the time is set anew.
  return go({ ...state, until: nextClimb(Math.max(0, memory.climbs), facts) });
};

// ---- doubt ---------------------------------------------------------------------------------------------------------------

export function doubt(memory: Memory, held: Held, cause: StateOf<'doubting'>['cause'], facts: Facts): State {
  const until = facts.now + patience(cause, facts.random, facts.roundTrip ?? 0);
  return { state: 'doubting', memory, held, cause, until };
}

/** On another network other transports may work. */
export function heed(memory: Memory, { type }: Event): Memory {
  return type === 'network' ? { ...memory, climbs: SOON } : memory;
}

/** A hint causes a check, never a verdict (rule R9). */
export const check = (state: StateOf<'proving' | 'stable'>, event: Event, facts: Facts): Step =>
  go(doubt(heed(state.memory, event), heldOf(state)!, 'hint', facts), CHECK);

/** The connection has been asked already. */
export const suspect = (state: StateOf<'proving' | 'stable'>, _event: Event, facts: Facts): Step =>
  go(doubt(state.memory, heldOf(state)!, 'silence', facts));

export const worsen = (state: StateOf<'doubting'>, event: Event, facts: Facts): Step => {
  const until = Math.min(state.until ?? Infinity, facts.now + patience('hint', facts.random, facts.roundTrip ?? 0));
  return go({ ...state, memory: heed(state.memory, event), cause: 'hint', until }, CHECK);
};

/** The doubtful one is kept for as long as the new one takes: it may only have been slow. */
export const replace = (state: StateOf<'doubting'>, _event: Event, { now, online }: Facts): Step =>
  online && mayAttempt(state.memory, now)
    ? attempt(state.memory, { ...state.held, trust: 'doubted' }, now)
    : go({ ...state, until: null });

/** It shows life. */
export const relieve = ({ memory, held }: StateOf<'doubting'>, _event: Event, facts: Facts): Step =>
  go(back(memory, held, facts));

export function back(memory: Memory, { rung, since, life, climbAt }: Held, facts: Facts): State {
  // A clock that was set back must not put the proof off.
  const until = Math.min(since, facts.now) + STABLE_AFTER;
  if (life === 'proving') return { state: 'proving', memory, rung, since, until, from: 'attempt' };
  // Hints come again and again, and must not put a climb off for ever.
  const next = facts.climb.length === 0 ? null : Math.min(climbAt ?? Infinity, nextClimb(memory.climbs, facts)!);
  return { state: 'stable', memory: { ...memory, failures: 0, reason: null }, rung, since, until: next };
}

// ---- ends ----------------------------------------------------------------------------------------------------------------

export const pause = ({ memory }: { readonly memory: Memory }): Step =>
  go({ state: 'paused', memory: { ...memory, failures: 0, reason: null, floor: 0 } }, ABANDON);

/** Open sockets keep a page out of the back/forward cache, or die in it unseen. */
export const rest = ({ memory }: { readonly memory: Memory }, { reason }: EventOf<'rest'>, { now }: Facts): Step =>
  go({ state: 'resting', memory: { ...memory, reason }, until: reason.by === 'client' ? null : now + REST }, ABANDON);

const closed = (reason: Reason): Step => go({ state: 'closed', reason }, ABANDON);

export const close = (_state: State, { reason }: EventOf<'fatal'>): Step => closed(reason);

export const destroy = (): Step => closed(reasonOf('app', END.normal, 'destroyed'));

/** An attempt failed, or a connection was lost before it was stable. */
export const fail = (
  { memory, held = null }: { readonly memory: Memory; readonly held?: Beside | null },
  { ended }: { readonly ended: Ended },
  facts: Facts,
): Step => {
  if (held === null) {
    return lose(memory, ended, facts, fullJitter(memory.failures + 1, facts.backoffBase, capOf(facts), facts.random));
  }
  // Whatever it was, it is no reason to touch the one that works.
  if (held.trust === 'sound') {
    const next = { ...floored(memory, ended, facts), climbs: memory.climbs + 1 };
    return go(back(next, held, facts), { type: 'drop-new' });
  }
  const verdict = judge(memory, ended, facts);
  if ('final' in verdict) return closed(verdict.final);
  // The doubtful one is still there, and its own verdict decides. It may have shown life before, so it is asked again.
  return go({ state: 'doubting', memory: verdict.memory, held, cause: 'silence', until: null }, { type: 'drop-new' }, CHECK);
};

/** A long-lived connection was lost. */
export const drop = ({ memory }: StateOf<'stable'>, { ended }: EventOf<'ended'>, facts: Facts): Step => {
  // Superseded by one that this page has given up meanwhile: nobody else lost theirs.
  const spread = ended.reason.code === END.superseded ? HINTED_SPREAD : FIRST_TRY_SPREAD;
  return lose(memory, ended, facts, facts.random * spread);
};

/** A doubtful one was lost before another was on its way. */
export const confirm = ({ memory, held, cause }: StateOf<'doubting'>, event: EventOf<'ended'>, facts: Facts): Step => {
  if (held.life === 'proving') return fail({ memory }, event, facts);
  return lose(memory, event.ended, facts, facts.random * (cause === 'hint' ? HINTED_SPREAD : FIRST_TRY_SPREAD));
};

function capOf(facts: Facts): number {
  return facts.visible ? facts.backoffCap : facts.backoffCapHidden;
}

/** What the end of a connection leaves to remember, or that it was the last one. */
export function judge(memory: Memory, ended: Ended, facts: Facts): { readonly final: Reason } | { readonly memory: Memory } {
  const { reason, mended } = ended;
  const { action } = endRule(reason.code);
  // One that has grown old, while the device slept for instance, is refused for that.
  const isFresh = (facts.tokenAge ?? 0) < FRESH_TOKEN;
  const rejectedAgain = action === 'refresh-once' && memory.reason?.code === reason.code && isFresh;
  if ((action === 'end' && !mended) || rejectedAgain) return { final: { ...reason, error: finalError(reason) } };
  const token = action === 'refresh' ? 'expired' : action === 'refresh-once' ? 'rejected' : memory.token;
  const failures = action === 'spread' ? memory.failures : memory.failures + 1;
  return { memory: { ...floored(memory, ended, facts), failures, token, reason } };
}

function lose(memory: Memory, ended: Ended, facts: Facts, jitter: number): Step {
  const verdict = judge(memory, ended, facts);
  if ('final' in verdict) return closed(verdict.final);
  const spreads = endRule(ended.reason.code).action === 'spread' && ended.spread !== null;
  const wait = spreads ? facts.random * ended.spread : jitter;
  return go(delay(verdict.memory, facts, facts.now + ended.after + wait), ABANDON);
}

// ---- waits ---------------------------------------------------------------------------------------------------------------

/** Waits until `until`, never before the server's floor and never more than 15 attempts a minute (invariant I13). */
function delay(memory: Memory, facts: Facts, until: number): State {
  const earliest = Math.max(memory.floor, earliestAttempt(memory.attempts, facts.now));
  if (facts.online) return { state: 'waiting', memory, until: Math.max(earliest, until) };
  return { state: 'offline', memory, until: Math.max(earliest, slow(facts)) };
}

/** "Offline" is a hint and may be wrong (VPNs, virtual adapters), so a slow retry goes on. */
function slow(facts: Facts): number {
  return facts.now + capOf(facts) * (0.5 + facts.random / 2);
}

/** The network may be back: nearly at once, but not below a floor that the server set. */
export const hasten = (state: Waiting, _event: Event, facts: Facts): Step => {
  if (facts.online) {
    const soon = Math.min(state.until, facts.now + facts.random * HINTED_SPREAD);
    return go(delay(state.memory, facts, soon));
  }
  // Shown again: not the long wait of a hidden page.
  const next = delay(state.memory, facts, 0) as Waiting;
  return next.until < state.until ? go(next) : stay(state);
};

/** What the server asked for now, unless it asked for more before. */
export function floored(memory: Memory, { after }: Ended, { now }: Facts): Memory {
  const floor = now + after;
  return floor > memory.floor ? { ...memory, floor, told: now } : memory;
}

/** The clock may be set unseen, while a page is hidden or rests: set back, it makes no floor longer than it was at first. */
export function believed(memory: Memory, { now }: Facts): Memory {
  const { floor, told } = memory;
  return now < told ? { ...memory, floor: now + floor - told, told: now } : memory;
}

export const gone = (state: StateOf<'waiting'>, _event: Event, facts: Facts): Step => go(delay(state.memory, facts, state.until));

function finalError(reason: Reason): HoldfastError {
  const options = { cause: reason.error };
  if (reason.code === END.tokenRejected) return new HoldfastError('unauthorized', 'The server refused the token twice.', options);
  if (reason.code === END.forbidden) return new HoldfastError('forbidden', 'The server refused this client.', options);
  const said = reason.error?.message ?? reason.name;
  return new HoldfastError('protocol-error', `The server ended the session for good (${reason.code}): ${said}`, options);
}
