// Holds I5, I8 (docs/guarantees.md).
/** Flow control among resets, refusals, ends, and durable cursors. */
import { describe, expect, it } from 'vitest';
import type { Cursor, SubscribeOptions } from '../../../src/types.ts';
import { SHORT, fallBehind, publish } from './losing.ts';
import { useWorld } from './traffic.ts';

const createWorld = useWorld();

const SLOW: SubscribeOptions = { sample: 60_000 };
/** What the page is told, in order. */
const listen = (page: ReturnType<ReturnType<typeof createWorld>['open']>, options: SubscribeOptions = SLOW): unknown[] => {
  const told: unknown[] = [];
  const room = page.client.channel('room');
  room.subscribe('e', (data) => told.push(data), options);
  room.status.subscribe(() => {
    if (room.status.get().state === 'closed') told.push('closed');
  });
  return told;
};

/** The storage of one browser. */
const createStorage = () => {
  const texts = new Map<string, string>();
  return {
    get: (key: string) => texts.get(key) ?? null,
    set: (key: string, value: string) => void texts.set(key, value),
    /** Offset of the kept cursor. */
    get place(): number | undefined {
      const [text] = [...texts].filter(([key]) => key.startsWith('holdfast:place:')).map(([, value]) => value);
      return text === undefined ? undefined : (JSON.parse(text) as readonly [string, number])[1];
    },
  };
};
const durable = (storage: ReturnType<typeof createStorage>) => ({
  channels: { room: { resume: 'durable' as const } },
  environment: { storage },
});

describe('a channel', () => {
  it.each([{ sample: -1 }, { conflate: 1 }, { frame: 'yes' }, { whenHidden: 'never' }])('refuses %j at once', (options) => {
    const { client } = createWorld().open();
    const room = client.channel('room');
    const refused = expect.objectContaining({ code: 'invalid-option' }) as Error;
    expect(() => room.subscribe('e', () => {}, options as never)).toThrow(refused);
    expect(() => room.subscribeAll(() => {}, options as never)).toThrow(refused);
    expect(room.status.get()).toEqual({ state: 'idle' });
  });

  it('takes the options in `subscribeAll` too', async () => {
    const world = createWorld();
    const { client } = world.open();
    const heard: unknown[] = [];
    client.channel('room').subscribeAll(({ data }) => heard.push(data), { sample: 1000, conflate: (data: number) => data % 2 });
    await world.clock.advance(100);
    await publish(world, 1, 2, 3, 4);
    expect(heard).toEqual([1]);
    await world.clock.advance(1000);
    expect(heard).toEqual([1, 3, 4]);
  });

  it('has its other readers told at once', async () => {
    const world = createWorld();
    const page = world.open();
    const heard = listen(page);
    const all: unknown[] = [];
    const read: unknown[] = [];
    page.client.channel('room').subscribeAll(({ data }) => all.push(data));
    const store = page.client
      .channel('room')
      .store<readonly unknown[]>({ initial: [], reduce: (list, { data }) => [...list, data] });
    const messages = page.client.channel('room').messages();
    void (async () => {
      for await (const { data } of messages) if (read.push(data) === 3) break;
    })();
    await world.clock.advance(100);
    await publish(world, 1, 2, 3);
    expect([heard, all, read, store.get()]).toEqual([[1], [1, 2, 3], [1, 2, 3], [1, 2, 3]]);
  });

  it('reports a handler that throws, and goes on with the turn', async () => {
    const world = createWorld();
    const page = world.open();
    const heard: unknown[] = [];
    const run = (data: unknown): void => {
      heard.push(data);
      if (data === 2) throw new Error('no');
    };
    page.client.channel('room').subscribe('e', run, { sample: 1000 });
    await world.clock.advance(100);
    await publish(world, 1, 2, 3);
    await world.clock.advance(1000);
    expect(heard).toEqual([1, 2, 3]);
    expect(page.errors.map(({ code }) => code)).toEqual(['handler-threw']);
  });
});

describe('what waits', () => {
  it('is delivered before a reset is told', async () => {
    const world = createWorld({ server: SHORT });
    const page = world.open();
    const told = listen(page);
    page.client.channel('room').onReset(() => void told.push('reset'));
    await world.clock.advance(100);
    await publish(world, 1, 2);
    expect(told).toEqual([1]);
    await fallBehind(world, page, 3, 4, 5, 6, 7);
    expect(told.slice(0, 3)).toEqual([1, 2, 'reset']);
  });

  it('is delivered before a snapshot is loaded, also in a hidden page', async () => {
    const world = createWorld({ server: SHORT });
    const told: unknown[] = [];
    const snapshot = ({ why, cursor }: { readonly why: string; readonly cursor: Cursor }) => {
      told.push(why);
      return Promise.resolve({ data: null, cursor });
    };
    const page = world.open({ channels: { room: { snapshot } } });
    page.page.set({ visible: false });
    page.client.channel('room').subscribe('e', (data) => told.push(data), { whenHidden: 'pause' });
    await world.clock.advance(100);
    await publish(world, 1, 2);
    expect(told).toEqual(['first']);
    await fallBehind(world, page, 3, 4, 5, 6, 7);
    expect(told.slice(0, 4)).toEqual(['first', 1, 2, 'trimmed']);
  });

  it('is delivered before the channel is closed by a refusal', async () => {
    const world = createWorld({ server: { authenticate: () => ({ user: { id: 'ada' } }) } });
    const page = world.open({ user: 'ada' });
    const told = listen(page);
    await world.clock.advance(100);
    await publish(world, 1, 2);
    await world.server.revoke('ada', { channel: 'room' });
    await world.clock.advance(100);
    expect(told).toEqual([1, 2, 'closed']);
  });

  it.each(['stop', 'abort', 'destroy', 'destroy in the turn'] as const)('is not delivered after %s', async (how) => {
    const world = createWorld();
    const page = world.open();
    const heard: unknown[] = [];
    const abort = new AbortController();
    const run = (data: unknown): void => {
      heard.push(data);
      if (how === 'destroy in the turn' && data === 2) page.client.destroy();
    };
    const stop = page.client.channel('room').subscribe('e', run, { sample: 1000, signal: abort.signal });
    await world.clock.advance(100);
    await publish(world, 1, 2, 3);
    if (how === 'stop') stop();
    if (how === 'abort') abort.abort();
    if (how === 'destroy') page.client.destroy();
    await world.clock.advance(5000);
    expect(heard).toEqual(how === 'destroy in the turn' ? [1, 2] : [1]);
  });
});

describe('a durable cursor', () => {
  it('does not pass what waits for a turn', async () => {
    const world = createWorld();
    const storage = createStorage();
    const page = world.open(durable(storage));
    const heard = listen(page, { sample: 1000 });
    await world.clock.advance(100);
    await publish(world, 1, 2, 3);
    expect([heard, storage.place]).toEqual([[1], 1]);
    await world.clock.advance(1000);
    expect([heard, storage.place]).toEqual([[1, 2, 3], 3]);
  });

  it('passes what was conflated away, with its turn', async () => {
    const world = createWorld();
    const storage = createStorage();
    const page = world.open(durable(storage));
    const heard = listen(page, { sample: 1000, conflate: () => 'one' });
    await world.clock.advance(100);
    await publish(world, 1, 2, 3);
    await world.clock.advance(1000);
    expect([heard, storage.place]).toEqual([[1, 3], 3]);
  });

  it.each(['destroy', 'stop', 'crash'] as const)('leaves to the next page what waited at %s', async (how) => {
    const world = createWorld();
    const storage = createStorage();
    const page = world.open(durable(storage));
    const stop = page.client.channel('room').subscribe('e', () => {}, SLOW);
    await world.clock.advance(100);
    await publish(world, 1, 2, 3);
    if (how === 'stop') stop();
    // Nobody listens any more.
    if (how === 'stop') await publish(world, 4);
    if (how === 'crash') page.crash();
    page.client.destroy();
    stop();
    await world.clock.advance(5000);
    expect(storage.place).toBe(1);
    const heard = listen(world.open(durable(storage)), {});
    await world.clock.advance(100);
    expect(heard).toEqual(how === 'stop' ? [2, 3, 4] : [2, 3]);
  });

  it('goes on when one of two subscriptions is stopped', async () => {
    const world = createWorld();
    const storage = createStorage();
    const page = world.open(durable(storage));
    const stop = page.client.channel('room').subscribe('e', () => {}, SLOW);
    listen(page, {});
    await world.clock.advance(100);
    await publish(world, 1, 2);
    expect(storage.place).toBe(1);
    stop();
    await publish(world, 3);
    expect(storage.place).toBe(3);
  });
});
