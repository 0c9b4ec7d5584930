/**
 * What stands where in the store. One table for all pages of a user:
 *
 * `['entry', producer, channel, sequence]` publications that have not ended, or whose end must still be told to the server: one,
 *                                          or several of a lane, of which the first had this sequence once
 * `['mark', producer, channel, writer]`    which of a lane's entries `writer` may have sent, and under which lane memory
 * `['page', producer]`                     there may be rows of this producer; the time of its last sign of life
 * `['failed', createdAt, id]`              a publication that ended badly, for the app to see to
 */
import type { TombstoneKind } from '../protocol/frame.ts';
import { AND, type LaneRecord, type Pack } from './record.ts';
import type { KeyRange, StoreKey, StoreRow } from './store.ts';

export interface LaneName {
  readonly channel: string;
  readonly producer: string;
}

/** Short names: they are written with each of ten thousand. */
export interface EntryRow {
  readonly id: string;
  readonly e: string;
  /** Payload; absent if it was cancelled before it was ever sent. */
  readonly d?: unknown;
  /** Size of the payload, bytes. */
  readonly n: number;
  readonly x?: TombstoneKind;
  /** Lane memory under which it was first sent. */
  readonly a?: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** Version of the app's payloads. */
  readonly v: number;
}

/** Withdrawn, and told, before it was ever written: without this its number would be taken for a loss. */
export type HoleRow = Required<Pick<EntryRow, 'x'>> & Pick<EntryRow, 'a'>;

/** A row holds any number of these, or one as it is, with the sequence of its key. */
export type PackPart = readonly [sequence: number, row: EntryRow | HoleRow];

/** In order: up to this sequence, under this lane memory. */
export type MarkRow = readonly (readonly [upTo: number, mem: string])[];

export interface FailedRow {
  readonly channel: string;
  readonly event: string;
  readonly data: unknown;
  readonly expiresAt: number;
  readonly code: string;
  readonly message: string;
  readonly appCode?: string;
}

/** Above every text that a key holds. */
const LAST = '\uffff';

export function everything(...prefix: StoreKey): KeyRange {
  return [prefix, [...prefix, LAST]];
}

export const entryKey = ({ producer, channel }: LaneName, sequence: number): StoreKey => ['entry', producer, channel, sequence];
export const markKey = ({ producer, channel }: LaneName, writer: string): StoreKey => ['mark', producer, channel, writer];
export const pageKey = (producer: string): StoreKey => ['page', producer];
export const failedKey = (createdAt: number, id: string): StoreKey => ['failed', createdAt, id];

interface Kept {
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly version: number;
}

function entryRow(record: LaneRecord<Kept>): EntryRow | HoleRow {
  const { id, event, data, size, tombstone, attempted, owner, payload } = record;
  if (payload === 'number' && tombstone !== null) return { x: tombstone, ...(attempted !== null && { a: attempted }) };
  const gone = payload === 'gone' || (tombstone === 'cancelled' && attempted === null);
  return {
    id,
    e: event,
    ...(!gone && data !== undefined && { d: data }),
    n: gone ? 0 : size,
    ...(tombstone !== null && { x: tombstone }),
    ...(attempted !== null && { a: attempted }),
    createdAt: owner.createdAt,
    expiresAt: owner.expiresAt,
    v: owner.version,
  };
}

export function packRow(pack: Pack<Kept>): StoreRow {
  const { first, records, rest } = pack;
  const [only] = records;
  const alone = records.length + rest.length === 1 && only?.sequence === first;
  const row = alone ? entryRow(only) : [...records.map((record): PackPart => [record.sequence, entryRow(record)]), ...rest];
  return [entryKey(pack, first), row];
}

/** What an entry says of itself, and what the marks of everybody who sent from its lane say of it. */
export function attemptedUnder(row: EntryRow | HoleRow, sequence: number, marks: readonly MarkRow[]): string | null {
  const said = new Set(row.a === undefined ? [] : [row.a]);
  for (const mark of marks) {
    const found = mark.find(([upTo]) => sequence <= upTo);
    if (found !== undefined) said.add(found[1]);
  }
  return said.size === 0 ? null : [...said].join(AND);
}

export function extendMark(mark: MarkRow, upTo: number, mem: string): MarkRow {
  const last = mark.at(-1);
  if (last !== undefined && last[0] >= upTo) return mark;
  return last?.[1] === mem ? [...mark.slice(0, -1), [upTo, mem]] : [...mark, [upTo, mem]];
}
