import { describe, expect, it } from 'vitest';
import type { ChannelRule } from '../../../server/types.ts';
import { msgpack } from '../../../src/protocol/msgpack.ts';
import { open } from './support.ts';

describe('volatile', () => {
  const tell = { t: 'tell', c: 'room:1', id: 't1', e: 'typing', d: { on: true } } as const;

  it('reaches who listens now, but not the page that sent it, on any connection', async () => {
    const { house, peer } = await open();
    const own = await house.enter({ token: 'ann', client: 'client-1', gen: 2 });
    const others = [await house.enter({ token: 'bob' }), await house.enter({}, { codec: msgpack() })];
    for (const each of [peer, own, ...others]) each.send({ t: 'sub', c: 'room:1', k: 1 });
    await house.clock.settle();
    peer.send(tell);
    await house.clock.settle();
    for (const other of others) expect(other.of('tell')).toEqual([{ ...tell, by: 'ann' }]);
    expect([peer.of('tell'), own.of('tell')]).toEqual([[], []]);
    expect((await house.server.cursor('room:1')).offset).toBe(0);
  });

  it.each<[string, ChannelRule, unknown]>([
    ['is not allowed', { subscribe: true, publish: { message: true } }, undefined],
    ['is not well formed', { subscribe: true, publish: true }, JSON.parse('{"__proto__":1}')],
    ['is too large', { subscribe: true, publish: true }, 'x'.repeat(70_000)],
    ['meets a rule that throws', { subscribe: true, publish: () => { throw new Error('db'); } }, undefined], // prettier-ignore
  ])('is dropped and counted when it %s', async (_what, rule, d) => {
    const { house, peer } = await open(rule);
    const reader = await house.enter();
    reader.send({ t: 'sub', c: 'room:1', k: 1 });
    await house.clock.settle();
    peer.send({ ...tell, d });
    await house.clock.settle();
    expect(reader.of('tell')).toEqual([]);
    expect(house.count('droppedVolatile')).toBe(1);
    expect(peer.closed).toBeNull();
  });

  it('counts against the rate', async () => {
    const { house, peer } = await open(undefined, { limits: { publishRate: 1 } });
    for (let i = 0; i < 10; i += 1) peer.send(tell);
    await house.clock.settle();
    expect(house.count('droppedVolatile')).toBe(6);
  });

  it('works where no log is kept, and from the back end', async () => {
    const { house, peer } = await open({
      subscribe: true,
      publish: { typing: async () => Promise.resolve(true) },
      mode: 'live',
    });
    const reader = await house.enter({ token: 'bob' });
    reader.send({ t: 'sub', c: 'room:1', k: 1, mode: 'live' });
    await house.clock.settle();
    peer.send(tell);
    house.server.publishVolatile('room:1', 'typing', null);
    await house.clock.settle();
    expect(reader.of('tell').map(({ by }) => by)).toEqual([undefined, 'ann']);
  });
});
