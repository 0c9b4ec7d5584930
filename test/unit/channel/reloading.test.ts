/** Resets, as an app sees them. */
import { describe, expect, it } from 'vitest';
import type { Cursor, Reset } from '../../../src/types.ts';
import { createDeferred } from '../../../src/util/deferred.ts';
import { SHORT, fallBehind, listen, publish } from './losing.ts';
import { useWorld } from './traffic.ts';

const createWorld = useWorld();

describe('a reset', () => {
  it('is told before any further message, with the reason and the new place', async () => {
    const world = createWorld({ server: SHORT });
    const page = world.open();
    const resets: Reset[] = [];
    const seen = listen(page);
    page.client.channel('room').onReset((reset) => {
      resets.push(reset);
      seen.push('reset');
    });
    page.client.on('reset', () => seen.push('event'));
    await world.clock.advance(100);
    await publish(world, 1);
    await fallBehind(world, page, 2, 3, 4, 5, 6);
    await publish(world, 7);
    expect(seen).toEqual([1, 'event', 'reset', 7]);
    const cursor = expect.objectContaining({ offset: 6 }) as Cursor;
    expect(resets).toEqual([{ channel: 'room', why: 'trimmed', cursor }]);
    expect(page.errors).toEqual([]);
  });

  it.each([
    ['the server forgot everything', 'epoch'],
    ['more was said than is kept', 'trimmed'],
  ] as const)('%s: %s', async (_, why) => {
    const world = createWorld({ server: SHORT });
    const page = world.open();
    const told: string[] = [];
    listen(page);
    page.client.channel('room').onReset((reset) => void told.push(reset.why));
    await world.clock.advance(100);
    await publish(world, 1);
    if (why === 'trimmed') await fallBehind(world, page, 2, 3, 4, 5);
    else world.restart({ keepStore: false });
    await world.clock.advance(30_000);
    expect(told).toEqual([why]);
  });

  it('messages wait until the app has loaded, and the status says why', async () => {
    const world = createWorld({ server: SHORT });
    const page = world.open();
    const channel = page.client.channel('room');
    const seen = listen(page);
    const loaded = createDeferred<void>();
    channel.onReset(() => loaded.promise);
    await world.clock.advance(100);
    await publish(world, 1);
    await fallBehind(world, page, 2, 3, 4, 5);
    await publish(world, 6, 7);
    expect(seen).toEqual([1]);
    expect(channel.status.get()).toEqual({ state: 'recovering', why: 'trimmed' });
    loaded.resolve();
    await world.clock.settle();
    expect(seen).toEqual([1, 6, 7]);
    expect(channel.status.get().state).toBe('live');
  });

  it('volatile messages do not wait, so they are dropped meanwhile (I8)', async () => {
    const world = createWorld({ server: SHORT });
    const page = world.open();
    const seen = listen(page);
    const loaded = createDeferred<void>();
    page.client.channel('room').onReset(() => loaded.promise);
    await world.clock.advance(100);
    await publish(world, 1);
    await fallBehind(world, page, 2, 3, 4, 5);
    world.server.publishVolatile('room', 'e', 'volatile');
    await world.clock.advance(100);
    loaded.resolve();
    await world.clock.advance(100);
    expect(seen).toEqual([1]);
  });

  it('a loader that rejects is reported, and delivery goes on', async () => {
    const world = createWorld({ server: SHORT });
    const page = world.open();
    const seen = listen(page);
    page.client.channel('room').onReset(() => Promise.reject(new Error('offline')));
    await world.clock.advance(100);
    await publish(world, 1);
    await fallBehind(world, page, 2, 3, 4, 5);
    await publish(world, 6);
    expect(seen).toEqual([1, 6]);
    expect(page.errors).toMatchObject([{ code: 'handler-threw', cause: new Error('offline') }]);
  });

  it('with several handlers all run, one that throws harms none, and the lowest cursor wins', async () => {
    const world = createWorld();
    const page = world.open();
    const seen = listen(page);
    const channel = page.client.channel('room');
    const at = async (offset: number): Promise<Cursor> => {
      const top = await world.broker.read('room', { latest: 10 }, { entries: 10, bytes: 1e6 }, { entries: 1000, age: 1e9 });
      if (!top.ok) throw new Error('the log is there');
      return { epoch: top.top[0], offset, tag: offset === 0 ? '' : top.entries[offset - 1]!.g };
    };
    channel.onReset(() => at(3));
    channel.onReset(() => {
      throw new Error('mine');
    });
    channel.onReset(() => at(1));
    channel.onReset(() => {});
    await world.clock.advance(100);
    await publish(world, 'old');
    world.restart({ keepStore: false });
    await publish(world, 1, 2, 3, 4);
    await world.clock.advance(30_000);
    expect(seen).toEqual(['old', 2, 3, 4]);
    expect(page.errors).toMatchObject([{ code: 'handler-threw', cause: new Error('mine') }]);
  });

  it('during a pending one is told once more when that is done, with the newest place', async () => {
    const world = createWorld();
    const page = world.open();
    const seen = listen(page);
    const calls: number[] = [];
    const loads = [createDeferred<void>(), createDeferred<void>()];
    page.client.channel('room').onReset(({ cursor }) => {
      calls.push(cursor.offset);
      return loads[calls.length - 1]!.promise;
    });
    await world.clock.advance(100);
    await publish(world, 1);
    for (const said of [['a'], ['b', 'c']]) {
      world.restart({ keepStore: false });
      await publish(world, ...said);
      await world.clock.advance(10_000);
    }
    await publish(world, 'held');
    expect(calls).toEqual([1]);
    loads[0]!.resolve();
    await world.clock.settle();
    expect([calls, seen]).toEqual([[1, 2], [1]]);
    loads[1]!.resolve();
    await world.clock.settle();
    expect(seen).toEqual([1, 'held']);
  });

  it('more than is held is asked for again once the app has loaded', async () => {
    const world = createWorld({ server: { channels: { room: { subscribe: true, history: { entries: 3000 } } } } });
    const page = world.open();
    const seen = listen(page);
    const loaded = createDeferred<void>();
    page.client.channel('room').onReset(() => loaded.promise);
    await world.clock.advance(100);
    await publish(world, 'old');
    world.restart({ keepStore: false });
    await world.clock.advance(10_000);
    const said = Array.from({ length: 1500 }, (_, index) => index);
    await publish(world, ...said);
    loaded.resolve();
    await world.clock.advance(1000);
    expect(seen).toEqual(['old', ...said]);
  });

  it('a loader that is done while the next connection is being opened loses nothing', async () => {
    const world = createWorld({ server: SHORT });
    const page = world.open();
    const seen = listen(page);
    const loaded = createDeferred<Cursor>();
    let place: Cursor | null = null;
    page.client.channel('room').onReset(({ cursor }) => {
      place = cursor;
      return loaded.promise;
    });
    await world.clock.advance(100);
    await publish(world, 1);
    await fallBehind(world, page, 2, 3, 4, 5);
    page.network.delay(1000);
    const { opened } = page.network;
    page.network.cut();
    // The opening frames have left, and no welcome has come.
    while (page.network.opened === opened) await world.clock.advance(1);
    await world.clock.advance(1500);
    expect(page.client.status.get().state).toBe('connecting');
    loaded.resolve(place!);
    await world.clock.advance(10_000);
    await publish(world, 6);
    await world.clock.advance(10_000);
    expect(seen).toEqual([1, 6]);
  });
});
