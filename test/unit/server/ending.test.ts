import { describe, expect, it, vi } from 'vitest';
import { json as createJson } from '../../../src/protocol/json.ts';
import { createServerCore } from '../../../server/server.ts';
import type { Encoded } from '../../../src/protocol/codec.ts';
import { createRandom } from '../../support/random.ts';
import { createVirtualClock } from '../../support/virtual-clock.ts';
import { createHouse, fill, items, OPEN_RULES } from './support.ts';

const json = createJson();

describe('drain', () => {
  it('sends everybody elsewhere, resolves when they are gone, and takes nobody new', async () => {
    const house = createHouse();
    const peers = await Promise.all(Array.from({ length: 450 }, () => house.enter()));
    const drained = vi.fn();
    void house.server.drain({ spread: 8000 }).then(drained);
    await house.clock.settle();
    for (const peer of peers) {
      expect(peer.last('bye')).toMatchObject({ code: 4000, spread: 8000 });
      expect(peer.closed?.code).toBe(4000);
    }
    expect(drained).toHaveBeenCalledOnce();
    expect(house.server.turnAway({ origin: null, host: null })).toMatchObject({ status: 503, code: 4000 });
    const late = await house.enter();
    expect(late.frames).toEqual([expect.objectContaining({ t: 'bye', code: 4000, spread: 8000 })]);
  });

  it('tells thousands at once, and lets others have their turn in between', async () => {
    const turns: (() => void)[] = [];
    const clock = createVirtualClock();
    const { now, setTimeout, clearTimeout } = clock;
    const server = createServerCore({
      authenticate: () => ({ user: null }),
      channels: OPEN_RULES,
      environment: { now, setTimeout, clearTimeout, random: createRandom(1), defer: (run) => turns.push(run) },
    });
    let byes = 0;
    for (let i = 0; i < 3000; i += 1) {
      const send = (data: Encoded): void => void (byes += Number(String(data).includes('"bye"')));
      const line = server.accept({ send, close: () => line.onClose(), buffered: 0 }, { codec: json, origin: null, ip: '' });
    }
    const drained = vi.fn();
    void server.drain().then(drained);
    const told: number[] = [];
    while (told.at(-1) !== byes) {
      told.push(byes);
      turns.splice(0).forEach((run) => run());
      await clock.settle();
    }
    expect(told).toEqual(Array.from({ length: 15 }, (_, turn) => (turn + 1) * 200));
    expect(drained).toHaveBeenCalledOnce();
    expect(clock.now()).toBe(1_000_000);
  });

  it('tells its spread also to one who was let in just before', async () => {
    const house = createHouse();
    expect(house.server.turnAway({ origin: null, host: null })).toBeNull();
    await house.server.drain({ spread: 8000 });
    const late = await house.enter({}, { admitted: true });
    expect(late.frames).toEqual([{ t: 'bye', code: 4000, why: expect.any(String), spread: 8000 }]);
    await house.server.close();
    expect((await house.enter()).last('bye')).toMatchObject({ code: 4000, spread: 8000 });
  });

  it.each([
    [8000, 8000],
    [600_000, 30_000],
  ])('with a spread of %d sends requests away for up to %d', async (spread, most) => {
    const house = createHouse();
    await house.server.drain({ spread });
    const told = Array.from({ length: 1000 }, () => {
      const turned = house.server.turnAway({ origin: null, host: null });
      return turned?.status === 503 ? turned.after : NaN;
    });
    expect(Math.max(...told)).toBeLessThanOrEqual(most);
    for (let tenth = 0; tenth < 10; tenth += 1) {
      const count = told.filter((after) => Math.min(9, Math.floor((10 * after) / most)) === tenth).length;
      expect(count).toBeGreaterThan(50);
    }
    expect(house.count('turnedAway')).toBe(1000);
    expect(house.count('admitLimited')).toBe(0);
  });

  it.each([{ spread: -1 }, { spread: 1.5 }, { spread: NaN }, { timeout: Infinity }, { timeout: 2 ** 31 }])(
    'refuses %j, and goes on',
    async (options) => {
      const house = createHouse();
      const peer = await house.enter();
      await expect(house.server.drain(options)).rejects.toThrow(
        new RegExp(`^${Object.keys(options)[0]} must be an integer from 0 to 2147483647`),
      );
      expect(peer.closed).toBeNull();
      expect((await house.enter()).closed).toBeNull();
    },
  );

  it('first sends what is queued', async () => {
    const house = createHouse();
    const peer = await house.enter();
    peer.send({ t: 'sub', c: 'room:1', k: 1 });
    await house.clock.settle();
    await fill(house.server, 'room:1', 1);
    void house.server.drain();
    await house.clock.settle();
    expect(peer.frames.slice(-2).map(({ t }) => t)).toEqual(['msg', 'bye']);
  });

  it.each([
    ['after the time-out', { timeout: 3000 }, 'resolved'],
    ['never before it', { timeout: 30_000 }, 'waiting'],
  ])('with a transport that never ends resolves %s', async (_what, options, state) => {
    const house = createHouse();
    house.server.accept({ send: () => undefined, close: () => undefined, buffered: 0 }, { codec: json, origin: null, ip: '' });
    let now = 'waiting';
    void house.server.drain(options).then(() => (now = 'resolved'));
    await house.clock.advance(3000);
    expect(now).toBe(state);
  });

  it('can be given up', async () => {
    const house = createHouse();
    house.server.accept({ send: () => undefined, close: () => undefined, buffered: 0 }, { codec: json, origin: null, ip: '' });
    const controller = new AbortController();
    const drained = house.server.drain({ signal: controller.signal });
    await house.clock.settle();
    controller.abort(new Error('enough'));
    await expect(drained).rejects.toThrow('enough');
    await expect(house.server.drain({ signal: controller.signal })).rejects.toThrow('enough');
  });
});

describe('close', () => {
  it('ends everybody with a code to retry', async () => {
    const house = createHouse();
    const peer = await house.enter();
    await house.server.close();
    expect([peer.closed?.code, peer.last('bye')?.code]).toEqual([1001, 1001]);
  });

  it('leaves a broker that it was given alone', async () => {
    const house = createHouse();
    const close = vi.spyOn(house.broker, 'close');
    await house.server[Symbol.asyncDispose]();
    expect(close).not.toHaveBeenCalled();
  });
});

it('the broker that a server makes for itself remembers lanes for the life of a publication and a day', async () => {
  const clock = createVirtualClock();
  const { now, setTimeout, clearTimeout } = clock;
  const server = createServerCore({
    authenticate: () => ({ user: null }),
    channels: OPEN_RULES,
    limits: { outboxTtl: 60_000 },
    environment: { now, setTimeout, clearTimeout, random: createRandom(1) },
  });
  const publish = async (s: number): Promise<string> => {
    let answer = '';
    const line = server.accept(
      { send: (data) => (answer += String(data)), close: () => line.onClose(), buffered: 0 },
      { codec: json, origin: null, ip: '' },
    );
    const pub = { t: 'pub', c: 'room:1', p: 'p', s, items: items(1, s), first: s === 1 };
    line.onMessage(JSON.stringify([{ t: 'hello', v: [1, 1], client: 'c', gen: s }, pub]));
    await clock.settle();
    line.onClose();
    return answer;
  };
  expect(await publish(1)).toContain('"ack"');
  clock.sleep(86_400_000 + 59_000);
  expect(await publish(2)).toContain('"ack"');
  clock.sleep(86_400_000 + 61_000);
  expect(await publish(3)).toContain('"unknown-producer"');
});

describe('events and metrics', () => {
  it('count what happens', async () => {
    const house = createHouse();
    const [peer, gone] = [await house.enter(), await house.enter()];
    peer.send(
      { t: 'sub', c: 'room:1', k: 1 },
      { t: 'pub', c: 'room:1', p: 'p', s: 1, first: true, items: [{ id: 'a', e: 'x' }] },
    );
    await house.clock.settle();
    gone.lose();
    expect(house.server.metrics.get()).toMatchObject({ connections: 1, accepted: 2, subscriptions: 1, published: 1, faults: 0 });
    expect(house.count('bytesOut')).toBe(peer.messages.concat(gone.messages).reduce((sum, { length }) => sum + length, 0));
    expect(house.events).toContainEqual({ name: 'connection-lost', at: house.clock.now(), detail: { user: '' } });
  });

  it('a listener that throws ends nothing', async () => {
    const thrown: unknown[] = [];
    const catchIt = (error: unknown): void => void thrown.push(error);
    const others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', catchIt);
    try {
      const house = createHouse({
        onEvent: () => {
          throw new Error('logger');
        },
      });
      const peer = await house.enter({ v: [9, 9] });
      await house.clock.settle();
      expect(peer.closed?.code).toBe(4406);
      expect(thrown).toEqual([new Error('logger')]);
    } finally {
      process.off('uncaughtException', catchIt);
      others.forEach((listener) => process.on('uncaughtException', listener));
    }
  });
});
