// Holds I3, I16 (docs/guarantees.md).
import { describe, expect, it } from 'vitest';
import { createFakePage } from '../../support/page.ts';
import { createProfile } from '../../support/profile.ts';
import { codeOf, logOf, useWorld } from '../channel/traffic.ts';

const createWorld = useWorld();

function scene() {
  const world = createWorld();
  return { world, profile: createProfile({ clock: world.clock }) };
}

describe('what is published anew', () => {
  it('by `migrate` needs no room: it stands for another one', async () => {
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
});

describe('a failure', () => {
  it('that comes while the store is read stays among the failed', async () => {
    const world = createWorld();
    const profile = createProfile({ clock: world.clock, latency: [20, 20] });
    const { client, network } = world.open({ profile });
    network.set('refusing');
    client.channel('room').publish('e', 1, { ttl: 1000 });
    await world.clock.advance(1010);
    // Waits for what is being written, which is that it expired; and then reads, before the failure is written.
    client.outbox.entries.subscribe(() => {});
    await world.clock.advance(1000);
    expect(client.outbox.entries.get()).toMatchObject([{ state: 'failed', data: 1, own: true }]);
  });
});

describe('a page that is left', () => {
  it('has written at once what it publishes then', async () => {
    const { world, profile } = scene();
    const { client, network, page } = world.open({ profile });
    client.connect();
    await world.clock.advance(1000);
    network.stall('down');
    page.tell('pagehide');
    client.channel('room').publish('e', 1, { replace: 'slider' });
    await world.clock.advance(5);
    const entries = profile.disk.rows('anonymous', 'https://test.example/realtime').filter(([[kind]]) => kind === 'entry');
    expect(entries).toHaveLength(1);
  });

  it('and has no locks is taken for gone, though the clock was set back since', async () => {
    const { world, profile } = scene();
    const without = { locks: undefined };
    const first = world.open({ profile, environment: { ...without, now: () => world.clock.now() + 86_400_000 } });
    first.network.set('refusing');
    first.client.channel('room').publish('e', 1);
    await world.clock.advance(1000);
    first.crash();
    const second = world.open({ profile, environment: without });
    second.client.connect();
    await world.clock.advance(10 * 60_000);
    expect(await logOf(world)).toEqual([1]);
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
