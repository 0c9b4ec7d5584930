/** A database that dies in mid-session. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Fault, all, createFaultyDisk, put, remove, row } from './faulty-disk.ts';

const broken = expect.objectContaining({ code: 'storage-failed', details: { problem: 'broken' } }) as object;
const DEATHS: readonly Fault[] = ['AbortError', 'UnknownError', 'InvalidStateError', 'no error', 'throws'];

describe.each(DEATHS)('a transaction ends with: %s', (fault) => {
  it('once: it is opened again, and what failed is repeated', async () => {
    const disk = createFaultyDisk();
    const store = await disk.open();
    await store.write(put(1));
    disk.faults = [fault];
    await store.write({ ...remove(1), put: [row(2)] });
    expect([await all(store), disk.databases.length]).toEqual([[row(2)], 2]);
    disk.faults = [fault];
    expect([await all(store), disk.databases.length]).toEqual([[row(2)], 3]);
  });

  it('leaves nothing open of what it gave up', async () => {
    const disk = createFaultyDisk();
    const store = await disk.open();
    disk.faults = [fault];
    await store.write(put(1));
    expect(() => disk.databases[0]!.transaction('outbox')).toThrow(expect.objectContaining({ name: 'InvalidStateError' }));
  });

  it('twice: it is given up, and the next call tries anew', async () => {
    const disk = createFaultyDisk();
    const store = await disk.open();
    disk.faults = [fault, fault];
    await expect(store.write(put(1))).rejects.toEqual(broken);
    expect(disk.databases).toHaveLength(2);
    await store.write(put(2));
    expect(await all(store)).toEqual([row(2)]);
  });
});

it('a browser that closes it is noticed before the next call fails by it', async () => {
  const disk = createFaultyDisk();
  const store = await disk.open();
  await store.write(put(1));
  disk.die('last');
  disk.faults = ['throws'];
  await store.write(put(2));
  expect([await all(store), disk.databases.length]).toEqual([[row(1), row(2)], 3]);
});

it('tells why it cannot be opened again, and tries once more with the next call', async () => {
  const disk = createFaultyDisk();
  const store = await disk.open();
  await store.write(put(1));
  disk.openFaults = ['SecurityError', 'UnknownError'];
  disk.die('last');
  await expect(store.write(put(2))).rejects.toMatchObject({ details: { problem: 'denied' }, cause: { name: 'SecurityError' } });
  await expect(store.write(put(3))).rejects.toEqual(broken);
  await store.write(put(4));
  expect(await all(store)).toEqual([row(1), row(4)]);
});

it('repeats nothing that a later call has overtaken', async () => {
  const disk = createFaultyDisk();
  const store = await disk.open();
  disk.faults = ['UnknownError'];
  const [first, second] = await Promise.allSettled([store.write(put(1, 'old')), store.write(put(1, 'new'))]);
  expect(first).toEqual({ status: 'rejected', reason: broken });
  expect([second.status, await all(store)]).toEqual(['fulfilled', [row(1, 'new')]]);
});

it('does what is called meanwhile after what it repeats', async () => {
  const disk = createFaultyDisk();
  const store = await disk.open();
  disk.faults = ['UnknownError', 'late UnknownError'];
  const writing = [store.write(put(1, 'old')), store.write(put(2))];
  for (let turn = 0; turn < 8; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  writing.push(store.write(put(1, 'new')));
  await Promise.all(writing);
  expect(await all(store)).toEqual([row(1, 'new'), row(2)]);
});

it('closes only after what it repeats', async () => {
  const disk = createFaultyDisk();
  const store = await disk.open();
  disk.faults = ['AbortError'];
  let done = false;
  void store.write(put(1)).then(() => (done = true));
  await store.close();
  expect(done).toBe(true);
  for (const database of disk.databases) expect(() => database.transaction('outbox')).toThrow();
  expect(await all(await disk.open())).toEqual([row(1)]);
});

it('keeps the order of calls, whenever the connection dies and whatever is under way', async () => {
  const act = fc.oneof(
    { weight: 5, arbitrary: fc.tuple(fc.constant('write' as const), fc.nat(4)) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('read' as const), fc.constant(0)) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('wait' as const), fc.nat(6)) },
    { weight: 2, arbitrary: fc.tuple(fc.constantFrom('die first' as const, 'die last' as const), fc.constant(0)) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 25 }), async (acts) => {
      const disk = createFaultyDisk();
      const store = await disk.open();
      const model = new Map<number, number>();
      const running: Promise<unknown>[] = [];
      const sorted = (): unknown => [...model].sort(([a], [b]) => a - b).map(([key, value]) => row(key, value));
      let died = 0;
      for (const [index, [kind, n]] of acts.entries()) {
        if (kind === 'write') {
          model.set(n, index);
          running.push(store.write(put(n, index)));
        } else if (kind === 'read') {
          const wanted = sorted();
          running.push(all(store).then((rows) => expect(rows).toEqual(wanted)));
        } else if (kind === 'wait') {
          for (let turn = 0; turn < n; turn += 1) await new Promise((resolve) => setImmediate(resolve));
        } else if (died < 1) {
          died += 1;
          disk.die(kind === 'die first' ? 'first' : 'last');
        }
      }
      await Promise.all(running);
      expect(await all(store)).toEqual(sorted());
      await store.close();
    }),
    { numRuns: 300 },
  );
});
