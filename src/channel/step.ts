/**
 * One subscribed channel, pure: what it knows, what may happen to it, and what is to be done. Written for several
 * connections at once, because a change of transport opens the new one before it drops the old one (rule R1).
 */
import type { Entry, Mode, ResetReason, Subbed, WireCursor } from '../protocol/frame.ts';
import type { Cursor } from '../types.ts';
import { fromWire, judge, sameCursor } from './cursor.ts';

/**
 * An open connection, as this channel sees it. asking: a `sub` is unanswered. renewing: the same, though nothing was
 * amiss: the connection is made of requests, and the next one has begun. ready: its frames count if it feeds. void: what it
 * still answers is about a place where this page no longer is.
 */
export interface Ear {
  readonly state: 'asking' | 'renewing' | 'ready' | 'void';
  readonly k: number;
  readonly sent: Cursor | null;
}

/** Messages that wait while the app's state is loaded: at first by its snapshot only, after a reset in any case. */
export interface Hold {
  readonly why: ResetReason | 'first';
  readonly cursor: Cursor;
  readonly entries: readonly Placed[];
  /** More came than is held: what is missing is asked for again. */
  readonly overflowed: boolean;
  /** Another reset came meanwhile, so the handlers must be called again. */
  readonly again: boolean;
}

export interface Placed {
  readonly entry: Entry;
  readonly cursor: Cursor;
}

/** Who loads the state: the app's handlers of a reset, or its snapshot, which begins with a load and can be broken off. */
export type LoadedBy = 'handlers' | 'snapshot';

export interface Subscription {
  readonly mode: Mode;
  readonly loadedBy: LoadedBy;
  readonly cursor: Cursor | null;
  readonly ears: ReadonlyMap<number, Ear>;
  /** Which connection's entries count; null if none does. */
  readonly feeding: number | null;
  readonly hold: Hold | null;
  /** Resets since the last delivery. */
  readonly resets: number;
}

export type Input =
  /** Ask on this connection now. */
  | { readonly type: 'ask'; readonly gen: number; readonly k: number }
  /** Ask in its opening, or in its next request. */
  | { readonly type: 'open'; readonly gen: number; readonly k: number }
  | { readonly type: 'lost'; readonly gen: number; readonly k: number }
  | { readonly type: 'subbed'; readonly gen: number; readonly k: number; readonly frame: Subbed }
  | { readonly type: 'entries'; readonly gen: number; readonly k: number; readonly entries: readonly Entry[] }
  | { readonly type: 'skip'; readonly gen: number; readonly offset: number; readonly tag: string }
  | { readonly type: 'gap'; readonly gen: number; readonly cursor: WireCursor; readonly why: ResetReason }
  /** Somebody came who needs the state, and not only what follows. */
  | { readonly type: 'load' }
  /** The app has reloaded: from its own cursor, or from where it was told. */
  | { readonly type: 'reloaded'; readonly k: number; readonly cursor: Cursor | null };

export type Effect =
  | { readonly type: 'sub'; readonly gen: number; readonly k: number; readonly cursor: Cursor | null }
  | { readonly type: 'deliver'; readonly entries: readonly Placed[] }
  /** Have the state loaded. A snapshot breaks off the load that is under way. */
  | { readonly type: 'reset'; readonly why: ResetReason | 'first'; readonly cursor: Cursor }
  /** Resets follow one another and nothing is ever delivered between: rest before asking again. */
  | { readonly type: 'falling-behind' };

export interface Step {
  readonly next: Subscription;
  readonly effects: readonly Effect[];
}

/** No less than the log that a server keeps by default. */
export const HOLD_LIMIT = 1000;
const RESETS_IN_A_ROW = 3;

/** @param cursor where an earlier page stopped */
export function createSubscription(mode: Mode, loadedBy: LoadedBy = 'handlers', cursor: Cursor | null = null): Subscription {
  return { mode, loadedBy, cursor, ears: new Map(), feeding: null, hold: null, resets: 0 };
}

/** `k` of an input is one that the page has never used; at most one `sub` comes out of each step. */
export function step(sub: Subscription, input: Input): Step {
  switch (input.type) {
    case 'ask':
      return ask(sub, input.gen, input.k);
    case 'open':
      return open(sub, input.gen, input.k);
    case 'lost':
      return lost(sub, input.gen, input.k);
    case 'subbed':
      return subbed(sub, input.gen, input.k, input.frame);
    case 'entries':
      return listens(sub, input.gen) ? entries(sub, input.gen, input.k, input.entries) : nothing(sub);
    case 'skip':
      return listens(sub, input.gen) ? nothing(moveTo(sub, input.offset, input.tag)) : nothing(sub);
    case 'gap':
      return listens(sub, input.gen) ? reset(sub, input.why, fromWire(input.cursor)) : nothing(sub);
    case 'load':
      // Without a place its first one brings a load, and one that is under way brings what this one would.
      return sub.cursor === null || sub.hold !== null ? nothing(sub) : load(sub, sub.cursor);
    case 'reloaded':
      return reloaded(sub, input.k, input.cursor);
  }
}

const nothing = (next: Subscription): Step => ({ next, effects: [] });

/** Only the feeding connection counts, and not while it owes an answer, unless there is no place that could be missed. */
function listens(sub: Subscription, gen: number): boolean {
  const state = sub.ears.get(gen)?.state;
  return sub.feeding === gen && (state === 'ready' || (state === 'renewing' && sub.mode === 'live'));
}

function withEar(sub: Subscription, gen: number, ear: Ear): Subscription {
  return { ...sub, ears: new Map(sub.ears).set(gen, ear) };
}

function ask(sub: Subscription, gen: number, k: number): Step {
  const sent = sub.mode === 'live' ? null : sub.cursor;
  return { next: withEar(sub, gen, { state: 'asking', k, sent }), effects: [{ type: 'sub', gen, k, cursor: sent }] };
}

function open(sub: Subscription, gen: number, k: number): Step {
  const state = sub.ears.get(gen)?.state;
  const { next, effects } = ask(sub, gen, k);
  if (sub.feeding !== gen || (state !== 'ready' && state !== 'renewing')) return { next, effects };
  return { next: withEar(next, gen, { ...next.ears.get(gen)!, state: 'renewing' }), effects };
}

function owes(ear: Ear | undefined): ear is Ear {
  return ear?.state === 'asking' || ear?.state === 'renewing';
}

function lost(sub: Subscription, gen: number, k: number): Step {
  const ears = new Map(sub.ears);
  ears.delete(gen);
  const next: Subscription = { ...sub, ears, feeding: sub.feeding === gen ? null : sub.feeding };
  // One that was neither heard nor asked is not missed.
  if (next.feeding !== null || sub.ears.get(gen)?.state === 'void') return nothing(next);
  const newestGen = Math.max(...ears.keys());
  const unasked = ears.size > 0 && !owes(ears.get(newestGen));
  return unasked ? ask(next, newestGen, k) : nothing(next);
}

function subbed(sub: Subscription, gen: number, k: number, frame: Subbed): Step {
  const ear = sub.ears.get(gen);
  if (!owes(ear) || ear.k !== frame.k) return nothing(sub);
  // The answer of an older connection that comes late must not take the feed back.
  if (sub.feeding !== null && gen < sub.feeding) return nothing(withEar(sub, gen, { ...ear, state: 'void' }));
  const fed: Subscription = { ...withEar(sub, gen, { ...ear, state: 'ready' }), feeding: gen };
  if (sub.mode === 'live') return deliver(fed, place(frame.cur[0], frame.items ?? []));
  // Another connection moved the cursor meanwhile: the answer is about a place where this page no longer is.
  if (!sameCursor(ear.sent, sub.cursor)) return ask(fed, gen, k);
  if (sub.mode === 'latest') return newest(fed, frame);
  if (frame.ok === false) return reset(fed, frame.why ?? 'epoch', fromWire(frame.cur));
  // "Fresh" in answer to a cursor would be a jump that nobody is told of.
  if (frame.ok === null && ear.sent !== null) return reset(fed, 'epoch', fromWire(frame.cur));
  if (sub.cursor === null && sub.loadedBy === 'snapshot') return load(fed, fromWire(frame.cur));
  if (sub.cursor === null) return deliver({ ...fed, cursor: fromWire(frame.cur) }, place(frame.cur[0], frame.items ?? []));
  const caught = entries(fed, gen, k, frame.items ?? []);
  // Behind a hole nothing is known, so `to` must not jump over it.
  if (frame.to === undefined || !listens(caught.next, gen)) return caught;
  return { ...caught, next: moveTo(caught.next, ...frame.to) };
}

/** `latest`: what was there before does not matter, only whether the newest is another one. */
function newest(sub: Subscription, { ok, cur, items = [] }: Subbed): Step {
  const last = items.at(-1);
  const next = { ...sub, cursor: (ok === true ? sub.cursor : null) ?? fromWire(cur) };
  if (last === undefined) return nothing(next);
  const item = placed(cur[0], last);
  return sameCursor(item.cursor, sub.cursor) ? nothing(next) : deliver({ ...next, cursor: item.cursor }, [item]);
}

function entries(sub: Subscription, gen: number, k: number, list: readonly Entry[]): Step {
  if (sub.mode === 'live') return deliver(sub, place('', list));
  // Only `live` goes without a cursor once it feeds.
  let cursor = sub.cursor!;
  if (sub.hold?.overflowed) return nothing(sub);
  if (sub.mode === 'latest') return latest(sub, gen, k, list);
  const fresh: Placed[] = [];
  let hole = false;
  for (const entry of list) {
    const verdict = judge(cursor, entry.o);
    if (verdict === 'duplicate') continue;
    hole = verdict === 'hole';
    if (hole) break;
    const item = placed(cursor.epoch, entry);
    cursor = item.cursor;
    fresh.push(item);
  }
  const { next, effects } = deliver({ ...sub, cursor }, fresh);
  if (!hole) return { next, effects };
  const again = ask(next, gen, k);
  return { next: again.next, effects: [...effects, ...again.effects] };
}

function latest(sub: Subscription, gen: number, k: number, list: readonly Entry[]): Step {
  const last = list.at(-1);
  const cursor = sub.cursor!;
  if (last === undefined || (last.o === cursor.offset && last.g === cursor.tag)) return nothing(sub);
  // At or below the cursor with another tag: the log has branched, or a notice was late.
  if (last.o <= cursor.offset) return ask(sub, gen, k);
  return deliver({ ...sub, cursor: placed(cursor.epoch, last).cursor }, place(cursor.epoch, [last]));
}

function moveTo(sub: Subscription, offset: number, tag: string): Subscription {
  const { cursor } = sub;
  if (cursor === null || offset <= cursor.offset || sub.hold?.overflowed) return sub;
  return { ...sub, cursor: { epoch: cursor.epoch, offset, tag } };
}

function placed(epoch: string, entry: Entry): Placed {
  return { entry, cursor: { epoch, offset: entry.o, tag: entry.g } };
}

const place = (epoch: string, list: readonly Entry[]): readonly Placed[] => list.map((entry) => placed(epoch, entry));

/** The cursor has moved already: a handler that throws or publishes must not see its message twice. */
function deliver(sub: Subscription, fresh: readonly Placed[]): Step {
  if (fresh.length === 0) return nothing(sub);
  if (sub.hold === null) return { next: { ...sub, resets: 0 }, effects: [{ type: 'deliver', entries: fresh }] };
  const held = [...sub.hold.entries, ...fresh];
  if (held.length <= HOLD_LIMIT) return nothing({ ...sub, hold: { ...sub.hold, entries: held } });
  const kept = held.slice(0, HOLD_LIMIT);
  return nothing({ ...sub, cursor: kept.at(-1)!.cursor, hold: { ...sub.hold, entries: kept, overflowed: true } });
}

function load(sub: Subscription, cursor: Cursor): Step {
  const hold: Hold = { why: 'first', cursor, entries: [], overflowed: false, again: false };
  return { next: { ...sub, cursor, hold }, effects: [{ type: 'reset', why: 'first', cursor }] };
}

function reset(sub: Subscription, why: ResetReason, cursor: Cursor): Step {
  if (sub.mode === 'live') return nothing(sub);
  // The newest is applied whatever its offset, and nobody needs to be told.
  if (sub.mode === 'latest') return nothing({ ...sub, cursor: { epoch: cursor.epoch, offset: 0, tag: '' } });
  const resets = sub.resets + 1;
  const snapshot = sub.loadedBy === 'snapshot';
  const hold: Hold = { why, cursor, entries: [], overflowed: false, again: sub.hold !== null && !snapshot };
  const told: readonly Effect[] = hold.again ? [] : [{ type: 'reset', why, cursor }];
  const next: Subscription = { ...sub, cursor, hold, resets };
  if (resets < RESETS_IN_A_ROW) return { next, effects: told };
  return { next: { ...next, ears: silenced(next), feeding: null }, effects: [{ type: 'falling-behind' }, ...told] };
}

function reloaded(sub: Subscription, k: number, cursor: Cursor | null): Step {
  const { hold, feeding } = sub;
  if (hold === null) return nothing(sub);
  if (hold.again) {
    const next = { ...sub, hold: { ...hold, again: false } };
    return { next, effects: [{ type: 'reset', why: hold.why, cursor: hold.cursor }] };
  }
  const free: Subscription = { ...sub, hold: null };
  if (cursor !== null) return askAgain({ ...free, cursor }, k);
  const { next, effects } = deliver(free, hold.entries);
  if (!hold.overflowed || feeding === null) return { next, effects };
  const again = ask(next, feeding, k);
  return { next: again.next, effects: [...effects, ...again.effects] };
}

/** The app named a place of its own: every outstanding answer is about another one. */
function askAgain(sub: Subscription, k: number): Step {
  // Without a connection, or at rest: the next one that is asked gets this cursor.
  if (sub.feeding === null && ![...sub.ears.values()].some(owes)) return nothing(sub);
  return ask({ ...sub, ears: silenced(sub) }, sub.feeding ?? Math.max(...sub.ears.keys()), k);
}

function silenced({ ears }: Subscription): ReadonlyMap<number, Ear> {
  return new Map([...ears].map(([gen, ear]) => [gen, { ...ear, state: 'void' }]));
}
