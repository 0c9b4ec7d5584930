// Holds I8 (docs/guarantees.md).
/** Snapshot and tail, as an app sees it. */
import { describe, expect, it } from 'vitest';
import type { Snapshot, SnapshotContext } from '../../../src/types.ts';
import { type Deferred, createDeferred } from '../../../src/util/deferred.ts';
import type { TestPage } from '../../support/world.ts';
import { SHORT, fallBehind, listen, publish } from './losing.ts';
import { crossed, useWorld } from './traffic.ts';

const createWorld = useWorld();

interface Call extends Deferred<Snapshot> {
  readonly context: SnapshotContext;
}

/** Answers when the test says so. */
function createLoader(): { readonly calls: Call[]; readonly snapshot: (context: SnapshotContext) => Promise<Snapshot> } {
  const calls: Call[] = [];
  return {
    calls,
    snapshot(context) {
      const call = { ...createDeferred<Snapshot>(), context };
      calls.push(call);
      return call.promise;
    },
  };
}

const stateOf = ({ client }: TestPage): unknown => client.channel('room').status.get();

describe('the first load', () => {
  it('is told the place, the parameters and why; messages wait for it', async () => {
    const world = createWorld({ server: { channels: { 'room:{id}': { subscribe: true } } } });
    const { calls, snapshot } = createLoader();
    const page = world.open({ channels: { 'room:{id}': { snapshot } } });
    const seen: unknown[] = [];
    const channel = page.client.channel('room:7');
    channel.subscribe('e', (data) => seen.push(data));
    await world.server.publish('room:7', 'e', 'old');
    await world.clock.advance(100);
    const cursor: unknown = expect.objectContaining({ offset: 1 });
    const signal: unknown = expect.objectContaining({ aborted: false });
    expect(calls.map(({ context }) => context)).toEqual([
      { channel: 'room:7', params: { id: '7' }, why: 'first', cursor, signal },
    ]);
    await world.server.publish('room:7', 'e', 'held');
    world.server.publishVolatile('room:7', 'e', 'volatile');
    await world.clock.advance(100);
    expect([seen, channel.status.get()]).toEqual([[], { state: 'recovering', why: 'first' }]);
    calls[0]!.resolve({ data: 'the state' });
    await world.clock.settle();
    expect([seen, channel.status.get()]).toEqual([['held'], { state: 'live', lossy: false }]);
  });

  it('is one for all subscribers, and no reset', async () => {
    const world = createWorld();
    const { calls, snapshot } = createLoader();
    const page = world.open({ channels: { room: { snapshot, rewind: 5 } } });
    const resets: unknown[] = [];
    page.client.on('reset', (reset) => resets.push(reset));
    page.client.channel('room').onReset((reset) => void resets.push(reset));
    listen(page);
    await world.clock.advance(100);
    const seen = listen(page);
    calls[0]!.resolve({ data: null });
    await world.clock.advance(100);
    listen(page);
    await publish(world, 1);
    expect([calls.length, resets, seen]).toEqual([1, [], [1]]);
    expect(crossed(page.network, 'up', 'sub').map(({ n }) => n)).toEqual([undefined]);
  });

  it('with a cursor of its own goes on from there', async () => {
    const world = createWorld();
    const { calls, snapshot } = createLoader();
    const page = world.open({ channels: { room: { snapshot } } });
    const seen = listen(page);
    await publish(world, 1);
    const cursor = await world.server.cursor('room');
    await publish(world, 2, 3);
    await world.clock.advance(100);
    await publish(world, 4);
    calls[0]!.resolve({ data: null, cursor });
    await world.clock.advance(100);
    await publish(world, 5);
    expect(seen).toEqual([2, 3, 4, 5]);
  });

  it('survives a reconnect', async () => {
    const world = createWorld();
    const { calls, snapshot } = createLoader();
    const page = world.open({ channels: { room: { snapshot } } });
    const seen = listen(page);
    await world.clock.advance(100);
    await publish(world, 1);
    page.network.cut();
    await publish(world, 2);
    await world.clock.advance(10_000);
    calls[0]!.resolve({ data: null });
    await world.clock.advance(100);
    expect([calls.length, seen]).toEqual([1, [1, 2]]);
  });
});

describe('a reset', () => {
  it('is told, then loaded by the snapshot and not by the handlers', async () => {
    const world = createWorld({ server: SHORT });
    const { calls, snapshot } = createLoader();
    const page = world.open({ channels: { room: { snapshot } } });
    const seen = listen(page);
    const resets: unknown[] = [];
    page.client.on('reset', ({ why }) => resets.push(why));
    page.client.channel('room').onReset(() => void resets.push('handler'));
    const strict = page.client.channel('room').messages({ throwOnReset: true });
    await world.clock.advance(100);
    calls[0]!.resolve({ data: null });
    await publish(world, 1);
    expect((await strict.next()).value).toMatchObject({ data: 1 });
    await fallBehind(world, page, 2, 3, 4, 5, 6);
    expect([resets, calls[1]!.context.why, stateOf(page)]).toEqual([
      ['trimmed'],
      'trimmed',
      { state: 'recovering', why: 'trimmed' },
    ]);
    await expect(strict.next()).rejects.toMatchObject({ code: 'continuity-lost' });
    await publish(world, 7);
    expect(seen).toEqual([1]);
    calls[1]!.resolve({ data: null });
    await world.clock.settle();
    expect(seen).toEqual([1, 7]);
    expect(page.errors).toEqual([]);
  });

  it('during a load aborts it, and it is called again with the newest place; what it says late counts for nothing', async () => {
    const world = createWorld();
    const { calls, snapshot } = createLoader();
    const page = world.open({ channels: { room: { snapshot } } });
    const seen = listen(page);
    await world.clock.advance(100);
    await publish(world, 1);
    world.restart({ keepStore: false });
    await publish(world, 'a', 'b');
    await world.clock.advance(10_000);
    expect(calls.map(({ context }) => [context.why, context.cursor.offset, context.signal.aborted])).toEqual([
      ['first', 0, true],
      ['epoch', 2, false],
    ]);
    calls[0]!.resolve({ data: null });
    await publish(world, 'c');
    expect(seen).toEqual([]);
    calls[1]!.resolve({ data: null });
    await world.clock.settle();
    expect(seen).toEqual(['c']);
  });

  it('that follows each load, with nothing between, makes the client wait before it asks again', async () => {
    const world = createWorld();
    let loads = 0;
    const cursor = { epoch: 'gone', offset: 1, tag: 't' };
    const snapshot = (): Promise<Snapshot> => {
      loads += 1;
      return Promise.resolve({ data: null, cursor });
    };
    const page = world.open({ channels: { room: { snapshot } }, environment: { random: () => 0.5 } });
    listen(page);
    await world.clock.advance(60_000);
    expect(loads).toBeGreaterThan(4);
    expect(loads).toBeLessThan(12);
    expect(page.errors[0]).toMatchObject({ code: 'too-slow' });
  });
});

describe('a load that fails', () => {
  const failing = (fails: number): { times: number[]; snapshot: () => Promise<Snapshot>; clock: { now(): number } } => {
    const times: number[] = [];
    const self = {
      times,
      clock: { now: () => 0 },
      snapshot() {
        times.push(self.clock.now());
        if (times.length > fails) return Promise.resolve({ data: null });
        if (times.length === 1) throw new Error('at once');
        return Promise.reject(new Error('later'));
      },
    };
    return self;
  };

  it('is tried again with backoff, reported once a run, and messages wait', async () => {
    const world = createWorld();
    const loader = failing(8);
    loader.clock = world.clock;
    const page = world.open({ channels: { room: { snapshot: loader.snapshot } }, environment: { random: () => 0.5 } });
    const seen = listen(page);
    await world.clock.advance(100);
    await publish(world, 1);
    await world.clock.advance(200_000);
    expect(loader.times.slice(1).map((time, index) => time - loader.times[index]!)).toEqual(
      [1, 2, 4, 8, 16, 30, 30, 30].map((seconds) => seconds * 500),
    );
    expect(page.errors).toMatchObject([{ code: 'handler-threw', cause: new Error('at once') }]);
    expect([seen, stateOf(page)]).toEqual([[1], { state: 'live', lossy: false }]);
  });

  it.each([
    ['a cursor that is none', { data: null, cursor: { offset: 'x' } }],
    ['nothing', undefined],
  ])('%s is a failure too', async (_, answer) => {
    const world = createWorld();
    let calls = 0;
    const snapshot = (): Promise<Snapshot> => {
      calls += 1;
      return Promise.resolve((calls === 1 ? answer : { data: null, cursor: null }) as unknown as Snapshot);
    };
    const page = world.open({ channels: { room: { snapshot } } });
    const seen = listen(page);
    await world.clock.advance(100);
    await publish(world, 1);
    expect(seen).toEqual([]);
    await world.clock.advance(2000);
    expect([calls, seen, page.errors.map(({ code }) => code)]).toEqual([2, [1], ['handler-threw']]);
  });

  it('more than is held is asked for again once it is loaded', async () => {
    const world = createWorld({ server: { channels: { room: { subscribe: true, history: { entries: 3000 } } } } });
    const { calls, snapshot } = createLoader();
    const page = world.open({ channels: { room: { snapshot } } });
    const seen = listen(page);
    await world.clock.advance(100);
    const said = Array.from({ length: 1500 }, (_, index) => index);
    await publish(world, ...said);
    calls[0]!.resolve({ data: null });
    await world.clock.advance(1000);
    expect(seen).toEqual(said);
  });
});

describe('a load that nobody needs any more is aborted', () => {
  it.each([
    ['the channel was released', (_page: TestPage, stop: () => void) => stop()],
    ['the client was destroyed', (page: TestPage) => page.client.destroy()],
  ])('%s', async (_, end) => {
    const world = createWorld();
    const { calls, snapshot } = createLoader();
    const page = world.open({ channels: { room: { snapshot } } });
    const stop = page.client.channel('room').subscribe('e', () => {});
    await world.clock.advance(100);
    end(page, stop);
    await world.clock.advance(2000);
    expect(calls[0]!.context.signal.aborted).toBe(true);
    calls[0]!.reject(new Error('aborted'));
    await world.clock.advance(60_000);
    expect([calls.length, page.errors]).toEqual([1, []]);
  });

  it('the channel was refused; it is loaded again if it is wanted again', async () => {
    const world = createWorld();
    const { calls, snapshot } = createLoader();
    const page = world.open({ channels: { room: { snapshot } } });
    listen(page);
    await world.clock.advance(100);
    world.restart({ server: { channels: { room: { subscribe: false } } } });
    await world.clock.advance(10_000);
    expect([stateOf(page), calls[0]!.context.signal.aborted]).toMatchObject([{ state: 'closed' }, true]);
    world.restart();
    await world.clock.advance(10_000);
    const seen = listen(page);
    await world.clock.advance(10_000);
    calls.at(-1)!.resolve({ data: null });
    await publish(world, 1);
    expect([calls.length, seen]).toEqual([2, [1]]);
  });
});
