/** Which rows can be used: a later release may have written others, or the disk have spoiled them. Those are left alone. */
import { TOMBSTONES } from '../protocol/frame.ts';
import { isChannelName, isEventName, isItemId } from '../protocol/names.ts';
import { toPlain } from '../protocol/payload.ts';
import { PERHAPS } from './record.ts';
import type { EntryRow, FailedRow, HoleRow, LaneName, MarkRow } from './rows.ts';
import type { StoreRow } from './store.ts';

export interface StoredEntry extends LaneName {
  readonly sequence: number;
  /** The name of its row in the lane. */
  readonly first: number;
  readonly row: EntryRow | HoleRow;
  /** As it stands in its row. */
  readonly part: unknown;
  /** What of its row cannot be used. */
  readonly rest: unknown[];
}

type Loose<T> = Partial<Record<keyof T, unknown>> | null | undefined;

const KINDS: readonly unknown[] = [undefined, ...TOMBSTONES];
/** No server takes more. Parts that refer to the same parts would else be walked without end. */
const PAYLOAD = { frame: 2 ** 26, binary: 2 ** 30, depth: 1000, keys: Infinity };

/** One that no server would take ends each connection; one whose size is no number fills the outbox for ever. */
export function readEntries([[, producer, channel, first], value]: StoreRow): readonly StoredEntry[] {
  if (!isItemId(producer) || !isChannelName(channel) || !isSequence(first)) return [];
  const parts: readonly unknown[] = Array.isArray(value) ? value : [[first, value]];
  const rest: unknown[] = [];
  return parts.flatMap((part) => {
    const row = Array.isArray(part) && isSequence(part[0]) ? readEntry(part[1]) : null;
    if (row !== null) return [{ producer, channel, first, sequence: (part as [number])[0], row, part, rest }];
    rest.push(part);
    return [];
  });
}

export interface Found {
  /** By sequence. */
  readonly list: StoredEntry[];
  /** Rows of which nothing can be used. */
  readonly unread: StoreRow[];
}

/** Rows of one producer. */
export function byChannel(rows: readonly StoreRow[]): ReadonlyMap<string, Found> {
  const channels = new Map<string, Found>();
  for (const row of rows) {
    const entries = readEntries(row);
    const channel = String(row[0][2]);
    const found = channels.get(channel) ?? { list: [], unread: [] };
    channels.set(channel, found);
    if (entries.length === 0) found.unread.push(row);
    found.list.push(...entries);
  }
  for (const { list } of channels.values()) list.sort((a, b) => a.sequence - b.sequence);
  return channels;
}

function readEntry(value: unknown): EntryRow | HoleRow | null {
  const row = value as Loose<EntryRow>;
  if (row?.id === undefined) return readHole(row);
  const named = isItemId(row?.id) && isEventName(row.e) && KINDS.includes(row.x) && isTextOrNone(row.a);
  if (!named || !isTime(row?.createdAt) || !isTime(row.expiresAt) || !isTime(row.n) || row.n < 0) return null;
  const plain = toPlain(row.d, PAYLOAD);
  return plain.ok ? { ...(value as EntryRow), d: plain.data } : null;
}

function readHole(row: Loose<EntryRow>): HoleRow | null {
  return row?.x !== undefined && KINDS.includes(row.x) && isTextOrNone(row.a) ? ({ x: row.x, a: row.a } as HoleRow) : null;
}

/** One that says nothing may have meant anything: all of the lane may have been sent. */
export function readMark(value: unknown): MarkRow {
  const isMark = (part: unknown): boolean => Array.isArray(part) && isTime(part[0]) && typeof part[1] === 'string';
  return Array.isArray(value) && value.every(isMark) ? (value as MarkRow) : [[Infinity, PERHAPS]];
}

/** @returns null also if its key could not be removed again */
export function readFailed([[, createdAt, id], value]: StoreRow): (FailedRow & { createdAt: number; id: string }) | null {
  const row = value as Loose<FailedRow>;
  if (!isTime(createdAt) || !isItemId(id) || !isChannelName(row?.channel) || !isEventName(row.event)) return null;
  if (!isTime(row.expiresAt) || typeof row.message !== 'string') return null;
  return { ...(value as FailedRow), createdAt, id };
}

const isSequence = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) > 0;
const isTime = (value: unknown): value is number => Number.isFinite(value);
const isTextOrNone = (value: unknown): boolean => value === undefined || typeof value === 'string';
