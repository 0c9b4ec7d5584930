/** Writes to the store what the outbox holds: one transaction a tick, whatever the number of publications. */
import type { HoldfastError } from '../errors.ts';
import type { OutboxStatus } from '../types.ts';
import { createDeferred } from '../util/deferred.ts';
import { soon } from '../util/soon.ts';
import { type Timer, createTimer } from '../util/timer.ts';
import { Access, type AccessContext, HANGS } from './access.ts';
import { WINDOW } from './lane.ts';
import * as batches from './batch.ts';
import type { Pack } from './record.ts';
import type { LaneName } from './rows.ts';
import type { OutboxRecord, Owner } from './shelf.ts';
import type { KeyRange, OpenStore, StoreRow } from './store.ts';

export interface JournalContext extends AccessContext, batches.Company {
  /** Answers may come soon. */
  online(): boolean;
  /** Something was written, that other pages may show, and lanes may go on. */
  onWritten(): void;
}

/**
 * What is on its way to the server is written only if the answer takes longer than this, ms: the answer makes it needless.
 * Nothing that was reported stored depends on it.
 */
const GRACE = 20;
/** The same while answers keep coming: a burst is not written, marked and deleted only because it waits for its turn. */
const FLOWING = 100;
/** What a slider moves is replaced many times a second: it is written, and takes a number for good, less often, ms. */
const REPLACED = 250;
/** After a write that failed the next is tried ever more rarely, ms. */
const RETRY_BASE = 500;
const RETRY_CAP = 30_000;

export class Journal {
  readonly #context: JournalContext;
  readonly #access: Access;
  /** Of what lingers, of a write that takes too long, and of one that failed. */
  readonly #timer: Timer;
  #batch = batches.createBatch();
  #writing: batches.Batch | null = null;
  #state: 'idle' | 'ticking' | 'lingering' | 'writing' | 'refused' | 'closed' = 'idle';
  /** still: whoever looks would open the store, and nobody would close it. */
  #page: 'running' | 'still' = 'running';
  /** What waits must not linger. */
  #urgent = false;
  #failures = 0;
  /** When something ended last. */
  #endedAt = -Infinity;

  constructor(context: JournalContext) {
    this.#context = context;
    this.#access = new Access({
      ...context,
      onRecover: () => {
        if (this.#writing === null) this.#state = 'idle';
        context.onRecover();
      },
    });
    this.#timer = createTimer(context.environment, () => (this.#writing === null ? this.#write() : this.#hangs(this.#writing)));
  }

  get problem(): OutboxStatus['problem'] {
    return this.#access.problem;
  }

  /** What is written survives the page. */
  get durable(): boolean {
    return this.#access.durable;
  }

  /** There is a store to write to, though it may fail at the moment. */
  get usable(): boolean {
    return this.#access.usable;
  }

  /** Nothing waits to be written. */
  get written(): boolean {
    return this.#writing === null && this.#batch.records.size === 0;
  }

  /** @returns null if there is no store */
  open(): Promise<OpenStore | null> {
    this.#page = 'running';
    // What is left to be written opens it by itself; nobody else needs it any more.
    return this.#access.closing ? Promise.resolve(null) : this.#access.open();
  }

  /** @returns null if that failed, or there is no store: then later */
  read(ranges: readonly KeyRange[]): Promise<readonly (readonly StoreRow[])[] | null> {
    return this.#access.closing || this.#page === 'still' ? Promise.resolve(null) : this.#access.read(ranges);
  }

  add(lane: LaneName, record: OutboxRecord): void {
    this.#batch.records.set(record, lane);
    if (this.#state === 'refused') record.owner.ticket?.markStored(this.#access.error);
    this.#schedule();
  }

  /** It stands in the store, or is to. */
  holds(record: OutboxRecord | undefined): boolean {
    return record !== undefined && (record.pack !== null || this.#batch.records.has(record));
  }

  /** Its tombstone changed; what fills a hole nobody needs to know of. */
  keep(lane: LaneName, record: OutboxRecord): void {
    if (record.owner.ticket === null) return;
    if (record.pack === null) this.#batch.records.set(record, lane);
    else this.#batch.packs.add(record.pack);
    this.hurry();
  }

  /** Nothing of it is needed after a reload. */
  forget(lane: batches.Rows, record: OutboxRecord): void {
    this.#endedAt = this.#context.environment.now();
    // Ended before it was written: the write is needless.
    this.#batch.records.delete(record);
    const pack = batches.takeOut(record);
    if (pack === null || !this.usable) return;
    this.renew(pack);
    lane.oldestRow ??= record.sequence;
    // The lane can send no more than a window from there: it would stand still while this lingers.
    if (record.sequence - lane.oldestRow >= WINDOW / 2) this.hurry();
    if (!this.#batch.forgotten.has(lane)) this.#batch.forgotten.set(lane, record.sequence);
  }

  /** What stands in this row is not what should. */
  renew(pack: Pack<Owner>): void {
    this.#batch.packs.add(pack);
    this.#schedule();
  }

  /** The lane is another page's from now on. */
  leave(lane: LaneName): void {
    for (const batch of [this.#batch, this.#writing]) if (batch !== null) batches.leave(batch, lane);
  }

  put(row: StoreRow): void {
    if (!this.usable) return;
    this.#batch.rows.push(row);
    this.hurry();
  }

  remove(range: KeyRange): void {
    if (!this.usable) return;
    this.#batch.rows = this.#batch.rows.filter(batches.outside(range));
    this.#batch.removes.push(range);
    this.#schedule();
  }

  /** What was not removed is to stay: later what stands there may be another page's. */
  withdraw(ranges: readonly KeyRange[]): void {
    this.#batch.removes = this.#batch.removes.filter((range) => !ranges.includes(range));
  }

  /** Everything up to here, now. @returns whether it is written; false also without a store */
  flush(strict = false): Promise<boolean> {
    if (!this.usable) return Promise.resolve(false);
    // Nothing new: what is being written is the answer. Pages that tell each other what they wrote would else never rest.
    const batch = batches.isEmpty(this.#batch) ? this.#writing : this.#batch;
    if (batch === null) return Promise.resolve(true);
    batch.strict ||= strict && batch === this.#batch;
    // What failed is tried again later; nobody can wait for that.
    if (this.#state === 'refused') return Promise.resolve(false);
    batch.done ??= createDeferred();
    this.hurry();
    return batch.done.promise;
  }

  /** Writes what is left and lets go of the store, which is opened again when it is needed. */
  async rest(): Promise<void> {
    this.#page = 'still';
    this.#access.forgetReads();
    if (this.usable && !batches.isEmpty(this.#batch)) await this.flush();
    // Not awaited: a store that hangs would keep the page from going on.
    void this.#access.letGo();
  }

  async close(): Promise<void> {
    this.#access.close();
    if (this.#state === 'refused') this.#state = 'idle';
    this.#timer.set(null);
    await this.rest();
    this.#state = 'closed';
    this.#access.closed();
  }

  /** What waits may not linger any more. */
  hurry(): void {
    if (batches.isEmpty(this.#batch)) return;
    this.#urgent = true;
    if (this.#state === 'lingering') {
      this.#timer.set(null);
      this.#state = 'idle';
    }
    this.#schedule();
  }

  #schedule(): void {
    if (this.#state !== 'idle') return;
    this.#state = 'ticking';
    // What this tick has to send goes first.
    soon(() => soon(this.#tick));
  }

  readonly #tick = (): void => {
    if (this.#state !== 'ticking') return;
    this.#state = 'idle';
    if (!this.usable) return this.#settleWithout();
    const grace = this.#context.online() ? GRACE : batches.onlyReplaceable(this.#batch) ? REPLACED : 0;
    if (this.#urgent || grace === 0) return this.#write();
    this.#state = 'lingering';
    this.#timer.set(this.#context.environment.now() + grace);
  };

  #write(): void {
    this.#timer.set(null);
    this.#state = 'writing';
    void this.#commit();
  }

  async #commit(): Promise<void> {
    const store = await this.#access.open();
    // One that began after a recovery may wait for the same store: two at once, and of the first nobody would hear how it ended.
    if (this.#state !== 'writing' || this.#writing !== null) return;
    if (store === null) {
      this.#state = 'idle';
      return this.#settleWithout();
    }
    const { now } = this.#context.environment;
    const batch = this.#batch;
    this.#batch = batches.createBatch();
    const grace = now() - this.#endedAt <= GRACE ? FLOWING : GRACE;
    if (!this.#urgent && this.#context.online()) batches.holdBack(batch, this.#batch, now(), grace);
    this.#urgent = false;
    if (batches.isEmpty(batch)) return this.#goOn();
    this.#writing = batch;
    const write = batches.writeOf(batch, now(), this.#context);
    // Nothing waits any more while it closes.
    if (!this.#access.closing) this.#timer.set(now() + HANGS);
    const failed = await this.#access.write(store, write);
    if (this.#writing !== batch) return;
    this.#writing = null;
    this.#timer.set(null);
    if (failed === null) return this.#succeeded(batch);
    // All or nothing: the store knows nothing of them.
    for (const record of batch.fresh) record.shelved = 'no';
    this.#failed(batch, failed);
  }

  #hangs(batch: batches.Batch): void {
    this.#writing = null;
    this.#state = 'idle';
    this.#access.doesNotAnswer();
    this.#failed(batch, this.#access.error);
    this.#settleWithout();
  }

  #succeeded(batch: batches.Batch): void {
    for (const lane of batch.forgotten.keys()) lane.oldestRow = this.#batch.forgotten.get(lane) ?? null;
    for (const { owner } of batch.records.keys()) owner.ticket?.markStored(null);
    batch.done?.resolve(true);
    this.#failures = 0;
    this.#access.works();
    this.#context.onWritten();
    this.#goOn();
  }

  /** What could not be written waits, before all that is newer: a hole in a lane would be taken for what has ended. */
  #failed(batch: batches.Batch, error: HoldfastError | null): void {
    // Not for ever: better that an end is uncertain than that nothing goes on.
    for (const lane of batch.forgotten.keys()) lane.oldestRow = null;
    batches.refuse(batch.records, error);
    batch.done?.resolve(false);
    this.#batch = batches.merge(batch, this.#batch);
    if (error !== null) this.#access.fail(error);
    this.#failures += 1;
    if (this.#state !== 'writing') return;
    this.#state = 'refused';
    if (this.#access.closing) return this.#batch.done?.resolve(false);
    this.#timer.set(this.#context.environment.now() + Math.min(RETRY_CAP, RETRY_BASE * 2 ** this.#failures));
  }

  #goOn(): void {
    if (this.#state !== 'writing') return;
    this.#state = 'idle';
    if (!batches.isEmpty(this.#batch)) this.#schedule();
  }

  /** Memory is all there is: with the store that the app chose, or because another failed. */
  #settleWithout(): void {
    const { records, done, forgotten } = this.#batch;
    this.#batch = batches.createBatch();
    for (const lane of forgotten.keys()) lane.oldestRow = null;
    this.#urgent = false;
    done?.resolve(false);
    // Where no store can be there was nothing to refuse it.
    batches.refuse(records, this.problem === 'unsupported' ? null : this.#access.error);
  }
}
