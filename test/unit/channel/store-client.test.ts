/** Stores of a real client over a real server. */
import { describe, expect, it } from 'vitest';
import type { Store, StoreDefinition } from '../../../src/types.ts';
import { createProfile } from '../../support/profile.ts';
import type { TestPage } from '../../support/world.ts';
import { publish } from './losing.ts';
import { useWorld } from './traffic.ts';

const createWorld = useWorld();

type State = readonly unknown[];
const LIST: StoreDefinition<State> = {
  initial: [],
  reduce: (list, { data, pending }) => [...list, pending ? `(${String(data)})` : (data as unknown)],
};
const storeOf = ({ client }: TestPage): Store<State> => client.channel('room').store(LIST);
const dispose = (store: Store<State>): void => store[Symbol.dispose ?? Symbol.for('Symbol.dispose')]();

describe('own publications', () => {
  it('are shown at once, and replaced by their echo', async () => {
    const world = createWorld();
    const page = world.open();
    const store = storeOf(page);
    await world.clock.advance(100);
    const room = page.client.channel('room');
    room.publish('e', 'a');
    expect([store.get(), store.status.get()]).toEqual([['(a)'], { state: 'live', pending: 1, error: null }]);
    await world.clock.advance(100);
    expect([store.get(), store.status.get()]).toEqual([['a'], { state: 'live', pending: 0, error: null }]);
  });

  it('are shown while offline, also by a store that is made later, and not once they are cancelled', async () => {
    const world = createWorld();
    const page = world.open();
    page.network.set('refusing');
    const room = page.client.channel('room');
    room.publish('e', 'a');
    const cancelled = room.publish('e', 'b');
    room.publish('e', 'c', { ttl: 1000 });
    page.client.channel('other').publish('e', 'elsewhere');
    const store = storeOf(page);
    expect(store.get()).toEqual(['(a)', '(b)', '(c)']);
    await cancelled.cancel();
    expect([store.get(), storeOf(page).get()]).toEqual([
      ['(a)', '(c)'],
      ['(a)', '(c)'],
    ]);
    await world.clock.advance(2000);
    expect(store.get()).toEqual(['(a)']);
    page.network.set('open');
    await world.clock.advance(60_000);
    expect(store.get()).toEqual(['a']);
  });

  it('of a page that is gone are shown by the next one, until they are accepted', async () => {
    const world = createWorld();
    const profile = createProfile({ clock: world.clock });
    const gone = world.open({ profile });
    gone.network.set('refusing');
    for (const data of ['a', 'b', 'c']) gone.client.channel('room').publish('e', data);
    await world.clock.advance(100);
    gone.client.destroy();
    const page = world.open({ profile });
    page.network.set('refusing');
    const store = storeOf(page);
    await world.clock.advance(30_000);
    expect(store.get()).toEqual(['(a)', '(b)', '(c)']);
    page.client.channel('room').publish('e', 'd');
    expect(storeOf(page).get()).toEqual(['(a)', '(b)', '(c)', '(d)']);
    page.network.set('open');
    await world.clock.advance(60_000);
    expect([store.get(), store.status.get().pending]).toEqual([['a', 'b', 'c', 'd'], 0]);
  });

  it('that the server refuses fall away', async () => {
    const world = createWorld({ server: { channels: { room: { subscribe: true, publish: false } } } });
    const page = world.open();
    const store = storeOf(page);
    page.client.channel('room').publish('e', 'a');
    expect(store.get()).toEqual(['(a)']);
    await world.clock.advance(1000);
    expect([store.get(), page.errors.map(({ code }) => code)]).toEqual([[], ['forbidden']]);
  });

  it('that was accepted while its echo was on its way: a cut shows no flicker', async () => {
    const world = createWorld();
    const page = world.open();
    const store = storeOf(page);
    await world.clock.advance(100);
    const lengths = new Set<number>();
    page.client.channel('room').publish('e', 'a');
    for (let ms = 0; ms < 20_000; ms += 10) {
      if (ms === 20) page.network.cut();
      lengths.add(store.get().length);
      await world.clock.advance(10);
    }
    expect([[...lengths], store.get()]).toEqual([[1], ['a']]);
  });
});

describe('order', () => {
  it('a store has a message before the handlers do', async () => {
    const world = createWorld();
    const page = world.open();
    const room = page.client.channel('room');
    const seen: unknown[] = [];
    room.subscribe('e', () => seen.push(store.get()));
    const store = storeOf(page);
    await world.clock.advance(100);
    await publish(world, 1);
    expect(seen).toEqual([[1]]);
  });
});

describe('the life of a store', () => {
  it('holds the channel until it is disposed of', async () => {
    const world = createWorld();
    const page = world.open();
    const store = storeOf(page);
    await world.clock.advance(5000);
    expect(page.client.channel('room').status.get().state).toBe('live');
    dispose(store);
    await world.clock.advance(5000);
    expect(page.client.channel('room').status.get().state).toBe('idle');
    await publish(world, 1);
    expect([store.get(), store.status.get().state]).toEqual([[], 'closed']);
  });

  it('is closed with its client, and keeps what it shows', async () => {
    const world = createWorld();
    const page = world.open();
    const store = storeOf(page);
    await world.clock.advance(100);
    await publish(world, 1);
    page.client.destroy();
    await world.clock.settle();
    expect([store.get(), store.status.get()]).toMatchObject([[1], { state: 'closed', error: { code: 'destroyed' } }]);
    expect(() => storeOf(page)).toThrow(expect.objectContaining({ code: 'destroyed' }) as Error);
  });

  it('a refused channel closes it, with the reason', async () => {
    const world = createWorld({ server: { channels: { room: { subscribe: false } } } });
    const page = world.open();
    const store = storeOf(page);
    await world.clock.advance(1000);
    expect(store.status.get()).toMatchObject({ state: 'closed', error: { code: 'forbidden' } });
  });
});
