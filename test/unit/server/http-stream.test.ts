// Holds I14 (docs/guarantees.md).
import { describe, expect, it } from 'vitest';
import { memoryBroker } from '../../../server/brokers/memory.ts';
import { msgpack } from '../../../src/protocol/msgpack.ts';
import type { Sub } from '../../../src/protocol/frame.ts';
import { ask, hello, memoryOf } from './http-support.ts';
import { createDeferred, createHouse, fill, items, pub, top } from './support.ts';

const sub = (c = 'room:1', more: Partial<Sub> = {}): Sub => ({ t: 'sub', c, k: 1, ...more });

describe('/sse', () => {
  it('begins with a comment of 2 KiB and headers that keep it as it is', async () => {
    const reply = await ask(createHouse(), '/sse', [hello()]);
    expect([reply.status, reply.state, reply.headers]).toEqual([
      200,
      'streaming',
      { 'content-type': 'text/event-stream', 'cache-control': 'no-store, no-transform', 'x-accel-buffering': 'no' },
    ]);
    expect(reply.text.indexOf('data: ')).toBe(2048);
    expect(reply.text.slice(0, 2048)).toMatch(/^: +\n\n$/);
  });

  it('is an event for each message: welcome, answers, entries in order, bye', async () => {
    const house = createHouse();
    await fill(house.server, 'room:1', 2);
    const reply = await ask(house, '/sse', [hello({ token: 'ann' }), sub('room:1', { n: 2 }), sub('none')]);
    await fill(house.server, 'room:1', 1, 'two\n\nlines');
    await house.clock.settle();
    await house.server.drain({ spread: 10 });
    expect(reply.frames.map(({ t }) => t)).toEqual(['welcome', 'unsubbed', 'subbed', 'msg', 'bye']);
    expect(reply.of('msg')[0]?.items[0]?.d).toBe('two\n\nlines');
    expect(reply.state).toBe('ended');
    await house.clock.settle();
    expect(house.count('connections')).toBe(0);
  });

  it('carries MessagePack as base64url, beside a reader of JSON', async () => {
    const house = createHouse();
    const bytes = await ask(house, '/sse', [hello(), sub()], { codec: msgpack() });
    const text = await ask(house, '/sse', [hello({ client: 'b' }), sub()]);
    const data = new Uint8Array([1, 255]);
    await ask(house, '/send', [hello({ mem: await memoryOf(house) }), pub(1, items(1, 1, data))]);
    await house.clock.settle();
    for (const reply of [bytes, text]) expect(reply.of('msg')[0]?.items[0]?.d).toEqual(data);
    expect(bytes.text).toMatch(/^data: [\w-]+$/m);
  });

  it('ignores what is not for it', async () => {
    const house = createHouse();
    const reply = await ask(house, '/sse', [hello(), pub(1, items(1)), { t: 'ping' }, { t: 'bye', code: 1000 }]);
    expect([reply.frames.map(({ t }) => t), reply.state]).toEqual([['welcome'], 'streaming']);
    expect((await house.server.cursor('room:1')).offset).toBe(0);
  });

  it('is pinged once when it falls silent for the first time, so that the client knows a silence from a buffer', async () => {
    const house = createHouse();
    const reply = await ask(house, '/sse', [hello(), sub()]);
    for (let i = 0; i < 10; i += 1) {
      await fill(house.server, 'room:1', 1);
      await house.clock.advance(900);
    }
    expect(reply.of('ping')).toEqual([]);
    await house.clock.advance(1600);
    expect(reply.of('ping')).toHaveLength(1);
    await house.clock.advance(20_000);
    expect(reply.of('ping')).toHaveLength(1);
  });

  it('is pinged while nothing is said, and never ends for its silence', async () => {
    const house = createHouse();
    const reply = await ask(house, '/sse', [hello(), sub()]);
    await house.clock.advance(250_000);
    expect(reply.state).toBe('streaming');
    expect(reply.of('ping').length).toBeGreaterThanOrEqual(9);
    const before = reply.of('ping').length;
    for (let i = 0; i < 20; i += 1) {
      await fill(house.server, 'room:1', 1);
      await house.clock.advance(10_000);
    }
    expect(reply.of('ping').length).toBe(before);
  });

  it('is told of the end of its token, and ends after the grace', async () => {
    const house = createHouse({ authenticate: () => ({ user: null, expiresAt: 1_010_000 }) });
    const reply = await ask(house, '/sse', [hello()]);
    await house.clock.advance(11_000);
    expect(reply.of('auth')).toEqual([{ t: 'auth', ttl: 0 }]);
    await house.clock.advance(30_000);
    expect(reply.of('bye')).toMatchObject([{ code: 4201 }]);
    expect(reply.state).toBe('ended');
  });

  it.each([
    ['a token that is refused', [hello({ token: 'no' })], 4202],
    ['a version that nobody speaks', [hello({ v: [7, 8] })], 4406],
    ['a sub before hello', [sub()], 4400],
    ['a second hello', [hello(), hello()], 4400],
  ])('tells of %s by an event', async (_, frames, code) => {
    const house = createHouse({ authenticate: ({ token }) => (token === null ? { user: null } : null) });
    const reply = await ask(house, '/sse', frames);
    expect([reply.status, reply.state, reply.of('bye')[0]?.code]).toEqual([200, 'ended', code]);
  });

  it('gives way to a newer connection of the page, of any kind', async () => {
    const house = createHouse();
    const old = await ask(house, '/sse', [hello({ gen: 1 }), sub()]);
    const newer = await ask(house, '/sse', [hello({ gen: 2 }), sub()]);
    await house.clock.advance(5000);
    expect([old.of('bye')[0]?.code, newer.state]).toEqual([4009, 'streaming']);
    await house.enter({ client: 'page', gen: 3 });
    await house.clock.advance(5000);
    expect(newer.of('bye')[0]?.code).toBe(4009);
  });

  it('serves a slow reader from the log, and ends one that takes nothing', async () => {
    const house = createHouse({ limits: { queue: 20_000 } });
    const reply = await ask(house, '/sse', [hello(), sub()]);
    reply.shut();
    for (let i = 0; i < 30; i += 1) {
      await fill(house.server, 'room:1', 1, 'x'.repeat(2000));
      await house.clock.settle();
    }
    expect(house.count('slowConsumers')).toBe(0);
    for (let i = 0; i < 10; i += 1) {
      reply.take();
      await house.clock.advance(10);
    }
    const offsets = reply.of('msg').flatMap(({ items: entries }) => entries.map(({ o }) => o));
    expect(offsets).toEqual(Array.from({ length: 30 }, (_, index) => index + 1));
    reply.shut();
    for (let i = 0; i < 30; i += 1) {
      await fill(house.server, 'room:1', 1, 'x'.repeat(2000));
      await house.clock.settle();
    }
    await house.clock.advance(16_000);
    reply.take();
    expect([reply.of('bye')[0]?.code, reply.state, house.count('slowConsumers')]).toEqual([4008, 'ended', 1]);
  });

  it('leaves nothing behind when the peer goes', async () => {
    const house = createHouse();
    const reply = await ask(house, '/sse', [hello(), sub()]);
    reply.abort();
    await house.clock.settle();
    await fill(house.server, 'room:1', 1);
    await house.clock.advance(120_000);
    expect([house.count('connections'), house.count('subscriptions'), house.clock.pending]).toEqual([0, 0, 0]);
    expect(house.events.map(({ name }) => name)).toEqual(['connection-lost']);
  });

  it('is counted by admitRate before its body is read', async () => {
    const house = createHouse({ limits: { admitRate: 0.25 } });
    await ask(house, '/sse', [hello()]);
    const turned = await ask(house, '/sse', [], { hangs: true });
    expect([turned.status, turned.of('bye')[0]?.code]).toEqual([503, 1013]);
  });

  it('begins with the welcome, though a failover comes while the app is asked who it is', async () => {
    let fire = (): void => undefined;
    const who = createDeferred<{ user: null }>();
    const broker = Object.assign(memoryBroker(), { onRecheck: (run: () => void) => ((fire = run), () => undefined) });
    const house = createHouse({ broker, authenticate: () => who.promise });
    const reply = await ask(house, '/sse', [hello()]);
    fire();
    await house.clock.advance(2500);
    who.resolve({ user: null });
    await house.clock.settle();
    expect(reply.frames.map(({ t }) => t)).toEqual(['welcome']);
  });

  it('goes on from its cursor', async () => {
    const house = createHouse();
    await fill(house.server, 'room:1', 5);
    const [epoch] = await top(house);
    const reply = await ask(house, '/sse', [hello(), sub('room:1', { cur: [epoch, 0, ''] })]);
    expect(reply.of('subbed')[0]).toMatchObject({ ok: true, items: { length: 5 } });
  });

  it('tells of a failover twice, as what is published beside it goes to servers that may learn of it later', async () => {
    let fire = (): void => undefined;
    const broker = Object.assign(memoryBroker(), { onRecheck: (run: () => void) => ((fire = run), () => undefined) });
    const house = createHouse({ broker });
    await house.clock.advance(60_000);
    const [stream, peer] = [await ask(house, '/sse', [hello(), sub()]), await house.enter()];
    fire();
    await house.clock.advance(2000);
    const later = await ask(house, '/sse', [hello({ client: 'b' }), sub()]);
    await house.clock.advance(12_999);
    expect([stream.of('recheck').length, later.of('recheck').length]).toEqual([1, 0]);
    await house.clock.advance(2001);
    expect([stream.of('recheck').length, later.of('recheck').length, peer.of('recheck').length]).toEqual([2, 1, 1]);
  });

  it('tells of a failover that may have been shortly before it began', async () => {
    const house = createHouse();
    await house.clock.advance(5000);
    const [stream, peer] = [await ask(house, '/sse', [hello(), sub()]), await house.enter()];
    await house.clock.advance(9999);
    expect(stream.of('recheck')).toHaveLength(0);
    await house.clock.advance(2001);
    expect([stream.of('recheck').length, peer.of('recheck').length]).toEqual([1, 0]);
  });

  it('leaves no timer when the server is closed meanwhile', async () => {
    let fire = (): void => undefined;
    const broker = Object.assign(memoryBroker(), { onRecheck: (run: () => void) => ((fire = run), () => undefined) });
    const house = createHouse({ broker });
    fire();
    await house.server.close();
    expect(house.clock.pending).toBe(0);
  });
});
