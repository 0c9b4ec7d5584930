// Holds I8 (docs/guarantees.md).
/** Stores of a channel with a snapshot. */
import { describe, expect, it } from 'vitest';
import type { ChannelOptions, Snapshot, Store, StoreDefinition } from '../../../src/types.ts';
import { createDeferred } from '../../../src/util/deferred.ts';
import type { TestPage } from '../../support/world.ts';
import { SHORT, fallBehind, publish } from './losing.ts';
import { crossed, useWorld } from './traffic.ts';

const createWorld = useWorld();

type State = readonly unknown[];
const LIST: StoreDefinition<State> = {
  initial: [],
  reduce: (list, { data, pending }) => [...list, pending ? `(${String(data)})` : (data as unknown)],
};
const storeOf = ({ client }: TestPage): Store<State> => client.channel('room').store(LIST);

/** Loads what the test has put there. */
function createDatabase(): { rows: unknown[]; loads: string[]; options: ChannelOptions } {
  const database = {
    rows: [] as unknown[],
    loads: [] as string[],
    options: {
      snapshot({ why }): Promise<Snapshot> {
        database.loads.push(why);
        return Promise.resolve({ data: [...database.rows] });
      },
    } satisfies ChannelOptions,
  };
  return database;
}

describe('with a snapshot', () => {
  it('is loading, then live with the data and what came meanwhile', async () => {
    const world = createWorld();
    const loaded = createDeferred<Snapshot>();
    const page = world.open({ channels: { room: { snapshot: () => loaded.promise } } });
    const store = storeOf(page);
    await world.clock.advance(100);
    await publish(world, 1);
    expect([store.get(), store.status.get().state]).toEqual([[], 'loading']);
    loaded.resolve({ data: ['old'] });
    await world.clock.settle();
    expect([store.get(), store.status.get().state]).toEqual([['old', 1], 'live']);
  });

  it('a store on a channel that is live already has it loaded anew, for all, with nothing missed', async () => {
    const world = createWorld();
    const database = createDatabase();
    const page = world.open({ channels: { room: database.options } });
    const first = storeOf(page);
    await world.clock.advance(100);
    database.rows = [1];
    await publish(world, 1);
    const second = storeOf(page);
    const third = storeOf(page);
    await publish(world, 2);
    expect([first.get(), second.get(), third.get(), database.loads]).toEqual([
      [1, 2],
      [1, 2],
      [1, 2],
      ['first', 'first'],
    ]);
  });

  it('one that a handler makes lets come what is left of a batch before the load (I8)', async () => {
    const world = createWorld();
    const database = createDatabase();
    const page = world.open({ channels: { room: database.options } });
    const room = page.client.channel('room');
    const seen: unknown[] = [];
    room.subscribe('e', (n) => {
      seen.push([n, database.loads.length]);
      if (seen.length === 1) storeOf(page);
    });
    await world.clock.advance(100);
    page.network.set('refusing');
    page.network.cut();
    await publish(world, 1, 2, 3);
    page.network.set('open');
    await world.clock.advance(30_000);
    expect([seen, database.loads]).toEqual([
      [
        [1, 1],
        [2, 1],
        [3, 1],
      ],
      ['first', 'first'],
    ]);
  });

  it('one that a handler makes before it ends the client loads nothing', async () => {
    const world = createWorld();
    const database = createDatabase();
    const page = world.open({ channels: { room: database.options } });
    page.client.channel('room').subscribe('e', () => {
      storeOf(page);
      page.client.destroy();
    });
    await world.clock.advance(100);
    page.network.set('refusing');
    page.network.cut();
    await publish(world, 1, 2, 3);
    page.network.set('open');
    await world.clock.advance(30_000);
    expect(database.loads).toEqual(['first']);
  });

  it('a handler needs no load of its own', async () => {
    const world = createWorld();
    const database = createDatabase();
    const page = world.open({ channels: { room: database.options } });
    storeOf(page);
    await world.clock.advance(100);
    page.client.channel('room').subscribe('e', () => {});
    await world.clock.advance(100);
    expect(database.loads).toEqual(['first']);
  });

  it('after a reset it is stale, then what was loaded', async () => {
    const world = createWorld({ server: SHORT });
    const database = createDatabase();
    const page = world.open({ channels: { room: database.options } });
    const store = storeOf(page);
    await world.clock.advance(100);
    await publish(world, 1);
    database.rows = ['everything'];
    const states = new Set<string>();
    store.status.subscribe(() => states.add(store.status.get().state));
    await fallBehind(world, page, 2, 3, 4, 5);
    await publish(world, 6);
    expect([store.get(), [...states], database.loads]).toEqual([
      ['everything', 6],
      ['stale', 'live'],
      ['first', 'trimmed'],
    ]);
  });

  it('the error of a loader that fails is told until it is done', async () => {
    const world = createWorld();
    let fails = true;
    const snapshot = (): Promise<Snapshot> => (fails ? Promise.reject(new Error('503')) : Promise.resolve({ data: ['a'] }));
    const page = world.open({ channels: { room: { snapshot } } });
    const store = storeOf(page);
    await world.clock.advance(100);
    expect(store.status.get()).toMatchObject({ state: 'loading', error: { code: 'handler-threw', cause: new Error('503') } });
    fails = false;
    await world.clock.advance(60_000);
    expect([store.get(), store.status.get()]).toEqual([['a'], { state: 'live', pending: 0, error: null }]);
  });

  it('with a kept place too: a store has it loaded, and nothing is missed', async () => {
    const world = createWorld();
    const texts = new Map<string, string>();
    const storage = {
      get: (key: string) => texts.get(key) ?? null,
      set: (key: string, value: string) => void texts.set(key, value),
    };
    const database = createDatabase();
    const options = { channels: { room: { ...database.options, resume: 'durable' } }, environment: { storage } } as const;
    const first = world.open(options);
    storeOf(first);
    await world.clock.advance(100);
    await publish(world, 1);
    first.client.destroy();
    await publish(world, 2);
    database.rows = [1, 2];
    const page = world.open(options);
    const store = storeOf(page);
    await world.clock.advance(100);
    await publish(world, 3);
    expect([...new Set(store.get())]).toEqual([1, 2, 3]);
    expect(crossed(page.network, 'up', 'sub').map(({ cur }) => cur?.[1])).toEqual([1]);
  });
});
