import { describe, expect, it, vi } from 'vitest';
import { reject } from '../../../server/rejection.ts';
import type { WireCursor } from '../../../src/protocol/frame.ts';
import { createDeferred, createHouse, fill, type House, OPEN_RULES } from './support.ts';

const top = async ({ server }: House, channel = 'room:1'): Promise<WireCursor> => {
  const { epoch, offset, tag } = await server.cursor(channel);
  return [epoch, offset, tag];
};

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
    const read = house.broker.read.bind(house.broker);
    let count = 0;
    vi.spyOn(house.broker, 'read').mockImplementation(async (...args) => {
      await reads[count++]?.promise;
      return read(...args);
    });
    peer.clear();
    const cur = await (reads[0]!.resolve(), top(house));
    peer.send({ t: 'sub', c: 'room:1', k: 2, cur });
    peer.send({ t: 'sub', c: 'room:1', k: 3, cur });
    await fill(house.server, 'room:1', 1);
    await house.clock.settle();
    expect(peer.frames).toEqual([]);
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

  describe('rules', () => {
    const refusal = async (rule: Record<string, unknown>, sub = {}) => {
      const house = createHouse({ channels: { 'room:{id}': rule } });
      const peer = await house.enter({ token: 'ann' });
      peer.send({ t: 'sub', c: 'room:1', k: 1, ...sub });
      await house.clock.settle();
      return { house, frame: peer.last('unsubbed'), subbed: peer.of('subbed').length };
    };

    it.each([
      ['no rule', {}],
      ['false', { subscribe: false }],
      ['a function that says false', { subscribe: () => false }],
      ['a promise of false', { subscribe: () => Promise.resolve(false) }],
      ['something that is not true', { subscribe: () => 1 }],
    ])('%s forbids', async (_what, rule) => {
      expect((await refusal(rule)).frame).toEqual({ t: 'unsubbed', c: 'room:1', code: 'forbidden', retry: false });
    });

    it('forbids channels that no pattern fits', async () => {
      const peer = await createHouse().enter();
      peer.send({ t: 'sub', c: 'other', k: 1 });
      await Promise.resolve();
      expect(peer.last('unsubbed')).toMatchObject({ c: 'other', code: 'forbidden' });
    });

    it.each([
      ['true', { subscribe: true }],
      ['a function', { subscribe: () => true }],
      ['a promise', { subscribe: async () => Promise.resolve(true) }],
    ])('%s allows', async (_what, rule) => {
      expect((await refusal(rule)).subbed).toBe(1);
    });

    it('get user, channel and params', async () => {
      const subscribe = vi.fn((_context: unknown) => true);
      await refusal({ subscribe });
      expect(subscribe.mock.calls[0]![0]).toMatchObject({ user: { id: 'ann' }, channel: 'room:1', params: { id: '1' } });
    });

    it('tell the app’s own code', async () => {
      const rule = { subscribe: () => Promise.reject(reject('banned', 'Until Monday')) };
      expect((await refusal(rule)).frame).toEqual({ t: 'unsubbed', c: 'room:1', code: 'app', app: 'banned', message: 'Until Monday', retry: false }); // prettier-ignore
    });

    it('may be asked again later', async () => {
      const subscribe = (): never => {
        throw reject('full', 'Try later', { retryable: true, retryAfter: 3000 });
      };
      expect((await refusal({ subscribe })).frame).toMatchObject({ code: 'app', app: 'full', retry: true, after: 3000 });
    });

    it('that throw are reported, and the client may try again', async () => {
      const subscribe = (): never => {
        throw new Error('db');
      };
      const { frame, house } = await refusal({ subscribe });
      expect(frame).toEqual({ t: 'unsubbed', c: 'room:1', code: 'unavailable', retry: true });
      expect(house.events).toContainEqual(expect.objectContaining({ name: 'rule-failed' }));
    });

    it('have 10 s, then their signal is aborted', async () => {
      let signal: AbortSignal | undefined;
      const subscribe = (context: { signal: AbortSignal }): Promise<boolean> => {
        ({ signal } = context);
        return new Promise(() => undefined);
      };
      const house = createHouse({ channels: { 'room:{id}': { subscribe } } });
      const peer = await house.enter();
      peer.send({ t: 'sub', c: 'room:1', k: 1 });
      await house.clock.advance(9999);
      expect([peer.of('unsubbed').length, signal?.aborted]).toEqual([0, false]);
      await house.clock.advance(1);
      expect([peer.last('unsubbed')?.code, signal?.aborted]).toEqual(['unavailable', true]);
    });

    it('are not asked again for a resync, and the newest k is answered after a slow one', async () => {
      const answer = createDeferred<boolean>();
      const subscribe = vi.fn(() => answer.promise);
      const house = createHouse({ channels: { 'room:{id}': { subscribe } } });
      const peer = await house.enter();
      peer.send({ t: 'sub', c: 'room:1', k: 1 }, { t: 'sub', c: 'room:1', k: 2 });
      answer.resolve(true);
      await house.clock.settle();
      expect(peer.of('subbed').map(({ k }) => k)).toEqual([2]);
      expect(subscribe).toHaveBeenCalledOnce();
    });
  });

  it.each([
    ['log', undefined, true],
    ['log', 'latest', true],
    ['log', 'live', true],
    ['latest', undefined, false],
    ['latest', 'latest', true],
    ['latest', 'live', true],
    ['live', 'log', false],
    ['live', 'latest', false],
    ['live', 'live', true],
  ] as const)('a channel of mode %s and a reader of mode %s: %s', async (rule, mode, yes) => {
    const house = createHouse({ channels: { 'room:{id}': { subscribe: true, mode: rule } } });
    const peer = await house.enter();
    peer.send({ t: 'sub', c: 'room:1', k: 1, ...(mode === undefined ? undefined : { mode }) });
    await house.clock.settle();
    if (yes) expect(peer.of('subbed')).toHaveLength(1);
    else expect(peer.last('unsubbed')).toMatchObject({ code: 'invalid', retry: false });
  });

  it('bounds the channels of one connection', async () => {
    const house = createHouse({ limits: { channels: 2 } });
    const peer = await house.enter();
    for (const c of ['room:1', 'room:2', 'room:3', 'room:1']) peer.send({ t: 'sub', c, k: 1 });
    await house.clock.settle();
    expect(peer.of('unsubbed')).toEqual([expect.objectContaining({ c: 'room:3', code: 'rate-limited', retry: true })]);
    peer.send({ t: 'unsub', c: 'room:1' }, { t: 'sub', c: 'room:3', k: 2 });
    await house.clock.settle();
    expect(peer.last('subbed')?.c).toBe('room:3');
  });

  describe('mode latest', () => {
    const rules = { 'price:{id}': { subscribe: true, publish: true, mode: 'latest' as const } };

    it('begins with the newest', async () => {
      const house = createHouse({ channels: rules });
      await fill(house.server, 'price:1', 3);
      const peer = await house.enter();
      peer.send({ t: 'sub', c: 'price:1', k: 1, mode: 'latest' });
      await house.clock.settle();
      expect(peer.last('subbed')).toMatchObject({ ok: null });
      expect(peer.offsets()).toEqual([3]);
    });

    it.each([
      ['at the top', (cur: WireCursor): WireCursor => cur, { ok: true }, []],
      ['behind', (cur: WireCursor): WireCursor => [cur[0], 1, 'any'], { ok: true }, [3]],
      ['of another epoch', (cur: WireCursor): WireCursor => ['other', 9, cur[2]], { ok: false, why: 'epoch' }, [3]],
      ['of another branch', (cur: WireCursor): WireCursor => [cur[0], 3, 'other'], { ok: false, why: 'branch' }, [3]],
      ['ahead', (cur: WireCursor): WireCursor => [cur[0], 9, 'other'], { ok: false, why: 'ahead' }, [3]],
    ])('resumes from a cursor %s', async (_what, change, subbed, offsets) => {
      const house = createHouse({ channels: rules });
      await fill(house.server, 'price:1', 3);
      const peer = await house.enter();
      peer.send({ t: 'sub', c: 'price:1', k: 1, mode: 'latest', cur: change(await top(house, 'price:1')) });
      await house.clock.settle();
      expect(peer.last('subbed')).toMatchObject(subbed);
      expect(peer.offsets()).toEqual(offsets);
    });

    it('sends only the newest of a tick', async () => {
      const house = createHouse({ channels: rules });
      const peer = await house.enter();
      peer.send({ t: 'sub', c: 'price:1', k: 1, mode: 'latest' });
      await house.clock.settle();
      const lane = { user: '', producer: 'p' };
      const items = Array.from({ length: 5 }, (_, index) => ({ item: { id: `i${index}`, e: 'tick', d: index } }));
      await house.broker.append({ channel: 'price:1', lane, sequence: 1, first: true, items, keep: { entries: 1, age: 1000 } });
      await house.clock.settle();
      expect(peer.offsets()).toEqual([5]);
      await fill(house.server, 'price:1', 1);
      await house.clock.settle();
      expect(peer.offsets()).toEqual([5, 6]);
    });
  });

  it('mode live gets what comes from now on, without a cursor', async () => {
    const house = createHouse();
    await fill(house.server, 'room:1', 3);
    const peer = await house.enter();
    peer.send({ t: 'sub', c: 'room:1', k: 1, mode: 'live' });
    await house.clock.settle();
    expect(peer.last('subbed')).toEqual({ t: 'subbed', c: 'room:1', k: 1, cur: ['', 0, ''], ok: null });
    await fill(house.server, 'room:1', 1);
    await house.clock.settle();
    expect(peer.offsets()).toEqual([4]);
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
