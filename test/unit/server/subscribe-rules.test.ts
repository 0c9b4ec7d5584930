import { describe, expect, it, vi } from 'vitest';
import { reject } from '../../../server/rejection.ts';
import { createDeferred, createHouse } from './support.ts';

describe('subscribing: what is allowed', () => {
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
      const house = createHouse();
      const peer = await house.enter();
      peer.send({ t: 'sub', c: 'other', k: 1 });
      await house.clock.settle();
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
});
