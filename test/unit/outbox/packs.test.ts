// Holds I1, I2, I3 (docs/guarantees.md).
import { describe, expect, it } from 'vitest';
import type { ServerOptions } from '../../../server/types.ts';
import { logOf, useWorld } from '../channel/traffic.ts';
import { createDiskScene, outcomesOf, sequencesOf } from './disk-scene.ts';

const createWorld = useWorld();

/** What was published offline in one tick, and stored. */
async function scene(count: number, dataOf: (at: number) => unknown = (at) => at, server: Partial<ServerOptions> = {}) {
  const { world, profile, rows } = createDiskScene(createWorld({ server }));
  const page = world.open({ profile });
  page.network.set('refusing');
  const room = page.client.channel('room');
  const receipts = Array.from({ length: count }, (_, at) => room.publish('e', dataOf(at + 1)));
  await world.clock.advance(1000);
  return { world, profile, page, receipts, sequences: () => sequencesOf(rows('entry')), rows };
}

const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, at) => first + at);

describe('publications of one tick', () => {
  it('share rows, so many each', async () => {
    const { sequences } = await scene(70);
    expect(sequences()).toEqual([upTo(32), upTo(64, 33), upTo(70, 65)]);
  });

  it('share rows, so many bytes each', async () => {
    const { sequences } = await scene(5, (at) => 'x'.repeat(at === 3 ? 20_000 : 6000));
    expect(sequences()).toEqual([[1, 2], [3], [4, 5]]);
  });

  it('have one row for each lane', async () => {
    const { world, profile, rows } = createDiskScene(createWorld());
    const { client, network } = world.open({ profile });
    network.set('refusing');
    for (const data of [1, 2, 3]) for (const name of ['a', 'b']) client.channel(name).publish('e', data);
    await world.clock.advance(1000);
    expect(sequencesOf(rows('entry'))).toEqual([upTo(3), upTo(3)]);
  });

  it('leave their row as they end, and the page that comes after gets only the rest', async () => {
    let most = 12;
    const e = (data: unknown): boolean => {
      if (Number(data) > most) throw new Error('not now');
      return true;
    };
    const channels = { room: { subscribe: true, publish: { e } } };
    const faults = new Set<string>();
    const onEvent: ServerOptions['onEvent'] = ({ name, detail: { error } }) =>
      error && faults.add(`${name}: ${(error as Error).message}`);
    const { world, profile, page, sequences } = await scene(30, undefined, { channels, onEvent });
    page.network.set('open');
    await world.clock.advance(60_000);
    expect(sequences()).toEqual([upTo(30, 13)]);
    expect([...faults]).toEqual(['rule-failed: not now']);
    page.crash();
    most = Infinity;
    const next = world.open({ profile });
    const outcomes = outcomesOf(next);
    next.client.connect();
    await world.clock.advance(60_000);
    expect(outcomes).toMatchObject(upTo(30, 13).map((offset) => ({ result: 'accepted', cursor: { offset } })));
    expect(await logOf(world)).toEqual(upTo(30));
    expect(sequences()).toEqual([]);
  });

  it('are cancelled one by one, for the page that comes after too', async () => {
    const { world, profile, page, receipts, rows } = await scene(3);
    const cancelled = receipts[1]!.cancel();
    await world.clock.advance(1000);
    expect(await cancelled).toMatchObject({ result: 'cancelled' });
    expect(rows('entry').map(([, row]) => row)).toMatchObject([
      [
        [1, { d: 1 }],
        [2, { x: 'cancelled' }],
        [3, { d: 3 }],
      ],
    ]);
    page.crash();
    const next = world.open({ profile });
    next.client.connect();
    await world.clock.advance(60_000);
    expect(await logOf(world)).toEqual([1, 3]);
    expect(rows('entry')).toEqual([]);
  });

  it('keep their row when it could not be written: its name may stand in the store all the same', async () => {
    const { world, profile, rows } = createDiskScene(createWorld());
    const page = world.open({ profile });
    page.network.set('refusing');
    const room = page.client.channel('room');
    profile.disk.set('quota');
    [1, 2].forEach((data) => room.publish('e', data));
    await world.clock.advance(200);
    room.publish('e', 3);
    profile.disk.set('well');
    await world.clock.advance(5000);
    expect(sequencesOf(rows('entry'))).toEqual([[1, 2], [3]]);
  });
});

describe('a burst while answers keep coming', () => {
  it('is not written, though it takes longer than one publication may', async () => {
    const { world, profile, rows } = createDiskScene(createWorld());
    const { client, network } = world.open({ profile });
    client.connect();
    await world.clock.advance(1000);
    network.delay(4);
    const receipts = Array.from({ length: 500 }, (_, at) => client.channel('room').publish('e', at));
    for (let at = 0; at < 100; at += 5) {
      await world.clock.advance(5);
      expect(rows('entry')).toEqual([]);
      if (at === 30) expect(receipts.at(-1)!.state.get().state).not.toBe('settled');
    }
    expect(receipts.at(-1)!.state.get().state).toBe('settled');
  });

  it('is written as soon as they stop', async () => {
    const { world, profile, rows } = createDiskScene(createWorld());
    const { client, network } = world.open({ profile });
    client.connect();
    await world.clock.advance(1000);
    network.delay(4);
    for (let at = 0; at < 500; at += 1) client.channel('room').publish('e', at);
    await world.clock.advance(30);
    network.stall('down');
    await world.clock.advance(50);
    const sequences = sequencesOf(rows('entry')).flat();
    expect(sequences.at(-1)).toBe(500);
    expect(sequences.length).toBeGreaterThan(200);
  });
});
