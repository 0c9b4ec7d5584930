/** What gathers in one tick for the store. */
import type { HoldfastError } from '../errors.ts';
import type { Deferred } from '../util/deferred.ts';
import { type Pack, maybeSent, packOf } from './record.ts';
import { type LaneName, entryKey, packRow, pageKey } from './rows.ts';
import type { OutboxRecord, Owner } from './shelf.ts';
import type { KeyRange, StoreRow, StoreWrite } from './store.ts';

/** What the journal tells a lane: see `Lane.oldestRow`. */
export type Rows = LaneName & { oldestRow: number | null };

/**
 * What is published in one tick shares rows, so many a row, and so many bytes: a row has its price in a browser, whatever is in
 * it, and is written again when some of its publications have ended and others have not.
 */
const PACK = 32;
const PACK_BYTES = 2 ** 14;

export interface Batch {
  readonly records: Map<OutboxRecord, LaneName>;
  /** Of whose records some have ended, or changed. */
  readonly packs: Set<Pack<Owner>>;
  rows: StoreRow[];
  removes: KeyRange[];
  /** By lane, the lowest sequence among them. */
  readonly forgotten: Map<Rows, number>;
  /** Those that the store has never had. */
  readonly fresh: OutboxRecord[];
  strict: boolean;
  done: Deferred<boolean> | null;
}

export const createBatch = (): Batch => ({
  records: new Map(),
  packs: new Set(),
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
    packs: new Set([...batch.packs, ...newer.packs]),
    rows: [...batch.rows.filter((row) => newer.removes.every((range) => outside(range)(row))), ...newer.rows],
    removes: [...batch.removes, ...newer.removes],
    forgotten: newer.forgotten,
    fresh: [],
    strict: newer.strict,
    done: newer.done,
  };
}

/** @returns the row that it was in */
export function takeOut(record: OutboxRecord): Pack<Owner> | null {
  const { pack } = record;
  const at = pack?.records.indexOf(record) ?? -1;
  if (at >= 0) pack?.records.splice(at, 1);
  return pack;
}

/** The lane is another page's from now on: what is put back late would stand there after that one has ended it. */
export function leave(batch: Batch, { producer, channel }: LaneName): void {
  const { records, packs, removes } = batch;
  const isIts = (name: LaneName): boolean => name.producer === producer && name.channel === channel;
  for (const [record, lane] of records) if (isIts(lane)) records.delete(record);
  for (const pack of packs) if (pack.records.length + pack.rest.length > 0 && isIts(pack)) packs.delete(pack);
  // All that stands there was to make room for what is not written now.
  batch.removes = removes.filter(([[kind, ...name]]) => kind !== 'entry' || name[0] !== producer || name[1] !== channel);
}

/** @param error null: it is in the outbox, as far as this one goes */
export function refuse(records: ReadonlyMap<OutboxRecord, LaneName>, error: HoldfastError | null): void {
  for (const { owner } of records.keys()) owner.ticket?.markStored(error);
}

export function isEmpty({ records, packs, rows, removes, done }: Batch): boolean {
  return records.size + packs.size + rows.length + removes.length === 0 && done === null;
}

/** Single rows are forgotten by their key, others by what their keys begin with. */
export function outside([from]: KeyRange): (row: StoreRow) => boolean {
  return ([key]) => from.some((part, at) => part !== key[at]);
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

export function onlyReplaceable({ records }: Batch): boolean {
  for (const { owner } of records.keys()) if (owner.replace === null) return false;
  return records.size > 0;
}

/** Who else may be at work on a row. */
export interface Company {
  /** Another page may have sent what stands in it, and have taken it and its marks away since. */
  isContested(pack: LaneName): boolean;
  /** Another page may have taken it away, now or while it had the lock: put back alone, it would make a gap after it. */
  shares(pack: LaneName): boolean;
}

/** What is to be written of it now. */
export function writeOf(batch: Batch, now: number, { isContested, shares }: Company): StoreWrite {
  const producers = new Set<string>();
  const whole = new Set<Pack<Owner>>();
  const open = new Map<LaneName, { readonly pack: Pack<Owner>; bytes: number }>();
  for (const [record, lane] of batch.records) {
    producers.add(lane.producer);
    if (record.pack === null) {
      let last = open.get(lane);
      if (last === undefined || last.pack.records.length >= PACK || last.bytes + record.size > PACK_BYTES) {
        last = { pack: packOf(lane, record.sequence), bytes: 0 };
        open.set(lane, last);
      }
      last.bytes += record.size;
      last.pack.records.push(record);
      record.pack = last.pack;
    }
    batch.packs.add(record.pack);
    whole.add(record.pack);
  }
  const remove = [...batch.removes];
  const put = [...batch.rows];
  const update: StoreRow[] = [];
  for (const pack of batch.packs) {
    const key = entryKey(pack, pack.first);
    if (pack.records.length + pack.rest.length === 0) extend(remove, [key, key]);
    else {
      producers.add(pack.producer);
      // Put back, it would be sent and told of once more by whoever has ended it.
      if (shares(pack) && !whole.has(pack)) update.push(packRow(pack));
      else {
        // Or who reads this would believe that it was never sent.
        if (isContested(pack)) pack.records.forEach(maybeSent);
        put.push(packRow(pack));
      }
    }
  }
  for (const record of batch.records.keys()) {
    if (record.shelved !== 'no') continue;
    record.shelved = record.attempted === null ? 'unsent' : 'marked';
    batch.fresh.push(record);
  }
  // With each of them, for whoever clears the data of a site clears the names of its pages too.
  for (const producer of producers) put.push([pageKey(producer), now]);
  return { remove, put, update, strict: batch.strict };
}

/** Answers come in order: a thousand rows of one publication each are one range. */
function extend(ranges: KeyRange[], [from, to]: KeyRange): void {
  const last = ranges.at(-1);
  if (last !== undefined && follows(last[1], from)) ranges[ranges.length - 1] = [last[0], to];
  else ranges.push([from, to]);
}

function follows(a: KeyRange[0], b: KeyRange[0]): boolean {
  if (a.length !== b.length) return false;
  const last = a.length - 1;
  return typeof a[last] === 'number' && b[last] === a[last] + 1 && a.every((part, at) => at === last || part === b[at]);
}
