import { describe, expect, it } from 'vitest';
import { Allowance, resolveLimits, resolveTiming } from '../../../server/limits.ts';
import type { Session } from '../../../server/types.ts';
import { createDeferred, createHouse, fill, items } from './support.ts';

describe('heartbeat', () => {
  it('says something at least every ping', async () => {
    const { enter, clock } = createHouse();
    const peer = await enter();
    peer.clear();
    for (let round = 1; round <= 4; round += 1) {
      await clock.advance(25_000);
      expect(peer.of('ping').length).toBeGreaterThanOrEqual(round);
      peer.send({ t: 'pong' });
    }
    expect(peer.closed).toBeNull();
  });

  it('does not ping a connection that it talks to anyway', async () => {
    const { enter, clock, server } = createHouse();
    const peer = await enter();
    peer.send({ t: 'sub', c: 'room:1', k: 1 });
    for (let i = 0; i < 20; i += 1) {
      await clock.advance(5000);
      peer.send({ t: 'pong' });
      await fill(server, 'room:1', 1);
    }
    expect(peer.of('ping')).toEqual([]);
  });

  it.each([[{ x: 7 }], [{}]])('answers a ping %j with the same', async (x) => {
    const { enter, clock } = createHouse();
    const peer = await enter();
    peer.send({ t: 'ping', ...x });
    await clock.settle();
    expect(peer.last('pong')).toEqual({ t: 'pong', ...x });
  });

  it('ends a connection of which nothing was heard for two pings and 10 s', async () => {
    const { enter, clock, count } = createHouse();
    const [silent, alive] = [await enter(), await enter()];
    await clock.advance(59_000);
    alive.send({ t: 'pong' });
    expect(silent.closed).toBeNull();
    await clock.advance(2000);
    expect([silent.closed?.code, silent.last('bye')?.code, alive.closed]).toEqual([4003, 4003, null]);
    expect(count('connections')).toBe(1);
  });

  it('a clock that is set forward ends nobody', async () => {
    const { clock, enter } = createHouse();
    const peer = await enter();
    clock.sleep(90_000);
    await clock.advance(3000);
    expect(peer.closed).toBeNull();
  });

  it('after a standstill of the process first hears what is waiting', async () => {
    const { enter, clock } = createHouse();
    const peer = await enter();
    clock.sleep(120_000);
    await clock.advance(300);
    peer.send({ t: 'pong' });
    await clock.advance(2000);
    expect(peer.closed).toBeNull();
  });

  it('has no timer when everybody has been gone for a while', async () => {
    const { enter, clock } = createHouse();
    const peer = await enter();
    peer.send({ t: 'sub', c: 'room:1', k: 1 });
    await clock.settle();
    peer.lose();
    await clock.advance(60_000);
    expect(clock.pending).toBe(0);
  });

  it('leaves no timer when it is closed', async () => {
    const { enter, clock, server } = createHouse();
    const peer = await enter({ client: 'page' });
    await enter({ client: 'page', gen: 2 });
    peer.send({ t: 'sub', c: 'room:1', k: 1 });
    await clock.settle();
    const closed = server.close();
    await clock.settle();
    await closed;
    expect(clock.pending).toBe(0);
  });
});

describe('tokens', () => {
  const withTokens = (life: number) => {
    const house = createHouse({
      authenticate: ({ token }) => ({ user: { id: token!.split('-')[0]! }, expiresAt: house.clock.now() + life }),
    });
    return house;
  };

  it('ask for a fresh one at the end, go on delivering, and end after 30 s', async () => {
    const house = withTokens(60_000);
    const peer = await house.enter({ token: 'ann-1' });
    peer.send({ t: 'sub', c: 'room:1', k: 1 });
    await house.clock.advance(59_000);
    expect(peer.of('auth')).toEqual([]);
    peer.send({ t: 'pong' });
    await house.clock.advance(2000);
    expect(peer.of('auth')).toEqual([{ t: 'auth', ttl: 0 }]);
    peer.send({ t: 'pub', c: 'room:1', p: 'p', s: 1, first: true, items: items(1) });
    await fill(house.server, 'room:1', 1);
    await house.clock.settle();
    expect(peer.last('nack')).toEqual({ t: 'nack', c: 'room:1', p: 'p', s: 1, code: 'token-expired' });
    expect(peer.offsets()).toEqual([1]);
    await house.clock.advance(28_000);
    expect(peer.closed).toBeNull();
    await house.clock.advance(1500);
    expect([peer.closed?.code, peer.last('bye')?.code]).toEqual([4201, 4201]);
    expect(peer.of('auth')).toHaveLength(1);
  });

  it('are renewed in band', async () => {
    const house = withTokens(60_000);
    const peer = await house.enter({ token: 'ann-1' });
    await house.clock.advance(50_000);
    peer.send({ t: 'auth', token: 'ann-2' });
    await house.clock.settle();
    expect(peer.of('auth')).toEqual([{ t: 'auth', ttl: 60_000 }]);
    await house.clock.advance(50_000);
    peer.send({ t: 'pub', c: 'room:1', p: 'p', s: 1, first: true, items: items(1) });
    await house.clock.settle();
    expect(peer.of('ack')).toHaveLength(1);
  });

  it('are renewed also in the time of grace, and asked for again at the next end', async () => {
    const house = withTokens(20_000);
    const peer = await house.enter({ token: 'ann-1' });
    await house.clock.advance(30_000);
    peer.send({ t: 'auth', token: 'ann-2' });
    await house.clock.advance(21_000);
    expect(peer.of('auth').map(({ ttl }) => ttl)).toEqual([0, 20_000, 0]);
  });

  it.each([
    ['of another user', 'bob-1'],
    ['that is refused', 'none'],
  ])('%s end the connection: 4202', async (_what, token) => {
    const house = createHouse({ authenticate: (given) => (given.token === 'none' ? null : { user: { id: given.token! } }) });
    const peer = await house.enter({ token: 'ann' });
    peer.send({ t: 'auth', token });
    await house.clock.settle();
    expect(peer.closed?.code).toBe(4202);
  });

  it('that cannot be checked leave the old session as it is', async () => {
    let fails = false;
    const house = createHouse({
      authenticate: () => {
        if (fails) throw new Error('db');
        return { user: { id: 'ann' }, expiresAt: house.clock.now() + 60_000 };
      },
    });
    const peer = await house.enter();
    fails = true;
    await house.clock.advance(10_000);
    peer.send({ t: 'auth', token: 'x' });
    await house.clock.settle();
    expect([peer.last('auth')?.ttl, peer.closed]).toEqual([50_000, null]);
  });

  it('are checked one at a time, the newest last', async () => {
    const answers = [createDeferred<Session>(), createDeferred<Session>()];
    const tokens: (string | null)[] = [];
    const house = createHouse({
      authenticate: ({ token }) => {
        tokens.push(token);
        return token === 'first' ? { user: null } : answers[tokens.length - 2]!.promise;
      },
    });
    const peer = await house.enter({ token: 'first' });
    for (const token of ['a', 'b', 'c']) peer.send({ t: 'auth', token });
    expect(tokens).toEqual(['first', 'a']);
    answers[0]!.resolve({ user: null });
    await house.clock.settle();
    expect(tokens).toEqual(['first', 'a', 'c']);
  });
});

describe('limits', () => {
  it.each([
    [{ frame: 0 }, /limits.frame/],
    [{ items: 1.5 }, /limits.items/],
    [{ items: Infinity }, /limits.items/],
    [{ channels: '5' as never }, /limits.channels/],
    [{ publishRate: -1 }, /limits.publishRate/],
    [{ publishRate: NaN }, /limits.publishRate .*not NaN/],
    [{ admitRate: 0 }, /limits.admitRate/],
    [{ admitRate: '9' as never }, /limits.admitRate .*not "9"/],
    [{ speed: 1 } as never, /limits.speed is not an option/],
  ])('refuses %j', (given, why) => {
    expect(() => resolveLimits(given)).toThrow(why);
  });

  it('takes what is sensible', () => {
    expect(resolveLimits({ publishRate: Infinity, items: 3 })).toMatchObject({ publishRate: Infinity, items: 3, frame: 65_536 });
    expect(resolveLimits({ publishRate: 0.5 }).publishRate).toBe(0.5);
    expect(resolveLimits({ admitRate: Infinity }).admitRate).toBe(Infinity);
    expect(resolveLimits({ admitRate: 0.5, queue: 2 ** 40 })).toMatchObject({ admitRate: 0.5, queue: 2 ** 40 });
  });

  it.each(Object.keys(resolveTiming()))('takes no timing.%s that a timer would take for nothing', (name) => {
    const longest = 2 ** 31 - 1;
    expect(resolveTiming({ [name]: longest })).toMatchObject({ [name]: longest });
    for (const value of [longest + 1, Infinity, NaN, 0, -1, 1.5, '5', null]) {
      expect(() => resolveTiming({ [name]: value })).toThrow(
        new RegExp(`^timing.${name} must be an integer from 1 to 2147483647`),
      );
    }
  });

  it('an allowance fills up again, to its burst', () => {
    const allowance = new Allowance(10);
    expect(allowance.take('ann', 100, 0)).toBe(40);
    expect(allowance.take('ann', 1, 99)).toBe(0);
    expect(allowance.wait('ann', 99)).toBe(1);
    expect(allowance.take('ann', 5, 300)).toBe(3);
    allowance.refund('ann', 2, 300);
    expect(allowance.take('ann', 5, 300)).toBe(2);
    expect(allowance.take('ann', 100, 3_600_000)).toBe(40);
    expect(allowance.take('bob', 100, 3_600_000)).toBe(40);
    // A clock that is set back takes nothing away.
    expect(allowance.take('bob', 1, 0)).toBe(0);
    expect(allowance.take('bob', 1, 100)).toBe(1);
  });

  it('an allowance forgets who rests, and only them', () => {
    const allowance = new Allowance(10);
    allowance.take('ann', 40, 0);
    allowance.sweep(3999);
    expect(allowance.take('ann', 40, 3999)).toBe(39);
    allowance.sweep(10_000);
    expect(allowance.take('ann', 40, 10_000)).toBe(40);
  });
});
