import type { Inflater } from '../environment.ts';

/** Inflated at once. One byte of gzip makes 1032 at most, and some platforms inflate what they are given in one go. */
const PIECE = 1024;

/** Bytes that come in pieces, never more than `most` of them. */
export class Collector {
  readonly #most: number;
  #pieces: Uint8Array[] = [];
  #size = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** @returns whether it still fits */
  add(piece: Uint8Array): boolean {
    this.#size += piece.length;
    if (this.#size > this.#most) this.#pieces = [];
    else this.#pieces.push(piece);
    return this.#size <= this.#most;
  }

  /** In memory of its own: a payload is a view of it, and would keep all that the pieces are views of. */
  join(): Uint8Array<ArrayBuffer> {
    const whole = new Uint8Array(this.#size);
    let at = 0;
    for (const piece of this.#pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    return whole;
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
