/** `for await` over a channel. */
import { describe, expect, it } from 'vitest';
import type { HoldfastError } from '../../../src/errors.ts';
import type { Channel, MessagesOptions } from '../../../src/types.ts';
import type { World } from '../../support/world.ts';
import { crossed, useWorld } from './traffic.ts';

const createWorld = useWorld();

interface Reading {
  readonly data: unknown[];
  end: string;
}

/** Reads until the end, or until `stop` says so. */
function read(channel: Channel, options?: MessagesOptions, stop: (data: unknown) => boolean = () => false): Reading {
  const reading: Reading = { data: [], end: 'not yet' };
  const run = async (): Promise<void> => {
    for await (const { data } of channel.messages(options)) {
      reading.data.push(data);
      if (stop(data)) break;
    }
  };
  run().then(
    () => (reading.end = 'done'),
    (error: unknown) => (reading.end = (error as HoldfastError).code),
  );
  return reading;
}

async function publish(world: World, ...events: readonly (readonly [event: string, data: unknown])[]): Promise<void> {
  for (const [event, data] of events) await world.server.publish('room', event, data);
  await world.clock.advance(100);
}

describe('messages()', () => {
  it('holds the channel, and break lets go of it', async () => {
    const world = createWorld();
    const { client, network } = world.open();
    const reading = read(client.channel('room'), undefined, (data) => data === 2);
    await world.clock.advance(100);
    await publish(world, ['e', 1], ['f', 2], ['e', 3]);
    expect(reading).toEqual({ data: [1, 2], end: 'done' });
    await world.clock.advance(2000);
    expect(crossed(network, 'up', 'unsub')).toHaveLength(1);
  });

  it('gives only the events asked for', async () => {
    const world = createWorld();
    const reading = read(world.open().client.channel('room'), { events: ['a', 'b'] });
    await world.clock.advance(100);
    await publish(world, ['a', 1], ['x', 2], ['b', 3]);
    expect(reading.data).toEqual([1, 3]);
  });

  it('subscribes when it is called, not when it is first read', async () => {
    const world = createWorld();
    const { client } = world.open();
    const messages = client.channel('room').messages();
    await world.clock.advance(100);
    await publish(world, ['e', 1]);
    expect((await messages.next()).value).toMatchObject({ data: 1 });
    await messages.return!();
  });

  it('ends with its signal, and lets go', async () => {
    const world = createWorld();
    const { client, network } = world.open();
    const controller = new AbortController();
    const reading = read(client.channel('room'), { signal: controller.signal });
    await world.clock.advance(100);
    await publish(world, ['e', 1]);
    controller.abort();
    await world.clock.advance(2000);
    expect(reading).toEqual({ data: [1], end: 'done' });
    expect(crossed(network, 'up', 'unsub')).toHaveLength(1);
  });

  it('with a signal that is aborted already ends at once, and asks for nothing', async () => {
    const world = createWorld();
    const { client, network } = world.open();
    const reading = read(client.channel('room'), { signal: AbortSignal.abort() });
    await world.clock.advance(100);
    expect(reading.end).toBe('done');
    expect(network.opened).toBe(0);
  });

  it('throws too-slow to a reader that leaves more than 1000 unread, and lets go', async () => {
    const world = createWorld({ server: { channels: { room: { subscribe: true, history: { entries: 5000 } } } } });
    const { client, network } = world.open();
    const messages = client.channel('room').messages();
    await world.clock.advance(100);
    for (let data = 1; data <= 1001; data += 1) await world.server.publish('room', 'e', data);
    await world.clock.advance(2000);
    let count = 0;
    await expect(
      (async () => {
        for await (const message of messages) count += message.data > 0 ? 1 : 0;
      })(),
    ).rejects.toMatchObject({ code: 'too-slow' });
    expect(count).toBe(1000);
    expect(crossed(network, 'up', 'unsub')).toHaveLength(1);
  });

  it('goes on after a reset, unless it was asked to throw', async () => {
    const world = createWorld();
    const { client, network } = world.open();
    const channel = client.channel('room');
    const [plain, strict] = [read(channel), read(channel, { throwOnReset: true })];
    await world.clock.advance(100);
    await publish(world, ['e', 1]);
    world.restart({ keepStore: false });
    await world.clock.advance(10_000);
    await publish(world, ['e', 2]);
    expect(plain).toEqual({ data: [1, 2], end: 'not yet' });
    expect(strict).toEqual({ data: [1], end: 'continuity-lost' });
    expect(crossed(network, 'up', 'unsub')).toEqual([]);
  });

  it('throws what closed the channel: a refusal', async () => {
    const world = createWorld({ server: { channels: {} } });
    const reading = read(world.open().client.channel('room'));
    await world.clock.advance(100);
    expect(reading).toEqual({ data: [], end: 'forbidden' });
  });

  it('throws what closed the channel: the end of the client', async () => {
    const world = createWorld();
    const { client } = world.open();
    const [reading, waiting] = [read(client.channel('room')), client.channel('room').messages().next()];
    await world.clock.advance(100);
    client.destroy();
    await expect(waiting).rejects.toMatchObject({ code: 'destroyed' });
    await world.clock.settle();
    expect(reading.end).toBe('destroyed');
  });

  it('may be called again after a refusal', async () => {
    let allowed = false;
    const world = createWorld({ server: { channels: { room: { subscribe: () => allowed } } } });
    const { client } = world.open();
    const refused = read(client.channel('room'));
    await world.clock.advance(100);
    allowed = true;
    const reading = read(client.channel('room'));
    await world.clock.advance(100);
    await publish(world, ['e', 1]);
    expect([refused.end, reading.data]).toEqual(['forbidden', [1]]);
  });
});
