import { promisifyRequest } from 'idb-keyval';
import { HoldfastError, check } from '../errors.ts';
import type { Environment } from '../platform/environment.ts';
import type { KeyRange, OpenStore, OutboxStore, StoreKey } from './store.ts';

export interface IndexedDBOutboxOptions {
  /**
   * Database that is used, with the user's name added. Two clients with the same name share what waits, whatever their
   * servers are. @default `holdfast` and the server's address
   */
  readonly name?: string;
  /**
   * `strict`: what is stored survives a loss of power, and each write waits for the disk. `relaxed`: it survives a crash of
   * the browser, and is left to the system to write. W3C "Indexed Database API 3.0", transaction durability. @default 'relaxed'
   */
  readonly durability?: 'relaxed' | 'strict';
  /**
   * Asks the browser not to evict this site's data when space runs out (WHATWG "Storage"). Firefox shows a question to the
   * user; the others decide alone. @default false
   */
  readonly persist?: boolean;
}

type Problem = 'unsupported' | 'denied' | 'blocked' | 'quota' | 'broken';

const TABLE = 'outbox';
/** ms. Safari may never answer, and while another page's upgrade or deletion waits nobody is told anything. */
const PATIENCE = 5000;

const MESSAGES: Readonly<Record<Problem, string>> = {
  unsupported: 'This platform has no IndexedDB.',
  denied: 'IndexedDB may not be used here.',
  blocked: 'Another page does not let go of IndexedDB.',
  quota: 'IndexedDB has no room left.',
  broken: 'IndexedDB failed.',
};

/**
 * On disk, shared by all pages of one origin, one database for each user.
 *
 * @throws HoldfastError `invalid-option`
 */
export function indexedDBOutbox(options: IndexedDBOutboxOptions = {}): OutboxStore {
  const { name, durability = 'relaxed', persist = false } = options;
  check(name === undefined || (typeof name === 'string' && name !== ''), '`name` must be a non-empty string.');
  check(durability === 'relaxed' || durability === 'strict', '`durability` must be relaxed or strict.');
  check(typeof persist === 'boolean', '`persist` must be true or false.');
  return {
    name: 'indexeddb',
    durable: true,
    async open({ environment, user, url, onLost }) {
      // As JSON, or a name that ends as a user's begins would lead to somebody else's rows.
      const scope = JSON.stringify(name === undefined ? ['holdfast', url, user] : [name, user]);
      const connection = await openConnection(environment, scope, onLost);
      // Never awaited: Firefox asks the user first. What they answer, or that nobody can, changes nothing here.
      if (persist) environment.persistStorage?.().catch(() => {});
      const { bound } = environment.IDBKeyRange as typeof IDBKeyRange;
      return { scope, ...createTable(connection, durability, ([from, to]) => bound(from, to)) };
    },
  };
}

// ---- the table -------------------------------------------------------------------------------------------------------

function createTable(
  { call, close }: Connection,
  durability: 'relaxed' | 'strict',
  query: (range: KeyRange) => IDBKeyRange,
): Omit<OpenStore, 'scope'> {
  return {
    close,
    read: (ranges) =>
      call((database) => {
        const table = database.transaction(TABLE).objectStore(TABLE);
        // All asked for at once: a transaction ends as soon as nothing of it is under way.
        return Promise.all(
          ranges.map(async (range) => {
            const within = query(range);
            const [keys, values] = await Promise.all([
              promisifyRequest(table.getAllKeys(within)),
              promisifyRequest(table.getAll(within)),
            ]);
            return keys.map((key, at) => [key as StoreKey, values[at]] as const);
          }),
        );
      }),
    write: ({ remove, put, update = [], strict }) =>
      call((database) => {
        const options = { durability: strict ? 'strict' : durability } as const;
        const transaction = database.transaction(TABLE, 'readwrite', options);
        const table = transaction.objectStore(TABLE);
        try {
          for (const range of remove) table.delete(query(range));
          for (const [key, value] of put) table.put(value, key as (string | number)[]);
        } catch (error) {
          // A value that cannot be cloned: what came before it would be committed without it.
          transaction.abort();
          throw error;
        }
        // Otherwise the page has to live until the last answer, and a browser freezes or kills pages when it likes.
        (transaction as Partial<IDBTransaction>).commit?.();
        const written = promisifyRequest(transaction);
        if (update.length === 0) return written;
        // In one of its own: what has to be looked at first cannot be committed at once.
        const later = database.transaction(TABLE, 'readwrite', options);
        const there = later.objectStore(TABLE);
        for (const [key, value] of update) {
          const asked = there.count(key as (string | number)[]);
          asked.onsuccess = () => asked.result > 0 && there.put(value, key as (string | number)[]);
        }
        return Promise.all([written, promisifyRequest(later)]).then(() => {});
      }),
  };
}

// ---- the connection --------------------------------------------------------------------------------------------------

interface Connection {
  /** Calls take effect in their order, on the same database, without waiting for one another. */
  call<T>(work: (database: IDBDatabase) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

async function openConnection(environment: Environment, name: string, onLost?: () => void): Promise<Connection> {
  let opening: Promise<IDBDatabase> | undefined;
  let closing: Promise<void> | undefined;
  /** Settles with the last of all calls, and with the last first attempt. */
  let calls = Promise.resolve();
  let attempts = calls;
  let mending = false;
  let waiting: (readonly [number: number, run: () => void])[] = [];
  let lastCalled = 0;
  let lastDone = 0;

  const disconnect = (): Promise<void> | undefined => {
    const left = opening;
    opening = undefined;
    return left?.then(
      (database) => database.close(),
      () => {},
    );
  };

  /** When everything that is under way has ended, what failed and what was called since go on in their order. */
  const mend = (): void => {
    if (mending) return;
    mending = true;
    void attempts.then(() => {
      void disconnect();
      mending = false;
      const runs = waiting.sort(([a], [b]) => a - b);
      waiting = [];
      for (const [, run] of runs) run();
    });
  };

  const connect = (): Promise<IDBDatabase> => {
    if (opening !== undefined) return opening;
    const mine = openDatabase(environment, name, (lost) => {
      if (opening === mine) mend();
      if (lost) onLost?.();
    });
    mine.catch(() => (opening = undefined));
    return (opening = mine);
  };

  const begin = <T>(work: (database: IDBDatabase) => Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      lastCalled += 1;
      const number = lastCalled;
      const attempt = async (): Promise<T> => work(await connect());
      const fail = (error: unknown): void => reject(failure(error));
      const first = (): void => {
        const attempted = attempt();
        attempts = settled(attempts, attempted);
        attempted.then(
          (result) => {
            lastDone = number;
            resolve(result);
          },
          (error: unknown) => {
            if (!isLost(error)) return fail(error);
            // Not if a later call is done already: it would take effect after that one.
            const again = (): void => void (lastDone > number ? fail(error) : attempt().then(resolve, fail));
            waiting.push([number, again]);
            mend();
          },
        );
      };
      if (mending) waiting.push([number, first]);
      else first();
    });

  try {
    await connect();
  } catch (error) {
    throw failure(error);
  }
  return {
    call(work) {
      if (closing !== undefined) return Promise.reject(failure(new Error('It was closed.')));
      const call = begin(work);
      calls = settled(calls, call);
      return call;
    },
    close: () => (closing ??= calls.then(disconnect)),
  };
}

/** Without what they resolved to: each would keep all that came before it. */
function settled(...promises: readonly Promise<unknown>[]): Promise<void> {
  return Promise.allSettled(promises).then(() => {});
}

/** @param gone the connection is no more, or has to go; the next call needs another. `lost`: its rows may be gone too */
function openDatabase(environment: Environment, name: string, gone: (lost: boolean) => void): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    let late = false;
    const fail = (cause: unknown, problem?: Problem): void => {
      environment.clearTimeout(timer);
      reject(failure(cause, problem));
    };
    const timer = environment.setTimeout(() => {
      late = true;
      fail(null, 'blocked');
    }, PATIENCE);
    try {
      const factory = environment.indexedDB as IDBFactory | null | undefined;
      if (factory === undefined || environment.IDBKeyRange === undefined) return fail(null, 'unsupported');
      if (factory === null) return fail(null, 'denied');
      const request = factory.open(name, 1);
      // No `onblocked`: only an upgrade is told that it is, and this is the first version.
      request.onupgradeneeded = () => request.result.createObjectStore(TABLE);
      promisifyRequest(request).then(
        (database) => {
          if (late) return database.close();
          environment.clearTimeout(timer);
          // Nobody else's upgrade or deletion is to wait for this page. Safari closes it when its storage process dies, and all
          // browsers do when the user clears this site's data.
          database.onversionchange = ({ newVersion }) => gone(newVersion === null);
          database.onclose = () => gone(true);
          resolve(database);
        },
        (error: unknown) => fail(error, isDenial(error) ? 'denied' : undefined),
      );
    } catch (error) {
      fail(error, 'denied');
    }
  });
}

// ---- errors ----------------------------------------------------------------------------------------------------------

/** When opening: Firefox's private windows have long said InvalidStateError, and Chromium names the user's "no" only in words. */
function isDenial(error: unknown): boolean {
  return isNamed(error, /^(InvalidState|Security)Error$/) || /denied/.test((error as Partial<Error> | null)?.message ?? '');
}

/** Whether it was the connection that failed and not what was asked of it. An aborted transaction may have no error. */
function isLost(error: unknown): boolean {
  return error === null || isNamed(error, /^(Abort|InvalidState|Timeout|Unknown)Error$/);
}

function isNamed(error: unknown, names: RegExp): boolean {
  return names.test((error as Partial<Error> | null)?.name ?? '');
}

function failure(cause: unknown, problem?: Problem): HoldfastError {
  if (cause instanceof HoldfastError) return cause;
  problem ??= isNamed(cause, /^Quota/) ? 'quota' : isNamed(cause, /^Version/) ? 'blocked' : 'broken';
  return new HoldfastError('storage-failed', MESSAGES[problem], { cause, details: { problem } });
}
