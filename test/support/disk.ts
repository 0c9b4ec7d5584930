/**
 * The disk of one browser profile, shared by its pages, under the virtual clock: an outbox store that outlives pages, and
 * loses what a real one loses. Reads and writes take effect in the order of their calls, whichever page made them.
 */
import { HoldfastError } from '../../src/errors.ts';
import type { OpenStore, OutboxStore, StoreContext, StoreRow, StoreWrite } from '../../src/outbox/store.ts';
import type { StoreProblem } from '../../src/types.ts';
import { copyOf } from './copy.ts';
import { type Table, changed, rowsWithin } from './table.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** What a part of the browser knows of a page that uses it. */
export interface Holder {
  /** By the clock of the test; null while it lives. */
  readonly diedAt: number | null;
  /** Runs what arrives at the page: at once, or when it thaws, and never once it is dead. */
  arrive(run: () => void): void;
}

export interface DiskOptions {
  readonly clock: Pick<VirtualClock, 'now' | 'setTimeout'>;
  /** Draws the time of each transaction. @default the least of `latency` */
  readonly random?: () => number;
  /** From the call to its effect, ms. Zero: in a task of its own. @default [0, 0] */
  readonly latency?: readonly [min: number, max: number];
}

export interface StoreOptions {
  /** relaxed: a write that has ended may still be lost with the power, unless it was strict itself. @default 'relaxed' */
  readonly durability?: 'relaxed' | 'strict';
  /** Whose transactions they are. @default a page that never dies */
  readonly holder?: Holder;
}

/** quota: what puts a row fails. dead: everything fails. never: nothing is answered, until another is set. */
export type Health = 'well' | 'quota' | 'dead' | 'never';

export interface Disk {
  store(options?: StoreOptions): OutboxStore;
  set(health: Health): void;
  readonly health: Health;
  /** This many transactions fail from now on, as `broken`. @default writes */
  failNext(count: number, what?: 'read' | 'write'): void;
  /** Stores cannot be opened; null: they can. */
  openFails(problem: Exclude<StoreProblem, 'quota'> | null): void;
  /** What was written since the last strict write, or since the system last wrote it out by itself, is gone. */
  powerLoss(): void;
  /** The browser made room: all rows are gone. */
  evict(): void;
  /** As they are now, for every page. */
  rows(user: string, url: string): readonly StoreRow[];
  /** All that it holds: of each user at each server, by the scope of the store. */
  tables(): readonly { readonly scope: string; readonly rows: readonly StoreRow[] }[];
  /** What a copy of the profile has: the rows, and nothing that is under way. */
  clone(): Disk;
  /** Stores that were opened by pages which live, and were not closed. */
  readonly handles: number;
  handlesOf(holder: Holder): number;
}

/** How often the system writes out what was committed, ms; Linux does so at least every five seconds. */
const WRITE_OUT = 5000;
const ETERNAL: Holder = { diedAt: null, arrive: (run) => run() };

interface Transaction {
  readonly type: 'read' | 'write' | 'open';
  readonly holder: Holder;
  /** From here on it ends even if its page dies. */
  readonly commitsAt: number;
  /** Of the power: what was under way when it went is gone. */
  readonly power: number;
  run(): void;
  fail(error: Error): void;
}

interface Handle {
  readonly holder: Holder;
  readonly onLost: () => void;
}

type Image = ReadonlyMap<string, Table>;

export function createDisk(options: DiskOptions): Disk {
  return createFrom(options, new Map());
}

function createFrom(options: DiskOptions, rows: Image): Disk {
  const { clock, random = () => 0, latency: [min, max] = [0, 0] } = options;
  const opened = new Set<Handle>();
  const living = (): readonly Handle[] => [...opened].filter(({ holder }) => holder.diedAt === null);
  const failing = { read: 0, write: 0 };
  let held: Transaction[] = [];
  let health: Health = 'well';
  let openProblem: StoreProblem | null = null;
  let power = 0;
  let last = 0;
  // What pages read, and what the disk itself holds.
  let cached = rows;
  let written = rows;
  let writtenAt = clock.now();

  /** The system's own writing is worked out when it matters: a timer for it would never end. */
  const writeOut = (): void => {
    if (Math.floor(clock.now() / WRITE_OUT) > Math.floor(writtenAt / WRITE_OUT)) written = cached;
    writtenAt = clock.now();
  };

  const perform = (transaction: Transaction): void => {
    const { type, holder, commitsAt, run, fail } = transaction;
    if (transaction.power !== power || (holder.diedAt !== null && holder.diedAt < commitsAt)) return;
    // An engine that does not answer also keeps those that come later waiting.
    if (health === 'never') return void held.push(transaction);
    if (health === 'dead') return fail(failed('broken'));
    if (type !== 'open' && failing[type] > 0) {
      failing[type] -= 1;
      return fail(failed('broken'));
    }
    run();
  };

  const schedule = (type: Transaction['type'], holder: Holder, run: () => void, fail: (error: Error) => void): void => {
    const now = clock.now();
    last = Math.max(last, now + min + Math.floor(random() * (max - min + 1)));
    const transaction: Transaction = { type, holder, commitsAt: now + Math.ceil((last - now) / 2), power, run, fail };
    clock.setTimeout(() => perform(transaction), last - now);
  };

  /** Its outcome is told in the page, if there still is one. */
  const transact = <T>(type: Transaction['type'], holder: Holder, step: () => T): Promise<T> =>
    new Promise((resolve, reject: (error: Error) => void) => {
      const fail = (error: Error): void => holder.arrive(() => reject(error));
      const run = (): void => {
        try {
          const result = step();
          holder.arrive(() => resolve(result));
        } catch (error) {
          fail(error as Error);
        }
      };
      schedule(type, holder, run, fail);
    });

  const write = (scope: string, { strict, ...change }: StoreWrite): void => {
    if (health === 'quota' && change.put.length > 0) throw failed('quota');
    writeOut();
    cached = new Map(cached).set(scope, changed(cached.get(scope) ?? [], change));
    if (strict) written = cached;
  };

  const open = (
    { user, url, onLost = () => {} }: StoreContext,
    { durability = 'relaxed', holder = ETERNAL }: StoreOptions,
  ): OpenStore => {
    const handle = { holder, onLost };
    const scope = scopeOf(user, url);
    const underWay = new Set<Promise<unknown>>();
    const during = <T>(type: 'read' | 'write', step: () => T): Promise<T> => {
      if (!opened.has(handle)) return Promise.reject(failed('broken', 'It was closed.'));
      const promise = transact(type, holder, step);
      underWay.add(promise);
      const over = (): void => void underWay.delete(promise);
      promise.then(over, over);
      return promise;
    };
    opened.add(handle);
    return {
      scope,
      read: (ranges) => during('read', () => copyOf(ranges.map((range) => rowsWithin(cached.get(scope) ?? [], range)))),
      write: ({ strict, ...rows }) => {
        // At once, as the browser does: what the page changes afterwards is not written.
        const change = copyOf(rows);
        return during('write', () => write(scope, { ...change, strict: strict || durability === 'strict' }));
      },
      async close() {
        opened.delete(handle);
        await Promise.allSettled(underWay);
      },
    };
  };

  return {
    store: (of = {}) => ({
      name: 'simulated disk',
      durable: true,
      open: (context) =>
        transact('open', of.holder ?? ETERNAL, () => {
          if (openProblem !== null) throw failed(openProblem);
          return open(context, of);
        }),
    }),
    set(next) {
      health = next;
      if (health === 'never') return;
      const waiting = held;
      held = [];
      // In order, and before what is called from now on.
      for (const transaction of waiting) perform(transaction);
    },
    get health() {
      return health;
    },
    failNext: (count, what = 'write') => void (failing[what] = count),
    openFails: (problem) => void (openProblem = problem),
    powerLoss() {
      writeOut();
      cached = written;
      power += 1;
      held = [];
    },
    evict() {
      cached = new Map();
      written = cached;
      for (const { holder, onLost } of living()) clock.setTimeout(() => holder.arrive(onLost), 0);
    },
    rows: (user, url) => copyOf(cached.get(scopeOf(user, url)) ?? []),
    tables: () => [...cached].map(([scope, held]) => ({ scope, rows: copyOf(held) })),
    clone: () => createFrom(options, cached),
    get handles() {
      return living().length;
    },
    handlesOf: (holder) => living().filter((handle) => handle.holder === holder).length,
  };
}

function scopeOf(user: string, url: string): string {
  return `disk ${JSON.stringify([user, url])}`;
}

function failed(problem: StoreProblem, why = 'The simulated disk fails.'): HoldfastError {
  return new HoldfastError('storage-failed', why, { details: { problem } });
}
