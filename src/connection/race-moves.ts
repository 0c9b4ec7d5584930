/** What the cells of the machine's table do while connections are being opened. Pure, like the table. */
import { HoldfastError } from '../errors.ts';
import { END, endRule } from '../protocol/end-codes.ts';
import type { Reason } from '../types.ts';
import {
  type Attempting,
  CHECK,
  type EventOf,
  STABLE_AFTER,
  type StateOf,
  back,
  doubt,
  fail,
  floored,
  go,
  heed,
  judge,
  stay,
} from './moves.ts';
import { type Race, above, bounded, dueOf, startNext, without } from './race.ts';
import { type Beside, type Effect, type Ended, type Event, type Facts, type Step, reasonOf } from './state.ts';

/** What an opening may still take after a hint that its network is gone: a handshake is several round trips. ms */
const HURRY = 4000;
/**
 * What one that said hello before the one that is welcomed may still take, ms: of two connections of a page the server ends
 * the older one after 5 s, and a `welcome` that was held back may come when it is over already.
 */
const OLDER = 3000;

/** What each may take while another one works, ms: the server ends that one 5 s after a newer one said hello to it. */
const CLIMB = 4500;

type Opening = StateOf<'opening'>;
type Unraced = Omit<Opening, 'state' | 'race' | 'until'>;

/** @param before those that were running already */
function raced(state: Unraced, given: Race, before: Race | null, facts: Facts, ...effects: readonly Effect[]): Step {
  const race = bounded(given, facts);
  const started = race.running.filter(({ rung }) => before?.running.every((other) => other.rung !== rung) ?? true);
  const opens = started.map(({ rung }): Effect => ({ type: 'open', rung }));
  const { memory, held } = state;
  return go({ state: 'opening', memory, held, race, until: dueOf(race) }, ...effects, ...opens);
}

function limited(held: Beside | null, facts: Facts): Facts {
  return held?.trust === 'sound' ? { ...facts, openTimeout: Math.min(facts.openTimeout, CLIMB) } : facts;
}

export const open = ({ memory, held }: StateOf<'preparing'>, _event: Event, facts: Facts): Step => {
  const rungs = held?.trust === 'sound' ? facts.climb : facts.plan;
  const next = { memory: { ...memory, token: null }, held };
  if (rungs.length > 0)
    return raced(next, startNext({ left: rungs, running: [], nextAt: null }, limited(held, facts)), null, facts);
  return held === null ? go({ state: 'preparing', ...next }, { type: 'no-way' }) : go(back(memory, held, facts));
};

/** Welcomed: the token was good, so a later refusal of it is a first one again. */
export const win = ({ memory, held, race }: Opening, { rung }: EventOf<'welcome'>, facts: Facts): Step => {
  const { now, links } = facts;
  const from = held?.trust === 'sound' ? 'climb' : 'attempt';
  // Until it is stable it counts as one that failed: what dies young, again and again, is tried ever more rarely.
  const climbs = from === 'climb' ? Math.max(0, memory.climbs) + 1 : memory.climbs;
  const next = { ...memory, reason: null, floor: 0, climbs };
  const lost = race.running.filter((runner) => runner.rung > rung);
  const drops = lost.map((runner): Effect => ({ type: 'drop', rung: runner.rung, why: 'lost' }));
  const older = race.running.filter((runner) => links?.get(runner.rung)?.opened).map((runner) => runner.rung);
  const better = above(race, rung, older, now + OLDER);
  if (held !== null) drops.unshift({ type: 'drop-held' });
  // A better one that is only slower may still come.
  if (better.running.length > 0) {
    return raced(
      { memory: next, held: { rung, since: now, life: 'proving', climbAt: null, trust: 'sound' } },
      better,
      better,
      facts,
      ...drops,
    );
  }
  return go({ state: 'proving', memory: next, rung, since: now, until: now + STABLE_AFTER, from }, ...drops);
};

/** One of the openings failed. What the server itself said holds for every transport. */
export const runnerEnded = (state: Opening, event: EventOf<'ended'>, facts: Facts): Step => {
  const { rung, ended } = event;
  const { reason } = ended;
  const race = without(state.race, rung, facts.now);
  if ((reason.layer === 'session' && reason.by === 'server') || dueOf(race) === Infinity) return fail(state, event, facts);
  const memory = floored(state.memory, ended, facts);
  const next = race.nextAt !== null && race.nextAt <= facts.now ? startNext(race, limited(state.held, facts)) : race;
  return raced({ ...state, memory }, next, race, facts);
};

/** The next one's turn has come, or one took too long. */
export const advance = (state: Opening, _event: Event, facts: Facts): Step => {
  const { running } = state.race;
  // By a clock that was set back the time would be far off again.
  const late = running.find(({ until }) => until <= Math.max(facts.now, state.until));
  if (late === undefined) return raced(state, startNext(state.race, limited(state.held, facts)), state.race, facts);
  const { state: next, effects } = runnerEnded(
    state,
    { type: 'ended', rung: late.rung, ended: timedOut(late.rung, facts) },
    facts,
  );
  return go(next, { type: 'drop', rung: late.rung, why: 'late' }, ...effects);
};

function timedOut(rung: number, { links }: Facts): Ended {
  const error = new HoldfastError('timeout', 'The server did not welcome the client in time.');
  const told = reasonOf('client', END.openTimeout, endRule(END.openTimeout).name, error);
  const reason: Reason = { ...told, layer: 'transport', ...links?.get(rung) };
  return { reason, after: 0, spread: null, mended: false };
}

/** A hint: what works is asked, and what is being opened, which cannot be asked, gets less time. */
export const hurry = (state: Attempting, event: Event, facts: Facts): Step => {
  const { held } = state;
  const memory = heed(state.memory, event);
  if (held?.trust === 'sound') return go(doubt(memory, held, 'hint', facts), { type: 'drop-new' }, CHECK);
  // Shown again, or told that there is no network: nothing of that speaks against an opening.
  if (state.state === 'preparing' || event.type === 'visible' || event.type === 'offline' || event.type === 'wake') {
    return stay(state);
  }
  const latest = facts.now + HURRY;
  const running = state.race.running.map((runner) => (runner.until <= latest ? runner : { ...runner, until: latest }));
  return raced({ ...state, memory }, { ...state.race, running }, state.race, facts);
};

/** The one that works was silent for too long. */
export const distrust = (state: Attempting, _event: Event, facts: Facts): Step => {
  if (state.held?.trust !== 'sound') return stay(state);
  const held = { ...state.held, trust: 'doubted' } as const;
  return state.state === 'preparing' ? go({ ...state, held }) : widened({ ...state, held }, facts);
};

/** The one in doubt showed life, while another one is on its way. */
export const relieveBeside = (state: Attempting, _event: Event, facts: Facts): Step => {
  if (state.held?.trust !== 'doubted') return stay(state);
  // Once a new one has said hello the server ends the old one, so there is no going back to it.
  const greeted = state.state === 'opening' && [...(facts.links?.values() ?? [])].some(({ opened }) => opened);
  return greeted ? stay(state) : go(back(state.memory, state.held, facts), { type: 'drop-new' });
};

/** The one that carried is gone, and the attempt that is under way is the first retry. */
export const heldLost = (state: Attempting, event: EventOf<'held-ended'>, facts: Facts): Step => {
  const { action } = endRule(event.ended.reason.code);
  const goesOn = action === 'retry' || action === 'suspect' || action === 'spread' || event.ended.mended;
  const verdict = judge(state.memory, event.ended, facts);
  if (!goesOn || 'final' in verdict) return fail({ memory: state.memory }, event, facts);
  const next = { ...state, held: null, memory: verdict.memory };
  // One that was lost right after its welcome is not opened again in the same attempt: there would be no wait between.
  const isClimb = state.state === 'opening' && state.held?.trust === 'sound' && state.held.life === 'stable';
  return isClimb ? widened(next as Opening, facts) : go(next);
};

/** Only better ones were tried until now. */
function widened(state: Opening, facts: Facts): Step {
  const { running } = state.race;
  const left = facts.plan.filter((rung) => running.every((runner) => runner.rung !== rung));
  return raced(state, startNext({ left, running, nextAt: null }, facts), state.race, facts);
}
