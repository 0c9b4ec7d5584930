import { describe, expect, it, vi } from 'vitest';
import type { WireCursor } from '../../../src/protocol/frame.ts';
import { createDeferred, createHouse, fill, OPEN_RULES, top, type FrameOf } from './support.ts';

describe('subscribing', () => {
  it('answers a fresh reader with the top and goes live', async () => {
    const house = createHouse();
    await fill(house.server, 'room:1', 3);
    const peer = await house.enter();
    peer.send({ t: 'sub', c: 'room:1', k: 1 });
    await house.clock.settle();
    expect(peer.of('subbed')).toEqual([{ t: 'subbed', c: 'room:1', k: 1, cur: await top(house), ok: null }]);
    await house.server.publish('room:1', 'message', { text: 'hi' }, { id: 'b1', by: 'shop' });
    await house.clock.settle();
    expect(peer.last('msg')).toEqual({
      t: 'msg',
      c: 'room:1',
      items: [{ id: 'b1', e: 'message', d: { text: 'hi' }, o: 4, g: (await top(house))[2], ts: house.clock.now(), by: 'shop' }],
    });
  });

  it.each([
    [0, []],
    [2, [2, 3]],
    [9, [1, 2, 3]],
  ])('begins with the %i latest, leading up to the cursor', async (n, offsets) => {
    const house = createHouse();
    await fill(house.server, 'room:1', 3);
    const peer = await house.enter();
    peer.send({ t: 'sub', c: 'room:1', k: 1, n });
    await house.clock.settle();
    expect(peer.last('subbed')).toMatchObject({ ok: null, cur: await top(house) });
    expect(peer.offsets()).toEqual(offsets);
  });

  it('resumes after a cursor, without what is known', async () => {
    const house = createHouse();
    await fill(house.server, 'room:1', 2);
    const cur = await top(house);
    await fill(house.server, 'room:1', 3);
    const peer = await house.enter();
    peer.send({ t: 'sub', c: 'room:1', k: 5, cur });
    await house.clock.settle();
    expect(peer.last('subbed')).toMatchObject({ k: 5, cur, ok: true });
    expect(peer.last('subbed')).not.toHaveProperty('more');
    expect(peer.offsets()).toEqual([3, 4, 5]);
  });

  it('answers a cursor at the top with nothing new', async () => {
    const house = createHouse();
    await fill(house.server, 'room:1', 2);
    const cur = await top(house);
    const peer = await house.enter();
    peer.send({ t: 'sub', c: 'room:1', k: 1, cur });
    await house.clock.settle();
    expect(peer.of('subbed')).toEqual([{ t: 'subbed', c: 'room:1', k: 1, cur, ok: true }]);
  });

  it.each([
    ['epoch', (cur: WireCursor): WireCursor => ['other', cur[1], cur[2]]],
    ['ahead', (cur: WireCursor): WireCursor => [cur[0], 99, cur[2]]],
    ['branch', (cur: WireCursor): WireCursor => [cur[0], cur[1], 'other']],
    ['trimmed', (cur: WireCursor): WireCursor => [cur[0], 0, '']],
  ])('says %s for a cursor that cannot be, with the top as the new base', async (why, change) => {
    const house = createHouse({ channels: { 'room:{id}': { subscribe: true, history: { entries: 3 } } } });
    await fill(house.server, 'room:1', 6);
    const cur = await top(house);
    const peer = await house.enter();
    peer.send({ t: 'sub', c: 'room:1', k: 1, cur: change(cur) });
    await house.clock.settle();
    expect(peer.of('subbed')).toEqual([{ t: 'subbed', c: 'room:1', k: 1, cur, ok: false, why }]);
    await fill(house.server, 'room:1', 1);
    await house.clock.settle();
    expect(peer.offsets()).toEqual([7]);
  });

  it('goes on by itself page by page when there is more', async () => {
    const house = createHouse({ channels: { 'room:{id}': { subscribe: true, history: { entries: 5000 } } } });
    const cur = await top(house);
    await fill(house.server, 'room:1', 1700);
    const peer = await house.enter();
    peer.send({ t: 'sub', c: 'room:1', k: 1, cur });
    await house.clock.settle();
    expect(peer.of('subbed')[0]).toMatchObject({ ok: true, more: true, items: { length: 500 } });
    expect(peer.of('msg').map(({ items }) => items.length)).toEqual([500, 500, 200]);
    expect(peer.offsets()).toEqual(Array.from({ length: 1700 }, (_, index) => index + 1));
    await fill(house.server, 'room:1', 1);
    await house.clock.settle();
    expect(peer.offsets().at(-1)).toBe(1701);
  });

  it('the same channel again is a resync: the newer k answers, and nothing comes before', async () => {
    const reads = [createDeferred<void>(), createDeferred<void>()];
    const house = createHouse();
    await fill(house.server, 'room:1', 2);
    const peer = await house.enter();
    peer.send({ t: 'sub', c: 'room:1', k: 1 });
    await house.clock.settle();
    const [peer0] = peer.of('subbed') as [FrameOf<'subbed'>];
    const read = house.broker.read.bind(house.broker);
    let count = 0;
    vi.spyOn(house.broker, 'read').mockImplementation(async (...args) => {
      await reads[count++]?.promise;
      return read(...args);
    });
    peer.clear();
    const cur = peer0.cur;
    peer.send({ t: 'sub', c: 'room:1', k: 2, cur: [cur[0], 0, ''] });
    peer.send({ t: 'sub', c: 'room:1', k: 3, cur });
    await fill(house.server, 'room:1', 1);
    await house.clock.settle();
    expect(peer.frames).toEqual([]);
    reads[0]!.resolve();
    await house.clock.settle();
    expect(peer.frames).toEqual([]);
    expect(count).toBe(2);
    reads[1]!.resolve();
    await house.clock.settle();
    expect(peer.of('subbed').map(({ k }) => k)).toEqual([3]);
    expect(peer.offsets()).toEqual([3]);
  });

  it('says nothing more of a channel after unsub', async () => {
    const house = createHouse();
    const peer = await house.enter();
    peer.send({ t: 'sub', c: 'room:1', k: 1 }, { t: 'sub', c: 'room:2', k: 2 }, { t: 'unsub', c: 'room:2' });
    await house.clock.settle();
    peer.send({ t: 'unsub', c: 'room:1' });
    await fill(house.server, 'room:1', 1);
    await house.clock.settle();
    expect(peer.of('subbed').map(({ c }) => c)).toEqual(['room:1']);
    expect(peer.of('msg')).toEqual([]);
    expect(house.count('subscriptions')).toBe(0);
  });

  it('reads once for all who stand at one place', async () => {
    const house = createHouse();
    await fill(house.server, 'room:1', 5);
    const read = vi.spyOn(house.broker, 'read');
    const peers = await Promise.all(Array.from({ length: 20 }, () => house.enter()));
    read.mockClear();
    for (const peer of peers) peer.send({ t: 'sub', c: 'room:1', k: 1, n: 2 });
    await house.clock.settle();
    for (const peer of peers) expect(peer.offsets()).toEqual([4, 5]);
    // The first joins the feed; the others find it joined.
    expect(read.mock.calls.length).toBeLessThanOrEqual(2);
  });

  it('encodes an entry once for all who speak one codec', async () => {
    const house = createHouse();
    const peers = await Promise.all(Array.from({ length: 10 }, () => house.enter()));
    for (const peer of peers) peer.send({ t: 'sub', c: 'room:1', k: 1 });
    await house.clock.settle();
    const stringify = vi.spyOn(JSON, 'stringify');
    await fill(house.server, 'room:1', 1);
    await house.clock.settle();
    expect(stringify).toHaveBeenCalledOnce();
    stringify.mockRestore();
    for (const peer of peers) expect(peer.offsets()).toEqual([1]);
  });

  describe('a store that fails', () => {
    it.each(['read', 'follow'] as const)('in %s: the client may try again, and that succeeds', async (method) => {
      const house = createHouse();
      const peer = await house.enter();
      vi.spyOn(house.broker, method).mockRejectedValueOnce(new Error('down'));
      peer.send({ t: 'sub', c: 'room:1', k: 1 });
      await house.clock.settle();
      expect(peer.last('unsubbed')).toMatchObject({ code: 'unavailable', retry: true, after: expect.any(Number) });
      expect(house.events).toContainEqual(expect.objectContaining({ name: 'broker-failed' }));
      peer.send({ t: 'sub', c: 'room:1', k: 2 });
      await house.clock.settle();
      expect(peer.last('subbed')).toMatchObject({ k: 2 });
    });

    it('a feed that is joined too late is left again, and nobody is left without one', async () => {
      const house = createHouse();
      const leave = vi.fn();
      const joined = createDeferred<() => void>();
      vi.spyOn(house.broker, 'follow').mockReturnValueOnce(joined.promise);
      const [early, late] = [await house.enter(), await house.enter()];
      early.send({ t: 'sub', c: 'room:1', k: 1 });
      await house.clock.advance(6000);
      late.send({ t: 'sub', c: 'room:1', k: 1 });
      await house.clock.advance(4000);
      expect(early.last('unsubbed')?.code).toBe('unavailable');
      joined.resolve(leave);
      await house.clock.settle();
      expect(leave).toHaveBeenCalledOnce();
      expect(late.last('unsubbed')?.code).toBe('unavailable');
      late.send({ t: 'sub', c: 'room:1', k: 2 });
      await house.clock.settle();
      await fill(house.server, 'room:1', 1);
      await house.clock.settle();
      expect(late.offsets()).toEqual([1]);
    });
  });

  it('leaves a feed that nobody has listened to for 30 s, not before', async () => {
    const house = createHouse({ channels: OPEN_RULES });
    const follow = vi.spyOn(house.broker, 'follow');
    const peer = await house.enter();
    const again = async (): Promise<number> => {
      peer.send({ t: 'sub', c: 'room:1', k: 1 });
      await house.clock.settle();
      peer.send({ t: 'unsub', c: 'room:1' });
      return follow.mock.calls.length;
    };
    expect(await again()).toBe(1);
    await house.clock.advance(25_000);
    expect(await again()).toBe(1);
    peer.send({ t: 'ping' });
    await house.clock.advance(45_000);
    expect(await again()).toBe(2);
  });

  it('tells everybody to show their newest again when the store failed over', async () => {
    const { broker } = createHouse();
    let recheck = (): void => undefined;
    const failing = Object.assign(Object.create(broker) as typeof broker, {
      memory: () => Promise.resolve('m'),
      onRecheck: (listener: () => void) => {
        recheck = listener;
        return () => undefined;
      },
    });
    const house = createHouse({ broker: failing });
    const peers = [await house.enter(), await house.enter()];
    recheck();
    await house.clock.advance(2000);
    for (const peer of peers) expect(peer.of('recheck')).toHaveLength(1);
  });
});
