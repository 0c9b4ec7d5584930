import type { Codec } from '../src/protocol/codec.ts';
import type { Mode, ServerFrame, Sub, WireCursor } from '../src/protocol/frame.ts';
import type { From, Read } from './brokers/broker.ts';
import type { Counters } from './metrics.ts';
import type { Outgoing } from './outgoing.ts';
import { follows, type Listener, type Noted, type SharedFrame, type Tail } from './tail.ts';

/**
 * judging: the rule has not answered. joining: `subbed` is owed. tail: at the tail, entries are pushed as they come.
 * log: behind, served page by page until it meets the tail. ended: nothing of it is sent any more.
 */
export type Phase = 'judging' | 'joining' | 'tail' | 'log' | 'ended';

/** What a subscription needs of its connection. */
export interface Reader {
  readonly codec: Codec;
  readonly outgoing: Outgoing;
  readonly counters: Counters;
  /** The page on the other end: its own volatile messages are not echoed to it. */
  readonly client: string;
  send(frame: ServerFrame): void;
  /** Calls {@link Subscription.readPage} when there is room. */
  want(subscription: Subscription): void;
}

type Page = Extract<Read, { ok: true }>;
type Lost = Extract<Read, { ok: false }>;

/**
 * One channel on one connection. All it keeps is a place: an entry is pushed only if it follows that place, and anything
 * else makes it read the log again from there, the entry at the place included (rule R3).
 */
export class Subscription implements Listener {
  readonly channel: string;
  readonly mode: Mode;
  readonly #reader: Reader;
  /** Set by {@link join}, before any phase that uses it. */
  #tail: Tail | null = null;
  #phase: Phase = 'judging';
  #asked: Sub;
  /** Grows with each `sub`, doubt and read: what was asked of the store before is void, and something newer is under way. */
  #version = 0;
  #at: WireCursor = ['', 0, ''];
  /** Where the newest entry waits to be sent, in mode latest. */
  #place = -1;

  constructor(asked: Sub, mode: Mode, reader: Reader) {
    this.channel = asked.c;
    this.mode = mode;
    this.#asked = asked;
    this.#reader = reader;
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** The rule has said yes. */
  get allowed(): boolean {
    return this.#tail !== null;
  }

  /** Joins the feed before anything is read, so that nothing can fall between (section 4). */
  join(tail: Tail): Promise<void> | null {
    this.#tail = tail;
    return tail.join(this);
  }

  /** The feed is joined. */
  start(): void {
    if (this.#phase === 'judging') this.#answerSoon();
  }

  /** The same channel again. */
  resync(asked: Sub): void {
    this.#asked = asked;
    this.#version += 1;
    if (this.#phase !== 'judging') this.#answerSoon();
  }

  end(now: number): void {
    this.#phase = 'ended';
    this.#tail?.leave(this, now);
  }

  // ---- from the feed ---------------------------------------------------------------------------------------------

  onNotice(noted: Noted): void {
    if (this.#phase === 'tail') this.#take(noted);
  }

  onVolatile(shared: SharedFrame, origin: string | null): void {
    if (this.#phase !== 'tail' && this.#phase !== 'log') return;
    const { outgoing, codec, counters, client } = this.#reader;
    if (origin === client) return;
    if (outgoing.busy) {
      counters.droppedVolatile += 1;
      return;
    }
    counters.delivered += 1;
    outgoing.pushVolatile(shared.piece(codec));
  }

  onDoubt(): void {
    if (this.mode === 'live') return;
    this.#version += 1;
    if (this.#phase === 'tail') this.#fallBack();
    else if (this.#phase === 'joining' || this.#phase === 'log') this.#reader.want(this);
  }

  #take(noted: Noted): void {
    const { outgoing, codec, counters } = this.#reader;
    if (this.mode === 'live') {
      if (outgoing.busy) counters.droppedVolatile += 1;
      else {
        outgoing.push(noted.piece(codec));
        counters.delivered += 1;
      }
      return;
    }
    if (!this.#continues(noted)) {
      if (!this.#stands(noted)) this.#fallBack();
      return;
    }
    if (outgoing.busy) return this.#fallBack();
    counters.delivered += 1;
    this.#at = noted.at;
    if (this.mode === 'log') outgoing.push(noted.piece(codec));
    else this.#place = outgoing.replace(this.#place, noted.piece(codec));
  }

  #continues(noted: Noted): boolean {
    const at = this.#at;
    if (this.mode === 'latest') return noted.at[0] === at[0] && noted.at[1] > at[1];
    return at === noted.before || follows(at, noted.notice);
  }

  #stands({ at }: Noted): boolean {
    return at[1] === this.#at[1] && at[2] === this.#at[2] && at[0] === this.#at[0];
  }

  #fallBack(): void {
    this.#phase = 'log';
    this.#reader.want(this);
  }

  // ---- from the log ----------------------------------------------------------------------------------------------

  #answerSoon(): void {
    if (this.mode === 'live') {
      this.#phase = 'tail';
      this.#reader.send({ t: 'subbed', c: this.channel, k: this.#asked.k, cur: ['', 0, ''], ok: null });
      return;
    }
    this.#phase = 'joining';
    this.#reader.want(this);
  }

  /** Rejects if the store cannot answer now. */
  readPage(): Promise<void> {
    const version = (this.#version += 1);
    const tail = this.#tail!;
    const mark = tail.count;
    this.#reader.counters.pages += 1;
    return tail.read(this.#from()).then((read) => {
      if (version !== this.#version || (this.#phase !== 'joining' && this.#phase !== 'log')) return;
      // No room left: nothing is kept, it is read again.
      if (this.#reader.outgoing.busy) this.#reader.want(this);
      else this.#onRead(read, mark);
    });
  }

  #from(): From {
    if (this.mode === 'latest') return { latest: 1 };
    if (this.#phase === 'log') return { cursor: this.#at };
    const { cur, n = 0 } = this.#asked;
    return cur === undefined ? { latest: n } : { cursor: cur };
  }

  #onRead(read: Read, mark: number): void {
    if (this.mode === 'latest') this.#onNewest(read);
    else if (read.ok) this.#onPage(read);
    else this.#onLost(read);
    if (read.ok && this.mode === 'log' && this.#at[1] < read.top[1]) this.#fallBack();
    else this.#meetTail(read, mark);
  }

  #onPage({ entries, at, top }: Page): void {
    const { c, k, cur } = this.#asked;
    const items = entries.length === 0 ? undefined : { items: entries };
    const more = at[1] < top[1] ? { more: true } : undefined;
    this.#at = at;
    this.#reader.counters.delivered += entries.length;
    if (this.#phase === 'log') {
      if (items !== undefined) this.#reader.send({ t: 'msg', c, ...items });
      return;
    }
    if (cur === undefined) this.#reader.send({ t: 'subbed', c, k, cur: at, ok: null, ...items });
    else this.#reader.send({ t: 'subbed', c, k, cur, ok: true, ...items, ...more });
  }

  #onLost({ why, top }: Lost): void {
    const { c, k } = this.#asked;
    this.#at = top;
    this.#reader.counters.gaps += 1;
    this.#reader.send(this.#phase === 'log' ? { t: 'gap', c, cur: top, why } : { t: 'subbed', c, k, cur: top, ok: false, why });
  }

  /** Mode latest: what lies between does not matter, only whether the newest is another one. */
  #onNewest(read: Read): void {
    // What waits to be sent stands before this answer: nothing newer may take its place.
    this.#place = -1;
    const { c, k, cur } = this.#asked;
    const { top } = read;
    const entries = read.ok ? read.entries : [];
    const newest = entries.length === 0 ? undefined : { items: entries };
    const known = this.#phase === 'log' ? this.#at : cur;
    this.#at = top;
    const why = known === undefined ? null : judgeNewest(known, top);
    const news = known === undefined || !sameCursor(known, top) ? newest : undefined;
    if (news !== undefined) this.#reader.counters.delivered += 1;
    if (this.#phase === 'log') {
      if (why !== null) this.#reader.send({ t: 'gap', c, cur: top, why });
      if (news !== undefined) this.#reader.send({ t: 'msg', c, ...news });
    } else if (known === undefined) this.#reader.send({ t: 'subbed', c, k, cur: top, ok: null, ...news });
    else if (why === null) this.#reader.send({ t: 'subbed', c, k, cur: known, ok: true, ...news });
    else this.#reader.send({ t: 'subbed', c, k, cur: top, ok: false, why, ...news });
  }

  /** What was noted while the page was read either is in it or follows it; anything else means that it must be read again. */
  #meetTail(read: Read, mark: number): void {
    this.#phase = 'tail';
    const noted = this.#tail!.since(mark);
    if (noted === null) return this.#fallBack();
    for (const each of noted) {
      if (this.#phase !== 'tail') return;
      if (!includes(read, each)) this.#take(each);
    }
  }
}

function includes(read: Read, { at }: Noted): boolean {
  if (!read.ok || at[0] !== read.top[0]) return false;
  const first = read.entries[0];
  return first !== undefined && read.entries[at[1] - first.o]?.g === at[2];
}

function sameCursor(a: WireCursor, b: WireCursor): boolean {
  return a[1] === b[1] && a[2] === b[2] && a[0] === b[0];
}

function judgeNewest(known: WireCursor, top: WireCursor): 'epoch' | 'ahead' | 'branch' | null {
  if (known[0] !== top[0]) return 'epoch';
  if (known[1] > top[1]) return 'ahead';
  return known[1] === top[1] && known[2] !== top[2] ? 'branch' : null;
}
