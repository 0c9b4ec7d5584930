// Holds I3 (docs/guarantees.md).
import { describe, expect, it } from 'vitest';
import type { OutboxEntry } from '../../../src/types.ts';
import { createProfile } from '../../support/profile.ts';
import { codeOf, logOf, useWorld } from '../channel/traffic.ts';
import { createDiskScene, outcomesOf } from './disk-scene.ts';

const createWorld = useWorld();
const scene = () => createDiskScene(createWorld());

describe('withdrawing', () => {
  it('what was never sent is told when the tombstone is on disk', async () => {
    const { world, profile } = scene();
    const { client, network } = world.open({ profile });
    network.set('refusing');
    const receipt = client.channel('room').publish('e', 1);
    await world.clock.advance(1000);
    const outcome = receipt.cancel();
    await world.clock.advance(100);
    expect(await outcome).toMatchObject({ result: 'cancelled' });
    profile.powerLoss();
    const second = world.open({ profile });
    const outcomes = outcomesOf(second);
    second.client.connect();
    await world.clock.advance(5000);
    expect(await logOf(world)).toEqual([]);
    expect(outcomes.map(({ result }) => result)).toEqual(['cancelled']);
  });

  it('what an earlier page left is told by the server alone', async () => {
    const { world, profile } = scene();
    const first = world.open({ profile });
    first.network.set('refusing');
    const { id } = first.client.channel('room').publish('e', 1);
    await world.clock.advance(1000);
    first.crash();
    const second = world.open({ profile });
    second.network.set('refusing');
    const outcomes = outcomesOf(second);
    second.client.connect();
    await world.clock.advance(1000);
    void second.client.outbox.cancel(id);
    await world.clock.advance(10_000);
    expect(outcomes).toEqual([]);
    second.network.set('open');
    await world.clock.advance(60_000);
    expect(outcomes.map(({ result }) => result)).toEqual(['cancelled']);
    expect(await logOf(world)).toEqual([]);
  });

  it.each([
    ['drop', 'closed'],
    ['surface', 'uncertain'],
  ] as const)(
    'what a page in doubt (%s: %s) has closed ends as closed, for whoever sends it and whoever cancels it',
    async (whenInDoubt, told) => {
      const { world, profile } = scene();
      const owner = world.open({ profile, outbox: { whenInDoubt } });
      const toldByOwner = outcomesOf(owner);
      owner.client.connect();
      await world.clock.advance(100);
      owner.network.stall('up');
      const { id } = owner.client.channel('room').publish('e', 1);
      await world.clock.advance(1000);
      // Each has taken over what the other ones hold.
      const heirs = [];
      for (const _ of ['sends it', 'cancels it']) {
        for (const name of profile.locks.held) profile.locks.lose(name);
        const heir = world.open({ profile });
        heir.network.set('refusing');
        heir.client.connect();
        await world.clock.advance(1000);
        heirs.push({ ...heir, outcomes: outcomesOf(heir) });
      }
      world.restart({ keepStore: false });
      owner.network.heal();
      await world.clock.advance(30_000);
      expect(toldByOwner.map(({ result }) => result)).toEqual([told]);
      void heirs[1]!.client.outbox.cancel(id);
      for (const { network } of heirs) network.set('open');
      await world.clock.advance(60_000);
      expect(heirs.map(({ outcomes }) => outcomes)).toMatchObject([[{ id, result: 'closed' }], [{ id, result: 'closed' }]]);
      expect(await logOf(world)).toEqual([]);
    },
  );

  it('of what an earlier page left is given up when this page stands still, and stands in the store', async () => {
    const { world, profile } = scene();
    const first = world.open({ profile });
    first.network.set('refusing');
    const { id } = first.client.channel('room').publish('e', 1);
    await world.clock.advance(1000);
    first.crash();
    const second = world.open({ profile });
    second.network.set('refusing');
    second.client.connect();
    await world.clock.advance(1000);
    const told = [1, 2].map(() => codeOf(second.client.outbox.cancel(id)));
    await world.clock.advance(1000);
    second.page.tell('pagehide');
    await world.clock.advance(1000);
    expect(await Promise.all(told)).toEqual(['not-found', 'not-found']);
    second.network.set('open');
    second.page.tell('pageshow');
    const outcomes = outcomesOf(second);
    await world.clock.advance(60_000);
    expect(outcomes).toMatchObject([{ id, result: 'cancelled' }]);
    expect(await logOf(world)).toEqual([]);
  });

  it('twice gives one outcome', async () => {
    const { world, profile } = scene();
    const first = world.open({ profile });
    first.network.set('refusing');
    const { id } = first.client.channel('room').publish('e', 1);
    await world.clock.advance(1000);
    first.crash();
    const { client, network } = world.open({ profile });
    network.set('refusing');
    client.connect();
    await world.clock.advance(1000);
    const told = [client.outbox.cancel(id), client.outbox.cancel(id)];
    network.set('open');
    await world.clock.advance(60_000);
    expect(await Promise.all(told)).toMatchObject([{ result: 'cancelled' }, { result: 'cancelled' }]);
  });

  it('replace keeps the newest that nobody has seen', async () => {
    const { world, profile } = scene();
    const { client, network } = world.open({ profile });
    network.set('refusing');
    for (let data = 0; data < 20; data += 1) {
      client.channel('room').publish('slide', data, { replace: 'a' });
      await world.clock.advance(16);
    }
    client.channel('room').publish('slide', 'b', { replace: 'b' });
    await world.clock.advance(1000);
    expect(client.outbox.status.get().pending).toBe(2);
    network.set('open');
    await world.clock.advance(60_000);
    expect(await logOf(world)).toEqual([19, 'b']);
  });
});

describe('what ended a connection', () => {
  it('ended so for every page that sends it, also one that does not know of it', async () => {
    const narrow = { limits: { publishRate: Infinity, message: 2000 } };
    const world = createWorld({ server: narrow });
    const profile = createProfile({ clock: world.clock });
    const first = world.open({ profile });
    first.network.set('refusing');
    const { accepted } = first.client.channel('room').publish('e', 'x'.repeat(3000));
    await world.clock.advance(1000);
    const copy = createProfile({ clock: world.clock, disk: profile.disk.clone() });
    first.network.set('open');
    await world.clock.advance(60_000);
    expect(await codeOf(accepted)).toBe('too-large');
    first.client.destroy();
    world.restart({ server: { limits: { publishRate: Infinity } } });
    const second = world.open({ profile: copy });
    const outcomes = outcomesOf(second);
    second.client.connect();
    await world.clock.advance(5000);
    expect(outcomes).toMatchObject([{ result: 'rejected', error: { code: 'too-large' } }]);
    expect(await logOf(world)).toEqual([]);
  });
});

describe('what failed', () => {
  it('is listed, also after a reload, tried again and forgotten', async () => {
    const world = createWorld({
      server: { channels: { '{room}': { subscribe: true, publish: { good: true, bad: () => false } } } },
    });
    const profile = createProfile({ clock: world.clock });
    const first = world.open({ profile });
    const receipts = [1, 2].map((data) => first.client.channel('room').publish('bad', data));
    await world.clock.advance(1000);
    expect(await codeOf(receipts[0]!.accepted)).toBe('forbidden');
    expect(first.client.outbox.status.get()).toMatchObject({ pending: 0, failed: 2 });
    first.crash();
    const second = world.open({ profile });
    second.client.connect();
    await world.clock.advance(1000);
    const failed = second.client.outbox.entries.get();
    expect(failed).toMatchObject([{ state: 'failed', data: 1, own: false, error: { code: 'forbidden' } }, { data: 2 }]);
    const again = second.client.outbox.retry(failed[0]!.id);
    void second.client.outbox.discard(failed[1]!.id);
    await world.clock.advance(1000);
    expect(await codeOf(again.accepted)).toBe('forbidden');
    expect(second.client.outbox.entries.get()).toMatchObject([{ state: 'failed', data: 1, own: true }]);
    void second.client.outbox.clear();
    await world.clock.advance(100);
    expect(second.client.outbox.entries.get()).toEqual([]);
    expect(profile.disk.rows('anonymous', 'https://test.example/realtime').filter(([[name]]) => name === 'failed')).toEqual([]);
  });
});

describe('another release of the app', () => {
  it('says anew what was never sent, and leaves alone what may have been', async () => {
    const { world, profile } = scene();
    const first = world.open({ profile });
    first.network.set('refusing');
    first.client.channel('room').publish('e', { old: 1 });
    first.client.channel('room').publish('gone', 2);
    await world.clock.advance(1000);
    first.crash();
    const migrate = ({ event, data }: OutboxEntry) =>
      event === 'e' ? { event: 'e2', data: { made: (data as { readonly old: number }).old } } : null;
    const second = world.open({ profile, outbox: { version: 2, migrate } });
    const outcomes = outcomesOf(second);
    second.client.connect();
    await world.clock.advance(10_000);
    expect(await logOf(world)).toEqual([{ made: 1 }]);
    expect(outcomes.map(({ result }) => result).sort()).toEqual(['accepted', 'cancelled', 'cancelled']);
  });
});

describe('the back/forward cache', () => {
  it('lets others take over, and the page that comes back goes on without repeating', async () => {
    const { world, profile } = scene();
    const first = world.open({ profile });
    first.network.set('refusing');
    const receipts = [1, 2].map((data) => first.client.channel('room').publish('e', data));
    const outcomes = outcomesOf(first);
    await world.clock.advance(1000);
    first.page.tell('pagehide');
    await world.clock.advance(100);
    expect(first.inProfile!.left).toEqual({ locks: 0, channels: 0, stores: 0 });
    const second = world.open({ profile });
    second.client.connect();
    await world.clock.advance(5000);
    expect(await logOf(world)).toEqual([1, 2]);
    first.network.set('open');
    first.page.tell('pageshow');
    await world.clock.advance(60_000);
    expect(await logOf(world)).toEqual([1, 2]);
    expect(await codeOf(receipts[0]!.accepted)).toBe('resolved');
    expect(outcomes.map(({ result }) => result)).toEqual(['accepted', 'accepted']);
  });
});

describe('drain()', () => {
  it('waits also for what earlier pages left', async () => {
    const { world, profile } = scene();
    const first = world.open({ profile });
    first.network.set('refusing');
    first.client.channel('room').publish('e', 1);
    await world.clock.advance(1000);
    first.crash();
    const second = world.open({ profile });
    let drained = false;
    void second.client.outbox.drain().then(() => (drained = true));
    expect(drained).toBe(false);
    await world.clock.advance(10_000);
    expect(drained).toBe(true);
    expect(await logOf(world)).toEqual([1]);
  });
});
