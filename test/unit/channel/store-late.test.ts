/** Stores that are made late, or whose channel has no place to wait for. */
import { describe, expect, it } from 'vitest';
import type { Cursor, Snapshot, Store, StoreDefinition } from '../../../src/types.ts';
import { type Deferred, createDeferred } from '../../../src/util/deferred.ts';
import type { TestPage } from '../../support/world.ts';
import { createScene } from '../connection/scene.ts';
import { entry } from '../../support/scripted-frames.ts';
import { publish } from './losing.ts';
import { LIST as PLAYED, at, createPlay } from './store-support.ts';
import { useWorld } from './traffic.ts';

const createWorld = useWorld();

type State = readonly unknown[];
const LIST: StoreDefinition<State> = {
  initial: [],
  reduce: (list, { data, pending }) => [...list, pending ? `(${String(data)})` : (data as unknown)],
};
const storeOf = ({ client }: Pick<TestPage, 'client'>): Store<State> => client.channel('room').store(LIST);

describe('a store on a channel with a snapshot', () => {
  it.each([
    ['at once', (place: Cursor) => place],
    ['later', (place: Cursor) => Promise.resolve(place)],
  ])('whose `resume` gives a place %s: has it loaded', async (_, give) => {
    const world = createWorld();
    await publish(world, 1);
    const place = await world.server.cursor('room');
    const snapshot = (): Promise<Snapshot> => Promise.resolve({ data: ['loaded'] });
    const page = world.open({ channels: { room: { snapshot, resume: () => give(place) } } });
    const store = storeOf(page);
    await world.clock.advance(100);
    await publish(world, 2);
    expect([store.get(), store.status.get().state]).toEqual([['loaded', 2], 'live']);
  });

  it('without a store there is no load while the place is good', async () => {
    const world = createWorld();
    await publish(world, 1);
    const place = await world.server.cursor('room');
    let loads = 0;
    const snapshot = (): Promise<Snapshot> => Promise.resolve({ data: (loads += 1) });
    const page = world.open({ channels: { room: { snapshot, resume: () => place } } });
    page.client.channel('room').subscribe('e', () => {});
    await world.clock.advance(100);
    expect(loads).toBe(0);
  });

  it.each(['outside', 'in a handler'])('that is live already is loading until its data comes: %s', async (where) => {
    const world = createWorld();
    const loads: Deferred<Snapshot>[] = [];
    const snapshot = (): Promise<Snapshot> => loads[loads.push(createDeferred<Snapshot>()) - 1]!.promise;
    const page = world.open({ channels: { room: { snapshot } } });
    const states: string[] = [];
    let store: Store<State> | null = null;
    const make = (): void => {
      if (store !== null) return;
      const made = storeOf(page);
      store = made;
      const note = (): void => void states.push(`${made.status.get().state} ${String(made.get())}`);
      note();
      made.status.subscribe(note);
    };
    page.client.channel('room').subscribe('e', () => {
      if (where === 'in a handler') make();
    });
    await world.clock.advance(100);
    loads[0]!.resolve({ data: [] });
    await publish(world, 1);
    make();
    await world.clock.advance(100);
    loads[1]!.resolve({ data: ['loaded'] });
    await world.clock.advance(100);
    expect(states).toEqual(['loading ', 'live loaded']);
  });
});

describe('a pending publication', () => {
  it('whose echo came before the store was made falls away with its answer', async () => {
    const scene = createScene();
    scene.client.on('error', () => {});
    const room = scene.client.channel('room');
    room.subscribe('e', () => {});
    await scene.clock.settle();
    scene.line.welcome();
    await scene.clock.settle();
    const sub = scene.line.frames.find((frame) => frame.t === 'sub');
    scene.line.send({ t: 'subbed', c: 'room', k: sub!.k, cur: ['E', 0, ''], ok: null });
    void room.publish('e', 'a');
    await scene.clock.settle();
    const [pub] = scene.line.sent('pub');
    const item = pub!.items[0]! as { id: string };
    scene.line.send({ t: 'msg', c: 'room', items: [{ ...entry(1), id: item.id }] });
    await scene.clock.settle();
    const store = storeOf(scene);
    expect(store.status.get()).toEqual({ state: 'live', pending: 1, error: null });
    scene.line.send({ t: 'ack', p: pub!.p, c: 'room', s: pub!.s, ep: 'E', r: [[1, 't1']] } as never);
    await scene.clock.settle();
    expect([store.get(), store.status.get().pending]).toEqual([[], 0]);
    await scene.end();
  });

  it('accepted once more, at another place, after the store failed over: waits for that', async () => {
    const scene = createScene();
    const store = storeOf(scene);
    await scene.clock.settle();
    scene.line.welcome();
    await scene.clock.settle();
    const sub = scene.line.frames.find((frame) => frame.t === 'sub');
    scene.line.send({ t: 'subbed', c: 'room', k: sub!.k, cur: ['E', 5, 't5'], ok: null });
    void scene.client.channel('room').publish('e', 'a');
    await scene.clock.settle();
    const { p, c, s } = scene.line.sent('pub')[0]!;
    scene.line.send({ t: 'ack', p, c, s, ep: 'E', r: [[9, 't9']] });
    scene.line.send({ t: 'recheck' });
    await scene.clock.settle();
    scene.line.send({ t: 'gap', c: 'room', cur: ['E', 7, 't7'], why: 'branch' });
    await scene.clock.settle();
    expect(store.get()).toEqual(['(a)']);
    scene.line.send({ t: 'ack', p, c, s, ep: 'E', r: [[7, 't7']] });
    await scene.clock.settle();
    expect([store.get(), store.status.get().pending]).toEqual([[], 0]);
    await scene.end();
  });

  it('of mode live whose echo was missed falls away with its answer, though that comes after the reconnect', async () => {
    const world = createWorld();
    const page = world.open({ channels: { room: { mode: 'live' } } });
    const store = storeOf(page);
    await world.clock.advance(100);
    page.client.channel('room').publish('e', 'a');
    await world.clock.settle();
    // It arrives, and nothing of what it brings.
    for (let ms = 0; ms < 200 && world.server.metrics.get()['published'] === 0; ms += 1) await world.clock.advance(1);
    page.network.cut();
    await world.clock.advance(30_000);
    expect([store.get(), store.status.get()]).toEqual([[], { state: 'live', pending: 0, error: null }]);
  });

  it('accepted in a log that is gone falls away when the place is in another, as in mode latest', () => {
    const play = createPlay(PLAYED);
    play.follower.pass(at(1));
    play.publish('a');
    play.end('a', 'accepted', at(3));
    play.follower.pass(at(2));
    expect(play.store.get()).toEqual(['(a)']);
    play.follower.pass(at(1, 'F'));
    expect(play.store.get()).toEqual([]);
  });

  it('accepted in a newer log than the place waits for it', () => {
    const play = createPlay(PLAYED);
    play.follower.pass(at(7));
    play.publish('a');
    play.end('a', 'accepted', at(3, 'F'));
    play.follower.pass(at(7));
    expect(play.store.get()).toEqual(['(a)']);
    play.follower.restart(at(2, 'F'), null);
    expect(play.store.get()).toEqual(['(a)']);
  });
});

it('a store whose channel was refused goes on when somebody subscribes anew and is let in', async () => {
  let open = true;
  const world = createWorld({ server: { channels: { room: { subscribe: () => open } } } });
  const page = world.open();
  const store = storeOf(page);
  await world.clock.advance(100);
  await publish(world, 1);
  open = false;
  page.network.cut();
  await world.clock.advance(30_000);
  expect(store.status.get()).toMatchObject({ state: 'closed', error: { code: 'forbidden' } });
  open = true;
  page.client.channel('room').subscribe('e', () => {});
  await world.clock.advance(100);
  await publish(world, 2);
  expect([store.get(), store.status.get()]).toEqual([[1, 2], { state: 'live', pending: 0, error: null }]);
});
