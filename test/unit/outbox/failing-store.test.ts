// Holds I3 (docs/guarantees.md).
import { describe, expect, it } from 'vitest';
import type { OutboxStatus } from '../../../src/types.ts';
import { createProfile } from '../../support/profile.ts';
import { codeOf, logOf, useWorld } from '../channel/traffic.ts';

const createWorld = useWorld();
const PROBLEMS = ['unsupported', 'denied', 'blocked', 'broken'] as const;

function scene() {
  const world = createWorld();
  const profile = createProfile({ clock: world.clock });
  const entries = (): number => profile.disk.rows('anonymous', URL).filter(([[kind]]) => kind === 'entry').length;
  return { world, profile, entries };
}
const URL = 'https://test.example/realtime';

describe('a store that cannot be opened', () => {
  it.each(PROBLEMS)('(%s) holds up nothing, and the status says why', async (problem) => {
    const { world, profile } = scene();
    profile.disk.openFails(problem);
    const { client, errors } = world.open({ profile });
    const receipt = client.channel('room').publish('e', 1);
    const stored = codeOf(receipt.stored);
    await world.clock.advance(5000);
    expect(await codeOf(receipt.accepted)).toBe('resolved');
    expect(await logOf(world)).toEqual([1]);
    expect(client.outbox.status.get()).toMatchObject({ durable: false, problem, pending: 0 });
    // Where there is no store at all nothing has refused it, and nobody need be told each time.
    const told = problem === 'unsupported';
    expect(await stored).toBe(told ? 'resolved' : 'storage-failed');
    expect(errors.map(({ code }) => code)).toEqual(told ? [] : ['storage-failed']);
  });

  it('is tried again, and then holds what waits', async () => {
    const { world, profile, entries } = scene();
    profile.disk.openFails('blocked');
    const { client, network } = world.open({ profile });
    network.set('refusing');
    client.channel('room').publish('e', 1);
    await world.clock.advance(10_000);
    expect(entries()).toBe(0);
    profile.disk.openFails(null);
    await world.clock.advance(60_000);
    expect(entries()).toBe(1);
    expect(client.outbox.status.get()).toMatchObject({ durable: true, problem: 'none' });
  });
});

describe('a store that fails', () => {
  it('for want of room rejects `stored` at once, is tried again, and holds what still waits', async () => {
    const { world, profile, entries } = scene();
    const { client, network, errors } = world.open({ profile });
    network.set('refusing');
    client.connect();
    await world.clock.advance(1000);
    profile.disk.set('quota');
    const first = codeOf(client.channel('room').publish('e', 1).stored);
    await world.clock.advance(10);
    const second = codeOf(client.channel('room').publish('e', 2).stored);
    await world.clock.advance(10);
    expect([await first, await second]).toEqual(['storage-failed', 'storage-failed']);
    expect(client.outbox.status.get()).toMatchObject({ durable: false, problem: 'quota', pending: 2 });
    profile.disk.set('well');
    await world.clock.advance(30_000);
    expect(entries()).toBe(2);
    expect(client.outbox.status.get()).toMatchObject({ durable: true, problem: 'none' });
    network.set('open');
    await world.clock.advance(60_000);
    expect([await logOf(world), entries()]).toEqual([[1, 2], 0]);
    expect(errors.map(({ code }) => code)).toEqual(['storage-failed']);
  });

  it('and does not answer is given up, after which everything goes on', async () => {
    const { world, profile, entries } = scene();
    const { client, network } = world.open({ profile });
    network.set('refusing');
    client.connect();
    await world.clock.advance(1000);
    profile.disk.set('never');
    const receipt = client.channel('room').publish('e', 1);
    network.set('open');
    await world.clock.advance(60_000);
    expect(await codeOf(receipt.accepted)).toBe('resolved');
    expect(client.outbox.status.get()).toMatchObject({ durable: false, problem: 'broken', pending: 0 });
    profile.disk.set('well');
    await world.clock.advance(120_000);
    // What was under way came through after all, and has been taken back.
    expect(entries()).toBe(0);
    expect(client.outbox.status.get()).toMatchObject({ durable: true, problem: 'none' });
  });

  it('to take the mark lets go what it holds, without the claim that it was never sent', async () => {
    const { world, profile } = scene();
    const { client, network } = world.open({ profile });
    network.set('refusing');
    const receipt = client.channel('room').publish('e', 1);
    await world.clock.advance(1000);
    profile.disk.set('quota');
    network.set('open');
    await world.clock.advance(60_000);
    // The server has no such lane, so it is sent anew; that nobody can have it is not known any more.
    expect((await receipt.accepted).maybeDuplicate).toBe(true);
    expect(await logOf(world)).toEqual([1]);
  });

  it('loses its rows to somebody who clears the data of the site: what still waits is written again', async () => {
    const { world, profile, entries } = scene();
    const first = world.open({ profile });
    first.network.set('refusing');
    first.client.channel('room').publish('e', 1);
    await world.clock.advance(1000);
    profile.disk.evict();
    first.client.channel('room').publish('e', 2);
    await world.clock.advance(1000);
    expect(entries()).toBe(2);
    first.crash();
    const second = world.open({ profile });
    second.client.connect();
    await world.clock.advance(10_000);
    expect(await logOf(world)).toEqual([1, 2]);
  });
});

describe('the question before a tab is closed', () => {
  it.each<readonly [string, boolean, 'well' | 'quota', boolean]>([
    ['is asked while something would be lost', true, 'quota', true],
    ['is not asked for what is on disk', true, 'well', false],
    ['is not asked unless the app wants it', false, 'quota', false],
  ])('%s', async (_, warnBeforeUnload, health, asked) => {
    const { world, profile } = scene();
    let asking = 0;
    const guard = (): (() => void) => {
      asking += 1;
      return () => (asking -= 1);
    };
    const environment = { page: { online: () => true, visible: () => true, network: () => '', watch: () => () => {}, guard } };
    const { client, network } = world.open({ profile, environment, outbox: { warnBeforeUnload } });
    network.set('refusing');
    client.connect();
    await world.clock.advance(1000);
    profile.disk.set(health);
    client.channel('room').publish('e', 1);
    await world.clock.advance(1000);
    expect(asking).toBe(asked ? 1 : 0);
    network.set('open');
    await world.clock.advance(60_000);
    const { pending }: OutboxStatus = client.outbox.status.get();
    expect([pending, asking]).toEqual([0, 0]);
  });
});
