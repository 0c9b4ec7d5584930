/** The way to the store: opens it, bounds what it may take, gives it up, and tries again. */
import { HoldfastError, isHoldfastError } from '../errors.ts';
import type { Environment } from '../platform/environment.ts';
import type { OutboxStatus, StoreProblem } from '../types.ts';
import { type Timer, createTimer } from '../util/timer.ts';
import type { KeyRange, OpenStore, OutboxStore, StoreRow, StoreWrite } from './store.ts';

export interface AccessContext {
  readonly environment: Environment;
  readonly store: OutboxStore;
  readonly user: string;
  /** Absolute, once there is a page to resolve it by. */
  url(): string;
  report(error: unknown): void;
  /** `problem` changed. */
  onProblem(): void;
  /** A store was given up and is tried again, or has lost its rows: everything that has not ended is to be written. */
  onRecover(): void;
}

type Rows = readonly (readonly StoreRow[])[];

/** A store that takes longer for one transaction is given up: nothing may wait for it any more, ms. */
export const HANGS = 10_000;
/** One that was given up is tried again after, ms: a page may live for days. */
const RECOVERS = 60_000;

export class Access {
  readonly #context: AccessContext;
  readonly #recovery: Timer;
  readonly #reading = new Set<Timer>();
  #opened: Promise<OpenStore> | null = null;
  #state: 'open' | 'given-up' | 'closing' | 'closed' = 'open';
  #error: HoldfastError | null = null;

  constructor(context: AccessContext) {
    this.#context = context;
    this.#recovery = createTimer(context.environment, () => {
      // Perhaps another connection to it is heard.
      void this.letGo();
      this.recover();
    });
  }

  get error(): HoldfastError | null {
    return this.#error;
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
    return this.#context.store.durable && (this.#state === 'open' || this.#state === 'closing');
  }

  get closing(): boolean {
    return this.#state === 'closing';
  }

  /** @returns null if there is no store */
  async open(): Promise<OpenStore | null> {
    if (!this.usable) return null;
    const { environment, store, user } = this.#context;
    let opening: Promise<OpenStore> | null = null;
    try {
      const onLost = (): void => {
        if (this.#state === 'open') this.#context.onRecover();
      };
      this.#opened ??= store.open({ environment, user, url: this.#context.url(), onLost });
      opening = this.#opened;
      return await opening;
    } catch (cause) {
      // Another may have been opened since.
      if (this.#opened === opening) this.#opened = null;
      if (this.usable) this.giveUp(this.errorOf(cause));
      return null;
    }
  }

  /** @returns null if that failed, or there is no store: then later */
  async read(ranges: readonly KeyRange[]): Promise<Rows | null> {
    const store = await this.open();
    if (store === null || this.#opened === null || this.closing) return null;
    const { environment, report } = this.#context;
    return new Promise((resolve) => {
      const timer = createTimer(environment, () => {
        this.doesNotAnswer();
        resolve(null);
      });
      this.#reading.add(timer);
      const settle = (rows: Rows | null): void => {
        timer.set(null);
        this.#reading.delete(timer);
        resolve(rows);
      };
      timer.set(environment.now() + HANGS);
      // A store of the app's own may throw.
      const read = async (): Promise<Rows> => store.read(ranges);
      read().then(settle, (cause: unknown) => {
        // Of one that was closed meanwhile there is nothing to tell.
        if (this.#reading.has(timer)) report(this.errorOf(cause));
        settle(null);
      });
    });
  }

  /** @returns why it failed, or null */
  async write(store: OpenStore, write: StoreWrite): Promise<HoldfastError | null> {
    try {
      await store.write(write);
      return null;
    } catch (cause) {
      return this.errorOf(cause);
    }
  }

  /** It is opened again when it is needed. */
  letGo(): Promise<void> {
    const opened = this.#opened;
    this.#opened = null;
    return opened === null
      ? Promise.resolve()
      : opened.then((store) => store.close()).catch((error: unknown) => this.#context.report(error));
  }

  /** Nobody waits for what was asked. */
  forgetReads(): void {
    for (const timer of this.#reading) timer.set(null);
    this.#reading.clear();
  }

  /** Only what is left is written from now on. */
  close(): void {
    if (this.#state === 'open') this.#state = 'closing';
    this.#recovery.set(null);
  }

  closed(): void {
    this.#state = 'closed';
  }

  // ---- when it fails -----------------------------------------------------------------------------------------------------------

  errorOf(cause: unknown): HoldfastError {
    if (isHoldfastError(cause, 'storage-failed')) return cause;
    return new HoldfastError('storage-failed', `The outbox store '${this.#context.store.name}' failed.`, { cause });
  }

  doesNotAnswer(): void {
    this.giveUp(new HoldfastError('storage-failed', `The outbox store '${this.#context.store.name}' does not answer.`));
  }

  giveUp(error: HoldfastError): void {
    const closing = this.#state !== 'open';
    this.#state = 'given-up';
    this.fail(error);
    const { now } = this.#context.environment;
    const hopeless = this.problem === 'unsupported' || this.problem === 'denied';
    if (!closing && !hopeless) this.#recovery.set(now() + RECOVERS);
  }

  /** One write failed; the next may succeed. */
  fail(error: HoldfastError): void {
    const news = this.#error === null;
    this.#error = error;
    if (news && this.problem !== 'unsupported') this.#context.report(error);
    this.#context.onProblem();
  }

  /** It has written. */
  works(): void {
    if (this.#error === null) return;
    this.#error = null;
    this.#context.onProblem();
    this.recover();
  }

  recover(): void {
    if (this.#state !== 'given-up') return;
    this.#recovery.set(null);
    this.#state = 'open';
    this.#context.onRecover();
  }
}

function problemOf({ details }: HoldfastError): StoreProblem {
  const { problem } = details;
  const known: readonly unknown[] = ['unsupported', 'denied', 'quota', 'blocked'];
  return known.includes(problem) ? (problem as StoreProblem) : 'broken';
}
