/** MessagePack written by hand, for what no encoder makes. */

export const bytes = (...parts: readonly (readonly number[] | string)[]): Uint8Array<ArrayBuffer> =>
  new Uint8Array(parts.flatMap((part) => (typeof part === 'string' ? [...new TextEncoder().encode(part)] : part)));
export const times = (count: number, ...part: readonly number[]): readonly number[] =>
  Array.from({ length: count }, () => part).flat();

const tell = Buffer.from('\x85\xa1t\xa4tell\xa1c\xa1a\xa2id\xa1i\xa1e\xa1e\xa1d', 'latin1');

/** A `tell` whose payload is given byte by byte. */
export const withPayload = (...payload: readonly number[]): Uint8Array<ArrayBuffer> => bytes([...tell], payload);
