import { describe, expect, it, vi } from 'vitest';
import { reject } from '../../../server/rejection.ts';
import type { Session } from '../../../server/types.ts';
import { msgpack } from '../../../src/protocol/msgpack.ts';
import { createDeferred, createHouse } from './support.ts';

describe('opening', () => {
  it('welcomes with what the client must know', async () => {
    const { enter, server } = createHouse();
    const peer = await enter({ token: 'ann' });
    const {
      connections: _c,
      admitRate: _a,
      publishRate: _p,
      requests: _r,
      requestRate: _rr,
      members: _m,
      queue: _q,
      ...limits
    } = server.limits;
    expect(peer.frames).toEqual([
      { t: 'welcome', v: 1, mem: expect.any(String), ping: 25_000, user: 'ann', limits, caps: ['hist', 'pres', 'req', 'gzip'] },
    ]);
  });

  it('names no user for an anonymous visitor, and tells the life of a token', async () => {
    const house = createHouse({ authenticate: () => ({ user: null, expiresAt: house.clock.now() + 60_000 }) });
    const { user, ttl } = (await house.enter()).of('welcome')[0]!;
    expect([user, ttl]).toEqual([undefined, 60_000]);
  });

  it('speaks MessagePack as well', async () => {
    const peer = await createHouse().enter({}, { codec: msgpack() });
    expect(peer.of('welcome')).toHaveLength(1);
    expect(peer.messages[0]).toBeInstanceOf(Uint8Array);
  });

  it.each([
    [[1, 1], undefined],
    [[1, 7], undefined],
    [[2, 7], 4406],
    [[0, 0], 4406],
  ] as const)('versions %j', async (v, code) => {
    const peer = await createHouse().enter({ v });
    expect(peer.closed?.code).toBe(code);
    expect(peer.last('bye')?.code).toBe(code);
  });

  it.each([
    ['another frame first', { t: 'ping' } as const],
    ['a second hello', { t: 'hello', v: [1, 1], client: 'c', gen: 2 } as const],
  ])('ends with 4400 for %s', async (what, frame) => {
    const house = createHouse();
    const peer = what.startsWith('a second') ? await house.enter() : house.connect();
    peer.send(frame);
    await house.clock.settle();
    expect(peer.closed?.code).toBe(4400);
    expect(peer.last('bye')).toMatchObject({ code: 4400 });
  });

  it('ends with 4003, which the client retries, if no hello comes within 10 s', async () => {
    const { connect, clock } = createHouse();
    const peer = connect();
    await clock.advance(9900);
    expect(peer.closed).toBeNull();
    await clock.advance(700);
    expect(peer.closed?.code).toBe(4003);
  });

  describe('authenticate', () => {
    it('gets token, origin, address and a signal', async () => {
      const authenticate = vi.fn((_credentials: { readonly signal: AbortSignal }) => ({ user: { id: 'ann' } }));
      const { enter } = createHouse({ authenticate, origins: '*' });
      await enter({ token: 'secret' }, { origin: 'https://a.example', ip: '198.51.100.7' });
      expect(authenticate).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ token: 'secret', origin: 'https://a.example', ip: '198.51.100.7' })); // prettier-ignore
      expect(authenticate.mock.calls[0]![0].signal.aborted).toBe(false);
    });

    it.each([
      ['false, as `token === secret && { user }` gives it', () => false],
      ['true', () => true],
      ['an object without a user', () => ({})],
      ['a user without its wrapper', () => ({ id: 'u1' })],
    ])('never lets %s in as an anonymous visitor', async (_, authenticate) => {
      const { enter } = createHouse({ authenticate: authenticate as never });
      const peer = await enter();
      expect(peer.last('welcome')).toBeUndefined();
      expect(peer.closed).not.toBeNull();
    });

    it.each([
      ['null', () => null],
      ['a promise of null', () => Promise.resolve(null)],
      ['nothing at all', () => undefined as never],
    ])('%s refuses the token: 4202', async (_what, authenticate) => {
      const peer = await createHouse({ authenticate }).enter();
      expect(peer.frames).toEqual([{ t: 'bye', code: 4202, why: expect.any(String) }]);
      expect(peer.closed?.code).toBe(4202);
    });

    it.each([
      [
        'a throw',
        () => {
          throw new Error('db');
        },
      ],
      ['a rejection', () => Promise.reject(new Error('db'))],
      ['a user without an id', () => ({ user: {} as { id: string } })],
      ['a user with an empty id', () => ({ user: { id: '' } })],
      ['an end that is no time', () => ({ user: null, expiresAt: NaN })],
      [
        'a refusal by reject',
        () => {
          throw reject('x', 'y');
        },
      ],
    ])('%s is answered with a code to retry, and reported', async (_what, authenticate) => {
      // prettier-ignore
      const { enter, events } = createHouse({ authenticate });
      expect((await enter()).closed?.code).toBe(1013);
      expect(events.map(({ name }) => name)).toContain('authenticate-failed');
    });

    it('may take 10 s; then its signal is aborted', async () => {
      let signal: AbortSignal | undefined;
      const { enter, clock } = createHouse({
        authenticate: (credentials) => {
          ({ signal } = credentials);
          return new Promise(() => undefined);
        },
      });
      const peer = await enter();
      await clock.advance(9999);
      expect([peer.closed, signal?.aborted]).toEqual([null, false]);
      await clock.advance(1);
      expect([peer.closed?.code, signal?.aborted]).toEqual([1013, true]);
    });

    it('lets frames wait for the answer, in order', async () => {
      const answer = createDeferred<Session>();
      const { enter, clock } = createHouse({ authenticate: () => answer.promise });
      const peer = await enter();
      peer.send({ t: 'sub', c: 'room:1', k: 1 }, { t: 'ping', x: 1 });
      peer.send({ t: 'ping', x: 2 });
      await clock.settle();
      expect(peer.frames).toEqual([]);
      answer.resolve({ user: null });
      await clock.settle();
      expect(peer.frames[0]?.t).toBe('welcome');
      expect(peer.of('pong').map(({ x }) => x)).toEqual([1, 2]);
      expect(peer.of('subbed')).toHaveLength(1);
    });

    it('bounds what waits: 4429', async () => {
      const { enter, clock } = createHouse({ authenticate: () => new Promise(() => undefined) });
      const peer = await enter();
      for (let i = 0; i < 4; i += 1) peer.send({ t: 'tell', c: 'room:1', id: 'a', e: 'x', d: 'x'.repeat(400_000) });
      await clock.settle();
      expect(peer.closed?.code).toBe(4429);
    });

    it('is told when the connection ends first, and its answer changes nothing', async () => {
      const answer = createDeferred<Session>();
      let signal: AbortSignal | undefined;
      const house = createHouse({
        authenticate: (credentials) => {
          ({ signal } = credentials);
          return answer.promise;
        },
      });
      const peer = await house.enter();
      peer.lose();
      expect(signal?.aborted).toBe(true);
      answer.resolve({ user: null });
      await house.clock.settle();
      expect(peer.frames).toEqual([]);
      expect(house.count('connections')).toBe(0);
    });
  });

  describe('origins', () => {
    it.each([
      [undefined, null, 'app.example', null],
      [undefined, 'https://app.example', 'app.example', null],
      [undefined, 'http://localhost:5173', 'localhost:5173', null],
      [undefined, 'http://localhost:5173', 'localhost:8080', 403],
      [undefined, 'https://evil.example', 'app.example', 403],
      [undefined, 'null', 'app.example', 403],
      [undefined, 'https://app.example', null, 403],
      [['https://app.example'], 'https://app.example', 'api.example', null],
      [['https://app.example'], 'https://app.example.evil.example', 'api.example', 403],
      [['https://app.example'], 'http://app.example', 'api.example', 403],
      [['https://app.example'], 'https://api.example', 'api.example', 403],
      ['*', 'https://evil.example', 'app.example', null],
    ] as const)('%j: %s to %s', (origins, origin, host, status) => {
      const { server } = createHouse(origins === undefined ? {} : { origins });
      expect(server.turnAway({ origin, host })?.status ?? null).toBe(status);
    });

    it('ends with 4403 where the transport did not ask first', async () => {
      const authenticate = vi.fn(() => ({ user: null }));
      const peer = await createHouse({ authenticate }).enter({}, { origin: 'https://evil.example', host: 'app.example' });
      expect(peer.frames).toEqual([expect.objectContaining({ t: 'bye', code: 4403 })]);
      expect(authenticate).not.toHaveBeenCalled();
    });

    it.each(['app.example', 'https://app.example/', 'https://app.example/x', ''])('refuses %j as an origin', (origin) => {
      expect(() => createHouse({ origins: [origin] })).toThrow(/is no origin/);
    });
  });

  describe('two connections of one page', () => {
    it('ends the older after 5 s with 4009 and does not mute it', async () => {
      const { enter, clock, server } = createHouse();
      const old = await enter({ client: 'page', gen: 1 });
      old.send({ t: 'sub', c: 'room:1', k: 1 });
      const young = await enter({ client: 'page', gen: 2 });
      await clock.advance(4900);
      await server.publish('room:1', 'message', null);
      await clock.settle();
      expect(old.offsets()).toEqual([1]);
      expect(old.closed).toBeNull();
      await clock.advance(200);
      expect([old.closed?.code, old.last('bye')?.code, young.closed]).toEqual([4009, 4009, null]);
    });

    it('ends the older also when it comes later', async () => {
      const { enter, clock } = createHouse();
      const young = await enter({ client: 'page', gen: 2 });
      const late = await enter({ client: 'page', gen: 1 });
      await clock.advance(5000);
      expect([late.closed?.code, young.closed]).toEqual([4009, null]);
    });

    it('leaves the pages of others alone', async () => {
      const { enter, clock } = createHouse();
      const ann = await enter({ token: 'ann', client: 'page', gen: 1 });
      await enter({ token: 'bob', client: 'page', gen: 2 });
      await clock.advance(6000);
      expect(ann.closed).toBeNull();
    });

    it('bounds them at once', async () => {
      const { enter } = createHouse();
      const peers = [];
      for (let gen = 1; gen <= 6; gen += 1) peers.push(await enter({ client: 'page', gen }));
      expect(peers.map(({ closed }) => closed?.code)).toEqual([4009, 4009, undefined, undefined, undefined, undefined]);
    });
  });

  describe('connections of one user', () => {
    it('are bounded; a page counts once', async () => {
      const { enter } = createHouse({ limits: { connections: 2 } });
      const first = await enter({ token: 'ann', client: 'a' });
      await enter({ token: 'ann', client: 'b' });
      expect((await enter({ token: 'ann', client: 'c' })).last('bye')).toMatchObject({ code: 4429, after: expect.any(Number) });
      expect((await enter({ token: 'ann', client: 'a', gen: 2 })).closed).toBeNull();
      expect((await enter({ token: 'bob', client: 'd' })).closed).toBeNull();
      first.lose();
    });

    it('are free again when they end', async () => {
      const { enter } = createHouse({ limits: { connections: 1 } });
      (await enter({ token: 'ann', client: 'a' })).lose();
      expect((await enter({ token: 'ann', client: 'b' })).closed).toBeNull();
    });

    it('are not bounded for anonymous visitors, who are many', async () => {
      const { enter } = createHouse({ limits: { connections: 1 } });
      await enter();
      expect((await enter()).closed).toBeNull();
    });
  });

  it('answers as unavailable while the store does not tell its memory, and asks again', async () => {
    const { broker } = createHouse();
    let fails = true;
    const memory = (): Promise<string> => (fails ? Promise.reject(new Error('down')) : Promise.resolve('m1'));
    const house = createHouse({
      broker: Object.assign(Object.create(broker) as typeof broker, { memory, onRecheck: () => () => undefined }),
    });
    expect((await house.enter()).closed?.code).toBe(1013);
    fails = false;
    expect((await house.enter()).last('welcome')?.mem).toBe('m1');
  });
});
