// Holds I17 (docs/guarantees.md).
/** `publishVolatile`: at most once, to whoever listens now (I17). */
import { describe, expect, it } from 'vitest';
import { composeClient } from '../../../src/client.ts';
import type { ServerTell } from '../../../src/protocol/frame.ts';
import { createScriptedTransport } from '../../support/scripted-transport.ts';
import { createVirtualClock } from '../../support/virtual-clock.ts';
import { crossed, logOf, useWorld } from '../channel/traffic.ts';

const createWorld = useWorld();

describe('publishVolatile', () => {
  it('reaches other pages, and not the one that sent it; it is in no log and has no place', async () => {
    const world = createWorld();
    const [ann, bob] = [world.open(), world.open()];
    const seen: unknown[] = [];
    const own: unknown[] = [];
    bob.client.channel('room').subscribe('typing', (data, message) => seen.push([data, message.cursor, message.sentAt]));
    ann.client.channel('room').subscribe('typing', (data) => own.push(data));
    await world.clock.advance(100);
    expect(ann.client.channel('room').publishVolatile('typing', { at: 1 })).toBe(true);
    await world.clock.advance(100);
    expect([seen, own]).toEqual([[[{ at: 1 }, null, null]], []]);
    expect(await logOf(world)).toEqual([]);
  });

  it('without a connection is dropped and says so, but connects', async () => {
    const world = createWorld();
    const { client, network } = world.open();
    expect(client.channel('room').publishVolatile('e', 1)).toBe(false);
    await world.clock.advance(100);
    expect(client.status.get().state).toBe('connected');
    expect(crossed(network, 'up', 'tell')).toEqual([]);
    expect(client.channel('room').publishVolatile('e', 2)).toBe(true);
    await world.clock.advance(100);
    network.cut();
    expect(client.channel('room').publishVolatile('e', 3)).toBe(false);
    await world.clock.advance(10_000);
    expect(crossed(network, 'up', 'tell').map(({ d }) => d)).toEqual([2]);
  });

  it('is not repeated after a reconnect', async () => {
    const world = createWorld();
    const [ann, bob] = [world.open(), world.open()];
    const seen: unknown[] = [];
    bob.client.channel('room').subscribe('e', (data) => seen.push(data));
    ann.client.connect();
    await world.clock.advance(100);
    ann.client.channel('room').publishVolatile('e', 1);
    await world.clock.advance(100);
    [ann, bob].forEach(({ network }) => network.cut());
    await world.clock.advance(20_000);
    expect(seen).toEqual([1]);
  });

  it('with data that cannot travel throws', async () => {
    const { client } = createWorld().open();
    const channel = client.channel('room');
    expect(() => channel.publishVolatile('e', Number.NaN)).toThrow(expect.objectContaining({ code: 'invalid' }));
    expect(() => channel.publishVolatile('e', 'x'.repeat(70_000))).toThrow(expect.objectContaining({ code: 'too-large' }));
  });

  it('that the rule forbids reaches nobody, and breaks nothing', async () => {
    const publish = { loud: true, quiet: false };
    const world = createWorld({ server: { channels: { room: { subscribe: true, publish } } } });
    const [ann, bob] = [world.open(), world.open()];
    const seen: unknown[] = [];
    bob.client.channel('room').subscribeAll(({ data }) => seen.push(data));
    ann.client.connect();
    await world.clock.advance(100);
    expect(ann.client.channel('room').publishVolatile('quiet', 1)).toBe(true);
    expect(ann.client.channel('room').publishVolatile('loud', 2)).toBe(true);
    await world.clock.advance(100);
    expect([seen, ann.errors]).toEqual([[2], []]);
  });

  it('that comes twice, also over two connections, is delivered once', async () => {
    const clock = createVirtualClock();
    const transport = createScriptedTransport({ play: (opening) => opening.welcome() });
    const { now, setTimeout, clearTimeout } = clock;
    const client = composeClient({
      url: 'https://test.example',
      transports: [transport],
      environment: { now, setTimeout, clearTimeout, logError: () => {} },
    });
    const seen: unknown[] = [];
    client.channel('room').subscribeAll(({ data }) => seen.push(data));
    await clock.advance(100);
    const tell = (id: string): ServerTell => ({ t: 'tell', c: 'room', id, e: 'e', d: id });
    transport.latest.send(tell('a'), tell('a'), tell('b'));
    transport.latest.end(1006);
    await clock.advance(10_000);
    expect(transport.openings).toHaveLength(2);
    transport.latest.send(tell('b'), tell('c'));
    expect(seen).toEqual(['a', 'b', 'c']);
    // The last 1024 are remembered.
    for (let index = 0; index < 1023; index += 1) transport.latest.send(tell(`more-${index}`));
    transport.latest.send(tell('c'));
    expect(seen).toHaveLength(3 + 1023);
    client.destroy();
  });

  it('mixes with publications without disturbing them', async () => {
    const world = createWorld();
    const [ann, bob] = [world.open(), world.open()];
    const seen: unknown[] = [];
    bob.client.channel('room').subscribeAll(({ data }) => seen.push(data));
    ann.client.connect();
    await world.clock.advance(100);
    for (let data = 0; data < 10; data += 1) {
      if (data % 2 === 0) ann.client.channel('room').publish('e', data);
      else ann.client.channel('room').publishVolatile('e', data);
    }
    await world.clock.advance(100);
    expect(seen.filter((data) => Number(data) % 2 === 0)).toEqual([0, 2, 4, 6, 8]);
    expect(seen.filter((data) => Number(data) % 2 === 1)).toEqual([1, 3, 5, 7, 9]);
    expect(await logOf(world)).toEqual([0, 2, 4, 6, 8]);
  });
});
