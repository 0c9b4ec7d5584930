import type { Codec, Encoded } from '../src/protocol/codec.ts';
import type { Counters } from './metrics.ts';
import type { ServerSocket } from './types.ts';

/** Longest transport message made of more than one frame, in about bytes. */
const CHUNK = 262_144;

/**
 * Flushes every connection that has something to say once a tick. Subscribers of one channel mostly have the same pieces
 * to send, so the last batch that was joined is kept for the next connection.
 */
export class Batcher {
  readonly #defer: (run: () => void) => void;
  #dirty: Outgoing[] = [];
  #codec = '';
  #pieces: readonly Encoded[] = [];
  #joined: Encoded = '';

  constructor(defer: (run: () => void) => void) {
    this.#defer = defer;
  }

  add(outgoing: Outgoing): void {
    if (this.#dirty.push(outgoing) === 1) this.#defer(this.#run);
  }

  join(codec: Codec, pieces: readonly Encoded[]): Encoded {
    if (pieces.length === 1) return pieces[0]!;
    if (codec.name !== this.#codec || !same(pieces, this.#pieces)) {
      this.#joined = codec.join(pieces);
      this.#codec = codec.name;
      this.#pieces = pieces;
    }
    return this.#joined;
  }

  readonly #run = (): void => {
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const outgoing of dirty) outgoing.flush();
    this.#pieces = [];
    this.#joined = '';
  };
}

function same(a: readonly Encoded[], b: readonly Encoded[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}

export interface OutgoingHost {
  readonly codec: Codec;
  /** Flushed or drained, and below the bound: whoever waits for room may go on. */
  onRoom(): void;
  /** Twice the bound. */
  onOverflow(): void;
  /** The transport threw. */
  onFault(error: unknown): void;
}

/** What one connection is about to send. Holds pieces for one tick only; what does not fit is read again from the log. */
export class Outgoing {
  readonly #host: OutgoingHost;
  readonly #socket: ServerSocket;
  readonly #batcher: Batcher;
  readonly #counters: Counters;
  readonly #bound: number;
  #pieces: Encoded[] = [];
  /** Something that was pushed is worth an answer now, where there is only one. */
  #news = false;
  /** Size of the pieces, in bytes or UTF-16 units: an estimate is enough for a bound. */
  #size = 0;
  /** Pieces flushed before the present ones. */
  #flushed = 0;
  /** `socket.buffered` when it was last looked at: it can only have fallen since. */
  #backlog = 0;
  /** Bytes that the socket was seen to get rid of. */
  #progress = 0;
  /** Messages sent. */
  #said = 0;

  constructor(host: OutgoingHost, socket: ServerSocket, batcher: Batcher, counters: Counters, bound: number) {
    this.#host = host;
    this.#socket = socket;
    this.#batcher = batcher;
    this.#counters = counters;
    this.#bound = bound;
  }

  /** Above the bound: entries wait in the log, volatile messages are dropped. */
  get busy(): boolean {
    return this.#size + this.#backlog > this.#bound;
  }

  /** Grows as the peer takes what it was sent, and by nothing else. */
  get progress(): number {
    return this.#progress;
  }

  /** Grows with each message. */
  get said(): number {
    return this.#said;
  }

  /** @returns the place of the piece, for {@link replace} */
  push(piece: Encoded, news = true): number {
    this.#news ||= news;
    if (this.#pieces.push(piece) === 1) this.#batcher.add(this);
    this.#size += piece.length;
    const place = this.#flushed + this.#pieces.length - 1;
    if (this.#size + this.#backlog > 2 * this.#bound) this.#relieve();
    return place;
  }

  /** May be lost, so it proves nothing to the peer: it does not count as said. */
  pushVolatile(piece: Encoded): void {
    if (this.#socket.sendVolatile?.(piece) === true) this.#counters.bytesOut += piece.length;
    else this.push(piece);
  }

  /** What only waits for the end of this tick says nothing of the peer. */
  #relieve(): void {
    this.flush();
    if (this.#backlog > 2 * this.#bound) this.#host.onOverflow();
  }

  /** Puts `piece` in the place of an older one if that has not left yet; else at the end. */
  replace(place: number, piece: Encoded): number {
    const old = this.#pieces[place - this.#flushed];
    if (old === undefined) return this.push(piece);
    this.#pieces[place - this.#flushed] = piece;
    this.#size += piece.length - old.length;
    return place;
  }

  flush(): void {
    const pieces = this.#pieces;
    if (pieces.length === 0) return;
    const size = this.#size;
    this.#flushed += pieces.length;
    this.#pieces = [];
    this.#size = 0;
    // What drained before would be hidden by what is sent now. Mostly nothing is left, and each look at a socket costs.
    if (this.#backlog > 0) this.#look();
    try {
      if (this.#socket.gather !== undefined) this.#gather(pieces, size);
      else if (size <= CHUNK) this.#send(this.#batcher.join(this.#host.codec, pieces));
      else this.#sendChunks(pieces);
    } catch (error) {
      this.#host.onFault(error);
    }
    this.update();
  }

  /** After all that was pushed. */
  close(code: number, why: string): void {
    this.flush();
    try {
      this.#socket.close(code, why);
    } catch (error) {
      this.#host.onFault(error);
    }
  }

  /** Something may have drained. */
  update(): void {
    this.#look();
    if (!this.busy) this.#host.onRoom();
  }

  #look(): void {
    const { buffered } = this.#socket;
    this.#progress += Math.max(0, this.#backlog - buffered);
    this.#backlog = buffered;
  }

  #gather(pieces: readonly Encoded[], size: number): void {
    this.#said += 1;
    this.#counters.bytesOut += size;
    this.#socket.gather!(pieces, this.#news);
  }

  #send(data: Encoded): void {
    this.#said += 1;
    this.#counters.bytesOut += data.length;
    this.#socket.send(data);
  }

  #sendChunks(pieces: readonly Encoded[]): void {
    let start = 0;
    let size = 0;
    for (let i = 0; i < pieces.length; i += 1) {
      size += pieces[i]!.length;
      if (size <= CHUNK || i === start) continue;
      this.#send(this.#host.codec.join(pieces.slice(start, i)));
      start = i;
      size = pieces[i]!.length;
    }
    this.#send(this.#host.codec.join(pieces.slice(start)));
  }
}
