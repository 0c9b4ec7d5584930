import type { Codec, Encoded } from '../src/protocol/codec.ts';
import type { ServerFrame, WireCursor } from '../src/protocol/frame.ts';
import type { Broker, Follower, From, Keep, Notice, PageLimit, Read, Volatile } from './brokers/broker.ts';

const RING = 64;
const PAGE: PageLimit = { entries: 500, bytes: 524_288 };

/** A page is asked for when a connection is below its bound, and must not take it to twice the bound. */
export function pageLimit(bound: number): PageLimit {
  return { entries: PAGE.entries, bytes: Math.min(PAGE.bytes, Math.floor(bound / 2)) };
}

/** A frame for many: encoded at most once for each codec. */
export class SharedFrame {
  readonly #frame: ServerFrame;
  /** The last one asked for: subscribers mostly speak the same codec. */
  #name = '';
  #piece: Encoded = '';
  /** The others. */
  #pieces: Map<string, Encoded> | null = null;

  constructor(frame: ServerFrame) {
    this.#frame = frame;
  }

  piece(codec: Codec): Encoded {
    if (codec.name !== this.#name) {
      const known = this.#pieces?.get(codec.name);
      if (this.#name !== '') (this.#pieces ??= new Map()).set(this.#name, this.#piece);
      this.#piece = known ?? codec.encode(this.#frame);
      this.#name = codec.name;
    }
    return this.#piece;
  }
}

/** A notice as the subscriptions get it. */
export class Noted extends SharedFrame {
  readonly notice: Notice;
  /** Where a reader stands after it. The object is shared, so that most readers are compared by reference. */
  readonly at: WireCursor;
  /** Where a reader stood who saw the notice before; null if that one is not known to be the entry before. */
  readonly before: WireCursor | null;

  constructor(channel: string, notice: Notice, last: Noted | undefined) {
    super({ t: 'msg', c: channel, items: [notice.entry] });
    this.notice = notice;
    this.at = [notice.epoch, notice.entry.o, notice.entry.g];
    this.before = last !== undefined && follows(last.at, notice) ? last.at : null;
  }
}

/** Whether `notice` is the entry right after `at`, in the same branch of the log. */
export function follows(at: WireCursor, { epoch, entry, previous }: Notice): boolean {
  return entry.o === at[1] + 1 && previous === at[2] && epoch === at[0];
}

export interface Listener {
  onNotice(noted: Noted): void;
  onVolatile(shared: SharedFrame, origin: string | null): void;
  onDoubt(): void;
}

/** The live feed of one channel, shared by all its subscriptions on this server. */
export class Tail implements Follower {
  readonly channel: string;
  readonly #broker: Broker;
  readonly #keep: Keep;
  readonly #page: PageLimit;
  readonly #listeners = new Set<Listener>();
  readonly #ring: Noted[] = [];
  readonly #reads = new Map<string, Promise<Read>>();
  #joining: Promise<void> | null = null;
  #leave: (() => void) | null = null;
  #abandoned = false;
  /** Notices so far. */
  #count = 0;
  /** Since when nobody listens; null while someone does. */
  #idleSince: number | null = null;

  constructor(channel: string, broker: Broker, keep: Keep, page: PageLimit) {
    this.channel = channel;
    this.#broker = broker;
    this.#keep = keep;
    this.#page = page;
  }

  /** @returns null if the feed is joined already */
  join(listener: Listener): Promise<void> | null {
    this.#listeners.add(listener);
    this.#idleSince = null;
    if (this.#leave !== null) return null;
    this.#joining ??= this.#broker.follow(this.channel, this).then((leave) => {
      if (this.#abandoned) {
        leave();
        throw new Error('the feed was joined too late');
      }
      this.#leave = leave;
    });
    return this.#joining;
  }

  leave(listener: Listener, now: number): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size === 0) this.#idleSince = now;
  }

  /** Leaves the feed if nobody has listened since `before`. @returns whether it did */
  rest(before: number): boolean {
    if (this.#leave === null || this.#idleSince === null || this.#idleSince > before) return false;
    this.#leave();
    return true;
  }

  /** It could not be joined in time: whoever else waits for it is told so too. */
  abandon(): void {
    this.#abandoned = true;
  }

  /** A mark for {@link since}. */
  get count(): number {
    return this.#count;
  }

  /** What was noted since a mark; null if it is no longer held. */
  since(mark: number): readonly Noted[] | null {
    const length = this.#count - mark;
    if (length > RING) return null;
    return Array.from({ length }, (_, index) => this.#ring[(mark + index) % RING]!);
  }

  /**
   * One page. Readers at one place share one read, as long as nothing was noted since it began: else a later reader could
   * miss what came between the read and itself.
   */
  read(from: From): Promise<Read> {
    const place = 'latest' in from ? `latest ${from.latest}` : from.cursor.join(' ');
    const key = `${this.#count} ${place}`;
    const known = this.#reads.get(key);
    if (known !== undefined) return known;
    const read = this.#broker.read(this.channel, from, this.#page, this.#keep);
    this.#reads.set(key, read);
    const forget = (): void => {
      if (this.#reads.get(key) === read) this.#reads.delete(key);
    };
    read.then(forget, forget);
    return read;
  }

  onNotice(notice: Notice): void {
    const noted = new Noted(this.channel, notice, this.#ring[(this.#count + RING - 1) % RING]);
    this.#ring[this.#count % RING] = noted;
    this.#count += 1;
    for (const listener of this.#listeners) listener.onNotice(noted);
  }

  onVolatile({ id, e, d, by }: Volatile, origin: string | null): void {
    const shared = new SharedFrame({
      t: 'tell',
      c: this.channel,
      id,
      e,
      ...(d === undefined ? undefined : { d }),
      ...(by === undefined ? undefined : { by }),
    });
    for (const listener of this.#listeners) listener.onVolatile(shared, origin);
  }

  onDoubt(): void {
    // What is being read may come from where the store no longer is.
    this.#reads.clear();
    for (const listener of this.#listeners) listener.onDoubt();
  }
}

const IDLE = 30_000;

/** The tails of one server. One that nobody listens to is kept for a while: readers come back. */
export class Tails {
  readonly #broker: Broker;
  readonly #page: PageLimit;
  readonly #tails = new Map<string, Tail>();

  constructor(broker: Broker, page: PageLimit) {
    this.#broker = broker;
    this.#page = page;
  }

  get size(): number {
    return this.#tails.size;
  }

  of(channel: string, keep: Keep): Tail {
    let tail = this.#tails.get(channel);
    if (tail === undefined) this.#tails.set(channel, (tail = new Tail(channel, this.#broker, keep, this.#page)));
    return tail;
  }

  /** The feed could not be joined: the next reader tries with a new one. */
  drop(tail: Tail): void {
    tail.abandon();
    if (this.#tails.get(tail.channel) === tail) this.#tails.delete(tail.channel);
  }

  /** Leaves every feed. */
  close(): void {
    for (const tail of this.#tails.values()) tail.rest(Infinity);
    this.#tails.clear();
  }

  sweep(now: number): void {
    for (const [channel, tail] of this.#tails) if (tail.rest(now - IDLE)) this.#tails.delete(channel);
  }
}
