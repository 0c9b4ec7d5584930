import type { Entry, Item, ResetReason, WireCursor } from '../../src/protocol/frame.ts';
import type { Follower, From, Keep, PageLimit, Past, Read, Span } from './broker.ts';

/** An epoch that only readers asked for. */
const EMPTY_LIFE = 600_000;
/** The top outlives the entries, so that a reader who missed nothing is told so. */
const META_LIFE = 86_400_000;
/** The array is cut only when this much of it is gone: a shift for each append would cost O(n). */
const SLACK = 1024;

/** One channel's log and its meta, made and dropped together. */
export class MemoryLog {
  readonly epoch: string;
  readonly followers = new Set<Follower>();
  #entries: Entry[] = [];
  /** Index of the first retained entry. */
  #head = 0;
  #top = 0;
  #topTag = '';
  #expiresAt = 0;
  #keep: Keep;

  constructor(epoch: string, keep: Keep, now: number) {
    this.epoch = epoch;
    this.#keep = keep;
    this.touch(keep, now);
  }

  get top(): WireCursor {
    return [this.epoch, this.#top, this.#topTag];
  }

  get topTag(): string {
    return this.#topTag;
  }

  /** Readers and writers keep it alive; followers do while they are there. */
  touch(keep: Keep, now: number): void {
    this.#keep = keep;
    this.#expiresAt = now + (this.#top === 0 ? EMPTY_LIFE : keep.age + META_LIFE);
  }

  /** The last follower left: its life is counted from now. */
  rest(now: number): void {
    this.touch(this.#keep, now);
  }

  expired(now: number): boolean {
    return this.followers.size === 0 && now >= this.#expiresAt;
  }

  append(item: Item, tag: string, by: string | undefined, keep: Keep, now: number): Entry {
    this.#top += 1;
    this.#topTag = tag;
    const entry: Entry = {
      id: item.id,
      e: item.e,
      ...(item.d === undefined ? undefined : { d: item.d }),
      o: this.#top,
      g: tag,
      ts: now,
      ...(by === undefined ? undefined : { by }),
    };
    this.#entries.push(entry);
    this.touch(keep, now);
    this.trim(now);
    return entry;
  }

  /** One more than `keep.entries` stays: a cursor is verified against the entry it stands on. */
  trim(now: number): void {
    const entries = this.#entries;
    const oldest = now - this.#keep.age;
    let head = Math.max(this.#head, entries.length - this.#keep.entries - 1);
    while (head < entries.length && entries[head]!.ts! < oldest) head += 1;
    // A dropped entry must not be held by the part of the array that is not cut yet.
    for (let i = this.#head; i < head; i += 1) entries[i] = undefined as never;
    this.#head = head;
    if (head > SLACK && head * 2 > entries.length) {
      this.#entries = entries.slice(head);
      this.#head = 0;
    }
  }

  read(from: From, limit: PageLimit): Read {
    return 'latest' in from ? this.#newest(from.latest, limit) : this.#after(from.cursor, limit);
  }

  past({ from, to = this.top }: Span, limit: PageLimit): Past {
    for (const [place, cursor] of [
      ['to', to],
      ['from', from],
    ] as const) {
      const why = cursor === undefined ? null : this.#judge(cursor);
      if (why !== null && why !== 'trimmed') return { ok: false, place, why };
    }
    const wanted = Math.max(1, from?.[1] ?? 1);
    const first = this.#first;
    // From an offset to its index: the top stands last.
    const shift = this.#entries.length - 1 - this.#top;
    const least = shift + Math.max(wanted, first);
    const end = shift + to[1] + 1;
    const start = end > least ? this.#down(end, end - least, limit) : end;
    const before = start > least ? this.#entries[start - 1] : undefined;
    return {
      ok: true,
      epoch: this.epoch,
      entries: end > least ? this.#entries.slice(start, end) : [],
      older: before === undefined ? null : [before.o, before.g],
      trimmed: wanted < first && wanted <= to[1],
    };
  }

  #newest(count: number, limit: PageLimit): Read {
    const end = this.#entries.length;
    const start = this.#down(end, Math.min(count, end - this.#head), limit);
    return { ok: true, entries: this.#entries.slice(start, end), at: this.top, top: this.top };
  }

  /** Where a page begins that ends before the index `end`. */
  #down(end: number, count: number, limit: PageLimit): number {
    const least = end - Math.min(count, limit.entries);
    let start = end;
    let bytes = 0;
    while (start > least) {
      bytes += sizeOf(this.#entries[start - 1]!);
      if (bytes > limit.bytes && start < end) break;
      start -= 1;
    }
    return start;
  }

  /** Offset of the oldest retained entry; above the top if there is none. */
  get #first(): number {
    return this.#top - (this.#entries.length - this.#head) + 1;
  }

  #after(cursor: WireCursor, limit: PageLimit): Read {
    const why = this.#judge(cursor);
    if (why !== null) return { ok: false, why, top: this.top };
    const start = this.#entries.length - (this.#top - cursor[1]);
    const last = Math.min(this.#entries.length, start + limit.entries);
    let end = start;
    let bytes = 0;
    while (end < last) {
      bytes += sizeOf(this.#entries[end]!);
      if (bytes > limit.bytes && end > start) break;
      end += 1;
    }
    const entries = this.#entries.slice(start, end);
    const at = entries.at(-1);
    return { ok: true, entries, at: at === undefined ? cursor : [this.epoch, at.o, at.g], top: this.top };
  }

  #judge([epoch, offset, tag]: WireCursor): Exclude<ResetReason, 'busy'> | null {
    if (epoch !== this.epoch) return 'epoch';
    if (offset > this.#top) return 'ahead';
    // The top is checked against the meta: it stands when every entry has aged out.
    if (offset === this.#top) return tag === this.#topTag ? null : 'branch';
    const first = this.#first;
    if (offset === 0) return tag !== '' ? 'branch' : first === 1 ? null : 'trimmed';
    if (offset < first) return 'trimmed';
    return this.#entries[this.#entries.length - 1 - (this.#top - offset)]!.g === tag ? null : 'branch';
  }
}

const sizes = new WeakMap<Entry, number>();

/** About the bytes on the wire. Worked out only when an entry is read back, which most never are. */
function sizeOf(entry: Entry): number {
  let size = sizes.get(entry);
  if (size === undefined) {
    size = 150 + (entry.d instanceof Uint8Array ? (entry.d.byteLength * 4) / 3 : (JSON.stringify(entry.d)?.length ?? 0));
    sizes.set(entry, size);
  }
  return size;
}
