/** A server's log as a few lines, read by connections that queue frames in both directions. Honest, but never in a hurry. */
import type { ChannelFrame, Entry, ResetReason, Subbed, WireCursor } from '../../../src/protocol/frame.ts';

export type Sent = Exclude<ChannelFrame, { readonly t: 'unsubbed' | 'tell' }>;

export interface Pipe {
  readonly gen: number;
  /** A `sub`, or null for `unsub`. */
  readonly up: ({ readonly k: number; readonly cur: WireCursor | null } | null)[];
  readonly down: Sent[];
  /** Where the server stands for this reader; null if it reads nothing. */
  at: WireCursor | null;
}

interface Stored {
  readonly entry: Entry;
  /** Not for this reader: it is told by `to` and `skip`. */
  readonly hidden: boolean;
}

export interface LogModel {
  readonly top: WireCursor;
  append(hidden: boolean): void;
  trim(count: number): void;
  /** The store fails over to a replica that lacks the newest ones. Offsets are used again, tags never. */
  branch(count: number): void;
  newEpoch(): void;
  /** Does the next thing there is to do for one connection. @returns whether there was any */
  serve(pipe: Pipe): boolean;
  /** Whether the entry with this tag comes next after `place`, hidden ones aside (invariants I5 and I6). */
  follows(tag: string, place: string): boolean;
  /** What a fold of the log up to `place` has seen, hidden ones aside, also of what is no longer retained. */
  upTo(place: string): readonly string[];
  /** Whatever was ever appended, hidden ones aside: a database keeps what the log has lost. */
  readonly written: readonly string[];
}

const PAGE = 3;

export function createLogModel(mode: 'log' | 'latest'): LogModel {
  /** Tag of the entry before, and whether it is hidden, of everything that was ever appended. */
  const history = new Map<string, { readonly before: string; readonly hidden: boolean }>();
  let epochs = 1;
  let tags = 0;
  let stored: Stored[] = [];
  /** What the first retained entry follows. */
  let base: readonly [offset: number, tag: string] = [0, ''];

  const epoch = (): string => `E${epochs}`;
  const newest = (): Entry | undefined => stored.at(-1)?.entry;
  const top = (): WireCursor => {
    const last = newest();
    return last === undefined ? [epoch(), ...base] : [epoch(), last.o, last.g];
  };
  const after = (offset: number): readonly Stored[] => stored.slice(offset - base[0]);

  const fault = ([named, offset, tag]: WireCursor): ResetReason | null => {
    const [, highest, highestTag] = top();
    if (named !== epoch()) return 'epoch';
    if (offset > highest) return 'ahead';
    if (offset === highest) return tag === highestTag ? null : 'branch';
    if (offset <= base[0]) return offset === 0 && base[0] === 0 ? null : 'trimmed';
    return stored[offset - base[0] - 1]!.entry.g === tag ? null : 'branch';
  };

  /** What follows `cur`: visible entries, then the hidden ones behind them. */
  const page = (cur: WireCursor, most: number): { readonly items: readonly Entry[]; readonly to: Entry | null } => {
    const rest = after(cur[1]);
    const items = rest.slice(0, Math.min(most, indexOf(rest, true)));
    const behind = rest.slice(items.length);
    return { items: items.map(({ entry }) => entry), to: behind[indexOf(behind, false) - 1]?.entry ?? null };
  };

  const answer = (pipe: Pipe, k: number, cur: WireCursor | null): Subbed => {
    const frame = { t: 'subbed', c: 'room', k } as const;
    pipe.at = top();
    if (mode === 'latest') {
      const last = newest();
      const items = last === undefined || (cur !== null && last.g === cur[2]) ? {} : { items: [last] };
      if (cur === null) return { ...frame, ok: null, cur: pipe.at, ...items };
      const why = contradiction(cur, pipe.at);
      return why === null ? { ...frame, ok: true, cur, ...items } : { ...frame, ok: false, why, cur: pipe.at, ...items };
    }
    if (cur === null) {
      const past = stored.slice(-2);
      const items = past.every(({ hidden }) => !hidden) ? { items: past.map(({ entry }) => entry) } : {};
      return { ...frame, ok: null, cur: pipe.at, ...items };
    }
    const why = fault(cur);
    if (why !== null) return { ...frame, ok: false, why, cur: pipe.at };
    const { items, to } = page(cur, PAGE);
    const reached = to ?? items.at(-1);
    pipe.at = reached === undefined ? cur : [epoch(), reached.o, reached.g];
    return { ...frame, ok: true, cur, items, ...(to !== null && { to: [to.o, to.g] as const }) };
  };

  const push = (pipe: Pipe, at: WireCursor): boolean => {
    const now = top();
    const last = newest();
    if (at[0] === now[0] && at[1] === now[1] && at[2] === now[2]) return false;
    const why = mode === 'latest' ? contradiction(at, now) : fault(at);
    if (why !== null) pipe.down.push({ t: 'gap', c: 'room', cur: now, why });
    if (mode === 'latest' || why !== null) {
      pipe.at = now;
      if (mode === 'latest' && last !== undefined) pipe.down.push({ t: 'msg', c: 'room', items: [last] });
      return true;
    }
    const { items, to } = page(at, 2);
    if (items.length > 0) pipe.down.push({ t: 'msg', c: 'room', items });
    if (to !== null) pipe.down.push({ t: 'skip', c: 'room', o: to.o, g: to.g });
    const reached = to ?? items.at(-1)!;
    pipe.at = [now[0], reached.o, reached.g];
    return true;
  };

  return {
    get top() {
      return top();
    },
    append(hidden) {
      tags += 1;
      const [, offset, before] = top();
      const entry = { o: offset + 1, g: `t${tags}`, id: `i${tags}`, e: 'e' };
      history.set(entry.g, { before, hidden });
      stored.push({ entry, hidden });
    },
    trim(count) {
      for (const { entry } of stored.splice(0, count)) base = [entry.o, entry.g];
    },
    branch(count) {
      stored = stored.slice(0, Math.max(0, stored.length - count));
    },
    newEpoch() {
      epochs += 1;
      stored = [];
      base = [0, ''];
    },
    serve(pipe) {
      const asked = pipe.up.shift();
      if (asked === undefined) return pipe.at !== null && push(pipe, pipe.at);
      if (asked === null) pipe.at = null;
      else pipe.down.push(answer(pipe, asked.k, asked.cur));
      return true;
    },
    follows(tag, place) {
      let before = history.get(tag)?.before;
      while (before !== undefined && before !== place && history.get(before)?.hidden) before = history.get(before)?.before;
      return before === place;
    },
    get written() {
      return [...history].filter(([, { hidden }]) => !hidden).map(([tag]) => tag);
    },
    upTo(place) {
      const seen: string[] = [];
      for (let tag = place; tag !== ''; tag = history.get(tag)!.before) if (!history.get(tag)!.hidden) seen.unshift(tag);
      return seen;
    },
  };
}

function indexOf(list: readonly Stored[], hidden: boolean): number {
  const index = list.findIndex((each) => each.hidden === hidden);
  return index === -1 ? list.length : index;
}

/** Mode latest: what lies between two places does not matter. */
function contradiction(at: WireCursor, top: WireCursor): ResetReason | null {
  if (at[0] !== top[0]) return 'epoch';
  if (at[1] > top[1]) return 'ahead';
  return at[1] === top[1] && at[2] !== top[2] ? 'branch' : null;
}
