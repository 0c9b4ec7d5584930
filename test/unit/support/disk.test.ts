import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryOutbox } from '../../../src/outbox/memory-store.ts';
import type { KeyRange, OpenStore, StoreContext, StoreKey, StoreRow, StoreWrite } from '../../../src/outbox/store.ts';
import type { Environment } from '../../../src/platform/environment.ts';
import { type Disk, createDisk } from '../../support/disk.ts';
import { type VirtualClock, createVirtualClock } from '../../support/virtual-clock.ts';

const URL = 'https://test.example/realtime';
const CONTEXT: StoreContext = { environment: {} as Environment, user: 'ada', url: URL };
const ALL: KeyRange = [[], ['zz']];

function put(...rows: readonly StoreRow[]): StoreWrite {
  return { remove: [], put: rows, strict: false };
}

async function during<T>(clock: VirtualClock, promise: Promise<T>, ms = 0): Promise<T> {
  promise.catch(() => {});
  await clock.advance(ms);
  return promise;
}

async function setUp(options: { readonly durability?: 'relaxed' | 'strict' } = {}): Promise<{
  readonly clock: VirtualClock;
  readonly disk: Disk;
  readonly store: OpenStore;
}> {
  const clock = createVirtualClock();
  const disk = createDisk({ clock });
  return { clock, disk, store: await during(clock, disk.store(options).open(CONTEXT)) };
}

const keyOf: fc.Arbitrary<StoreKey> = fc.array(fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom('a', 'b', 'é')), {
  maxLength: 3,
});
const rangeOf = fc.tuple(keyOf, keyOf);
const writeOf = fc.record({
  remove: fc.array(rangeOf, { maxLength: 2 }),
  put: fc.array(fc.tuple(keyOf, fc.integer()), { maxLength: 4 }),
  update: fc.array(fc.tuple(keyOf, fc.integer()), { maxLength: 4 }),
  strict: fc.boolean(),
});

describe('a simulated disk', () => {
  it('holds what the memory store would hold', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(writeOf, { maxLength: 8 }), fc.array(rangeOf), async (writes, ranges) => {
        const { clock, store } = await setUp();
        const model = await memoryOutbox().open(CONTEXT);
        for (const write of writes) {
          void store.write(write);
          await model.write(write);
        }
        expect(await during(clock, store.read(ranges))).toEqual(await model.read(ranges));
      }),
      { numRuns: 100 },
    );
  });

  it('takes transactions in the order of their calls, whichever page made them', async () => {
    const { clock, disk, store } = await setUp();
    const other = await during(clock, disk.store().open(CONTEXT));
    const told: string[] = [];
    void store.write(put([['a'], 1])).then(() => told.push('first'));
    void other.read([ALL]).then(([rows]) => told.push(JSON.stringify(rows)));
    void other.write(put([['a'], 2])).then(() => told.push('second'));
    expect(disk.rows('ada', URL)).toEqual([]);
    await clock.advance(0);
    expect(told).toEqual(['first', '[[["a"],1]]', 'second']);
    expect(disk.rows('ada', URL)).toEqual([[['a'], 2]]);
  });

  it('keeps that order when each takes its own time', async () => {
    const clock = createVirtualClock();
    const times = [0, 0.9, 0];
    const disk = createDisk({ clock, latency: [0, 100], random: () => times.shift() ?? 0 });
    const store = await during(clock, disk.store().open(CONTEXT));
    const told: number[] = [];
    for (const n of [1, 2]) void store.write(put([['a'], n])).then(() => told.push(n));
    await clock.advance(89);
    expect(told).toEqual([]);
    await clock.advance(1);
    expect(told).toEqual([1, 2]);
  });

  it('copies what is written and what is read', async () => {
    const { clock, store } = await setUp();
    const value = { bytes: Uint8Array.of(1) };
    const written = store.write(put([['a'], value]));
    value.bytes[0] = 2;
    await during(clock, written);
    const read = async (): Promise<unknown> => (await during(clock, store.read([ALL])))[0]![0]![1];
    const first = (await read()) as typeof value;
    first.bytes[0] = 3;
    expect(await read()).toEqual({ bytes: Uint8Array.of(1) });
    expect(() => void store.write(put([['a'], () => {}]))).toThrow('could not be cloned');
  });

  it('keeps the rows of each user and each server apart', async () => {
    const { clock, disk, store } = await setUp();
    const other = await during(clock, disk.store().open({ ...CONTEXT, user: 'bob' }));
    await during(clock, store.write(put([['a'], 1])));
    expect(await during(clock, other.read([ALL]))).toEqual([[]]);
    expect(other.scope).not.toBe(store.scope);
    expect(disk.rows('ada', 'https://other.example/')).toEqual([]);
  });

  describe('when the power fails', () => {
    it.each([
      { durability: 'relaxed', strict: false, waits: 0, left: 0 },
      { durability: 'relaxed', strict: true, waits: 0, left: 2 },
      { durability: 'strict', strict: false, waits: 0, left: 2 },
      { durability: 'relaxed', strict: false, waits: 5000, left: 2 },
    ] as const)('has $left rows after $durability, strict: $strict, $waits ms', async ({ durability, strict, waits, left }) => {
      const { clock, disk, store } = await setUp({ durability });
      await during(clock, store.write(put([['a'], 1])));
      await during(clock, store.write({ ...put([['b'], 2]), strict }));
      await clock.advance(waits);
      disk.powerLoss();
      expect(disk.rows('ada', URL)).toHaveLength(left);
    });

    it('loses what was written after the last strict write, and what was under way', async () => {
      const { clock, disk, store } = await setUp();
      await during(clock, store.write({ ...put([['a'], 1]), strict: true }));
      await during(clock, store.write(put([['b'], 2])));
      void store.write({ ...put([['c'], 3]), strict: true });
      disk.powerLoss();
      await clock.advance(10_000);
      expect(disk.rows('ada', URL)).toEqual([[['a'], 1]]);
    });
  });

  it.each([
    { what: 'quota', set: (disk: Disk) => disk.set('quota'), problem: 'quota' },
    { what: 'dead', set: (disk: Disk) => disk.set('dead'), problem: 'broken' },
    { what: 'failing once', set: (disk: Disk) => disk.failNext(1), problem: 'broken' },
  ])('rejects a write while it is $what, and keeps nothing of it', async ({ set, problem }) => {
    const { clock, disk, store } = await setUp();
    set(disk);
    const write = during(clock, store.write(put([['a'], 1], [['b'], 2])));
    await expect(write).rejects.toMatchObject({ code: 'storage-failed', details: { problem } });
    expect(disk.rows('ada', URL)).toEqual([]);
    disk.set('well');
    await during(clock, store.write(put([['a'], 1])));
    expect(disk.rows('ada', URL)).toHaveLength(1);
  });

  it('still removes when there is no room', async () => {
    const { clock, disk, store } = await setUp();
    await during(clock, store.write(put([['a'], 1])));
    disk.set('quota');
    await during(clock, store.write({ remove: [ALL], put: [], strict: false }));
    expect(disk.rows('ada', URL)).toEqual([]);
  });

  it('answers late what it was asked while it answered nothing, in order', async () => {
    const { clock, disk, store } = await setUp();
    disk.set('never');
    const told: string[] = [];
    void store.write(put([['a'], 1])).then(() => told.push('written'));
    void store.read([ALL]).then(([rows]) => told.push(`read ${rows!.length}`));
    void store.close().then(() => told.push('closed'));
    await clock.advance(60_000);
    expect(told).toEqual([]);
    disk.set('well');
    await clock.settle();
    expect(told).toEqual(['written', 'read 1', 'closed']);
  });

  it.each(['unsupported', 'denied', 'blocked', 'broken'] as const)('cannot be opened when it is %s', async (problem) => {
    const clock = createVirtualClock();
    const disk = createDisk({ clock });
    disk.openFails(problem);
    await expect(during(clock, disk.store().open(CONTEXT))).rejects.toMatchObject({ details: { problem } });
    expect(disk.handles).toBe(0);
    disk.openFails(null);
    await during(clock, disk.store().open(CONTEXT));
    expect(disk.handles).toBe(1);
  });

  it('has no row after an eviction, not even when the power fails', async () => {
    const { clock, disk, store } = await setUp({ durability: 'strict' });
    await during(clock, store.write(put([['a'], 1])));
    disk.evict();
    expect(await during(clock, store.read([ALL]))).toEqual([[]]);
    disk.powerLoss();
    expect(disk.rows('ada', URL)).toEqual([]);
  });

  it('is copied with what it holds, and goes its own way', async () => {
    const { clock, disk, store } = await setUp();
    await during(clock, store.write(put([['a'], 1])));
    const copy = disk.clone();
    await during(clock, store.write(put([['b'], 2])));
    expect(copy.rows('ada', URL)).toEqual([[['a'], 1]]);
    copy.powerLoss();
    expect(copy.rows('ada', URL)).toHaveLength(1);
  });

  it('answers no more once it is closed', async () => {
    const { disk, store } = await setUp();
    await store.close();
    await store.close();
    expect(disk.handles).toBe(0);
    await expect(store.read([ALL])).rejects.toMatchObject({ details: { problem: 'broken' } });
  });
});
