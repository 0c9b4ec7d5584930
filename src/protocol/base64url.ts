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
  const codes = new Array<number>(Math.ceil(((end - start) * 4) / 3));
  let at = 0;
  for (let i = start; i < end; i += 3) {
    const left = end - i;
    const word = (bytes[i]! << 16) | ((left > 1 ? bytes[i + 1]! : 0) << 8) | (left > 2 ? bytes[i + 2]! : 0);
    codes[at++] = ALPHABET.charCodeAt(word >> 18);
    codes[at++] = ALPHABET.charCodeAt((word >> 12) & 63);
    if (left > 1) codes[at++] = ALPHABET.charCodeAt((word >> 6) & 63);
    if (left > 2) codes[at++] = ALPHABET.charCodeAt(word & 63);
  }
  return String.fromCharCode(...codes);
}

const CODES = new Int8Array(128).fill(-1);
for (let i = 0; i < 64; i += 1) CODES[ALPHABET.charCodeAt(i)] = i;

/** @returns null if `text` is not base64url of whole bytes in its one canonical form. */
export function fromBase64url(text: string): Uint8Array<ArrayBuffer> | null {
  const tail = text.length % 4;
  if (tail === 1) return null;
  const bytes = new Uint8Array((text.length * 3) >> 2);
  let word = 0;
  let at = 0;
  for (let i = 0; i < text.length; i += 1) {
    const value = CODES[text.charCodeAt(i)] ?? -1;
    if (value < 0) return null;
    word = (word << 6) | value;
    if (i % 4 > 0) bytes[at++] = (word >> (6 - 2 * (i % 4))) & 255;
  }
  const spare = tail === 2 ? 15 : tail === 3 ? 3 : 0;
  return (word & spare) === 0 ? bytes : null;
}
