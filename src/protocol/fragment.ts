import type { Encoded } from './codec.ts';
import { END } from './end-codes.ts';

/**
 * Bytes of one part. RFC 8841 lets a peer announce as little as it likes, and browsers that do not interleave messages
 * (RFC 8260) send nothing else while a long one is on its way. Up to 16 KiB all of them have always agreed.
 */
export const PART = 16_000;
/** Bytes that SCTP, DTLS and UDP carry in one packet of the smallest usual path: lost alone, never for another's loss. */
export const PACKET = 1100;

/** First byte of a part. */
const LAST = 0;
const MORE = 1;

/** @param most bytes of one part, its first byte included; at least 2 */
export function fragments(message: Encoded, most = PART): readonly Uint8Array<ArrayBuffer>[] {
  const bytes = typeof message === 'string' ? new TextEncoder().encode(message) : message;
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let at = 0;
  do {
    const end = Math.min(at + most - 1, bytes.length);
    const part = new Uint8Array(end - at + 1);
    part[0] = end < bytes.length ? MORE : LAST;
    part.set(bytes.subarray(at, end), 1);
    parts.push(part);
    at = end;
  } while (at < bytes.length);
  return parts;
}

export type Assembled =
  | { readonly state: 'partial' }
  | { readonly state: 'whole'; readonly message: Uint8Array<ArrayBuffer> }
  | { readonly state: 'wrong'; readonly code: number; readonly why: string };

/** Puts the parts of one channel together again. Nothing is to be given to it after `wrong`. */
export class Assembler {
  readonly #limit: number;
  readonly #whole: boolean;
  #buffer = new Uint8Array(0);
  #size = 0;

  /**
   * @param limit bytes of a message
   * @param parts `one` on a channel that loses and reorders, where no part can be told from another message's
   */
  constructor(limit: number, parts: 'one' | 'many' = 'many') {
    this.#limit = limit;
    this.#whole = parts === 'one';
  }

  take(part: string | Uint8Array<ArrayBuffer>): Assembled {
    const flag = part[0];
    const length = part.length - 1;
    // An empty part that goes on would cost the other side nothing, and this one a turn.
    if (flag !== LAST && (flag !== MORE || length === 0 || this.#whole)) {
      return { state: 'wrong', code: END.badFrame, why: 'no part of a message' };
    }
    const size = this.#size + length;
    if (size > this.#limit) return { state: 'wrong', code: END.tooBig, why: `the limit of a message is ${this.#limit} bytes` };
    const bytes = (part as Uint8Array<ArrayBuffer>).subarray(1);
    if (flag === LAST && this.#size === 0) return { state: 'whole', message: bytes };
    // One buffer, not a list: 500 000 parts of one byte would cost a hundred times their size.
    if (size > this.#buffer.length) {
      const grown = new Uint8Array(Math.min(this.#limit, 2 * size));
      grown.set(this.#buffer.subarray(0, this.#size));
      this.#buffer = grown;
    }
    this.#buffer.set(bytes, this.#size);
    this.#size = size;
    if (flag === MORE) return { state: 'partial' };
    const message = this.#buffer.subarray(0, size);
    this.#buffer = new Uint8Array(0);
    this.#size = 0;
    return { state: 'whole', message };
  }
}
