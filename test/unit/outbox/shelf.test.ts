import { describe, expect, it } from 'vitest';
import { Ticket } from '../../../src/outbox/receipt.ts';
import { type OutboxRecord, Shelf } from '../../../src/outbox/shelf.ts';
import { type GatedStore, createGatedStore } from './gated-store.ts';

const LANE = { channel: 'room', producer: 'p' };
const tick = async (): Promise<void> => {
  for (let turns = 0; turns < 10; turns += 1) await Promise.resolve();
};

function createRecord(sequence: number, size = 10): OutboxRecord {
  const id = `i${sequence}`;
  const ticket = new Ticket({ id, channel: 'room', event: 'e', signal: undefined, report: () => {}, cancel: () => {} });
  const owner = { ticket, createdAt: 1000 + sequence, expiresAt: 9000 };
  const rest = { tombstone: null, attempted: null, doubtful: false, answeredAt: null };
  return { sequence, id, event: 'e', data: sequence, size, owner, ...rest };
}

function createShelf(store: GatedStore = createGatedStore()) {
  const errors: unknown[] = [];
  const shelf = new Shelf(store, 'ann', (error) => errors.push(error));
  return { shelf, store, errors };
}

const outcome = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'resolved',
    (error: unknown) => error,
  );

describe('writing', () => {
  it('is one transaction a tick, after the store was opened once for its user', async () => {
    const { shelf, store } = createShelf();
    [1, 2, 3].forEach((sequence) => shelf.add(LANE, createRecord(sequence)));
    expect(store.calls).toEqual([]);
    await tick();
    expect(store.calls).toEqual(['open ann', 'put 1 2 3']);
    shelf.add(LANE, createRecord(4));
    await tick();
    expect(store.calls).toEqual(['open ann', 'put 1 2 3', 'put 4']);
  });

  it('what comes while the store works goes with the next transaction, in one', async () => {
    const { shelf, store } = createShelf();
    store.gate();
    shelf.add(LANE, createRecord(1));
    await tick();
    shelf.add(LANE, createRecord(2));
    await tick();
    shelf.add(LANE, createRecord(3));
    await store.release();
    await tick();
    expect(store.calls).toEqual(['open ann', 'put 1', 'put 2 3']);
  });

  it('a record as it is in that tick is written once: attempted, or as a tombstone', async () => {
    const { shelf, store } = createShelf();
    const [one, two] = [createRecord(1), createRecord(2)];
    shelf.add(LANE, one);
    shelf.add(LANE, two);
    one.attempted = 'm1';
    shelf.keep(LANE, one);
    two.tombstone = 'cancelled';
    shelf.keep(LANE, two);
    await tick();
    expect(store.calls).toEqual(['open ann', 'put 1* 2:cancelled']);
    expect([...store.held.values()]).toEqual([
      { ...LANE, sequence: 1, item: { id: 'i1', e: 'e', d: 1 }, createdAt: 1001, expiresAt: 9000, attempted: 'm1' },
      { ...LANE, sequence: 2, item: { id: 'i2', x: 'cancelled' }, createdAt: 1002, expiresAt: 9000, attempted: null },
    ]);
  });

  it('`stored` resolves at the commit, not before', async () => {
    const { shelf, store } = createShelf();
    const record = createRecord(1);
    let stored = false;
    void record.owner.ticket.stored.then(() => (stored = true));
    store.gate();
    shelf.add(LANE, record);
    await tick();
    expect(stored).toBe(false);
    await store.release();
    await tick();
    expect(stored).toBe(true);
  });
});

describe('an answered record', () => {
  it('that was not written yet is not written', async () => {
    const { shelf, store } = createShelf();
    const record = createRecord(1);
    shelf.add(LANE, record);
    shelf.settled(record);
    shelf.drop(LANE, record);
    await tick();
    expect(store.calls).toEqual([]);
  });

  it('that was written is removed', async () => {
    const { shelf, store } = createShelf();
    const record = createRecord(1);
    shelf.add(LANE, record);
    await tick();
    shelf.settled(record);
    shelf.drop(LANE, record);
    await tick();
    expect(store.calls.slice(2)).toEqual(['remove 1']);
    expect(store.held.size).toBe(0);
  });

  it('whose mark waits to be written over an older form is removed all the same', async () => {
    const { shelf, store } = createShelf();
    const record = createRecord(1);
    shelf.add(LANE, record);
    await tick();
    store.gate();
    shelf.add(LANE, createRecord(2));
    await tick();
    record.attempted = 'm1';
    shelf.keep(LANE, record);
    shelf.drop(LANE, record);
    await store.release();
    await tick();
    expect([...store.held.values()].map(({ sequence }) => sequence)).toEqual([2]);
  });

  it('that is being written at this moment is removed afterwards', async () => {
    const { shelf, store } = createShelf();
    const record = createRecord(1);
    store.gate();
    shelf.add(LANE, record);
    await tick();
    shelf.drop(LANE, record);
    await store.release();
    await tick();
    expect(store.calls).toEqual(['open ann', 'put 1', 'remove 1']);
    expect(store.held.size).toBe(0);
  });
});

describe('counters', () => {
  it('follow what is pending, at most once a tick', async () => {
    const { shelf } = createShelf();
    const told: number[] = [];
    shelf.status.subscribe(() => told.push(shelf.status.get().pending));
    const [one, two] = [createRecord(1, 10), createRecord(2, 5)];
    shelf.add(LANE, one);
    shelf.add(LANE, two);
    expect(shelf.status.get().pending).toBe(0);
    await tick();
    expect(shelf.status.get()).toEqual({ pending: 2, bytes: 15, durable: true, problem: 'none', oldest: 1001 });
    shelf.settled(one);
    await tick();
    expect(shelf.status.get()).toEqual({ pending: 1, bytes: 5, durable: true, problem: 'none', oldest: 1002 });
    shelf.settled(two);
    shelf.settled(two);
    await tick();
    expect(shelf.status.get()).toMatchObject({ pending: 0, bytes: 0, oldest: null });
    expect(told).toEqual([2, 1, 0]);
  });

  it('do not wait for a store that never answers', async () => {
    const { shelf, store } = createShelf();
    store.gate();
    shelf.add(LANE, createRecord(1));
    await tick();
    shelf.add(LANE, createRecord(2));
    await tick();
    expect(shelf.status.get().pending).toBe(2);
  });

  it('a store in memory is told as such', () => {
    const { shelf } = createShelf(createGatedStore(false));
    expect(shelf.status.get()).toMatchObject({ durable: false, problem: 'memory-store' });
  });
});

describe.each(['reject', 'throw'] as const)('a store whose methods %s', (how) => {
  it.each(['open', 'put'] as const)('%s: `stored` rejects, the status says broken, and it is reported once', async (method) => {
    const { shelf, store, errors } = createShelf();
    store.fail(method, how);
    const [one, two] = [createRecord(1), createRecord(2)];
    shelf.add(LANE, one);
    await tick();
    shelf.add(LANE, two);
    await tick();
    for (const { owner } of [one, two]) expect(await outcome(owner.ticket.stored)).toMatchObject({ code: 'storage-failed' });
    expect(shelf.status.get()).toMatchObject({ pending: 2, durable: false, problem: 'broken' });
    expect(errors).toMatchObject([{ code: 'storage-failed', cause: expect.any(Error) as Error }]);
  });

  it('remove: what was put in the same tick is stored nevertheless', async () => {
    const { shelf, store, errors } = createShelf();
    const [one, two] = [createRecord(1), createRecord(2)];
    shelf.add(LANE, one);
    await tick();
    store.fail('remove', how);
    shelf.add(LANE, two);
    shelf.drop(LANE, one);
    await tick();
    expect(await outcome(two.owner.ticket.stored)).toBe('resolved');
    expect(errors).toHaveLength(1);
  });

  it('put: one that is answered later is settled as accepted', async () => {
    const { shelf, store } = createShelf();
    store.fail('put', how);
    const record = createRecord(1);
    shelf.add(LANE, record);
    await tick();
    const { ticket } = record.owner;
    ticket.settle({ id: 'i1', channel: 'room', event: 'e', result: 'accepted', cursor: null, maybeDuplicate: false });
    shelf.settled(record);
    shelf.drop(LANE, record);
    await tick();
    expect(await outcome(ticket.accepted)).toBe('resolved');
    expect(await outcome(ticket.stored)).toMatchObject({ code: 'storage-failed' });
    expect(shelf.status.get().pending).toBe(0);
  });
});

describe('after close', () => {
  it('a store that was never opened is not opened any more', async () => {
    const { shelf, store } = createShelf();
    shelf.add(LANE, createRecord(1));
    shelf.close();
    await tick();
    expect(store.calls).toEqual(['close']);
  });

  it.each([0, 1])('nothing is written any more, nor reported, from step %i of a commit on', async (steps) => {
    const { shelf, store, errors } = createShelf();
    store.gate();
    const record = createRecord(1);
    shelf.add(LANE, record);
    await tick();
    if (steps === 1) {
      await store.release();
      store.gate();
      shelf.add(LANE, createRecord(2));
      shelf.drop(LANE, record);
      await tick();
      store.fail('put', 'reject');
    }
    shelf.close();
    const before = store.calls.length;
    await store.release();
    await tick();
    expect(store.calls.slice(before)).toEqual([]);
    expect(errors).toEqual([]);
  });
});
