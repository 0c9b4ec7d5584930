/** What gathers in one tick for the store. */
import type { HoldfastError } from '../errors.ts';
import type { Deferred } from '../util/deferred.ts';
import type { LaneName } from './rows.ts';
import type { OutboxRecord } from './shelf.ts';
import type { KeyRange, StoreRow } from './store.ts';

/** What the journal tells a lane: see `Lane.oldestRow`. */
export type Rows = LaneName & { oldestRow: number | null };

export interface Batch {
  readonly records: Map<OutboxRecord, LaneName>;
  rows: StoreRow[];
  readonly removes: KeyRange[];
  /** By lane, the lowest sequence among them. */
  readonly forgotten: Map<Rows, number>;
  /** Those that the store has never had. */
  readonly fresh: OutboxRecord[];
  strict: boolean;
  done: Deferred<boolean> | null;
}

export const createBatch = (): Batch => ({
  records: new Map(),
  rows: [],
  removes: [],
  forgotten: new Map(),
  fresh: [],
  strict: false,
  done: null,
});

/** One that failed, with all that came after it. */
export function merge(batch: Batch, newer: Batch): Batch {
  return {
    // Answered meanwhile: what is removed may not be put again.
    records: new Map([...batch.records, ...newer.records].filter(([{ answeredAt }]) => answeredAt === null)),
    rows: [...batch.rows.filter((row) => newer.removes.every((range) => outside(range)(row))), ...newer.rows],
    removes: [...batch.removes, ...newer.removes],
    forgotten: newer.forgotten,
    fresh: [],
    strict: newer.strict,
    done: newer.done,
  };
}

/** @param error null: it is in the outbox, as far as this one goes */
export function refuse(records: ReadonlyMap<OutboxRecord, LaneName>, error: HoldfastError | null): void {
  for (const { owner } of records.keys()) owner.ticket?.markStored(error);
}

export function isEmpty({ records, rows, removes, done }: Batch): boolean {
  return records.size + rows.length + removes.length === 0 && done === null;
}

/** Single rows are forgotten by their key, others by what their keys begin with. */
export function outside([from]: KeyRange): (row: StoreRow) => boolean {
  return ([key]) => from.some((part, at) => part !== key[at]);
}

export function follows(a: KeyRange[0], b: KeyRange[0]): boolean {
  if (a.length !== b.length) return false;
  const last = a.length - 1;
  return typeof a[last] === 'number' && b[last] === a[last] + 1 && a.every((part, at) => at === last || part === b[at]);
}

/** What came in while others lingered has its own time, ms: the answer may come as soon. */
export function holdBack(batch: Batch, later: Batch, now: number, grace: number): void {
  let young = false;
  for (const [record, lane] of batch.records) {
    const { createdAt } = record.owner;
    // With all that comes after it, or a lane would have a hole. A clock that was put back holds nothing up.
    young ||= createdAt <= now && createdAt > now - grace;
    if (!young) continue;
    batch.records.delete(record);
    later.records.set(record, lane);
  }
}
