// Holds I5 (docs/guarantees.md).
/** A page goes on where an earlier one stopped. */
import { describe, expect, it } from 'vitest';
import type { ChannelOptions, ClientOptions } from '../../../src/types.ts';
import { type Deferred, createDeferred } from '../../../src/util/deferred.ts';
import type { TestPage } from '../../support/world.ts';
import { SHORT, listen, publish } from './losing.ts';
import { type WatchedWorld, crossed, useWorld } from './traffic.ts';

const createWorld = useWorld();

interface Shelf {
  readonly get: (key: string) => string | null;
  readonly set: (key: string, value: string) => void;
  /** Offsets, as they were written. */
  readonly written: number[];
}

/** The storage of one browser. */
function createShelf(): Shelf {
  const texts = new Map<string, string>();
  const written: number[] = [];
  return {
    written,
    get: (key) => texts.get(key) ?? null,
    set(key, value) {
      texts.set(key, value);
      if (key.startsWith('holdfast:place:')) written.push((JSON.parse(value) as [string, number])[1]);
    },
  };
}

const durable = (storage: ClientOptions['environment'] & object, options: ChannelOptions = {}): Partial<ClientOptions> => ({
  channels: { room: { resume: 'durable', ...options } },
  environment: storage,
});
const asked = ({ network }: TestPage): readonly (number | undefined)[] =>
  crossed(network, 'up', 'sub').map(({ cur }) => cur?.[1]);
const leave = async (world: WatchedWorld, { client }: TestPage): Promise<void> => {
  client.destroy();
  await world.clock.advance(100);
};

describe('durable', () => {
  it('the next page goes on where this one stopped', async () => {
    const world = createWorld();
    const storage = createShelf();
    const first = world.open(durable({ storage }));
    const seen = [listen(first)];
    await world.clock.advance(100);
    await publish(world, 1, 2);
    await leave(world, first);
    await publish(world, 3);
    const second = world.open(durable({ storage }));
    seen.push(listen(second));
    await world.clock.advance(100);
    await publish(world, 4);
    expect(seen).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect([asked(first), asked(second)]).toEqual([[undefined], [2]]);
  });

  it('a page that got no message goes on where it began', async () => {
    const world = createWorld();
    const storage = createShelf();
    await publish(world, 1);
    const first = world.open(durable({ storage }));
    listen(first);
    await world.clock.advance(100);
    await leave(world, first);
    await publish(world, 2);
    expect([await readAll(world, durable({ storage })), storage.written]).toEqual([[2], [1, 2]]);
  });

  it('the place is kept when the handlers are done, in order, their promises included; one that rejects is done', async () => {
    const world = createWorld();
    const storage = createShelf();
    const page = world.open(durable({ storage }));
    const work: Deferred<void>[] = [];
    page.client.channel('room').subscribe('e', (n: number) => {
      if (n === 4) return;
      const mine = createDeferred<void>();
      work.push(mine);
      // What a handler returns is awaited for the place only.
      return mine.promise as unknown as void;
    });
    await world.clock.advance(100);
    await publish(world, 1, 2, 3, 4);
    expect([work.length, storage.written]).toEqual([3, [0]]);
    work[1]!.resolve();
    await world.clock.settle();
    expect(storage.written).toEqual([0]);
    work[0]!.reject(new Error('mine'));
    await world.clock.settle();
    expect(storage.written).toEqual([0, 2]);
    work[2]!.resolve();
    await world.clock.settle();
    expect([storage.written, page.errors.map(({ code }) => code)]).toEqual([[0, 2, 4], ['handler-threw']]);
  });

  it('what a handler leaves undelivered, because it ends the client, is not passed', async () => {
    const world = createWorld();
    const storage = createShelf();
    await readAll(world, durable({ storage }));
    await publish(world, 1, 2, 3);
    const page = world.open(durable({ storage }));
    page.client.channel('room').subscribe('e', () => {
      page.client.disconnect();
      page.client.destroy();
      return createDeferred<void>().promise as unknown as void;
    });
    await world.clock.advance(100);
    expect(storage.written).toEqual([0]);
    expect(await readAll(world, durable({ storage }))).toEqual([1, 2, 3]);
  });

  it('is written once a tick', async () => {
    const world = createWorld();
    const storage = createShelf();
    const page = world.open(durable({ storage }));
    const seen = listen(page);
    await world.clock.advance(100);
    page.network.delay(50);
    await Promise.all([1, 2, 3].map((n) => world.server.publish('room', 'e', n)));
    await world.clock.advance(1000);
    expect(seen).toEqual([1, 2, 3]);
    expect(storage.written.at(-1)).toBe(3);
    expect(storage.written.length).toBeLessThan(5);
  });

  it('two tabs: it only goes forward', async () => {
    const world = createWorld();
    const storage = createShelf();
    const slow = world.open(durable({ storage }));
    const fast = world.open(durable({ storage }));
    const done = createDeferred<void>();
    slow.client.channel('room').subscribe('e', (n: number) => (n === 1 ? (done.promise as unknown as void) : undefined));
    listen(fast);
    await world.clock.advance(100);
    await publish(world, 1, 2, 3);
    expect(storage.written.at(-1)).toBe(3);
    const before = storage.written.length;
    done.resolve();
    await world.clock.settle();
    expect(storage.written.slice(before)).toEqual([]);
  });

  it('a place that is no longer good is a reset, and the place after it is kept even if it lies further back', async () => {
    const world = createWorld({ server: SHORT });
    const storage = createShelf();
    const first = world.open(durable({ storage }));
    listen(first);
    await world.clock.advance(100);
    await publish(world, 1, 2, 3);
    await leave(world, first);
    world.restart({ keepStore: false });
    await publish(world, 'a');
    const second = world.open(durable({ storage }));
    const resets: string[] = [];
    const loaded = createDeferred<void>();
    second.client.channel('room').onReset(({ why }) => {
      resets.push(why);
      return loaded.promise;
    });
    const seen = listen(second);
    await world.clock.advance(100);
    await publish(world, 'b');
    expect([resets, seen, storage.written.at(-1)]).toEqual([['epoch'], [], 3]);
    loaded.resolve();
    await world.clock.settle();
    expect([seen, storage.written.at(-1)]).toEqual([['b'], 2]);
  });

  it('with a snapshot: it is not loaded while the place is good, and loaded if not', async () => {
    const world = createWorld();
    const storage = createShelf();
    const why: string[] = [];
    const options = durable(
      { storage },
      {
        snapshot: (context) => {
          why.push(context.why);
          return Promise.resolve({ data: null });
        },
      },
    );
    expect([await readAll(world, options), why]).toEqual([[], ['first']]);
    await publish(world, 1);
    expect([await readAll(world, options), why]).toEqual([[1], ['first']]);
    world.restart({ keepStore: false });
    expect([await readAll(world, options), why]).toEqual([[], ['first', 'epoch']]);
  });

  it.each([
    ['there is no storage', undefined],
    ['it is blocked', { get: () => null, set: () => {} }],
  ])('%s: told once, and the page begins at the top', async (_, storage) => {
    const world = createWorld();
    const page = world.open({ channels: { '{name}': { resume: 'durable' } }, environment: { storage } });
    const seen = listen(page);
    page.client.channel('other').subscribe('e', () => {});
    await world.clock.advance(100);
    await publish(world, 1, 2);
    expect([seen, page.errors.map(({ code }) => code)]).toEqual([[1, 2], ['storage-failed']]);
  });

  it.each(['{', '[1]', '["E",1]', 'null', '["E",-1,"t"]'])('what is kept there is checked: %s', async (text) => {
    const world = createWorld();
    const storage = { get: () => text, set: () => {} };
    const page = world.open(durable({ storage }));
    const seen = listen(page);
    await world.clock.advance(100);
    await publish(world, 1);
    expect([asked(page), seen]).toEqual([[undefined], [1]]);
  });

  it('is kept for each user and each channel', async () => {
    const world = createWorld({ server: { authenticate: ({ token }) => ({ user: token === null ? null : { id: token } }) } });
    const storage = createShelf();
    const ada = world.open({ ...durable({ storage }), user: 'ada', getToken: () => 'ada' });
    listen(ada);
    await world.clock.advance(100);
    await publish(world, 1);
    await leave(world, ada);
    const bob = world.open({ ...durable({ storage }), user: 'bob', getToken: () => 'bob' });
    listen(bob);
    await world.clock.advance(100);
    expect(asked(bob)).toEqual([undefined]);
  });
});

/** A page of its own. @returns what it got */
async function readAll(world: WatchedWorld, options: Partial<ClientOptions>): Promise<unknown[]> {
  const page = world.open(options);
  const seen = listen(page);
  await world.clock.advance(1000);
  await leave(world, page);
  return seen;
}
