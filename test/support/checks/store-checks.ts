/** What the store on disk has to do in every engine. Runs in the page, with the script tag's `Holdfast`. */
import type { KeyRange, OpenStore, StoreKey, StoreRow } from '../../../src/outbox/store.ts';
import { createEnvironment } from '../../../src/platform/environment.ts';
import { same } from './kit.ts';

export interface StoreCheck {
  readonly name: string;
  run(scene: StoreScene): Promise<void>;
}

export interface StoreScene {
  /** A handle of its own each time. @param whose @default the scene's user, on its server */
  open(whose?: { readonly user?: string; readonly url?: string }): Promise<OpenStore>;
  /** Closes what was opened and deletes it. */
  end(): Promise<void>;
}

const ALL: KeyRange = [[], ['\uffff']];
const URL_A = 'https://a.example/realtime';

export function createStoreScene(user: string): StoreScene {
  const opened: OpenStore[] = [];
  return {
    async open({ user: other = user, url = URL_A } = {}) {
      const store = await Holdfast.indexedDBOutbox().open({ environment: createEnvironment({}), user: other, url });
      opened.push(store);
      return store;
    },
    async end() {
      for (const { close } of opened) await close();
      for (const scope of new Set(opened.map((store) => store.scope))) await settle(indexedDB.deleteDatabase(scope));
    },
  };
}

export function settle<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error!);
  });
}

function keyed(...keys: readonly StoreKey[]): readonly StoreRow[] {
  return keys.map((key) => [key, key.join()]);
}

function put(store: OpenStore, ...keys: readonly StoreKey[]): Promise<void> {
  return store.write({ remove: [], put: keyed(...keys), strict: false });
}

async function all(store: OpenStore): Promise<readonly StoreRow[]> {
  return (await store.read([ALL]))[0]!;
}

async function problemOf(doing: Promise<unknown>): Promise<unknown> {
  const error: unknown = await doing.then(
    () => null,
    (reason: unknown) => reason,
  );
  return Holdfast.isHoldfastError(error, 'storage-failed') ? error.details['problem'] : String(error);
}

const order: StoreCheck = {
  name: 'sorts by parts, and reads several ranges with both ends',
  async run({ open }) {
    const store = await open();
    const sorted = keyed(
      ...[[], [-1], [2], [10], [10, 'a'], [''], ['B'], ['a'], ['a', 2], ['a', 10], ['a', '10'], ['a', 'b', 0], ['ab'], ['é']],
      ...[['\ud800'], ['🙂'], ['\ufb00']],
    );
    await store.write({ remove: [], put: [...sorted].reverse(), strict: false });
    same(await all(store), sorted, 'all');
    const ranges: readonly KeyRange[] = [
      [['a'], ['a', 10]],
      [
        [10, 'a'],
        [10, 'a'],
      ],
      [['x'], ['y']],
    ];
    same(await store.read(ranges), [keyed(['a'], ['a', 2], ['a', 10]), keyed([10, 'a']), []], 'ranges');
  },
};

const values: StoreCheck = {
  name: 'gives back values as they were',
  async run({ open }) {
    const store = await open();
    const bytes = Uint8Array.from({ length: 100_000 }, (_, n) => n);
    const value = { d: bytes, text: 'ü🙂\0\ud800', n: [0.1, 2 ** 53, Infinity], none: undefined, long: 'x'.repeat(1_000_000) };
    await store.write({ remove: [], put: [[['r', 1], value]], strict: false });
    const [[, back]] = (await all(store)) as [readonly [StoreKey, typeof value]];
    same(Object.keys(back), Object.keys(value), 'members');
    same([back.text, back.long, back.none === undefined], [value.text, value.long, true], 'texts');
    same(back.n.join(), value.n.join(), 'numbers');
    same(back.d instanceof Uint8Array && back.d.join(), bytes.join(), 'bytes');
  },
};

const removing: StoreCheck = {
  name: 'removes before it puts, both ends and what lies between',
  async run({ open }) {
    const store = await open();
    await put(store, ['r', 1], ['r', 2], ['r', 3], ['r', 4], ['s', 2]);
    const remove: readonly KeyRange[] = [
      [
        ['r', 1],
        ['r', 3],
      ],
      [['x'], ['y']],
    ];
    await store.write({ remove, put: keyed(['r', 2]), strict: false });
    same(await all(store), keyed(['r', 2], ['r', 4], ['s', 2]), 'left');
  },
};

const atomic: StoreCheck = {
  name: 'writes all or nothing',
  async run({ open }) {
    const store = await open();
    await put(store, ['r', 1]);
    const rows: readonly StoreRow[] = [...keyed(['r', 2]), [['r', 3], () => {}]];
    same(await problemOf(store.write({ remove: [ALL], put: rows, strict: false })), 'broken', 'problem');
    same(await all(store), keyed(['r', 1]), 'left');
  },
};

const overlapping: StoreCheck = {
  name: 'calls that overlap take effect in their order, and closing waits for them',
  async run({ open }) {
    const store = await open();
    const reads: Promise<readonly StoreRow[]>[] = [];
    for (let n = 0; n < 50; n += 1) {
      void store.write({ remove: n % 10 === 9 ? [ALL] : [], put: [[['r', n % 10], n]], strict: n % 7 === 0 });
      reads.push(all(store));
    }
    await store.close();
    const counts = (await Promise.all(reads)).map((rows) => rows.length);
    same(counts, Array.from({ length: 50 }, (_, n) => n % 10 === 9 ? 1 : n < 10 ? n + 1 : n % 10 + 2), 'rows'); // prettier-ignore
    same(await all(await open()), [[['r', 9], 49]], 'left');
  },
};

const reopening: StoreCheck = {
  name: 'is there after it was closed; two handles see each other’s writes',
  async run({ open }) {
    const first = await open();
    await put(first, ['r', 1]);
    await first.close();
    same(await problemOf(put(first, ['r', 9])), 'broken', 'after closing');
    const [one, two] = [await open(), await open()];
    await put(one, ['r', 2]);
    same(await all(two), keyed(['r', 1], ['r', 2]), 'of the other');
    same(one.scope, two.scope, 'scope');
  },
};

const whose: StoreCheck = {
  name: 'shows nothing to another user, nor for another server',
  async run({ open }) {
    const users = [{}, { user: 'somebody else\ud800' }, { url: `${URL_A}/` }];
    for (const [n, one] of users.entries()) {
      const store = await open(one);
      same(await all(store), [], 'at first');
      await put(store, ['r', n]);
    }
    for (const [n, one] of users.entries()) same(await all(await open(one)), keyed(['r', n]), 'its own');
  },
};

const strict: StoreCheck = {
  name: 'tells the engine which write has to survive a loss of power',
  async run({ open }) {
    const asked: unknown[] = [];
    const { prototype } = IDBDatabase;
    const { transaction } = prototype;
    prototype.transaction = function (this: IDBDatabase, ...args) {
      const made = transaction.apply(this, args);
      if (args[1] === 'readwrite') asked.push(made.durability);
      return made;
    };
    try {
      const store = await open();
      await put(store, ['r', 1]);
      await store.write({ remove: [], put: keyed(['r', 2]), strict: true });
      same(await all(store), keyed(['r', 1], ['r', 2]), 'rows');
      same(asked, ['relaxed', 'strict'], 'durability');
    } finally {
      prototype.transaction = transaction;
    }
  },
};

const dying: StoreCheck = {
  name: 'goes on with another connection when a transaction is aborted',
  async run({ open }) {
    const { prototype } = IDBDatabase;
    const { transaction } = prototype;
    const store = await open();
    await put(store, ['r', 1]);
    let aborted = 0;
    prototype.transaction = function (this: IDBDatabase, ...args) {
      const made = transaction.apply(this, args);
      if (aborted === 0) {
        aborted += 1;
        made.commit = () => made.abort();
      }
      return made;
    };
    try {
      await put(store, ['r', 2]);
      same(aborted, 1, 'aborted');
      same(await all(store), keyed(['r', 1], ['r', 2]), 'rows');
    } finally {
      prototype.transaction = transaction;
    }
  },
};

const upgrading: StoreCheck = {
  name: 'keeps no other page from upgrading or deleting',
  async run({ open }) {
    const store = await open();
    await put(store, ['r', 1]);
    let blocked = 0;
    const watch = (request: IDBOpenDBRequest): IDBOpenDBRequest => {
      request.onblocked = () => (blocked += 1);
      return request;
    };
    const newer = await settle(watch(indexedDB.open(store.scope, 2)));
    same(await problemOf(put(store, ['r', 2])), 'blocked', 'of the older one');
    newer.close();
    await settle(watch(indexedDB.deleteDatabase(store.scope)));
    await put(store, ['r', 3]);
    await settle(watch(indexedDB.deleteDatabase(store.scope)));
    await put(store, ['r', 4]);
    same(await all(store), keyed(['r', 4]), 'begun anew');
    same(blocked, 0, 'blocked');
  },
};

export const STORE_CHECKS: readonly StoreCheck[] = [
  ...[order, values, removing, atomic, overlapping, reopening, whose, strict, dying, upgrading],
];
