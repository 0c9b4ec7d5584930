import { fromBase64url, toBase64url } from './base64url.ts';
import type { Codec, Encoded } from './codec.ts';

interface Carrier {
  d?: unknown;
  b?: unknown;
  items?: unknown;
}

/** Bytes have no JSON form, so a payload of bytes travels as base64url under `b` in place of `d`. */
function withText<T extends object>(carrier: T): T {
  const { d, ...rest } = carrier as T & Carrier;
  return d instanceof Uint8Array ? ({ ...rest, b: toBase64url(d) } as unknown as T) : carrier;
}

function toWire(frame: object): object {
  const { d, items } = frame as Carrier;
  if (d instanceof Uint8Array) return withText(frame);
  if (!Array.isArray(items)) return frame;
  const list = items as readonly object[];
  return list.some((item) => (item as Carrier).d instanceof Uint8Array) ? { ...frame, items: list.map(withText) } : frame;
}

/** What is not base64url stays `b`, which no known frame may have, while a frame of an unknown type is still ignored. */
function restoreBytes(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  const carrier = value as Carrier;
  const bytes = typeof carrier.b === 'string' ? fromBase64url(carrier.b) : null;
  if (bytes === null) return;
  carrier.d = bytes;
  delete carrier.b;
}

function restore(frame: unknown): void {
  restoreBytes(frame);
  const items = typeof frame === 'object' && frame !== null ? (frame as Carrier).items : null;
  if (Array.isArray(items)) items.forEach(restoreBytes);
}

/** The default codec: readable in every browser's network panel, and no bytes added to the bundle. */
export function json(): Codec {
  return {
    name: 'json',
    binary: false,
    encode: (frame) => JSON.stringify(toWire(frame)),
    join: (pieces) => (pieces.length === 1 ? pieces[0]! : `[${pieces.join(',')}]`),
    decode(data: Encoded) {
      const value: unknown = JSON.parse(typeof data === 'string' ? data : new TextDecoder().decode(data));
      if (Array.isArray(value)) value.forEach(restore);
      else restore(value);
      return value;
    },
  };
}
