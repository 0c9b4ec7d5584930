/** Writes to the store what the outbox holds: one transaction a tick, whatever the number of publications. */
import { HoldfastError, isHoldfastError } from '../errors.ts';
import type { Environment } from '../platform/environment.ts';
import type { OutboxStatus, StoreProblem } from '../types.ts';
import { createDeferred } from '../util/deferred.ts';
import { soon } from '../util/soon.ts';
import { type Timer, createTimer } from '../util/timer.ts';
import { type Batch, type Rows, createBatch, follows, isEmpty, merge, outside, refuse } from './batch.ts';
import { type LaneName, entryKey, entryRow, pageKey } from './rows.ts';
import type { OutboxRecord } from './shelf.ts';
import type { KeyRange, OpenStore, OutboxStore, StoreRow } from './store.ts';

export interface JournalContext {
  readonly environment: Environment;
  readonly store: OutboxStore;
  readonly user: string;
  /** Absolute, once there is a page to resolve it by. */
  url(): string;
  report(error: unknown): void;
  /** Answers may come soon. */
  online(): boolean;
  /** Something was written, that other pages may show, and lanes may go on. */
  onWritten(): void;
  /** `problem` changed. */
  onProblem(): void;
  /** A store that was given up is tried again: everything that has not ended is to be written. */
  onRecover(): void;
}

/**
 * What is on its way to the server is written only if the answer takes longer than this, ms: the answer makes it needless.
 * Nothing that was reported stored depends on it.
 */
const GRACE = 20;
/** What a slider moves is replaced many times a second: it is written, and takes a number for good, less often, ms. */
const REPLACED = 250;
/** After a write that failed the next is tried at once, and then ever more rarely, ms. */
const RETRY_BASE = 500;
const RETRY_CAP = 30_000;
/** A store that takes longer for one transaction is given up: nothing may wait for it any more, ms. */
const HANGS = 10_000;
/** One that was given up is tried again after, ms: a page may live for days. */
const RECOVERS = 60_000;

export class Journal {
  readonly #context: JournalContext;
  readonly #timer: Timer;
  readonly #recovery: Timer;
  #batch = createBatch();
  #writing: Batch | null = null;
  readonly #reading = new Set<Timer>();
  #opened: Promise<OpenStore> | null = null;
  #state: 'idle' | 'ticking' | 'lingering' | 'writing' | 'refused' | 'closed' = 'idle';
  /** Of what waits: it must not linger. */
  #urgent = false;
  #failures = 0;
  #error: HoldfastError | null = null;
  #hope: 'open' | 'given-up' | 'closing' = 'open';

  constructor(context: JournalContext) {
    this.#context = context;
    this.#timer = createTimer(context.environment, () => (this.#writing === null ? this.#write() : this.#hangs(this.#writing)));
    this.#recovery = createTimer(context.environment, () => {
      // Perhaps another connection to it is heard.
      void this.#letGo();
      this.#recover();
    });
  }

  get problem(): OutboxStatus['problem'] {
    if (this.#error !== null) return problemOf(this.#error);
    return this.#context.store.durable ? 'none' : 'memory-store';
  }

  /** What is written survives the page. */
  get durable(): boolean {
    return this.#context.store.durable && this.#error === null;
  }

  /** There is a store to write to, though it may fail at the moment. */
  get usable(): boolean {
    return this.#context.store.durable && this.#hope !== 'given-up' && this.#state !== 'closed';
  }

  /** Nothing waits to be written. */
  get written(): boolean {
    return this.#writing === null && this.#batch.records.size === 0;
  }

  /** @returns null if there is no store */
  open(): Promise<OpenStore | null> {
    // What is left to be written opens it by itself; nobody else needs it any more.
    return this.#hope === 'closing' ? Promise.resolve(null) : this.#open();
  }

  async #open(): Promise<OpenStore | null> {
    if (!this.usable) return null;
    const { environment, store, user } = this.#context;
    try {
      this.#opened ??= store.open({ environment, user, url: this.#context.url() });
      return await this.#opened;
    } catch (cause) {
      this.#opened = null;
      if (this.usable) this.#giveUp(storageError(store, cause));
      return null;
    }
  }

  /** @returns null if that failed, or there is no store: then later */
  async read(ranges: readonly KeyRange[]): Promise<readonly (readonly StoreRow[])[] | null> {
    const { environment, store: port, report } = this.#context;
    const store = await this.open();
    if (store === null || this.#opened === null) return null;
    return new Promise((resolve) => {
      const timer = createTimer(environment, () => {
        this.#doesNotAnswer();
        resolve(null);
      });
      this.#reading.add(timer);
      const settle = (rows: readonly (readonly StoreRow[])[] | null): void => {
        timer.set(null);
        this.#reading.delete(timer);
        resolve(rows);
      };
      timer.set(environment.now() + HANGS);
      store.read(ranges).then(settle, (cause: unknown) => {
        // Of one that was closed meanwhile there is nothing to tell.
        if (this.#reading.has(timer)) report(storageError(port, cause));
        settle(null);
      });
    });
  }

  /** A new publication. */
  add(lane: LaneName, record: OutboxRecord): void {
    this.#batch.records.set(record, lane);
    if (this.#state === 'refused' && this.#error !== null) record.owner.ticket?.markStored(this.#error);
    this.#schedule();
  }

  /** Its tombstone changed. */
  keep(lane: LaneName, record: OutboxRecord): void {
    this.#batch.records.set(record, lane);
    this.hurry();
  }

  /** Nothing of it is needed after a reload. */
  forget(lane: Rows, record: OutboxRecord): void {
    // Ended before it was written: the write is needless.
    this.#batch.records.delete(record);
    if (record.shelved === 'no' || !this.usable) return;
    const key = entryKey(lane, record.sequence);
    this.remove([key, key]);
    lane.oldestRow ??= record.sequence;
    if (!this.#batch.forgotten.has(lane)) this.#batch.forgotten.set(lane, record.sequence);
  }

  put(row: StoreRow): void {
    if (!this.usable) return;
    this.#batch.rows.push(row);
    this.hurry();
  }

  remove([from, to]: KeyRange): void {
    if (!this.usable) return;
    this.#batch.rows = this.#batch.rows.filter(outside([from, to]));
    const last = this.#batch.removes.at(-1);
    // Answers come in order: a thousand of them are one range.
    if (last !== undefined && follows(last[1], from)) this.#batch.removes[this.#batch.removes.length - 1] = [last[0], to];
    else this.#batch.removes.push([from, to]);
    this.#schedule();
  }

  /** Everything up to here, now. @returns whether it is written; false also without a store */
  flush(strict = false): Promise<boolean> {
    if (!this.usable) return Promise.resolve(false);
    // Nothing new: what is being written is the answer. Pages that tell each other what they wrote would else never rest.
    const batch = isEmpty(this.#batch) ? this.#writing : this.#batch;
    if (batch === null) return Promise.resolve(true);
    batch.strict ||= strict && batch === this.#batch;
    batch.done ??= createDeferred();
    this.hurry();
    return batch.done.promise;
  }

  /** Writes what is left and lets go of the store, which is opened again when it is needed. */
  async rest(): Promise<void> {
    for (const timer of this.#reading) timer.set(null);
    this.#reading.clear();
    if (this.usable && !isEmpty(this.#batch)) await this.flush();
    await this.#letGo();
  }

  async close(): Promise<void> {
    if (this.#hope === 'open') this.#hope = 'closing';
    if (this.#state === 'refused') this.#state = 'idle';
    this.#timer.set(null);
    this.#recovery.set(null);
    await this.rest();
    this.#state = 'closed';
  }

  // ---- when ------------------------------------------------------------------------------------------------------------------

  /** What waits may not linger any more. */
  hurry(): void {
    if (isEmpty(this.#batch)) return;
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
    soon(this.#afterSending);
  }

  readonly #afterSending = (): void => soon(this.#tick);

  readonly #tick = (): void => {
    if (this.#state !== 'ticking') return;
    this.#state = 'idle';
    if (!this.usable) return this.#settleWithout();
    const grace = this.#context.online() ? GRACE : this.#onlyReplaceable() ? REPLACED : 0;
    if (this.#urgent || grace === 0) return this.#write();
    this.#state = 'lingering';
    this.#timer.set(this.#context.environment.now() + grace);
  };

  #onlyReplaceable(): boolean {
    const { records } = this.#batch;
    for (const { owner } of records.keys()) if (owner.replace === null) return false;
    return records.size > 0;
  }

  // ---- writing ---------------------------------------------------------------------------------------------------------------

  #write(): void {
    this.#state = 'writing';
    void this.#commit();
  }

  async #commit(): Promise<void> {
    const store = await this.#open();
    if (this.#state !== 'writing') return;
    if (store === null) {
      this.#state = 'idle';
      return this.#settleWithout();
    }
    const batch = this.#batch;
    this.#writing = batch;
    this.#batch = createBatch();
    this.#urgent = false;
    const { now } = this.#context.environment;
    // With each of them, for whoever clears the data of a site clears the names of its pages too.
    const producers = new Set([...batch.records.values()].map(({ producer }) => producer));
    const put = [...batch.rows, ...[...producers].map((producer): StoreRow => [pageKey(producer), now()])];
    for (const [record, lane] of batch.records) {
      if (record.shelved === 'no') record.shelved = record.attempted === null ? 'unsent' : 'marked';
      put.push(entryRow(lane, record));
    }
    // Nothing waits any more while it closes.
    if (this.#hope === 'open') this.#timer.set(this.#context.environment.now() + HANGS);
    const failed = await store.write({ remove: batch.removes, put, strict: batch.strict }).then(
      () => null,
      (cause: unknown) => storageError(this.#context.store, cause),
    );
    if (this.#writing !== batch) return;
    this.#writing = null;
    this.#timer.set(null);
    if (failed === null) this.#succeeded(batch);
    else this.#failed(batch, failed);
  }

  #hangs(batch: Batch): void {
    this.#writing = null;
    this.#state = 'idle';
    this.#doesNotAnswer();
    this.#failed(batch, this.#error!);
    this.#settleWithout();
  }

  #doesNotAnswer(): void {
    this.#giveUp(new HoldfastError('storage-failed', `The outbox store '${this.#context.store.name}' does not answer.`));
  }

  #succeeded(batch: Batch): void {
    for (const lane of batch.forgotten.keys()) lane.oldestRow = this.#batch.forgotten.get(lane) ?? null;
    for (const { owner } of batch.records.keys()) owner.ticket?.markStored(null);
    batch.done?.resolve(true);
    this.#failures = 0;
    if (this.#error !== null) this.#setError(null);
    this.#context.onWritten();
    // It was given up too early.
    this.#recover();
    this.#goOn();
  }

  /** What could not be written waits, before all that is newer: a hole in a lane would be taken for what has ended. */
  #failed(batch: Batch, error: HoldfastError): void {
    // Not for ever: better that an end is uncertain than that nothing goes on.
    for (const lane of batch.forgotten.keys()) lane.oldestRow = null;
    refuse(batch.records, error);
    batch.done?.resolve(false);
    this.#batch = merge(batch, this.#batch);
    this.#setError(error);
    this.#failures += 1;
    if (this.#state !== 'writing') return;
    this.#state = 'refused';
    if (this.#hope === 'closing') return;
    const wait = Math.min(RETRY_CAP, RETRY_BASE * 2 ** this.#failures);
    this.#timer.set(this.#context.environment.now() + wait);
  }

  #goOn(): void {
    if (this.#state !== 'writing') return;
    this.#state = 'idle';
    if (!isEmpty(this.#batch)) this.#schedule();
  }

  // ---- without a store -------------------------------------------------------------------------------------------------------

  #giveUp(error: HoldfastError): void {
    const before = this.#hope;
    this.#hope = 'given-up';
    this.#setError(error);
    if (before === 'closing') return;
    const { environment } = this.#context;
    if (this.problem === 'broken' || this.problem === 'blocked') this.#recovery.set(environment.now() + RECOVERS);
  }

  #recover(): void {
    if (this.#hope !== 'given-up') return;
    this.#recovery.set(null);
    this.#hope = 'open';
    if (this.#writing === null) this.#state = 'idle';
    this.#context.onRecover();
  }

  #letGo(): Promise<void> {
    const opened = this.#opened;
    this.#opened = null;
    return opened === null
      ? Promise.resolve()
      : opened.then((store) => store.close()).catch((error) => this.#context.report(error));
  }

  /** Memory is all there is: with the store that the app chose, or because another failed. */
  #settleWithout(): void {
    const { records, done, forgotten } = this.#batch;
    this.#batch = createBatch();
    for (const lane of forgotten.keys()) lane.oldestRow = null;
    this.#urgent = false;
    done?.resolve(false);
    // Where no store can be there was nothing to refuse it.
    if (this.#error !== null && this.problem !== 'unsupported') return refuse(records, this.#error);
    for (const { owner } of records.keys()) owner.ticket?.markStored(null);
  }

  #setError(error: HoldfastError | null): void {
    const news = error !== null && this.#error === null;
    this.#error = error;
    if (news && this.problem !== 'unsupported') this.#context.report(error);
    this.#context.onProblem();
  }
}

function storageError(store: OutboxStore, cause: unknown): HoldfastError {
  if (isHoldfastError(cause, 'storage-failed')) return cause;
  return new HoldfastError('storage-failed', `The outbox store '${store.name}' failed.`, { cause });
}

function problemOf({ details }: HoldfastError): StoreProblem {
  const { problem } = details;
  const known: readonly unknown[] = ['unsupported', 'denied', 'quota', 'blocked'];
  return known.includes(problem) ? (problem as StoreProblem) : 'broken';
}
