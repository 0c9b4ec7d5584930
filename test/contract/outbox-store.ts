/** What every `OutboxStore` must do; one call for each implementation. */
import fc from 'fast-check';
import { indexedDB } from 'fake-indexeddb';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { KeyRange, OpenStore, OutboxStore, StoreKey, StoreRow, StoreWrite } from '../../src/outbox/store.ts';
import { createEnvironment, type Environment } from '../../src/platform/environment.ts';

export interface Disk {
  /** A store of another page: only what is on the disk is shared. */
  readonly store: () => OutboxStore;
  readonly environment: Partial<Environment>;
}

const URL_A = 'https://a.example/realtime';
/** What sorts before every key, and after every one that a test uses. */
const ALL: KeyRange = [[], ['\uffff', '\uffff', '\uffff', '\uffff']];

/** @param create a new, empty disk */
export function outboxStoreContract(name: string, create: () => Disk): void {
  describe(`outbox store: ${name}`, () => {
    const { durable } = create().store();
    const place = (): ((user?: string, url?: string) => Promise<OpenStore>) => {
      const { store, environment } = create();
      return async (user = 'ann', url = URL_A) => {
        const opened = await store().open({ environment: createEnvironment(environment), user, url });
        onTestFinished(() => opened.close());
        return opened;
      };
    };

    it('has a name', () => {
      expect(create().store().name).toMatch(/^[a-z]+$/);
    });

    it('holds nothing at first', async () => {
      const store = await place()();
      expect(await store.read([ALL, ALL])).toEqual([[], []]);
      expect(await store.read([])).toEqual([]);
    });

    it.each<readonly [string, unknown]>([
      ['a text', 'ü🙂\0\ud800'],
      ['null', null],
      ['undefined', undefined],
      ['numbers', [0, -1, 0.1, 2 ** 53, Infinity]],
      ['bytes', new Uint8Array([0, 127, 255])],
      ['bytes inside', { d: new Uint8Array(300).fill(7), id: 'i' }],
      ['nested data', { list: [1, null, { deep: 'ü🙂' }], empty: {}, none: undefined }],
      ['names like those of Object', Object.fromEntries([['__proto__', 1], ['constructor', 2], ['', 3]])], // prettier-ignore
    ])('gives back %s as it was', async (_, value) => {
      const store = await place()();
      await store.write({ remove: [], put: [[['r', 1], value]], strict: false });
      expect(await store.read([ALL])).toStrictEqual([[[['r', 1], value]]]);
    });

    it.each<readonly [string, StoreKey]>([
      ['like those of Object', ['__proto__', 'constructor', 1]],
      ['with a zero byte', ['a\0b', '\0']],
      ['with half a character', ['\ud800']],
      ['empty', ['', '', 0]],
      ['long', ['x'.repeat(2000), Number.MAX_SAFE_INTEGER]],
    ])('takes key parts that are %s', async (_, key) => {
      const store = await place()();
      await store.write({ remove: [], put: [[key, 1]], strict: false });
      expect(await store.read([[key, key], ALL])).toEqual([[[key, 1]], [[key, 1]]]);
    });

    it('replaces a row of the same key; of two in one write the last counts', async () => {
      const store = await place()();
      await store.write({ remove: [], put: [[['r', 1], 'a'], [['r', 2], 'b']], strict: false }); // prettier-ignore
      await store.write({ remove: [], put: [[['r', 1], 'c'], [['r', 1], 'd']], strict: false }); // prettier-ignore
      expect(await store.read([ALL])).toEqual([[[['r', 1], 'd'], [['r', 2], 'b']]]); // prettier-ignore
    });

    it('removes before it puts, both ends and what lies between, and does not mind what is not there', async () => {
      const store = await place()();
      await store.write({ remove: [], put: keyed(['r', 1], ['r', 2], ['r', 3], ['r', 4], ['s', 2]), strict: false });
      const remove: readonly KeyRange[] = [[['r', 1], ['r', 3]], [['x'], ['y']], [['r', 9], ['r', 9]]]; // prettier-ignore
      await store.write({ remove, put: [[['r', 2], 'new']], strict: false });
      expect(await store.read([ALL])).toEqual([[[['r', 2], 'new'], ...keyed(['r', 4], ['s', 2])]]);
    });

    it('updates what stands there after the rest, and puts nothing where nothing stands', async () => {
      const store = await place()();
      await store.write({ remove: [], put: keyed(['r', 1], ['r', 2], ['r', 3]), strict: false });
      const update: readonly StoreRow[] = [1, 2, 3, 4, 5].map((n) => [['r', n], 'new']);
      await store.write({ remove: [[['r', 2], ['r', 2]]], put: keyed(['r', 4], ['r', 6]), update, strict: false }); // prettier-ignore
      const news = [1, 3, 4].map((n): StoreRow => [['r', n], 'new']);
      expect(await store.read([ALL])).toEqual([[...news, ...keyed(['r', 6])]]);
    });

    it('does nothing when there is nothing to do', async () => {
      const store = await place()();
      await store.write({ remove: [], put: keyed(['r', 1]), strict: false });
      await store.write({ remove: [], put: [], strict: false });
      await store.write({ remove: [], put: [], strict: true });
      expect(await store.read([ALL])).toEqual([keyed(['r', 1])]);
    });

    it('sorts part by part: numbers first, texts by UTF-16 units, the shorter of two that begin alike first', async () => {
      const sorted = keyed(
        ...[[], [-1], [2], [10], [10, 'a'], [''], ['B'], ['a'], ['a', 2], ['a', 10], ['a', '10'], ['a', '2'], ['a', 'b', 0]],
        ...[['ab'], ['é'], ['🙂'], ['\ufb00']],
      );
      const store = await place()();
      await store.write({ remove: [], put: [...sorted].reverse(), strict: false });
      expect(await store.read([ALL])).toEqual([sorted]);
    });

    it('stores what must survive at once like the rest', async () => {
      const store = await place()();
      await store.write({ remove: [], put: keyed(['r', 1], ['r', 2]), strict: true });
      await store.write({ remove: [[['r', 1], ['r', 1]]], put: [], strict: true }); // prettier-ignore
      expect(await store.read([ALL])).toEqual([keyed(['r', 2])]);
    });

    it('what was read does not change with the store', async () => {
      const store = await place()();
      await store.write({ remove: [], put: keyed(['r', 1]), strict: false });
      const before = await store.read([ALL]);
      await store.write({ remove: [ALL], put: keyed(['r', 2]), strict: false });
      expect(before).toEqual([keyed(['r', 1])]);
    });

    it('is a sorted map, whether calls wait for one another or overlap', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.oneof(writes, reads), { maxLength: 12 }), fc.boolean(), async (acts, overlap) => {
          const store = await place()();
          let model: readonly StoreRow[] = [];
          const running: Promise<unknown>[] = [];
          for (const act of acts) {
            if ('put' in act) {
              model = written(model, act);
              running.push(store.write(act));
            } else {
              const wanted = act.ranges.map((range) => within(model, range));
              running.push(store.read(act.ranges).then((found) => expect(found).toEqual(wanted)));
            }
            if (!overlap) await running.at(-1);
          }
          await Promise.all(running);
          expect(await store.read([ALL])).toEqual([model]);
          await store.close();
        }),
        { numRuns: 60 },
      );
    });

    it('names what is shared', async () => {
      const open = place();
      const { scope } = await open();
      expect((await open()).scope).toBe(scope);
      for (const [user, url] of [
        ['bob', URL_A],
        ['ann', 'https://b.example/realtime'],
      ] as const) {
        expect((await open(user, url)).scope).not.toBe(scope);
      }
    });

    it('may be closed twice', async () => {
      const store = await place()();
      await Promise.all([store.close(), store.close()]);
      await expect(store.close()).resolves.toBeUndefined();
    });

    describe.runIf(durable)('on disk', () => {
      it('what was written is there for the next page', async () => {
        const open = place();
        const first = await open();
        await first.write({ remove: [], put: keyed(['r', 1], ['r', 2]), strict: false });
        await first.write({
          remove: [
            [
              ['r', 1],
              ['r', 1],
            ],
          ],
          put: [],
          strict: true,
        });
        await first.close();
        expect(await (await open()).read([ALL])).toEqual([keyed(['r', 2])]);
      });

      it('closes when what was being written is done', async () => {
        const open = place();
        const first = await open();
        let done = 0;
        for (const n of [1, 2, 3]) {
          void first.write({ remove: [], put: keyed(['r', n]), strict: n === 2 }).then(() => (done += 1));
        }
        await first.close();
        expect(done).toBe(3);
        expect(await (await open()).read([ALL])).toEqual([keyed(['r', 1], ['r', 2], ['r', 3])]);
      });

      it('takes nothing more once it is closed', async () => {
        const open = place();
        const first = await open();
        await first.close();
        const refused = { code: 'storage-failed', details: { problem: 'broken' } };
        await expect(first.write({ remove: [], put: keyed(['r', 1]), strict: false })).rejects.toMatchObject(refused);
        await expect(first.read([ALL])).rejects.toMatchObject(refused);
        expect(await (await open()).read([ALL])).toEqual([[]]);
      });

      it('two pages of a user see what the other one writes', async () => {
        const open = place();
        const [one, two] = [await open(), await open()];
        await one.write({ remove: [], put: keyed(['r', 1]), strict: false });
        await two.write({ remove: [], put: keyed(['r', 2]), strict: false });
        expect(await one.read([ALL])).toEqual([keyed(['r', 1], ['r', 2])]);
        await two.write({ remove: [ALL], put: [], strict: false });
        expect(await one.read([ALL])).toEqual([[]]);
      });

      it('shows nothing to another user, nor for another server', async () => {
        const open = place();
        const whose = [
          ...[['ann', URL_A], ['bob', URL_A], ['Ann', URL_A], ['ann', `${URL_A}/`], ['ann', `${URL_A}?a`]],
          ...[['a ann', URL_A], ['ann', `${URL_A} a`], ['","', URL_A], [`${URL_A} ann`, ''], ['ünn\0\ud800', URL_A], ['\udfff', URL_A]],
        ] as const; // prettier-ignore
        for (const [user, url] of whose) {
          const store = await open(user, url);
          expect(await store.read([ALL]), `${user} ${url}`).toEqual([[]]);
          await store.write({ remove: [], put: [[['r', 1], `${user} ${url}`]], strict: false });
        }
        for (const [user, url] of whose) {
          expect(await (await open(user, url)).read([ALL])).toEqual([[[['r', 1], `${user} ${url}`]]]);
        }
      });

      it.each<readonly [string, unknown]>([
        ['a value that cannot be cloned', { run: () => {} }],
        ['a value that throws', { get d(): never { throw new Error('no') } }], // prettier-ignore
      ])('writes all or nothing: %s', async (_, value) => {
        const store = await place()();
        await store.write({ remove: [], put: keyed(['r', 1]), strict: false });
        const put: readonly StoreRow[] = [...keyed(['r', 2]), [['r', 3], value]];
        const refused = { code: 'storage-failed', details: { problem: 'broken' }, cause: expect.anything() };
        await expect(store.write({ remove: [ALL], put, strict: false })).rejects.toMatchObject(refused);
        expect(await store.read([ALL])).toEqual([keyed(['r', 1])]);
        await store.write({ remove: [], put: keyed(['r', 4]), strict: false });
        expect(await store.read([ALL])).toEqual([keyed(['r', 1], ['r', 4])]);
      });

      it('what was written does not change with the value', async () => {
        const store = await place()();
        const value = { list: [1] };
        const writing = store.write({ remove: [], put: [[['r', 1], value]], strict: false });
        await writing;
        value.list.push(2);
        expect(await store.read([ALL])).toEqual([[[['r', 1], { list: [1] }]]]);
      });
    });
  });
}

// ---- the model -------------------------------------------------------------------------------------------------------

/** Rows whose values are their keys. */
function keyed(...keys: readonly StoreKey[]): readonly StoreRow[] {
  return keys.map((key) => [key, key.join()]);
}

/** The rule itself, of another maker. */
function compare(a: StoreKey, b: StoreKey): number {
  return indexedDB.cmp(a, b);
}

function within(rows: readonly StoreRow[], [from, to]: KeyRange): readonly StoreRow[] {
  return rows.filter(([key]) => compare(from, key) <= 0 && compare(key, to) <= 0);
}

function written(rows: readonly StoreRow[], { remove, put, update = [] }: StoreWrite): readonly StoreRow[] {
  let kept = rows;
  for (const range of remove) kept = kept.filter((row) => !within([row], range).length);
  for (const row of put) kept = [...kept.filter(([key]) => compare(key, row[0]) !== 0), row];
  for (const row of update) kept = kept.map((before) => (compare(before[0], row[0]) === 0 ? row : before));
  return [...kept].sort(([a], [b]) => compare(a, b));
}

const part = fc.oneof(
  fc.constantFrom('', 'a', 'B', 'ab', '10', '9', 'é', '\ud800', '__proto__'),
  fc.constantFrom(-1, 0, 0.5, 9, 10, 100, 2 ** 53),
);
const keys: fc.Arbitrary<StoreKey> = fc.array(part, { maxLength: 3 });
const ranges: fc.Arbitrary<readonly KeyRange[]> = fc.array(
  fc.tuple(keys, keys).map(([a, b]): KeyRange => (compare(a, b) <= 0 ? [a, b] : [b, a])),
  { maxLength: 3 },
);
const rows: fc.Arbitrary<readonly StoreRow[]> = fc.array(fc.tuple(keys, fc.jsonValue({ maxDepth: 1 })), { maxLength: 6 });
const writes: fc.Arbitrary<StoreWrite> = fc.record({ remove: ranges, put: rows, update: rows, strict: fc.boolean() });
const reads = fc.record({ ranges });
