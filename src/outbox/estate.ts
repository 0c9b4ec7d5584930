/** From what an earlier page left in the store to records of a lane. */
import type { TombstoneKind } from '../protocol/frame.ts';
import type { Estate } from './adoption.ts';
import { type LaneRecord, PERHAPS, type Pack, createRecord, packOf } from './record.ts';
import { type EntryRow, attemptedUnder } from './rows.ts';
import type { OutboxRecord, Owner } from './shelf.ts';

/** More are no hole that a page can have left: the number is nonsense, and to close them all would take for ever. */
const MOST_MISSING = 2 ** 16;
const NOBODY: Owner = { ticket: null, createdAt: 0, expiresAt: Infinity, version: 0, replace: null, own: false };

/**
 * @param from the lowest sequence that is wanted
 * @param packs by their names; what is restored joins its own
 * @param ownerOf makes what is kept beside a record
 */
export function recordsOf(
  estate: Estate,
  from: number | null,
  packs: Map<number, Pack<Owner>>,
  ownerOf: (row: EntryRow) => Owner,
): readonly OutboxRecord[] {
  const records: OutboxRecord[] = [];
  const { entries, marks } = estate;
  let next = from;
  for (const { sequence, first, row, part, rest } of entries) {
    // Twice there, or out of reach: as it is.
    if (sequence < (next ?? 0) || sequence - (next ?? sequence) > MOST_MISSING) {
      rest.push(part);
      continue;
    }
    // What is missing between others has ended, or was lost by the store: nothing may block the lane for ever (rule R6).
    // Before the first one, where this page knew what stood below: that may have ended with all up to here, and its owner knew.
    const doubtful = next === from;
    for (let hole = next ?? sequence; hole < sequence; hole += 1) {
      records.push(Object.assign(filler(hole, 'closed', PERHAPS), { doubtful }));
    }
    const attempted = attemptedUnder(row, sequence, marks);
    const record = 'id' in row ? restored(sequence, row, attempted, ownerOf(row)) : filler(sequence, row.x, attempted);
    const pack = packs.get(first) ?? packOf(estate, first, rest);
    packs.set(first, pack);
    pack.records.push(record);
    record.pack = pack;
    records.push(record);
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
    shelved: shelvedAs(attempted),
    payload: gone ? 'gone' : 'kept',
  });
}

/** Only closes its number. */
function filler(sequence: number, tombstone: TombstoneKind, attempted: string | null): OutboxRecord {
  const record = createRecord(sequence, { id: `closed-${sequence}`, event: '', data: undefined, size: 0, owner: NOBODY });
  return Object.assign(record, { tombstone, attempted, shelved: shelvedAs(attempted), payload: 'number' });
}

const shelvedAs = (attempted: string | null): OutboxRecord['shelved'] => (attempted === null ? 'unsent' : 'marked');
