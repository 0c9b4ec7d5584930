import { describe, expect, it } from 'vitest';
import { crossed, useWorld } from './traffic.ts';

const createWorld = useWorld();

describe('a handle', () => {
  it('is the same for the same name, and another for another', () => {
    const { client } = createWorld().open();
    expect(client.channel('room')).toBe(client.channel('room'));
    expect(client.channel('room')).not.toBe(client.channel('other'));
    expect(client.channel('room').name).toBe('room');
  });

  it('holds nothing until it is used: no connection, no timer', async () => {
    const world = createWorld();
    const { client, network } = world.open();
    const channel = client.channel('room');
    channel.onReset(() => {});
    channel.status.subscribe(() => {});
    await world.clock.settle();
    expect([network.opened, world.clock.pending]).toEqual([0, 0]);
    expect([client.status.get(), channel.status.get()]).toEqual([{ state: 'idle' }, { state: 'idle' }]);
  });

  it.each(['', 'a b', 'ü', '{room}', 'a'.repeat(201), 7 as unknown as string])('%j is no channel name', (name) => {
    const { client } = createWorld().open();
    expect(() => client.channel(name)).toThrow(expect.objectContaining({ code: 'invalid-name' }));
  });

  it.each(['', 'a\nb', 'a'.repeat(201), undefined as unknown as string])('%j is no event name', (event) => {
    const channel = createWorld().open().client.channel('room');
    const uses = [() => channel.subscribe(event, () => {}), () => channel.publish(event), () => channel.publishVolatile(event)];
    for (const use of uses) expect(use).toThrow(expect.objectContaining({ code: 'invalid-name' }));
  });

  it('of a client that was destroyed throws, and so does the client', () => {
    const { client } = createWorld().open();
    const channel = client.channel('room');
    client.destroy();
    const uses = [
      () => client.channel('room'),
      () => channel.subscribe('e', () => {}),
      () => channel.subscribeAll(() => {}),
      () => channel.messages(),
      () => channel.publish('e'),
      () => channel.publishVolatile('e'),
      () => channel.onReset(() => {}),
    ];
    for (const use of uses) expect(use).toThrow(expect.objectContaining({ code: 'destroyed' }));
  });
});

describe('a subscription', () => {
  it('connects, goes live, and says so', async () => {
    const world = createWorld();
    const { client, network } = world.open();
    const channel = client.channel('room');
    const states: string[] = [];
    channel.status.subscribe(() => states.push(channel.status.get().state));
    channel.subscribe('e', () => {});
    await world.clock.advance(100);
    expect(states).toEqual(['subscribing', 'live']);
    expect(crossed(network, 'up', 'sub')).toHaveLength(1);
  });

  it('many handlers of one channel are one subscription', async () => {
    const world = createWorld();
    const { client, network } = world.open();
    client.channel('room').subscribe('e', () => {});
    await world.clock.advance(100);
    client.channel('room').subscribe('f', () => {});
    client.channel('room').subscribeAll(() => {});
    await world.clock.advance(100);
    expect(crossed(network, 'up', 'sub')).toHaveLength(1);
  });

  it('that comes while the connection is being opened is not forgotten', async () => {
    const world = createWorld();
    const { client, network } = world.open();
    network.delay(100);
    client.channel('early').subscribeAll(() => {});
    await world.clock.advance(150);
    client.channel('late').subscribeAll(() => {});
    await world.clock.advance(1000);
    expect(client.channel('late').status.get().state).toBe('live');
    expect(crossed(network, 'up', 'sub').map(({ c }) => c)).toEqual(['early', 'late']);
  });

  it('after a cut the status is recovering, then live, from the cursor', async () => {
    const world = createWorld();
    const { client, network } = world.open();
    const channel = client.channel('room');
    const seen: unknown[] = [];
    channel.subscribe('e', (data) => seen.push(data));
    await world.clock.advance(100);
    network.cut();
    expect(channel.status.get()).toEqual({ state: 'recovering', why: 'reconnect' });
    await world.server.publish('room', 'e', 1);
    await world.clock.advance(5000);
    expect(channel.status.get()).toEqual({ state: 'live', lossy: false });
    expect(seen).toEqual([1]);
    expect(crossed(network, 'up', 'sub').map(({ cur }) => cur?.[1])).toEqual([undefined, 0]);
  });

  it('begins with the past that its options ask for', async () => {
    const world = createWorld();
    for (const data of [1, 2, 3]) await world.server.publish('room', 'e', data);
    const { client } = world.open({ channels: { room: { rewind: 2 } } });
    const seen: unknown[] = [];
    client.channel('room').subscribe('e', (data) => seen.push(data));
    await world.clock.advance(100);
    expect(seen).toEqual([2, 3]);
  });

  it.each([
    ['latest', [3]],
    ['live', []],
  ] as const)('mode %s begins with %j', async (mode, past) => {
    const world = createWorld();
    for (const data of [1, 2, 3]) await world.server.publish('room', 'e', data);
    const { client } = world.open({ channels: { room: { mode } } });
    const seen: unknown[] = [];
    const cursors: unknown[] = [];
    client.channel('room').subscribe('e', (data, { cursor }) => {
      seen.push(data);
      cursors.push(cursor?.offset ?? null);
    });
    await world.clock.advance(100);
    expect(seen).toEqual(past);
    await world.server.publish('room', 'e', 4);
    await world.clock.advance(100);
    expect(seen).toEqual([...past, 4]);
    expect(cursors.at(-1)).toBe(mode === 'live' ? null : 4);
  });
});

describe('the last one to leave', () => {
  it('and to come back in time costs nothing on the wire, and misses nothing', async () => {
    const world = createWorld();
    const { client, network } = world.open({ timing: { releaseAfter: 1000 } });
    const seen: unknown[] = [];
    const channel = client.channel('room');
    const stop = channel.subscribe('e', (data) => seen.push(data));
    await world.clock.advance(100);
    const before = network.wire.filter(({ direction }) => direction === 'up').length;
    stop();
    await world.clock.advance(999);
    channel.subscribe('e', (data) => seen.push(data));
    await world.clock.advance(5000);
    expect(network.wire.filter(({ direction }) => direction === 'up')).toHaveLength(before);
    await world.server.publish('room', 'e', 1);
    await world.clock.advance(100);
    expect(seen).toEqual([1]);
  });

  it('and not to come back ends the subscription', async () => {
    const world = createWorld();
    const { client, network } = world.open({ timing: { releaseAfter: 1000 } });
    const channel = client.channel('room');
    const [one, two] = [channel.subscribe('e', () => {}), channel.subscribeAll(() => {})];
    await world.clock.advance(100);
    one();
    one();
    await world.clock.advance(5000);
    expect(crossed(network, 'up', 'unsub')).toEqual([]);
    two();
    await world.clock.advance(999);
    expect(crossed(network, 'up', 'unsub')).toEqual([]);
    await world.clock.advance(10);
    expect(crossed(network, 'up', 'unsub')).toEqual([{ t: 'unsub', c: 'room' }]);
    expect(channel.status.get()).toEqual({ state: 'idle' });
  });

  it('and to come back too late begins anew', async () => {
    const world = createWorld();
    const { client, network } = world.open({ timing: { releaseAfter: 0 } });
    const channel = client.channel('room');
    const seen: unknown[] = [];
    const stop = channel.subscribe('e', () => {});
    await world.clock.advance(100);
    stop();
    await world.clock.advance(100);
    await world.server.publish('room', 'e', 1);
    channel.subscribe('e', (data) => seen.push(data));
    await world.clock.advance(100);
    await world.server.publish('room', 'e', 2);
    await world.clock.advance(100);
    expect(seen).toEqual([2]);
    expect(crossed(network, 'up', 'sub').map(({ cur }) => cur)).toEqual([undefined, undefined]);
  });

  it('while the connection is being opened leaves nothing behind on the server', async () => {
    const world = createWorld();
    const { client, network } = world.open({ timing: { releaseAfter: 10 } });
    network.delay(100);
    const stop = client.channel('room').subscribeAll(() => {});
    await world.clock.advance(150);
    stop();
    await world.clock.advance(1000);
    expect(world.server.metrics.get()).toMatchObject({ subscriptions: 0 });
  });

  it('without a connection sends nothing', async () => {
    const world = createWorld();
    const { client, network } = world.open();
    const stop = client.channel('room').subscribeAll(() => {});
    await world.clock.advance(100);
    network.set('refusing');
    network.cut();
    stop();
    await world.clock.advance(2000);
    network.set('open');
    await world.clock.advance(60_000);
    expect(crossed(network, 'up', 'sub')).toHaveLength(1);
    expect(crossed(network, 'up', 'unsub')).toEqual([]);
  });
});
