// Holds I14 (docs/guarantees.md).
import { describe, expect, it, vi } from 'vitest';
import type { WireCursor } from '../../../src/protocol/frame.ts';
import { json } from '../../../src/protocol/json.ts';
import { createHouse, fill, type House, type Peer } from './support.ts';

const CHUNK = 'x'.repeat(10_000);
const rules = {
  'room:{id}': { subscribe: true, publish: true, history: { entries: 5000 } },
  'short:{id}': { subscribe: true, history: { entries: 5 } },
  'price:{id}': { subscribe: true, mode: 'latest' as const },
};

const shutReader = async (channels: readonly string[], more = {}): Promise<{ house: House; peer: Peer }> => {
  const house = createHouse({ channels: rules, limits: { queue: 100_000, publishRate: Infinity }, ...more });
  const peer = await house.enter();
  for (const [index, c] of channels.entries()) {
    peer.send({ t: 'sub', c, k: index, mode: c.startsWith('price') ? 'latest' : c.startsWith('live') ? 'live' : 'log' });
  }
  await house.clock.settle();
  peer.shut();
  return { house, peer };
};
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

describe('slow consumers', () => {
  it('above the bound are served from the log as they drain, without a gap', async () => {
    const { house, peer } = await shutReader(['room:1']);
    for (let i = 0; i < 100; i += 1) await fill(house.server, 'room:1', 1, CHUNK);
    await house.clock.settle();
    expect(peer.closed).toBeNull();
    expect(peer.line).toBeDefined();
    expect(peer.offsets()).toEqual([]);
    peer.take();
    await house.clock.settle();
    expect(peer.offsets()).toEqual(upTo(100));
    expect(peer.of('gap')).toEqual([]);
    await fill(house.server, 'room:1', 1);
    await house.clock.settle();
    expect(peer.offsets().at(-1)).toBe(101);
  });

  it('hold no more than twice the bound, whatever is published', async () => {
    const { house, peer } = await shutReader(['room:1', 'room:2', 'room:3']);
    let most = 0;
    for (let i = 0; i < 200; i += 1) {
      await fill(house.server, `room:${(i % 3) + 1}`, 1, CHUNK);
      await house.clock.settle();
      most = Math.max(most, house.count('bytesOut'));
    }
    expect(most).toBeLessThan(2 * 100_000);
    peer.take();
    await house.clock.settle();
    const each = [1, 2, 3].map((room) => peer.offsets(`room:${room}`).length);
    expect(each).toEqual([67, 67, 66]);
  });

  it('are none if their socket takes everything: what one tick answers waits for its end alone', async () => {
    const house = createHouse({ channels: rules, limits: { queue: 300, publishRate: Infinity } });
    const peer = await house.enter();
    const frames = upTo(40).map((s) => ({
      t: 'pub' as const,
      c: 'room:1',
      p: 'producer',
      s,
      items: [{ id: `item-${s}`, e: 'said' }],
      ...(s === 1 && { first: true }),
    }));
    peer.send(...frames);
    await house.clock.settle();
    expect(peer.closed).toBeNull();
    expect(peer.of('ack').map(({ s }) => s)).toEqual(upTo(40));
  });

  it('get a gap when the log no longer reaches back to them', async () => {
    const { house, peer } = await shutReader(['short:1']);
    await fill(house.server, 'short:1', 60, CHUNK);
    peer.take();
    await house.clock.settle();
    const top = await house.server.cursor('short:1');
    expect(peer.of('gap')).toEqual([{ t: 'gap', c: 'short:1', cur: [top.epoch, 60, top.tag], why: 'trimmed' }]);
    await fill(house.server, 'short:1', 1);
    await house.clock.settle();
    expect(peer.offsets().at(-1)).toBe(61);
  });

  it('get only the newest in mode latest', async () => {
    const { house, peer } = await shutReader(['price:1']);
    for (let i = 0; i < 50; i += 1) {
      await fill(house.server, 'price:1', 1, CHUNK);
      await house.clock.settle();
    }
    peer.take();
    await house.clock.settle();
    const offsets = peer.offsets();
    expect(offsets.at(-1)).toBe(50);
    expect(offsets.length).toBeLessThan(15);
    expect([...offsets].sort((a, b) => a - b)).toEqual(offsets);
  });

  it('miss volatile messages, which are counted', async () => {
    const { house, peer } = await shutReader(['room:1']);
    await fill(house.server, 'room:1', 20, CHUNK);
    await house.clock.settle();
    for (let i = 0; i < 5; i += 1) house.server.publishVolatile('room:1', 'typing', null);
    peer.take();
    await house.clock.settle();
    expect(peer.of('tell')).toEqual([]);
    expect(house.count('droppedVolatile')).toBe(5);
  });

  it('that take nothing for 15 s end: 4008', async () => {
    const { house, peer } = await shutReader(['room:1']);
    await fill(house.server, 'room:1', 20, CHUNK);
    await house.clock.advance(14_000);
    expect(peer.closed).toBeNull();
    await house.clock.advance(2000);
    expect(peer.closed?.code).toBe(4008);
    expect(house.count('slowConsumers')).toBe(1);
  });

  it('that take a little now and then live on', async () => {
    const { house, peer } = await shutReader(['room:1']);
    await fill(house.server, 'room:1', 40, CHUNK);
    await house.clock.settle();
    for (let i = 0; i < 10; i += 1) {
      peer.send({ t: 'pong' });
      await house.clock.advance(10_000);
      peer.take(500);
    }
    expect(peer.closed).toBeNull();
  });

  it('that take as much as is sent to them meanwhile live on', async () => {
    const house = createHouse({ limits: { queue: 2000 } });
    let buffered = 0;
    const close = vi.fn();
    const socket = {
      send: ({ length }: { length: number }) => void (buffered += length),
      close,
      get buffered() {
        return buffered;
      },
    };
    const line = house.server.accept(socket, { codec: json(), origin: null, ip: '' });
    line.onMessage('{"t":"hello","v":[1,1],"client":"x","gen":1}');
    const ping = (count: number): void =>
      line.onMessage(JSON.stringify(Array.from({ length: count }, () => ({ t: 'ping', x: 1 }))));
    ping(100);
    await house.clock.settle();
    for (let i = 0; i < 100; i += 1) {
      buffered -= 50;
      ping(3);
      await house.clock.advance(200);
    }
    expect(buffered).toBeGreaterThan(2000);
    expect(close).not.toHaveBeenCalled();
  });

  it('that talk but take nothing end as well', async () => {
    const { house, peer } = await shutReader(['room:1']);
    await fill(house.server, 'room:1', 20, CHUNK);
    for (let i = 0; i < 16; i += 1) {
      peer.send({ t: 'ping' });
      await house.clock.advance(1000);
    }
    expect(peer.closed?.code).toBe(4008);
  });

  it('end at twice the bound: 4008', async () => {
    const { house, peer } = await shutReader([]);
    for (let i = 0; i < 20_000 && peer.closed === null; i += 1) peer.send({ t: 'ping', x: i });
    await house.clock.settle();
    expect(peer.closed?.code).toBe(4008);
  });

  it('that resume many long channels at once are fed in turns, within the bound', async () => {
    const house = createHouse({ channels: rules, limits: { queue: 600_000 } });
    const cursors: WireCursor[] = [];
    for (const room of upTo(20)) {
      const { epoch } = await house.server.cursor(`room:${room}`);
      cursors.push([epoch, 0, '']);
      await fill(house.server, `room:${room}`, 60, CHUNK);
    }
    const peer = await house.enter();
    peer.shut();
    peer.send(...upTo(20).map((room) => ({ t: 'sub', c: `room:${room}`, k: room, cur: cursors[room - 1]! }) as const));
    await house.clock.settle();
    expect(house.count('bytesOut')).toBeLessThan(1_200_000);
    for (let turn = 0; turn < 200; turn += 1) {
      peer.send({ t: 'pong' });
      peer.take();
      await house.clock.settle();
    }
    expect(peer.closed).toBeNull();
    for (const room of upTo(20)) expect(peer.offsets(`room:${room}`)).toEqual(upTo(60));
  });

  it('get long batches in pieces', async () => {
    const house = createHouse({ channels: rules, limits: { publishRate: Infinity } });
    const peer = await house.enter();
    peer.send({ t: 'sub', c: 'room:1', k: 1 });
    await house.clock.settle();
    const append = (index: number) => {
      const lane = { user: '', producer: `p${index}` };
      const items = [{ item: { id: `i${index}`, e: 'x', d: CHUNK } }];
      return house.broker.append({
        channel: 'room:1',
        lane,
        sequence: 1,
        first: true,
        items,
        keep: { entries: 1000, age: 1000 },
      });
    };
    peer.messages.length = 0;
    await Promise.all(Array.from({ length: 80 }, (_, index) => append(index)));
    await house.clock.settle();
    expect(peer.messages.length).toBeGreaterThan(2);
    for (const message of peer.messages) expect(message.length).toBeLessThan(280_000);
    expect(peer.offsets()).toEqual(upTo(80));
  });

  it('a transport that throws ends its own connection only', async () => {
    const house = createHouse();
    const good = await house.enter();
    good.send({ t: 'sub', c: 'room:1', k: 1 });
    await house.clock.settle();
    const close = vi.fn();
    const line = house.server.accept(
      {
        send: () => {
          throw new Error('broken pipe');
        },
        close,
        buffered: 0,
      },
      { codec: json(), origin: null, ip: '' },
    );
    line.onMessage('{"t":"hello","v":[1,1],"client":"x","gen":1}');
    await fill(house.server, 'room:1', 1);
    await house.clock.settle();
    expect(good.offsets()).toEqual([1]);
    expect(close).toHaveBeenCalledOnce();
    expect(house.events.map(({ name }) => name)).toContain('connection-failed');
  });
});
