import type { Inflater } from '../environment.ts';

/** Inflated at once. One byte of gzip makes 1032 at most, and some platforms inflate what they are given in one go. */
const PIECE = 1024;

/**
 * Bytes that come in pieces, never more than `most` of them. They are copied: a piece of one byte costs a hundred to hold,
 * and whoever sends a body chooses its pieces.
 */
export class Collector {
  readonly #most: number;
  #bytes = new Uint8Array(0);
  #size = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** @returns whether it still fits */
  add(piece: Uint8Array): boolean {
    const at = this.#size;
    this.#size += piece.length;
    if (this.#size > this.#most) {
      this.#bytes = new Uint8Array(0);
      return false;
    }
    if (this.#size > this.#bytes.length) this.#grow(at);
    this.#bytes.set(piece, at);
    return true;
  }

  /** In memory of its own: a payload is a view of it, and would keep all that the pieces are views of. */
  join(): Uint8Array<ArrayBuffer> {
    return this.#size === this.#bytes.length ? this.#bytes : this.#bytes.slice(0, this.#size);
  }

  /** Mostly there is one piece, and this is all that is ever made. */
  #grow(filled: number): void {
    const grown = new Uint8Array(Math.min(this.#most, Math.max(this.#size, 2 * this.#bytes.length)));
    grown.set(this.#bytes.subarray(0, filled));
    this.#bytes = grown;
  }
}

/**
 * @returns null if it holds more than `most` bytes: little more than these was inflated then
 * @throws whatever the inflater makes of bytes that are no gzip
 */
export async function inflate(
  bytes: Uint8Array<ArrayBuffer>,
  most: number,
  { readable, writable }: Inflater,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const fed = feed(bytes, writable.getWriter());
  // What went wrong is told by the other end.
  fed.catch(() => undefined);
  return collect(readable.getReader(), most);
}

/** @returns null if there is more than `most` */
export async function collect(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  most: number,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const collector = new Collector(most);
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return collector.join();
    if (collector.add(value)) continue;
    // Whether the source minds does not matter any more.
    reader.cancel().catch(() => undefined);
    return null;
  }
}

async function feed(bytes: Uint8Array<ArrayBuffer>, writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>): Promise<void> {
  for (let at = 0; at < bytes.length; at += PIECE) await writer.write(bytes.subarray(at, at + PIECE));
  await writer.close();
}
