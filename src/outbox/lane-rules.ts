import type { Result, Tombstone } from '../protocol/frame.ts';
import type { LaneRecord } from './record.ts';

/** Sequences that the server misses and this page no longer holds can only be closed. */
export function* closers(from: number, before: number): Generator<Tombstone> {
  for (let sequence = from; sequence < before; sequence += 1) yield { id: `closed-${sequence}`, x: 'closed' };
}

/**
 * `first` is a claim that nothing below was ever accepted; a false one would let a repeat in as new.
 * @param records all that the lane holds, none of them answered
 */
export function mayStart<R>(records: readonly LaneRecord<R>[], sequence: number, mem: string): boolean {
  if (records[0]?.sequence !== sequence) return false;
  return records.every(({ attempted }) => attempted === null || attempted === mem);
}

/** Of the `most` records from `start` on, those that the store takes for never sent; none while the first `near` are no such. */
export function unsentFrom<R>(records: readonly LaneRecord<R>[], start: number, near: number, most: number): LaneRecord<R>[] {
  const found: LaneRecord<R>[] = [];
  const end = Math.min(start + most, records.length);
  for (let at = start; at < end && (at < start + near || found.length > 0); at += 1) {
    const record = records[at]!;
    // They are written in order: what comes after this one has not been either.
    if (record.shelved === 'no') break;
    if (record.shelved === 'unsent') found.push(record);
  }
  return found;
}

/**
 * Sees to it that what is sent again, if the store loses it, is what was answered.
 * @returns what the answer means for the publication
 */
export function remember<R>(record: LaneRecord<R>, result: Result, again: boolean): Result {
  const refusal = result !== 0 && 'code' in result ? result : null;
  // The sequence is another page's, and what was withdrawn here was accepted nowhere. But `closed` stays as it is: a page that
  // sent the item was told so too.
  const withdrawn = refusal?.code === 'conflict' && record.payload !== 'number' ? record.tombstone : null;
  // Accepted although it had been withdrawn: then it is the item that must be kept for repair.
  if (refusal === null) record.tombstone = record.payload === 'kept' ? null : 'closed';
  // That the server's memory does not reach back so far takes back nothing that was known.
  else if (!again || refusal.code !== 'unknown') record.tombstone ??= 'closed';
  return withdrawn === null ? result : { code: withdrawn };
}

/** How only another page can have ended what was accepted: what the server judges anew has another code. */
export function isOfAnother(result: Result): boolean {
  return result !== 0 && 'code' in result && ['before-start', 'closed', 'cancelled', 'expired'].includes(result.code);
}

/** It was accepted, and nobody has said otherwise since. */
export function stands<R>({ answeredAt, tombstone }: LaneRecord<R>): boolean {
  return answeredAt !== null && tombstone === null;
}
