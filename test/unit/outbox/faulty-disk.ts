/** A disk under `indexedDBOutbox` that fails when a test says so, and notes what is asked of it. */
import { IDBFactory, IDBKeyRange, forceCloseDatabase } from 'fake-indexeddb';
import { onTestFinished } from 'vitest';
import { type IndexedDBOutboxOptions, indexedDBOutbox } from '../../../src/outbox/indexeddb-store.ts';
import type { KeyRange, OpenStore, StoreKey, StoreRow, StoreWrite } from '../../../src/outbox/store.ts';
import { type Environment, createEnvironment } from '../../../src/platform/environment.ts';
import { type VirtualClock, createVirtualClock } from '../../support/virtual-clock.ts';

/** What becomes of a transaction: aborted with an error of that name, at once or late, or with none; or it cannot even begin. */
export type Fault = ErrorName | 'late UnknownError' | 'no error' | 'throws' | 'fine';
type ErrorName = 'QuotaExceededError' | 'AbortError' | 'UnknownError' | 'InvalidStateError';

export interface FaultyDisk {
  /** As another page has it. */
  readonly factory: IDBFactory;
  readonly clock: VirtualClock;
  readonly environment: Environment;
  /** Connections, in the order in which the store opened them. */
  readonly databases: IDBDatabase[];
  readonly durabilities: string[];
  /** How often a transaction was told to end by itself. */
  readonly commits: () => number;
  open(options?: IndexedDBOutboxOptions, replaced?: Partial<Environment>): Promise<OpenStore>;
  /** Of the next transactions, one after the other. */
  faults: Fault[];
  /** Of the next openings: each fails with an error of that name. */
  openFaults: string[];
  /** The browser closes the connection. @param told whether what is under way hears of it before the connection does */
  die(told: 'first' | 'last'): void;
}

type Inner = IDBTransaction & { _abort(name: string | null): void; readonly _state: string };

export function createFaultyDisk(): FaultyDisk {
  const factory = new IDBFactory();
  const clock = createVirtualClock();
  const databases: IDBDatabase[] = [];
  const durabilities: string[] = [];
  const dead = new Set<IDBDatabase>();
  let transactions: Inner[] = [];
  let commits = 0;

  const watch = (database: IDBDatabase): void => {
    databases.push(database);
    const transact = database.transaction.bind(database);
    database.transaction = (...args) => {
      const fault = dead.has(database) ? 'AbortError' : (disk.faults.shift() ?? 'fine');
      if (fault === 'throws') throw new DOMException('The connection is closed', 'InvalidStateError');
      const transaction = transact(...args) as Inner;
      transactions.push(transaction);
      if (args[1] === 'readwrite') durabilities.push(transaction.durability);
      const commit = transaction.commit.bind(transaction);
      transaction.commit = () => {
        commits += 1;
        commit();
      };
      if (fault === 'late UnknownError') abortLate(transaction);
      else if (fault !== 'fine') queueMicrotask(() => transaction._abort(fault === 'no error' ? null : fault));
      return transaction;
    };
  };
  const environment = createEnvironment({
    now: clock.now,
    setTimeout: clock.setTimeout,
    clearTimeout: clock.clearTimeout,
    IDBKeyRange,
    indexedDB: {
      open(name: string, version: number) {
        const fault = disk.openFaults.shift();
        if (fault !== undefined) return failingRequest(fault);
        const request = factory.open(name, version);
        request.addEventListener('success', () => watch(request.result));
        return request;
      },
    },
  });
  const disk: FaultyDisk = {
    ...{ factory, clock, environment, databases, durabilities, faults: [], openFaults: [] },
    commits: () => commits,
    async open(options, replaced = {}) {
      const store = await indexedDBOutbox(options).open({
        environment: Object.create(environment, Object.getOwnPropertyDescriptors(replaced)) as Environment,
        user: 'ann',
        url: 'https://a.example/realtime',
      });
      onTestFinished(() => store.close());
      return store;
    },
    die(told) {
      for (const transaction of transactions) if (transaction._state !== 'finished') transaction._abort('AbortError');
      transactions = [];
      const database = databases.at(-1)!;
      dead.add(database);
      const close = (): void => forceCloseDatabase(database as never);
      if (told === 'last') close();
      else setImmediate(() => setImmediate(close));
    },
  };
  return disk;
}

function abortLate(transaction: Inner): void {
  const table = transaction.objectStore('outbox');
  let turns = 0;
  const again = (): void => {
    turns += 1;
    if (turns > 20) transaction._abort('UnknownError');
    else table.get(1).onsuccess = again;
  };
  transaction.commit = () => {};
  again();
}

export function failingRequest(name: string, message = 'It does not open'): object {
  const request = { error: new DOMException(message, name), onerror: (): void => {} };
  setImmediate(() => request.onerror());
  return request;
}

export const ALL: KeyRange = [[], ['\uffff']];

export function row(n: number, value: unknown = n): StoreRow {
  return [['r', n], value];
}

/** Puts a row. */
export function put(n: number, value: unknown = n): StoreWrite {
  return { remove: [], put: [row(n, value)], strict: false };
}

export async function all(store: OpenStore): Promise<readonly StoreRow[]> {
  const [rows] = await store.read([ALL]);
  return rows!;
}

export function remove(...numbers: readonly number[]): StoreWrite {
  return { remove: numbers.map((n): readonly [StoreKey, StoreKey] => [['r', n], ['r', n]]), put: [], strict: false }; // prettier-ignore
}

/** A connection of another page. @param blocked called if it has to wait for others */
export function openElsewhere(
  factory: IDBFactory,
  name: string,
  version: number,
  blocked = (): void => {},
): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = factory.open(name, version);
    request.onblocked = blocked;
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error!);
  });
}
