/** What a server with validators takes from clients and from the back end. */
import { describe, expect, it } from 'vitest';
import type { Item } from '../../../src/protocol/frame.ts';
import { type House, type Peer, createHouse } from '../server/support.ts';
import { BROKEN, LIBRARIES, MISBEHAVING, TASK, TASK_OUT, untyped } from './schemas.ts';

const WRONG = { ...TASK, due: 'soon' };
const item = (e: string, d: unknown, id = 'i'): Item => ({ id, e, d });
const send = async (house: House, peer: Peer, ...items: readonly Item[]): Promise<void> => {
  peer.send({ t: 'pub', c: 'room:1', p: 'p', s: 1, first: true, items });
  await house.clock.settle();
};
const logOf = async ({ broker }: House): Promise<readonly unknown[]> => {
  const read = await broker.read('room:1', { latest: 1000 }, { entries: 1000, bytes: 1e9 }, { entries: 1000, age: 1e9 });
  return read.ok ? read.entries.map(({ e, d }) => [e, d]) : [];
};

describe.each(LIBRARIES)('with %s', (_library, contract) => {
  it('a rule gets what the validator made of it, and the log keeps what was sent', async () => {
    const seen: unknown[] = [];
    const task = (data: unknown): boolean => seen.push(data) > 0;
    const house = createHouse({ contract, channels: { 'room:{id}': { publish: { task } } } });
    await send(house, await house.enter(), item('task', TASK));
    expect(seen).toEqual([TASK_OUT]);
    expect(await logOf(house)).toEqual([['task', TASK]]);
  });

  it.each<[rule: string, publish: true | ((seen: unknown[]) => boolean | Promise<boolean>)]>([
    ['a rule that is true', true],
    ['a rule of all events', (seen) => seen.push('asked') > 0],
    ['one that takes its time', (seen) => Promise.resolve(seen.push('asked') > 0)],
  ])('%s does not pass what does not fit; what is beside it goes on', async (_rule, publish) => {
    const seen: unknown[] = [];
    const rule = publish === true || (() => publish(seen));
    const house = createHouse({ contract, channels: { 'room:{id}': { publish: rule } } });
    const peer = await house.enter();
    await send(house, peer, item('task', TASK, 'a'), item('task', WRONG, 'b'), item('other', 1, 'c'), item('task', TASK, 'd'));
    const [first, second, third, fourth] = peer.last('ack')!.r;
    expect([first, fourth]).toEqual([
      [1, expect.any(String)],
      [2, expect.any(String)],
    ]);
    const message = expect.stringMatching(/^The contract does not take 'task' of channel 'room:1': due: [^\n]+$/) as string;
    expect(second).toEqual({ code: 'invalid', message });
    expect(third).toEqual({ code: 'invalid', message: "The contract names no logged event 'other' for channel 'room:1'." });
    expect(await logOf(house)).toEqual([
      ['task', TASK],
      ['task', TASK],
    ]);
    expect(seen).toEqual(publish === true ? [] : ['asked']);
  });

  it('who may not publish is not told what would fit', async () => {
    const house = createHouse({ contract, channels: { 'room:{id}': { publish: false } } });
    const peer = await house.enter();
    await send(house, peer, item('task', WRONG));
    expect(peer.last('ack')?.r).toEqual([{ code: 'forbidden' }]);
  });

  it('a volatile message that does not fit is dropped and counted, and a rule gets what the validator made', async () => {
    const seen: unknown[] = [];
    const typing = (data: unknown): boolean => seen.push(data) > 0;
    const house = createHouse({ contract, channels: { 'room:{id}': { subscribe: true, publish: { typing } } } });
    const [sender, reader] = [await house.enter(), await house.enter()];
    reader.send({ t: 'sub', c: 'room:1', k: 1 });
    await house.clock.settle();
    for (const d of [{ on: 1 }, { on: true }])
      sender.send({ t: 'tell', c: 'room:1', id: `t${JSON.stringify(d)}`, e: 'typing', d });
    sender.send({ t: 'tell', c: 'room:1', id: 'logged', e: 'task', d: TASK });
    await house.clock.settle();
    expect(reader.of('tell').map(({ d }) => d)).toEqual([{ on: true }]);
    expect([seen, house.count('droppedVolatile')]).toEqual([[{ on: true }], 2]);
    expect(house.events).toEqual([]);
  });

  it('what the back end publishes is checked', async () => {
    const { server, ...house } = createHouse({ contract });
    await server.publish('room:1', 'task', TASK);
    await expect(server.publish('room:1', 'task', WRONG)).rejects.toThrow(TypeError);
    await expect(server.publish('room:1', 'task', WRONG)).rejects.toMatchObject({
      message: expect.stringMatching(/'task' of channel 'room:1': due: /) as string,
      cause: { code: 'invalid', details: { issues: [{ path: ['due'] }] } },
    });
    await expect(server.publish('room:1', 'typing', { on: true })).rejects.toThrow(
      /no logged event 'typing' .*use publishVolatile/,
    );
    expect(() => server.publishVolatile('room:1', 'typing', { on: 1 })).toThrow(TypeError);
    server.publishVolatile('room:1', 'typing', { on: true });
    expect(await logOf({ server, ...house })).toEqual([['task', TASK]]);
  });
});

describe.each(['throwing', 'asynchronous'] as const)('a validator that is %s', (kind) => {
  const schema = MISBEHAVING[kind];
  const contract = untyped({ channels: { 'room:{id}': { events: { e: schema }, volatile: { v: schema } } } });
  const code = kind === 'throwing' ? 'handler-threw' : 'invalid-option';

  it('is a fault of the server: it is reported, and the client tries again', async () => {
    const house = createHouse({ contract, channels: { 'room:{id}': { publish: true } } });
    const peer = await house.enter();
    await send(house, peer, item('e', 1));
    expect(peer.last('nack')).toMatchObject({ s: 1, code: 'unavailable' });
    expect(peer.last('ack')).toBeUndefined();
    peer.send({ t: 'tell', c: 'room:1', id: 't', e: 'v', d: 1 });
    await house.clock.settle();
    const event = { name: 'rule-failed', detail: { channel: 'room:1', rule: 'publish', error: { code } } };
    expect(house.events).toMatchObject([event, event]);
    expect([house.count('faults'), house.count('droppedVolatile')]).toEqual([2, 1]);
    // Nothing of it reaches the client.
    expect(JSON.stringify(peer.frames)).not.toContain(BROKEN.message);
  });

  it('is told to the back end', async () => {
    const { server } = createHouse({ contract });
    await expect(server.publish('room:1', 'e', 1)).rejects.toMatchObject({ name: 'TypeError', cause: { code } });
  });
});

it('refuses what is no contract', () => {
  expect(() => createHouse({ contract: { schemas: {} } as never })).toThrow(
    new TypeError('contract must be what defineContract() returns'),
  );
});
