import { describe, expect, it } from 'vitest';
import { memoryBroker } from '../../../server/brokers/memory.ts';
import { recheckOf } from '../../../server/kind.ts';
import { stepOf } from '../../../server/http/completion.ts';
import type { Sub } from '../../../src/protocol/frame.ts';
import { msgpack } from '../../../src/protocol/msgpack.ts';
import { ask, hello, request } from './http-support.ts';
import { createDeferred, createHouse, fill, items, pub, top } from './support.ts';

const sub = (c = 'room:1', more: Partial<Sub> = {}): Sub => ({ t: 'sub', c, k: 1, ...more });
/** Without `recheck`: each of these servers has just begun. */
const kinds = (reply: { readonly frames: readonly { readonly t: string }[] }): string[] =>
  reply.frames.map(({ t }) => t).filter((t) => t !== 'recheck');

describe('a poll that is not held', () => {
  it('is one message: welcome, then an answer to each sub', async () => {
    const house = createHouse();
    await fill(house.server, 'room:1', 3);
    const [epoch] = await top(house);
    const reply = await ask(house, '/poll', [hello({ token: 'ann' }), sub('room:1', { cur: [epoch, 0, ''] }), sub('room:2')]);
    expect([reply.status, reply.state, reply.messages.length]).toEqual([200, 'answered', 1]);
    expect(kinds(reply)).toEqual(['welcome', 'subbed', 'subbed']);
    expect(reply.of('subbed')[0]?.items?.map(({ o }) => o)).toEqual([1, 2, 3]);
    expect(reply.headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-store, no-transform' });
    expect(house.count('connections')).toBe(0);
    expect(house.count('subscriptions')).toBe(0);
  });

  it('waits for the rule of every sub, and for who is there', async () => {
    const [who, may] = [createDeferred<{ user: null }>(), createDeferred<boolean>()];
    const channels = { 'room:{id}': { subscribe: ({ channel }: { channel: string }) => channel === 'room:1' || may.promise } };
    const house = createHouse({ authenticate: () => who.promise, channels });
    const reply = await ask(house, '/poll', [hello(), sub(), sub('room:2'), sub('other')]);
    expect(reply.state).toBe('open');
    who.resolve({ user: null });
    await house.clock.advance(100);
    expect(reply.state).toBe('open');
    may.resolve(false);
    await house.clock.settle();
    expect(kinds(reply)).toEqual(['welcome', 'unsubbed', 'subbed', 'unsubbed']);
  });

  it('speaks MessagePack, and says nothing but welcome to who asks nothing', async () => {
    const reply = await ask(createHouse(), '/poll', [hello()], { codec: msgpack() });
    expect(kinds(reply)).toEqual(['welcome']);
    expect(reply.headers['content-type']).toBe('application/vnd.msgpack');
  });

  it('ignores what is not for it', async () => {
    const house = createHouse();
    const reply = await ask(house, '/poll', [hello(), pub(1, items(1)), { t: 'ping', x: 1 }, { t: 'auth', token: 'a' }, sub()]);
    expect(kinds(reply)).toEqual(['welcome', 'subbed']);
    expect((await house.server.cursor('room:1')).offset).toBe(0);
  });

  it('is answered with what there is when that is much', async () => {
    const house = createHouse({ limits: { queue: 50_000 } });
    for (const id of [1, 2, 3, 4]) await fill(house.server, `room:${id}`, 10, 'x'.repeat(3000));
    const [epoch] = await top(house);
    const subs = await Promise.all(
      [1, 2, 3, 4].map(async (id) => sub(`room:${id}`, { cur: [(await top(house, `room:${id}`))[0], 0, ''] })),
    );
    expect(epoch).toBeTypeOf('string');
    const reply = await ask(house, '/poll', [hello(), ...subs]);
    expect(reply.state).toBe('answered');
    expect(String(reply.messages[0]).length).toBeLessThan(150_000);
    expect(reply.of('bye')).toEqual([]);
  });
});

describe('a held poll', () => {
  const hold = async (wait = 20_000) => {
    const house = createHouse();
    await fill(house.server, 'room:1', 1);
    const cur = await top(house);
    const reply = await ask(house, '/poll', [hello({ wait, since: 0 }), sub('room:1', { cur })]);
    return { house, cur, reply };
  };

  it('is answered at the end of the tick that brings news', async () => {
    const { house, reply } = await hold();
    await house.clock.advance(5000);
    expect(reply.state).toBe('open');
    await fill(house.server, 'room:1', 2);
    await house.clock.advance(0);
    expect(reply.messages).toHaveLength(1);
    expect(reply.of('msg').flatMap(({ items: entries }) => entries.map(({ o }) => o))).toEqual([2, 3]);
    expect(house.clock.pending).toBe(1); // the sweep
  });

  it('is answered at once with much news, for which nobody would wait', async () => {
    const house = createHouse();
    await fill(house.server, 'room:1', 4, 'x'.repeat(9000));
    const [epoch] = await top(house);
    const cur = [epoch, 0, ''] as const;
    const reply = await ask(house, '/poll', [hello({ wait: 20_000, since: 0 }), sub('room:1', { cur })]);
    expect([reply.state, reply.of('subbed')[0]?.items?.length]).toEqual(['answered', 4]);
  });

  it('is answered 20 ms after it came, with all news that came until then', async () => {
    const { house, reply } = await hold();
    await fill(house.server, 'room:1', 1);
    await house.clock.advance(19);
    expect(reply.state).toBe('open');
    await fill(house.server, 'room:1', 1);
    await house.clock.advance(1);
    expect(reply.messages).toHaveLength(1);
    expect(reply.of('msg').flatMap(({ items: entries }) => entries.map(({ o }) => o))).toEqual([2, 3]);
    expect(house.clock.pending).toBe(1); // the sweep
  });

  it('is answered when its time is over, though nothing is new', async () => {
    const { house, reply } = await hold();
    await house.clock.advance(19_999);
    expect(reply.state).toBe('open');
    await house.clock.advance(1);
    expect(kinds(reply)).toEqual(['welcome', 'subbed']);
    expect(house.events).toEqual([]);
  });

  it('is held for `ping` at most, and never pinged', async () => {
    const { house, reply } = await hold(10 ** 9);
    await house.clock.advance(24_999);
    expect(reply.state).toBe('open');
    await house.clock.advance(1);
    expect(kinds(reply)).toEqual(['welcome', 'subbed']);
  });

  it('is answered at once where its cursor is behind', async () => {
    const { house, cur } = await hold();
    await fill(house.server, 'room:1', 1);
    const reply = await ask(house, '/poll', [hello({ wait: 20_000, since: 0 }), sub('room:1', { cur })]);
    await house.clock.advance(20);
    expect(reply.of('subbed')[0]?.items).toHaveLength(1);
  });

  it.each([
    ['a reset', async () => sub('room:1', { cur: ['elsewhere', 3, 'x'] })],
    ['a channel that is new', async () => sub('room:9')],
    ['a refusal', async () => sub('forbidden')],
  ])('%s is news', async (_, make) => {
    const { house } = await hold();
    const reply = await ask(house, '/poll', [hello({ wait: 20_000, since: 0 }), await make()]);
    await house.clock.advance(20);
    expect(reply.state).toBe('answered');
  });

  it('is not answered because a channel without a log is listened to, but for what is said there', async () => {
    const house = createHouse({ channels: { 'room:{id}': { subscribe: true, publish: true, mode: 'live' } } });
    const reply = await ask(house, '/poll', [hello({ wait: 20_000, since: 0 }), sub('room:1', { mode: 'live' })]);
    await house.clock.advance(1000);
    expect(reply.state).toBe('open');
    house.server.publishVolatile('room:1', 'x', 1);
    await house.clock.advance(20);
    expect(kinds(reply)).toEqual(['welcome', 'subbed', 'tell']);
  });

  it('ends without a trace when the peer goes', async () => {
    const { house, reply } = await hold();
    expect([house.count('connections'), house.count('subscriptions')]).toEqual([1, 1]);
    reply.abort();
    await house.clock.settle();
    expect([house.count('connections'), house.count('subscriptions')]).toEqual([0, 0]);
    expect(house.events).toEqual([]);
    await fill(house.server, 'room:1', 1);
    await house.clock.advance(120_000);
    expect(house.clock.pending).toBe(0);
  });

  it('is told that the server drains; the next one is turned away', async () => {
    const { house, reply, cur } = await hold();
    await house.server.drain({ spread: 7000 });
    expect(reply.of('bye')).toMatchObject([{ code: 4000, spread: 7000 }]);
    expect(reply.status).toBe(200);
    const next = await ask(house, '/poll', [hello({ since: 0 }), sub('room:1', { cur })]);
    expect([next.status, next.of('bye')]).toMatchObject([503, [{ code: 4000, spread: 7000 }]]);
    expect(Number(next.headers['retry-after'])).toBeGreaterThanOrEqual(1);
  });

  it('is told that its session was revoked', async () => {
    const house = createHouse();
    const reply = await ask(house, '/poll', [hello({ token: 'ann', wait: 20_000, since: 0 })]);
    await house.server.revoke('ann');
    expect(reply.of('bye')).toMatchObject([{ code: 4202 }]);
  });

  it('is told that its token ends; then the next is refused', async () => {
    const house = createHouse({ authenticate: () => ({ user: null, expiresAt: 1_005_000 }) });
    const reply = await ask(house, '/poll', [hello({ wait: 20_000, since: 0 })]);
    await house.clock.advance(5600);
    expect(reply.of('auth')).toEqual([{ t: 'auth', ttl: 0 }]);
    const next = await ask(house, '/poll', [hello({ wait: 20_000, since: 0 })]);
    expect(next.of('bye')).toMatchObject([{ code: 4201 }]);
  });

  it('gives way to a later poll of the same generation', async () => {
    const { house, reply } = await hold();
    const next = await ask(house, '/poll', [hello({ wait: 20_000, since: 0 })]);
    await house.clock.advance(5000);
    expect([reply.of('bye')[0]?.code, next.state]).toEqual([4009, 'open']);
  });
});

describe('polls and new connections', () => {
  it('count once, by the first', async () => {
    const house = createHouse({ limits: { admitRate: 0.25 } });
    expect((await ask(house, '/poll', [hello()])).status).toBe(200);
    for (let i = 0; i < 5; i += 1) expect((await ask(house, '/poll', [hello({ since: 10 })])).status).toBe(200);
    const turned = await ask(house, '/poll', [hello({ client: 'other' })]);
    expect([turned.status, turned.of('bye')[0]?.code]).toEqual([503, 1013]);
    expect(turned.of('bye')[0]?.after).toBeGreaterThan(0);
    expect(Number(turned.headers['retry-after'])).toBe(Math.max(1, Math.ceil(turned.of('bye')[0]!.after! / 1000)));
    expect(['accepted', 'requests', 'turnedAway', 'admitLimited'].map(house.count)).toEqual([1, 7, 1, 1]);
  });

  it('are counted as pages of their user', async () => {
    const house = createHouse({ limits: { connections: 1 } });
    const held = request(house, { path: '/poll', frames: [hello({ token: 'ann', wait: 20_000, since: 0 })] });
    await house.clock.settle();
    const other = await ask(house, '/poll', [hello({ token: 'ann', client: 'other' })]);
    expect([held.state, other.of('bye')[0]?.code]).toEqual(['open', 4429]);
  });
});

describe('recheck', () => {
  it.each([
    ['poll', undefined, 0, 'none'],
    ['poll', 1000, 1000, 'news'],
    ['poll', 1000, 1001, 'aside'],
    ['poll', 1000, 16_000, 'aside'],
    ['poll', 1000, 16_001, 'none'],
    ['stream', 1000, 1000, 'news'],
    ['stream', undefined, 0, 'none'],
    ['send', 1000, 0, 'none'],
    ['duplex', 1000, 0, 'none'],
  ] as const)('a %s that comes %s ms after the one before, %d ms after the failover: %s', (kind, since, ago, expected) => {
    expect(recheckOf(kind, since === undefined ? {} : { since }, ago, Infinity)).toBe(expected);
  });

  it.each([
    [16_000, 'aside'],
    [16_001, 'none'],
  ])('a server that began %d ms ago may have missed one: %s', (age, expected) => {
    expect(recheckOf('poll', { since: 1000 }, Infinity, age)).toBe(expected);
    expect(recheckOf('poll', {}, Infinity, age)).toBe('none');
  });

  it('is told to a poll that comes after the failover, and does not answer the next one at once', async () => {
    let fire = (): void => undefined;
    const broker = Object.assign(memoryBroker(), { onRecheck: (run: () => void) => ((fire = run), () => undefined) });
    const house = createHouse({ broker });
    await house.clock.advance(60_000);
    fire();
    await house.clock.advance(100);
    const told = await ask(house, '/poll', [hello({ wait: 20_000, since: 500 })]);
    await house.clock.advance(20);
    expect(told.of('recheck')).toHaveLength(1);
    const next = await ask(house, '/poll', [hello({ wait: 20_000, since: 10 })]);
    await house.clock.advance(19_000);
    expect(next.state).toBe('open');
    await house.clock.advance(1000);
    expect(next.of('recheck')).toHaveLength(1);
    await house.clock.advance(20_000);
    expect((await ask(house, '/poll', [hello({ since: 10 })])).of('recheck')).toEqual([]);
  });
});

describe('when an answer is complete', () => {
  it.each([
    [{ held: false, news: true, settled: false, full: false }, 'hold'],
    [{ held: false, news: false, settled: true, full: false }, 'complete'],
    [{ held: true, news: false, settled: true, full: false }, 'hold'],
    [{ held: true, news: true, settled: false, full: false }, 'hold'],
    [{ held: true, news: true, settled: true, full: false }, 'gather'],
    [{ held: true, news: false, settled: false, full: true }, 'complete'],
    [{ held: false, news: false, settled: false, full: true }, 'complete'],
  ] as const)('%j: %s', (progress, step) => {
    expect(stepOf(progress)).toBe(step);
  });
});
