import { describe, expect, it } from 'vitest';
import { memoryBroker } from '../../../server/brokers/memory.ts';
import type { ClientFrame } from '../../../src/protocol/frame.ts';
import { msgpack } from '../../../src/protocol/msgpack.ts';
import { ask, hello, memoryOf, type Reply, request } from './http-support.ts';
import { createDeferred, createHouse, type House, items, pub } from './support.ts';

const send = async (house: House, frames: readonly ClientFrame[], more = {}): Promise<Reply> =>
  ask(house, '/send', [hello({ mem: await memoryOf(house), ...more }), ...frames]);
const tell = (id: string): ClientFrame => ({ t: 'tell', c: 'room:1', id, e: 'x', d: 1 });
const kinds = (reply: Reply): string[] => reply.frames.map(({ t }) => t);

describe('/send', () => {
  it('answers all that it was given in one message, without a welcome', async () => {
    const house = createHouse();
    const reply = await send(house, [
      { t: 'ping', x: 4 },
      pub(1, items(2)),
      pub(3, items(1, 3)),
      pub(9, items(1, 9), { p: 'q', first: false }),
    ]);
    expect([reply.status, reply.messages.length]).toEqual([200, 1]);
    expect(kinds(reply).sort()).toEqual(['ack', 'ack', 'nack', 'pong']);
    expect(reply.of('ack').map(({ s, r }) => [s, r.length])).toEqual([[1, 2], [3, 1]]); // prettier-ignore
    expect(reply.of('nack')[0]).toMatchObject({ s: 9, code: 'unknown-producer' });
    expect((await house.server.cursor('room:1')).offset).toBe(3);
  });

  it('goes on with a lane where the request before left it, and repeats its answers', async () => {
    const house = createHouse();
    await send(house, [pub(1, items(1))]);
    const again = await send(house, [pub(1, items(1)), pub(2, items(1, 2))]);
    expect(again.of('ack').map(({ s, r }) => [s, Array.isArray(r[0]) && r[0][0]])).toEqual([[1, 1], [2, 2]]); // prettier-ignore
    expect((await house.server.cursor('room:1')).offset).toBe(2);
  });

  it('is answered where what is said leaves sooner than the store is known to be done', async () => {
    const house = createHouse({}, { defer: (run) => queueMicrotask(run) });
    expect(kinds(await send(house, [pub(1, items(2))]))).toEqual(['ack']);
  });

  it('waits for rules', async () => {
    const may = createDeferred<boolean>();
    const house = createHouse({ channels: { 'room:{id}': { subscribe: true, publish: () => may.promise } } });
    const reply = await send(house, [pub(1, items(2)), tell('a')]);
    expect(reply.state).toBe('open');
    may.resolve(true);
    await house.clock.settle();
    await house.clock.settle();
    expect(kinds(reply)).toEqual(['ack']);
  });

  it('is no slow reader, however long its answer is', async () => {
    const house = createHouse({ limits: { queue: 100 } });
    const pubs = Array.from({ length: 20 }, (_, index) => pub(1, items(1, index + 1), { p: `p-${index}` }));
    const reply = await send(house, pubs);
    await house.clock.settle();
    expect([reply.of('ack').length, reply.of('bye')]).toEqual([20, []]);
  });

  it('waits, however little the server may queue: what is not answered would never be', async () => {
    const may = createDeferred<boolean>();
    const slow = { subscribe: true, publish: () => may.promise };
    const house = createHouse({ limits: { queue: 300 }, channels: { 'room:1': slow, 'room:{id}': { publish: true } } });
    const reply = await send(house, [pub(1, items(20), { c: 'room:2' }), pub(1, items(2))]);
    expect(reply.state).toBe('open');
    may.resolve(true);
    await house.clock.settle();
    await house.clock.settle();
    expect(reply.of('ack').map(({ c, r }) => [c, r.length])).toEqual([['room:2', 20], ['room:1', 2]]); // prettier-ignore
  });

  it('waits for the rule of a tell, which it would drop otherwise', async () => {
    const may = createDeferred<boolean>();
    const house = createHouse({ channels: { 'room:{id}': { subscribe: true, publish: () => may.promise } } });
    const reader = await house.enter();
    reader.send({ t: 'sub', c: 'room:1', k: 1 });
    const reply = await send(house, [tell('a')]);
    expect(reply.state).toBe('open');
    may.resolve(true);
    await house.clock.settle();
    expect([reply.state, reader.of('tell').length]).toEqual(['answered', 1]);
  });

  it.each([
    [[tell('a'), tell('b')], []],
    [[tell('a'), { t: 'ping', x: 1 } as const], [{ t: 'pong', x: 1 }]],
    [[], []],
  ])('%j needs no answer but %j', async (frames, answers) => {
    for (const codec of [undefined, msgpack()]) {
      const house = createHouse();
      const reader = await house.enter();
      reader.send({ t: 'sub', c: 'room:1', k: 1 });
      await house.clock.settle();
      const mem = await memoryOf(house);
      const reply = await ask(house, '/send', [hello({ mem }), ...frames], codec && { codec });
      expect([reply.state, reply.messages.length, reply.frames]).toEqual(['answered', 1, answers]);
      expect(reader.of('tell')).toHaveLength(frames.filter(({ t }) => t === 'tell').length);
    }
  });

  it('does not end before what follows a tell was looked at', async () => {
    const house = createHouse();
    const reply = await send(house, [tell('a'), pub(1, items(1))]);
    expect(kinds(reply)).toEqual(['ack']);
  });

  it('answers pages of the past, when rules and store have', async () => {
    const may = createDeferred<boolean>();
    const house = createHouse({ channels: { 'room:{id}': { subscribe: () => may.promise, publish: true } } });
    await house.server.publish('room:1', 'e', 1);
    const ids = ['h1', 'h2', 'h3', 'h4', 'h5'];
    const reply = await send(house, [...ids.map((id) => ({ t: 'hist', id, c: 'room:1', n: 10 }) as const), pub(1, items(1))]);
    expect(reply.state).toBe('open');
    may.resolve(true);
    await house.clock.settle();
    await house.clock.settle();
    expect([reply.state, reply.messages.length, reply.of('ack').length]).toEqual(['answered', 1, 1]);
    const told = reply.of('res').map(({ id, err, items: got = [] }) => [id, err?.code, got[0]?.d]);
    expect(told.sort()).toEqual([...ids.slice(0, 4).map((id) => [id, undefined, 1]), ['h5', 'rate-limited', undefined]]);
  });

  it.each(['/poll', '/sse'])('asks for no page of the past on %s', async (path) => {
    const house = createHouse();
    const reply = await ask(house, path, [hello(), { t: 'hist', id: 'h', c: 'room:1', n: 1 }]);
    expect([reply.of('welcome').length, reply.of('res')]).toEqual([1, []]);
    if (reply.state === 'streaming') reply.abort();
  });

  it('is not echoed to the page that sent it', async () => {
    const house = createHouse();
    const [own, other] = [await house.enter({ client: 'page' }), await house.enter({ client: 'else' })];
    for (const peer of [own, other]) peer.send({ t: 'sub', c: 'room:1', k: 1 });
    await send(house, [tell('a')]);
    expect([own.of('tell').length, other.of('tell').length]).toEqual([0, 1]);
  });

  it.each([['another'], [undefined]])('looks at nothing for the memory %s: 1012', async (mem) => {
    const house = createHouse();
    const reader = await house.enter();
    reader.send({ t: 'sub', c: 'room:1', k: 1 });
    const frames = [hello(mem === undefined ? {} : { mem }), tell('a'), pub(1, items(1))];
    const reply = await ask(house, '/send', frames);
    expect(reply.frames).toMatchObject([{ t: 'bye', code: 1012 }]);
    expect([reply.status, (await house.server.cursor('room:1')).offset, reader.of('tell')]).toEqual([200, 0, []]);
  });

  it.each([
    ['expired', 4201],
    ['wrong', 4202],
    ['unknown', 1013],
  ])('a token that is %s: %d', async (token, code) => {
    const house = createHouse({
      authenticate({ token: given }) {
        if (given === 'unknown') throw new Error('db');
        return given === 'wrong' ? null : { user: null, expiresAt: 1 };
      },
    });
    const reply = await send(house, [pub(1, items(1))], { token });
    expect(reply.of('bye')).toMatchObject([{ code }]);
    expect((await house.server.cursor('room:1')).offset).toBe(0);
  });

  it('ends nobody, is nobody, and counts as no connection', async () => {
    const house = createHouse({ limits: { connections: 1, admitRate: 0.25 } });
    const peer = await house.enter({ token: 'ann', client: 'page', gen: 1 });
    const may = await send(house, [], { token: 'ann', client: 'page', gen: 2 });
    const other = await send(house, [], { token: 'ann', client: 'other', gen: 1 });
    await house.clock.advance(6000);
    expect([may.status, other.of('bye'), peer.closed]).toEqual([200, [], null]);
    expect(['accepted', 'connections', 'requests'].map(house.count)).toEqual([1, 1, 2]);
  });

  it('is served while the server drains, and not once it is closed', async () => {
    const may = createDeferred<boolean>();
    const house = createHouse({ channels: { 'room:{id}': { subscribe: true, publish: () => may.promise } } });
    const before = await send(house, [pub(1, items(1))]);
    const drained = house.server.drain({ timeout: 1000 });
    const meanwhile = await send(house, [pub(1, items(1), { p: 'q' })]);
    may.resolve(true);
    await drained;
    await house.clock.settle();
    expect([before, meanwhile].map(kinds)).toEqual([['ack'], ['ack']]);
    await house.server.close();
    const after = await ask(house, '/send', [hello({ mem: 'm' })]);
    expect([after.status, after.of('bye')[0]?.code]).toEqual([503, 4000]);
  });

  it('is turned away unread if the server is closed before all of it came', async () => {
    const house = createHouse();
    const mem = await memoryOf(house);
    const come = createDeferred<void>();
    const bodies = [{ frames: [hello({ mem }), pub(1, items(1))] }, { body: '[{"t":"hello",' }];
    const replies = bodies.map((body) => request(house, { path: '/send', after: come.promise, ...body }));
    await house.server.close();
    come.resolve();
    await house.clock.settle();
    expect(replies.map((reply) => [kinds(reply), reply.of('bye')[0]?.code])).toEqual([[['bye'], 4000], [['bye'], 4000]]); // prettier-ignore
    expect((await house.server.cursor('room:1')).offset).toBe(0);
  });

  it('ends when its user is revoked, or the peer goes', async () => {
    const house = createHouse({
      channels: { 'room:{id}': { subscribe: true, publish: () => new Promise<never>(() => undefined) } },
    });
    const revoked = await send(house, [pub(1, items(1))], { token: 'ann' });
    await house.server.revoke('ann');
    expect(revoked.of('bye')).toMatchObject([{ code: 4202 }]);
    const gone = await send(house, [pub(1, items(1))]);
    gone.abort();
    await house.clock.settle();
    await house.clock.advance(60_000);
    expect(house.clock.pending).toBe(0);
    expect(house.events.map(({ name }) => name)).toEqual(['connection-ended']);
  });

  it('answers a rule that never does', async () => {
    const house = createHouse({
      channels: { 'room:{id}': { subscribe: true, publish: () => new Promise<never>(() => undefined) } },
    });
    const reply = await send(house, [pub(1, items(1))]);
    await house.clock.advance(10_000);
    expect(reply.of('nack')).toMatchObject([{ code: 'unavailable' }]);
  });

  it('ignores what is not for it', async () => {
    const house = createHouse();
    const reply = await send(house, [{ t: 'sub', c: 'room:1', k: 1 }, { t: 'bye', code: 1000 }, pub(1, items(1))]);
    expect([kinds(reply), house.count('subscriptions')]).toEqual([['ack'], 0]);
  });

  it('has the allowance of its user, whatever carries it', async () => {
    const house = createHouse({ limits: { publishRate: 1 } });
    await send(house, [pub(1, items(4))], { token: 'ann' });
    const reply = await send(house, [pub(5, items(1, 5))], { token: 'ann' });
    expect(reply.of('nack')).toMatchObject([{ code: 'rate-limited' }]);
  });

  it('lets go of a store that never answers', async () => {
    const broker = Object.assign(memoryBroker(), { append: () => new Promise<never>(() => undefined) });
    const house = createHouse({ broker });
    const reply = await send(house, [pub(1, items(1))]);
    await house.clock.advance(59_000);
    expect(reply.state).toBe('open');
    await house.clock.advance(2000);
    expect(reply.of('bye')).toMatchObject([{ code: 4003 }]);
  });

  it('speaks both codecs to two requests at once', async () => {
    const house = createHouse();
    const mem = await memoryOf(house);
    const a = request(house, { path: '/send', frames: [hello({ mem }), pub(1, items(1, 1, new Uint8Array([1, 2])))] });
    const b = request(house, { path: '/send', codec: msgpack(), frames: [hello({ mem, client: 'b' }), pub(1, items(1, 2, 'ü'), { p: 'q' })] }); // prettier-ignore
    await house.clock.settle();
    await house.clock.settle();
    expect([kinds(a), kinds(b)]).toEqual([['ack'], ['ack']]);
    const read = await ask(house, '/poll', [hello(), { t: 'sub', c: 'room:1', k: 1, n: 2 }]);
    expect(read.of('subbed')[0]?.items?.map(({ d }) => d)).toEqual([new Uint8Array([1, 2]), 'ü']);
  });
});
