/** What every `OutboxStore` must do; one call for each implementation. */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OutboxStore, RecordKey, StoredRecord } from '../../src/outbox/store.ts';

export interface StoreUnderTest {
  /** Opens what was stored before, as a page that is loaded again does; without it the store is not durable. */
  readonly reload?: () => OutboxStore;
}

const record = (sequence: number, more: Partial<StoredRecord> = {}): StoredRecord => ({
  channel: 'room',
  producer: 'producer',
  sequence,
  item: { id: `i${sequence}`, e: 'message', d: { text: `number ${sequence}` } },
  createdAt: 1_000,
  expiresAt: 2_000,
  attempted: null,
  ...more,
});
const keyOf = ({ channel, producer, sequence }: RecordKey): RecordKey => ({ channel, producer, sequence });

export function outboxStoreContract(name: string, create: () => { readonly store: OutboxStore } & StoreUnderTest): void {
  describe(`outbox store: ${name}`, () => {
    let made: ReturnType<typeof create>;
    let store: OutboxStore;
    beforeEach(async () => {
      made = create();
      store = made.store;
      await store.open('ann');
    });
    afterEach(() => store.close());

    it('has a name, and says whether what it holds survives the page', () => {
      expect(store.name).not.toBe('');
      expect(store.durable).toBe(made.reload !== undefined);
    });

    it('holds nothing at first', async () => {
      expect(await store.list()).toEqual([]);
    });

    it.each<readonly [string, StoredRecord]>([
      ['an item', record(1)],
      ['an item without data', record(1, { item: { id: 'i', e: 'e' } })],
      ['bytes', record(1, { item: { id: 'i', e: 'e', d: new Uint8Array([0, 127, 255]) } })],
      ['nested data', record(1, { item: { id: 'i', e: 'e', d: { list: [1, null, { deep: 'ü🙂' }], empty: {} } } })],
      ['a tombstone', record(1, { item: { id: 'i', x: 'cancelled' } })],
      ['one that was attempted', record(1, { attempted: 'm1' })],
      ['names like those of Object', record(1, { channel: '__proto__', producer: 'constructor' })],
    ])('gives back %s as it was', async (_, given) => {
      await store.put([given]);
      expect(await store.list()).toEqual([given]);
    });

    it('replaces a record of the same channel, producer and sequence', async () => {
      await store.put([record(1), record(2)]);
      await store.put([record(1, { item: { id: 'i1', x: 'expired' }, attempted: 'm1' })]);
      expect(await store.list()).toEqual([record(1, { item: { id: 'i1', x: 'expired' }, attempted: 'm1' }), record(2)]);
    });

    it('the last of two in one put counts', async () => {
      await store.put([record(1), record(1, { attempted: 'm2' })]);
      expect(await store.list()).toEqual([record(1, { attempted: 'm2' })]);
    });

    it('lists by channel, producer and sequence, numbers as numbers', async () => {
      const sorted = [
        record(2, { channel: 'a' }),
        record(1, { channel: 'b', producer: 'p' }),
        record(9, { channel: 'b', producer: 'p' }),
        record(10, { channel: 'b', producer: 'p' }),
        record(100, { channel: 'b', producer: 'p' }),
        record(3, { channel: 'b', producer: 'q' }),
      ];
      await store.put([...sorted].reverse());
      expect((await store.list()).map(keyOf)).toEqual(sorted.map(keyOf));
    });

    it('keeps apart what only joined names would mix up', async () => {
      const both = [record(1, { channel: 'a', producer: 'b:c' }), record(1, { channel: 'a:b', producer: 'c' })];
      await store.put(both);
      expect(await store.list()).toHaveLength(2);
      await store.remove([keyOf(both[0]!)]);
      expect(await store.list()).toEqual([both[1]]);
    });

    it('forgets what is removed, and only that', async () => {
      await store.put([record(1), record(2), record(3)]);
      await store.remove([keyOf(record(1)), keyOf(record(3))]);
      expect(await store.list()).toEqual([record(2)]);
    });

    it('does not mind unknown keys, nor empty lists', async () => {
      await store.put([record(1)]);
      await store.remove([keyOf(record(7)), keyOf(record(1, { channel: 'other' }))]);
      await store.put([]);
      await store.remove([]);
      expect(await store.list()).toEqual([record(1)]);
    });

    it('calls that overlap take effect in their order', async () => {
      await Promise.all([store.put([record(1), record(2)]), store.remove([keyOf(record(1))]), store.put([record(3)])]);
      expect((await store.list()).map(({ sequence }) => sequence)).toEqual([2, 3]);
    });

    it('what the list returned does not change with the store', async () => {
      await store.put([record(1)]);
      const before = await store.list();
      await store.put([record(2)]);
      expect(before).toEqual([record(1)]);
    });

    it('is a map under any order of puts and removes', async () => {
      const key = fc.record({
        channel: fc.constantFrom('a', 'b'),
        producer: fc.constantFrom('p', 'q'),
        sequence: fc.integer({ min: 1, max: 12 }),
      });
      const act = fc.record({ put: fc.boolean(), keys: fc.array(key, { maxLength: 5 }), at: fc.nat(1000) });
      await fc.assert(
        fc.asyncProperty(fc.array(act, { maxLength: 12 }), async (acts) => {
          const model = new Map((await store.list()).map((each) => [JSON.stringify(keyOf(each)), each]));
          for (const { put, keys, at } of acts) {
            const records = keys.map((each) => record(each.sequence, { ...each, createdAt: at }));
            if (put) await store.put(records);
            else await store.remove(keys.map(keyOf));
            for (const each of records) {
              if (put) model.set(JSON.stringify(keyOf(each)), each);
              else model.delete(JSON.stringify(keyOf(each)));
            }
          }
          const sorted = [...model.values()].sort(inOrder);
          expect(await store.list()).toEqual(sorted);
        }),
        { numRuns: 40 },
      );
    });

    it('may be closed twice', () => {
      store.close();
      expect(() => store.close()).not.toThrow();
    });

    it('what was put is there after a reload, for its own user only', async () => {
      if (made.reload === undefined) return;
      await store.put([record(1), record(2)]);
      await store.remove([keyOf(record(1))]);
      store.close();
      store = made.reload();
      await store.open('ann');
      expect(await store.list()).toEqual([record(2)]);
      store.close();
      store = made.reload();
      await store.open('bob');
      expect(await store.list()).toEqual([]);
    });
  });
}

function inOrder(a: RecordKey, b: RecordKey): number {
  return a.channel.localeCompare(b.channel) || a.producer.localeCompare(b.producer) || a.sequence - b.sequence;
}
