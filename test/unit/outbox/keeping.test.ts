// Holds I3, I16 (docs/guarantees.md).
import { describe, expect, it } from 'vitest';
import { createLocks } from '../../support/locks.ts';
import { createFakePage } from '../../support/page.ts';
import { createProfile } from '../../support/profile.ts';
import { codeOf, logOf, useWorld } from '../channel/traffic.ts';

const createWorld = useWorld();

function scene() {
  const world = createWorld();
  return { world, profile: createProfile({ clock: world.clock }) };
}

describe('what is published anew', () => {
  it('by `migrate`, and has no room, leaves the old one as it is', async () => {
    const { world, profile } = scene();
    const first = world.open({ profile, outbox: { maxMessages: 4 } });
    first.network.set('refusing');
    [1, 2, 3, 4].forEach((data) => first.client.channel('room').publish('e', data));
    await world.clock.advance(1000);
    first.crash();
    const migrate = ({ event, data }: { event: string; data: unknown }) => ({ event, data });
    const second = world.open({ profile, outbox: { maxMessages: 4, version: 2, migrate } });
    second.client.connect();
    await world.clock.advance(60_000);
    expect([...(await logOf(world))].sort()).toEqual([1, 2, 3, 4]);
  });

  it.each([
    { event: 'e', data: () => 1 },
    { event: '', data: 1 },
  ])('by `migrate`, and cannot be sent, leaves the old one as it is (%o)', async (made) => {
    const { world, profile } = scene();
    const first = world.open({ profile });
    first.network.set('refusing');
    first.client.channel('room').publish('e', 'old');
    await world.clock.advance(1000);
    first.crash();
    const second = world.open({ profile, outbox: { version: 2, migrate: () => made } });
    second.client.connect();
    await world.clock.advance(60_000);
    expect(await logOf(world)).toEqual(['old']);
  });

  it('by `retry`, and has no room, is still among the failed', async () => {
    const world = createWorld();
    const { client, network } = world.open({ outbox: { maxMessages: 1 } });
    const refused = client.channel('room').publish('e', 1, { ttl: 1000 });
    network.set('refusing');
    network.cut();
    await world.clock.advance(5000);
    expect(refused.state.get()).toMatchObject({ outcome: { result: 'expired' } });
    client.channel('room').publish('e', 2);
    const [failed] = client.outbox.entries.get().filter(({ state }) => state === 'failed');
    expect(await codeOf(client.outbox.retry(failed!.id).accepted)).toBe('outbox-full');
    expect(client.outbox.entries.get().filter(({ state }) => state === 'failed')).toHaveLength(1);
  });
});

describe('an end', () => {
  it('in the tick of a publication leaves no question before the tab is closed', async () => {
    const world = createWorld();
    let guards = 0;
    const guard = (): (() => void) => {
      guards += 1;
      return () => void (guards -= 1);
    };
    const { client } = world.open({
      outbox: { warnBeforeUnload: true },
      environment: { page: { ...createFakePage(), guard } },
    });
    client.channel('room').publish('e', 1);
    client.destroy();
    await world.clock.advance(1000);
    expect(guards).toBe(0);
  });

  it('is told to who clears or discards after it, for nothing is forgotten then', async () => {
    const { world, profile } = scene();
    const { client, network } = world.open({ profile });
    network.set('refusing');
    const receipt = client.channel('room').publish('e', 1);
    await world.clock.advance(1000);
    client.destroy();
    await world.clock.advance(1000);
    expect(await codeOf(client.outbox.clear())).toBe('destroyed');
    expect(receipt.state.get().state).toBe('pending');
    expect(await codeOf(client.outbox.discard('none'))).toBe('destroyed');
  });

  it('gives back a lock that was asked for twice, since the page stood still before the first answer', async () => {
    const { world, profile } = scene();
    const { setTimeout } = world.clock;
    const locks = createLocks(world.clock);
    const slow = locks.of({ diedAt: null, arrive: (run) => void setTimeout(run, 50) });
    const { client, network, page } = world.open({ profile, environment: { locks: slow } });
    network.set('refusing');
    client.channel('room').publish('e', 1);
    await world.clock.advance(10);
    expect(locks.held).toHaveLength(1);
    page.tell('pagehide');
    page.tell('pageshow');
    await world.clock.advance(1000);
    client.destroy();
    await world.clock.advance(1000);
    expect(locks.held).toEqual([]);
  });
});

describe('a failure', () => {
  it('that comes while the store is read stays', async () => {
    const { world, profile } = scene();
    const { client } = world.open({ profile });
    client.channel('room').publish('e', 'first');
    const other = world.open({ profile });
    other.client.connect();
    await world.clock.advance(5000);
    other.network.set('refusing');
    other.network.cut();
    client.outbox.entries.subscribe(() => {});
    // Some of them end between the write that goes before a read, and the read.
    for (let at = 0; at < 40; at += 1) {
      other.client.channel('room').publish('e', at, { ttl: 1000 + at });
      client.channel('room').publish('e', at, { ttl: 3 });
      client.disconnect();
      await world.clock.advance(7);
    }
    await world.clock.advance(60_000);
    const failed = client.outbox.entries.get().filter(({ state }) => state === 'failed');
    expect(failed.length).toBe(client.outbox.status.get().failed);
  });
});

describe('a store', () => {
  it.each(['read', 'write', 'open'] as const)('whose %s throws instead of rejecting holds up nothing', async (what) => {
    const { world, profile } = scene();
    const store = profile.page('p').store;
    const throws = (): never => {
      throw new TypeError('no');
    };
    const odd = {
      ...store,
      open: what === 'open' ? throws : async (given: never) => ({ ...(await store.open(given)), [what]: throws }),
    };
    const { client } = world.open({ outbox: { store: odd } });
    const receipt = client.channel('room').publish('e', 1);
    const drained = codeOf(client.outbox.drain());
    await world.clock.advance(5000);
    expect(await codeOf(receipt.accepted)).toBe('resolved');
    expect(await drained).toBe('resolved');
  });

  it('that cannot be cleared is told of', async () => {
    const { world, profile } = scene();
    const { client, network } = world.open({ profile });
    network.set('refusing');
    client.channel('room').publish('e', 1);
    await world.clock.advance(1000);
    profile.disk.set('dead');
    const cleared = codeOf(client.outbox.clear());
    await world.clock.advance(30_000);
    expect(await cleared).toBe('storage-failed');
  });
});
