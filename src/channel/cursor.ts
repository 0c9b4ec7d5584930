import { HoldfastError } from '../errors.ts';
import type { WireCursor } from '../protocol/frame.ts';
import { isCursor } from '../protocol/parse.ts';
import type { Cursor } from '../types.ts';

export const fromWire = ([epoch, offset, tag]: WireCursor): Cursor => ({ epoch, offset, tag });
export const toWire = ({ epoch, offset, tag }: Cursor): WireCursor => [epoch, offset, tag];

export function sameCursor(a: Cursor | null, b: Cursor | null): boolean {
  return a === b || (a !== null && b !== null && a.epoch === b.epoch && a.offset === b.offset && a.tag === b.tag);
}

/** What an entry at `offset` means to a reader that stands at `cursor` (rule R7: contiguous, or a resync). */
export function judge(cursor: Cursor, offset: number): 'apply' | 'duplicate' | 'hole' {
  if (offset === cursor.offset + 1) return 'apply';
  return offset <= cursor.offset ? 'duplicate' : 'hole';
}

/** The lowest of several places, so that nobody who loaded an older state misses a message. */
export function lowest(cursors: readonly Cursor[]): Cursor | null {
  return cursors.reduce<Cursor | null>((low, cursor) => (low === null || cursor.offset < low.offset ? cursor : low), null);
}

/**
 * A place that the app named; null if it named none. Loaders often return what they loaded: sent as a cursor, it would end
 * the client.
 * @throws HoldfastError `invalid`
 */
export function namedCursor(given: unknown, by: string): Cursor | null {
  if (given === undefined || given === null) return null;
  const { epoch, offset, tag } = given as Cursor;
  if (isCursor([epoch, offset, tag])) return { epoch, offset, tag };
  throw new HoldfastError('invalid', `${by} returned something that is no cursor.`);
}
