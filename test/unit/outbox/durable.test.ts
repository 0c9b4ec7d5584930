// Holds I1, I2, I3, I16 (docs/guarantees.md).
import { describe, expect, it } from 'vitest';
import { createProfile } from '../../support/profile.ts';
import { codeOf, crossed, logOf, useWorld } from '../channel/traffic.ts';
import { createDiskScene, outcomesOf, sequencesOf } from './disk-scene.ts';

const createWorld = useWorld();
const scene = () => createDiskScene(createWorld());

describe('an outbox on disk', () => {
  it('holds what was published offline, and nothing once it is accepted', async () => {
    const { world, profile, rows } = scene();
    const { client, network } = world.open({ profile });
    network.set('refusing');
    const receipts = [1, 2, 3].map((data) => client.channel('room').publish('e', data));
    const stored = Promise.all(receipts.map((receipt) => codeOf(receipt.stored)));
    await world.clock.advance(100);
    expect(await stored).toEqual(['resolved', 'resolved', 'resolved']);
    expect(sequencesOf(rows('entry'))).toEqual([[1, 2, 3]]);
    expect(client.outbox.status.get()).toMatchObject({ pending: 3, durable: true, problem: 'none' });
    network.set('open');
    await world.clock.advance(60_000);
    expect(await logOf(world)).toEqual([1, 2, 3]);
    expect(rows('entry')).toEqual([]);
  });

  it('is not touched by what is answered at once', async () => {
    const { world, profile, rows } = scene();
    const { client } = world.open({ profile });
    client.connect();
    await world.clock.advance(1000);
    const receipt = client.channel('room').publish('e', 1);
    await world.clock.advance(5);
    expect(receipt.state.get().state).toBe('settled');
    await world.clock.advance(1000);
    expect(rows('entry')).toEqual([]);
  });

  it('is written while the answer takes its time, with the mark that it was sent', async () => {
    const { world, profile, rows } = scene();
    const { client, network } = world.open({ profile });
    client.connect();
    await world.clock.advance(1000);
    network.stall('down');
    client.channel('room').publish('e', 1);
    await world.clock.advance(100);
    expect(rows('entry').map(([, row]) => row)).toMatchObject([{ e: 'e', d: 1, a: expect.any(String) }]);
  });

  it('marks what it held before it sends it', async () => {
    const { world, profile, rows } = scene();
    const { client, network } = world.open({ profile });
    network.set('refusing');
    client.channel('room').publish('e', 1);
    await world.clock.advance(1000);
    expect(rows('mark')).toEqual([]);
    network.set('open');
    network.delay(50);
    for (let turn = 0; turn < 10_000 && crossed(network, 'up', 'pub').length === 0; turn += 1) await world.clock.advance(5);
    expect(crossed(network, 'up', 'pub')).toHaveLength(1);
    expect(rows('mark').map(([, mark]) => mark)).toMatchObject([[[1, expect.any(String)]]]);
  });
});

describe('a page that is gone', () => {
  it('is followed by one that sends what it left, under its producer, before what it publishes itself', async () => {
    const { world, profile, rows } = scene();
    const first = world.open({ profile });
    first.network.set('refusing');
    [1, 2, 3].forEach((data) => first.client.channel('room').publish('e', data));
    await world.clock.advance(1000);
    first.crash();
    const second = world.open({ profile });
    const outcomes = outcomesOf(second);
    second.client.channel('room').publish('e', 4);
    await world.clock.advance(60_000);
    expect(await logOf(world)).toEqual([1, 2, 3, 4]);
    expect(outcomes.map(({ result }) => result)).toEqual(['accepted', 'accepted', 'accepted', 'accepted']);
    const producers = crossed(second.network, 'up', 'pub').map(({ p }) => p);
    expect(new Set(producers).size).toBe(2);
    expect(rows('entry')).toEqual([]);
  });

  it('had sent them: they stand in the log once', async () => {
    const { world, profile } = scene();
    const first = world.open({ profile });
    first.client.connect();
    await world.clock.advance(1000);
    first.network.stall('down');
    [1, 2].forEach((data) => first.client.channel('room').publish('e', data));
    await world.clock.advance(100);
    expect(await logOf(world)).toEqual([1, 2]);
    first.crash();
    const second = world.open({ profile });
    const outcomes = outcomesOf(second);
    second.client.connect();
    await world.clock.advance(60_000);
    expect(await logOf(world)).toEqual([1, 2]);
    expect(outcomes).toMatchObject([
      { result: 'accepted', cursor: { offset: 1 } },
      { result: 'accepted', cursor: { offset: 2 } },
    ]);
  });

  it('while rows of what had ended were left: the server still knows how', async () => {
    const world = createWorld();
    const profile = createProfile({ clock: world.clock, latency: [100, 100] });
    const first = world.open({ profile });
    first.network.set('refusing');
    const all = Array.from({ length: 200 }, (_, index) => index);
    all.forEach((data) => first.client.channel('room').publish('e', data));
    await world.clock.advance(1000);
    const told = outcomesOf(first);
    first.network.set('open');
    first.network.delay(5);
    for (let turn = 0; turn < 10_000 && told.length === 0; turn += 1) await world.clock.advance(5);
    await world.clock.advance(20);
    first.crash();
    const second = world.open({ profile });
    const outcomes = outcomesOf(second);
    second.client.connect();
    await world.clock.advance(60_000);
    expect(outcomes.map(({ result }) => result)).toEqual(all.map(() => 'accepted'));
    expect(await logOf(world)).toEqual(all);
  });

  it('is not taken for gone while its lock is held', async () => {
    const { world, profile } = scene();
    const first = world.open({ profile });
    first.network.set('refusing');
    first.client.channel('room').publish('e', 1);
    await world.clock.advance(1000);
    const second = world.open({ profile });
    second.client.connect();
    await world.clock.advance(30_000);
    expect(await logOf(world)).toEqual([]);
    expect(second.client.outbox.entries.get()).toMatchObject([]);
    await world.clock.advance(1000);
    expect(second.client.outbox.entries.get()).toMatchObject([{ own: false, state: 'queued', data: 1 }]);
    first.client.destroy();
    await world.clock.advance(5000);
    expect(await logOf(world)).toEqual([1]);
    expect(second.client.outbox.entries.get()).toEqual([]);
  });

  it('left what expired meanwhile: only its tombstone is sent', async () => {
    const { world, profile } = scene();
    const first = world.open({ profile });
    first.network.set('refusing');
    first.client.channel('room').publish('e', 1, { ttl: 5000 });
    first.client.channel('room').publish('e', 2);
    await world.clock.advance(1000);
    first.crash();
    await world.clock.advance(10_000);
    const second = world.open({ profile });
    const outcomes = outcomesOf(second);
    second.client.connect();
    await world.clock.advance(10_000);
    expect(outcomes.map(({ result }) => result)).toEqual(['expired', 'accepted']);
    expect(await logOf(world)).toEqual([2]);
  });

  it('by destroy() leaves no lock, no channel and no store open, and is followed at once', async () => {
    const { world, profile } = scene();
    const first = world.open({ profile });
    first.network.set('refusing');
    first.client.channel('room').publish('e', 1);
    first.client.destroy();
    await world.clock.advance(100);
    expect(first.inProfile!.left).toEqual({ locks: 0, channels: 0, stores: 0 });
    const second = world.open({ profile });
    second.client.connect();
    await world.clock.advance(5000);
    expect(await logOf(world)).toEqual([1]);
  });
});
