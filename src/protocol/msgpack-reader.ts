/** The deepest frame that a codec makes has less: a batch, a frame, its items, an item, and a payload of `limits.depth`. */
const MAX_DEPTH = 64;

/** Keys and short strings are cheaper to read by hand than by a call of TextDecoder. */
const SHORT = 24;

/** A leading U+FEFF is data here, not a byte order mark. */
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * Reads one MessagePack value and nothing more. Written here because general decoders strip a leading U+FEFF, hand out
 * views that keep a whole message alive, and make room for what a header claims: here nothing is allocated before its
 * bytes were seen, so a few bytes that claim gigabytes cost nothing. Extension types have no JSON form and are refused.
 *
 * @see https://github.com/msgpack/msgpack/blob/master/spec.md
 * @throws RangeError, SyntaxError
 */
export function readMessagePack(bytes: Uint8Array): unknown {
  const reader = new Reader(bytes);
  const value = reader.value(0);
  if (reader.at < bytes.length) throw new SyntaxError(`${bytes.length - reader.at} bytes follow the value`);
  return value;
}

class Reader {
  at = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  value(depth: number): unknown {
    const head = this.#uint(1);
    if (head <= 0x7f) return head;
    if (head <= 0x8f) return this.#map(head & 15, depth);
    if (head <= 0x9f) return this.#list(head & 15, depth);
    if (head <= 0xbf) return this.#text(head & 31);
    if (head >= 0xe0) return head - 0x100;
    switch (head) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return new Uint8Array(this.#slice(this.#uint(1 << (head - 0xc4))));
      case 0xca:
        return this.#view.getFloat32(this.#skip(4));
      case 0xcb:
        return this.#view.getFloat64(this.#skip(8));
      case 0xcc:
      case 0xcd:
      case 0xce:
      case 0xcf:
        return this.#uint(1 << (head - 0xcc));
      case 0xd0:
        return this.#view.getInt8(this.#skip(1));
      case 0xd1:
        return this.#view.getInt16(this.#skip(2));
      case 0xd2:
        return this.#view.getInt32(this.#skip(4));
      case 0xd3:
        return Number(this.#view.getBigInt64(this.#skip(8)));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#text(this.#uint(1 << (head - 0xd9)));
      case 0xdc:
      case 0xdd:
        return this.#list(this.#uint(head === 0xdc ? 2 : 4), depth);
      case 0xde:
      case 0xdf:
        return this.#map(this.#uint(head === 0xde ? 2 : 4), depth);
      default:
        throw new SyntaxError(`type byte 0x${head.toString(16)} is not part of this protocol`);
    }
  }

  /** Moves on and returns where it was. A DataView or {@link #slice} notices the end of the bytes. */
  #skip(width: number): number {
    const at = this.at;
    this.at += width;
    return at;
  }

  #uint(width: number): number {
    const at = this.#skip(width);
    if (width === 1) return this.#view.getUint8(at);
    if (width === 2) return this.#view.getUint16(at);
    if (width === 4) return this.#view.getUint32(at);
    return Number(this.#view.getBigUint64(at));
  }

  #slice(length: number): Uint8Array {
    const at = this.#skip(length);
    if (this.at > this.#bytes.length) throw new RangeError(`${length} bytes are announced, ${this.#bytes.length - at} are left`);
    return this.#bytes.subarray(at, this.at);
  }

  #text(length: number): string {
    if (length > SHORT) return utf8.decode(this.#slice(length));
    const from = this.#skip(length);
    let text = '';
    for (let i = from; i < this.at; i += 1) {
      // Past the end this is undefined, which compares false, and the slice below refuses.
      const byte = this.#bytes[i]!;
      if (!(byte < 0x80)) {
        this.at = from;
        return utf8.decode(this.#slice(length));
      }
      text += String.fromCharCode(byte);
    }
    return text;
  }

  #list(length: number, depth: number): unknown[] {
    this.#enter(depth);
    const list: unknown[] = [];
    for (let i = 0; i < length; i += 1) list.push(this.value(depth + 1));
    return list;
  }

  #map(length: number, depth: number): Record<string, unknown> {
    this.#enter(depth);
    const map: Record<string, unknown> = {};
    for (let i = 0; i < length; i += 1) {
      const key = this.value(MAX_DEPTH);
      if (typeof key !== 'string') throw new SyntaxError('the keys of a map are strings');
      const value = this.value(depth + 1);
      // As JSON.parse does it: an own property, where an assignment would set the prototype.
      if (key === '__proto__') Object.defineProperty(map, key, { value, enumerable: true, writable: true, configurable: true });
      else map[key] = value;
    }
    return map;
  }

  #enter(depth: number): void {
    if (depth >= MAX_DEPTH) throw new RangeError(`nested deeper than ${MAX_DEPTH}`);
  }
}
