/** RFC 4648 section 5, without padding. Written here because `Uint8Array.prototype.toBase64` is too new and `btoa` takes no bytes. */
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Bytes turned into text at once: whole groups of three, and more than an id has. */
const PIECE = 48;

/** Of `bytes` from `start` to `end`. */
export function toBase64url(bytes: Uint8Array, start = 0, end = bytes.length): string {
  let text = '';
  for (let at = start; at < end; at += PIECE) text += pieceOf(bytes, at, Math.min(end, at + PIECE));
  return text;
}

/** From numbers, because a text that grows by one character leaves a string behind for each of them. */
function pieceOf(bytes: Uint8Array, start: number, end: number): string {
  const codes: number[] = [];
  // Bits that were shifted out, or are above those that count, are masked away.
  let word = 0;
  let bits = 0;
  for (let i = start; i < end; i += 1) {
    word = (word << 8) | bytes[i]!;
    for (bits += 8; bits >= 6;) codes.push(ALPHABET.charCodeAt((word >> (bits -= 6)) & 63));
  }
  if (bits > 0) codes.push(ALPHABET.charCodeAt((word << (6 - bits)) & 63));
  return String.fromCharCode(...codes);
}

const CODES = new Int8Array(128).fill(-1);
for (let i = 0; i < 64; i += 1) CODES[ALPHABET.charCodeAt(i)] = i;

/** @returns null if `text` is not base64url of whole bytes in its one canonical form. */
export function fromBase64url(text: string): Uint8Array<ArrayBuffer> | null {
  const bytes = new Uint8Array((text.length * 3) >> 2);
  let word = 0;
  let bits = 0;
  let at = 0;
  for (let i = 0; i < text.length; i += 1) {
    const value = CODES[text.charCodeAt(i)] ?? -1;
    if (value < 0) return null;
    word = (word << 6) | value;
    bits += 6;
    if (bits >= 8) bytes[at++] = word >> (bits -= 8);
  }
  // A whole character too many, or bits that stand for nothing.
  return bits < 6 && (word & ((1 << bits) - 1)) === 0 ? bytes : null;
}
