/** From what an earlier page left in the store to records of a lane. */
import type { Estate } from './adoption.ts';
import { type LaneRecord, PERHAPS, createRecord } from './record.ts';
import { type EntryRow, attemptedUnder } from './rows.ts';
import type { OutboxRecord, Owner } from './shelf.ts';

/** More are no hole that a page can have left: the number is nonsense, and to close them all would take for ever. */
const MOST_MISSING = 2 ** 16;

/**
 * @param from the lowest sequence that is wanted
 * @param ownerOf makes what is kept beside a record
 */
export function recordsOf(
  { entries, marks }: Estate,
  from: number | null,
  ownerOf: (row: EntryRow) => Owner,
): readonly OutboxRecord[] {
  const records: OutboxRecord[] = [];
  let next = from;
  for (const [sequence, row] of entries) {
    if (sequence - (next ?? sequence) > MOST_MISSING) break;
    // What is missing between others has ended, or was lost by the store: nothing may block the lane for ever (rule R6).
    for (let hole = next ?? sequence; hole < sequence; hole += 1) records.push(filler(hole, row));
    records.push(restored(sequence, row, attemptedUnder(row, sequence, marks), ownerOf(row)));
    next = sequence + 1;
  }
  return records;
}

function restored(sequence: number, row: EntryRow, attempted: string | null, owner: Owner): OutboxRecord {
  const record: LaneRecord<Owner> = createRecord(sequence, { id: row.id, event: row.e, data: row.d, size: row.n, owner });
  const gone = row.x === 'cancelled' && row.d === undefined;
  return Object.assign(record, {
    tombstone: row.x ?? null,
    attempted,
    shelved: attempted === null ? 'unsent' : 'marked',
    payload: gone ? 'gone' : 'kept',
  });
}

function filler(sequence: number, { createdAt, expiresAt, v }: EntryRow): OutboxRecord {
  const owner: Owner = { ticket: null, createdAt, expiresAt, version: v, replace: null, own: false };
  const record = createRecord(sequence, { id: `closed-${sequence}`, event: '', data: undefined, size: 0, owner });
  return Object.assign(record, { tombstone: 'closed', attempted: PERHAPS, shelved: 'marked', payload: 'gone' });
}
