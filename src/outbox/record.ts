import type { Pub, TombstoneKind } from '../protocol/frame.ts';
import type { LaneName } from './rows.ts';

/** A row of the store. Who wrote it gave it its name; from then on it may lose records, and never gets another. */
export interface Pack<R> extends LaneName {
  /** Its name in the lane: the sequence that it began with. */
  readonly first: number;
  /** Those that have not ended, by sequence. */
  readonly records: LaneRecord<R>[];
  /** What else stands there, as it is: this release cannot use it, and another one may. */
  readonly rest: unknown[];
}

export function packOf<R>({ channel, producer }: LaneName, first: number, rest: unknown[] = []): Pack<R> {
  return { channel, producer, first, records: [], rest };
}

/** One publication. `R` is whatever the owner keeps beside it. */
export interface LaneRecord<R> {
  readonly sequence: number;
  readonly id: string;
  readonly event: string;
  readonly data: unknown;
  /** bytes */
  readonly size: number;
  readonly owner: R;
  /** What is sent in place of the item. The item is kept: the answer may be that it had been accepted. */
  tombstone: TombstoneKind | null;
  /**
   * Lane memory under which it was first sent; null if it never was, {@link PERHAPS} if nobody knows. Several, with {@link AND}
   * between them, where several pages may have sent it: no server announces those.
   */
  attempted: string | null;
  /** It may have arrived under a memory that the server has lost. */
  doubtful: boolean;
  /** When it was answered; null while it waits. Answered records are retained for a while, to repair a store (I4). */
  answeredAt: number | null;
  /** What an earlier page's successor would read: nothing, that it was never sent, or that it may have been. */
  shelved: 'no' | 'unsent' | 'marked';
  /** The row that it has in the store, or is to have; null if it was never to be written. */
  pack: Pack<R> | null;
  /** whole, or only its name, or its number: what was withdrawn before it was ever sent, or even written, is not kept. */
  readonly payload: 'kept' | 'gone' | 'number';
}

/** Attempted, perhaps, under no memory that any server announces: another page may have sent it. */
export const PERHAPS = '';

/** Between the memories under which several pages may have sent it. */
export const AND = '\n';

/** Another page may have sent it, if it could read it. */
export function maybeSent(record: LaneRecord<unknown>): void {
  if (record.shelved !== 'no') record.attempted ??= PERHAPS;
}

export type NewItem<R> = Pick<LaneRecord<R>, 'id' | 'event' | 'data' | 'size' | 'owner'>;

export function createRecord<R>(sequence: number, { id, event, data, size, owner }: NewItem<R>): LaneRecord<R> {
  // Not a spread, which costs more here than all the rest of a publication.
  return {
    sequence,
    id,
    event,
    data,
    size,
    owner,
    tombstone: null,
    attempted: null,
    doubtful: false,
    answeredAt: null,
    shelved: 'no',
    pack: null,
    payload: 'kept',
  };
}

export function onWire<R>({ id, event, data, tombstone }: LaneRecord<R>): Pub['items'][number] {
  if (tombstone !== null) return { id, x: tombstone };
  return data === undefined ? { id, e: event } : { id, e: event, d: data };
}

/** A tombstone is small, whatever it stands for. */
export function sizeOnWire<R>({ size, tombstone }: LaneRecord<R>): number {
  return tombstone === null ? size : 0;
}
