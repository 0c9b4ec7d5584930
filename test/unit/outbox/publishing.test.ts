import { describe, expect, it } from 'vitest';
import type { Outcome, Receipt } from '../../../src/types.ts';
import { codeOf, crossed, logOf, useWorld } from '../channel/traffic.ts';

const createWorld = useWorld();
const offsets = (receipts: readonly Receipt[]): Promise<readonly (number | undefined)[]> =>
  Promise.all(receipts.map(({ accepted }) => accepted.then(({ cursor }) => cursor?.offset)));

describe('publishing', () => {
  it('connects, is stored, and is accepted at its place', async () => {
    const world = createWorld();
    const { client } = world.open();
    const outcomes: Outcome[] = [];
    client.on('outcome', (outcome) => outcomes.push(outcome));
    const receipt = client.channel('room').publish('e', 1);
    expect(await codeOf(receipt.stored)).toBe('resolved');
    await world.clock.advance(100);
    const accepted = await receipt.accepted;
    expect(accepted).toMatchObject({ cursor: { offset: 1 }, maybeDuplicate: false });
    expect(outcomes).toEqual([{ id: receipt.id, channel: 'room', event: 'e', result: 'accepted', ...accepted }]);
    expect(receipt.state.get()).toEqual({ state: 'settled', outcome: outcomes[0] });
  });

  it('what is published in one tick goes in one frame', async () => {
    const world = createWorld();
    const { client, network } = world.open();
    client.connect();
    await world.clock.advance(100);
    [1, 2, 3].forEach((data) => client.channel('room').publish('e', data));
    await world.clock.advance(100);
    expect(crossed(network, 'up', 'pub').map(({ items }) => items.length)).toEqual([3]);
    expect(await logOf(world)).toEqual([1, 2, 3]);
  });

  it('offline is sent once there is a connection, in order, also over several channels', async () => {
    const world = createWorld();
    const { client, network } = world.open();
    network.set('refusing');
    const receipts = [1, 2, 3].map((data) => client.channel('room').publish('e', data));
    client.channel('other').publish('e', 'x');
    await world.clock.advance(20_000);
    receipts.push(client.channel('room').publish('e', 4));
    await world.clock.settle();
    expect(client.outbox.status.get().pending).toBe(5);
    network.set('open');
    await world.clock.advance(60_000);
    expect(await offsets(receipts)).toEqual([1, 2, 3, 4]);
    expect([await logOf(world), await logOf(world, 'other')]).toEqual([[1, 2, 3, 4], ['x']]);
    expect(client.outbox.status.get()).toMatchObject({ pending: 0, bytes: 0, oldest: null });
  });

  it('more than a window goes through, in order', async () => {
    const world = createWorld();
    const { client } = world.open();
    const said = Array.from({ length: 700 }, (_, index) => index);
    said.forEach((data) => client.channel('room').publish('e', data));
    await world.clock.advance(1000);
    expect(await logOf(world)).toEqual(said);
  });

  it('an ack that is lost costs a repeat on the wire, and nothing in the log', async () => {
    const world = createWorld();
    const { client, network } = world.open();
    client.connect();
    await world.clock.advance(100);
    network.stall('down');
    const receipts = [1, 2, 3].map((data) => client.channel('room').publish('e', data));
    await world.clock.advance(100);
    expect(await logOf(world)).toEqual([1, 2, 3]);
    network.cut();
    network.heal();
    await world.clock.advance(10_000);
    expect(await offsets(receipts)).toEqual([1, 2, 3]);
    expect(await logOf(world)).toEqual([1, 2, 3]);
    expect(crossed(network, 'up', 'pub').map(({ s, items }) => [s, items.length])).toEqual([
      [1, 3],
      [1, 3],
    ]);
  });

  it('a payload is what it was at the call, whatever becomes of the object', async () => {
    const world = createWorld();
    const { client } = world.open();
    const payload = { text: 'before' };
    client.channel('room').publish('e', payload);
    payload.text = 'after';
    await world.clock.advance(100);
    expect(await logOf(world)).toEqual([{ text: 'before' }]);
  });

  it('bytes and nothing at all are payloads', async () => {
    const world = createWorld();
    const { client } = world.open();
    const seen: unknown[] = [];
    client.channel('room').subscribe('e', (data) => seen.push(data));
    await world.clock.advance(100);
    client.channel('room').publish('e', new Uint8Array([1, 2]));
    client.channel('room').publish('e');
    await world.clock.advance(100);
    expect(seen).toEqual([new Uint8Array([1, 2]), undefined]);
  });
});

describe('what cannot be sent', () => {
  const cases: readonly (readonly [string, unknown, string])[] = [
    ['NaN', Number.NaN, 'invalid'],
    ['a function', () => 1, 'invalid'],
    ['a Map', new Map([[1, 2]]), 'invalid'],
    ['too many bytes', 'x'.repeat(70_000), 'too-large'],
    ['too many binary bytes', new Uint8Array(300_000), 'too-large'],
  ];
  it.each(cases)('%s: the receipt rejects, and nothing is sent or kept', async (_, data, code) => {
    const world = createWorld();
    const { client, network, errors } = world.open();
    const receipt = client.channel('room').publish('e', data);
    expect(await codeOf(receipt.accepted)).toBe(code);
    expect(await codeOf(receipt.stored)).toBe(code);
    expect(receipt.state.get()).toMatchObject({ state: 'settled', outcome: { result: 'rejected' } });
    await world.clock.advance(100);
    expect([network.opened, client.outbox.status.get().pending, errors]).toEqual([0, 0, []]);
  });

  it('a rejection that nobody looks at is reported; one that is awaited is not', async () => {
    const world = createWorld();
    const [silent, awaited, heard] = [world.open(), world.open(), world.open()];
    silent.client.channel('room').publish('e', Number.NaN);
    awaited.client
      .channel('room')
      .publish('e', Number.NaN)
      .accepted.catch(() => {});
    heard.client.on('outcome', () => {});
    heard.client.channel('room').publish('e', Number.NaN);
    await world.clock.settle();
    expect([silent.errors, awaited.errors, heard.errors].map((errors) => errors.map(({ code }) => code))).toEqual([
      ['invalid'],
      [],
      [],
    ]);
  });

  it.each([
    ['messages', { maxMessages: 2 }],
    ['bytes', { maxBytes: 2 }],
  ])('more %s than the outbox holds are refused, until there is room again', async (_, outbox) => {
    const world = createWorld();
    const { client, network } = world.open({ outbox });
    network.set('refusing');
    const receipts = [1, 2, 3].map((data) => client.channel('room').publish('e', data));
    expect(await codeOf(receipts[2]!.accepted)).toBe('outbox-full');
    network.set('open');
    await world.clock.advance(60_000);
    expect(await logOf(world)).toEqual([1, 2]);
    client.channel('room').publish('e', 4);
    await world.clock.advance(100);
    expect(await logOf(world)).toEqual([1, 2, 4]);
  });

  it.each([0, -1, Number.NaN])('ttl %s is no time', (ttl) => {
    const { client } = createWorld().open();
    expect(() => client.channel('room').publish('e', 1, { ttl })).toThrow(expect.objectContaining({ code: 'invalid-option' }));
  });
});

describe('drain()', () => {
  it('resolves when nothing is pending: at once, or when the last one is answered', async () => {
    const world = createWorld();
    const { client, network } = world.open();
    await client.outbox.drain();
    network.set('refusing');
    client.channel('room').publish('e', 1);
    let drained = false;
    void client.outbox.drain().then(() => (drained = true));
    await world.clock.advance(20_000);
    expect(drained).toBe(false);
    network.set('open');
    await world.clock.advance(60_000);
    expect(drained).toBe(true);
  });

  it.each([true, false])('ends with its signal (before: %s)', async (before) => {
    const { client } = createWorld().open();
    client.channel('room').publish('e', 1);
    const controller = new AbortController();
    if (before) controller.abort();
    const drained = client.outbox.drain({ signal: controller.signal });
    controller.abort();
    expect(await codeOf(drained)).toBe('aborted');
  });

  it('rejects when the client ends first, and after', async () => {
    const { client } = createWorld().open();
    client.channel('room').publish('e', 1);
    const drained = client.outbox.drain();
    client.destroy();
    expect(await codeOf(drained)).toBe('destroyed');
    expect(await codeOf(client.outbox.drain())).toBe('destroyed');
  });
});
