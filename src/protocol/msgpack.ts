import { decode, encode } from '@msgpack/msgpack';
import type { Codec, Encoded } from './codec.ts';

/** Envelope and payload together: no frame that a codec makes is nested deeper. */
const MAX_DEPTH = 64;

/**
 * Reads only the headers. Decoders allocate what an array header claims before they read its elements, so a few bytes can
 * claim gigabytes; each element takes at least one byte, so an honest message never claims more elements than it has bytes.
 *
 * @see https://github.com/msgpack/msgpack/blob/master/spec.md
 */
function assertHonest(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const open: number[] = [];
  let at = 0;
  let claimed = 0;
  const enter = (count: number): void => {
    claimed += count;
    if (claimed > bytes.length || open.length >= MAX_DEPTH) throw new RangeError('MessagePack claims more than it holds');
    open.push(count);
  };
  do {
    const head = view.getUint8(at);
    at += 1;
    let children = -1;
    if (head <= 0x7f || head >= 0xe0 || (head >= 0xc0 && head <= 0xc3)) children = -1;
    else if (head <= 0x8f) children = (head & 15) * 2;
    else if (head <= 0x9f) children = head & 15;
    else if (head <= 0xbf) at += head & 31;
    else if (head <= 0xc6) at += sized(view, at, head - 0xc4);
    else if (head <= 0xc9) at += 1 + sized(view, at, head - 0xc7);
    else if (head <= 0xcb) at += head === 0xca ? 4 : 8;
    else if (head <= 0xd3) at += 1 << ((head - 0xcc) & 3);
    else if (head <= 0xd8) at += 1 + (1 << (head - 0xd4));
    else if (head <= 0xdb) at += sized(view, at, head - 0xd9);
    else {
      const wide = (head & 1) === 1;
      children = (wide ? view.getUint32(at) : view.getUint16(at)) * (head >= 0xde ? 2 : 1);
      at += wide ? 4 : 2;
    }
    if (open.length > 0) open[open.length - 1]! -= 1;
    if (children > 0) enter(children);
    while (open.length > 0 && open[open.length - 1] === 0) open.pop();
  } while (open.length > 0);
}

/** Bytes of a length prefix of 1, 2 or 4 bytes, and of what it announces. */
function sized(view: DataView, at: number, width: number): number {
  if (width === 0) return 1 + view.getUint8(at);
  return width === 1 ? 2 + view.getUint16(at) : 4 + view.getUint32(at);
}

/** MessagePack: about a third smaller than JSON for small messages, bytes as they are. Adds about 6 KB to a bundle. */
export function msgpack(): Codec {
  const options = { ignoreUndefined: true } as const;
  return {
    name: 'msgpack',
    binary: true,
    encode: (frame) => encode(frame, options),
    join(pieces: readonly Encoded[]) {
      if (pieces.length === 1) return pieces[0]!;
      const list = pieces as readonly Uint8Array<ArrayBuffer>[];
      const header = list.length < 16 ? [0x90 | list.length] : [0xdc, list.length >> 8, list.length & 255];
      const joined = new Uint8Array(list.reduce((sum, piece) => sum + piece.length, header.length));
      joined.set(header);
      let at = header.length;
      for (const piece of list) {
        joined.set(piece, at);
        at += piece.length;
      }
      return joined;
    },
    decode(data: Encoded) {
      if (typeof data === 'string') throw new TypeError('MessagePack travels as bytes');
      assertHonest(data);
      return decode(data);
    },
  };
}
