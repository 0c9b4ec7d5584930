// Holds I3 (docs/guarantees.md).
import { describe, expect, it } from 'vitest';
import { createProfile } from '../../support/profile.ts';
import { logOf, useWorld } from '../channel/traffic.ts';

const createWorld = useWorld();

describe('a page that comes back', () => {
  it('goes on though the store hung when it was put away', async () => {
    const world = createWorld();
    const profile = createProfile({ clock: world.clock });
    const earlier = world.open({ profile });
    earlier.network.set('refusing');
    earlier.client.channel('room').publish('e', 1);
    await world.clock.advance(1000);
    const page = world.open({ profile });
    page.client.connect();
    await world.clock.advance(1000);
    profile.disk.set('never');
    page.page.tell('pagehide');
    earlier.crash();
    await world.clock.advance(60_000);
    profile.disk.set('well');
    page.page.tell('pageshow');
    await world.clock.advance(120_000);
    expect(await logOf(world)).toEqual([1]);
    expect(page.client.outbox.status.get()).toMatchObject({ pending: 0, durable: true });
  });

  it('looks again before it clears', async () => {
    const world = createWorld();
    const profile = createProfile({ clock: world.clock });
    const page = world.open({ profile });
    page.client.connect();
    // While it looks for the first time.
    void page.client.outbox.clear();
    await world.clock.advance(1000);
    page.page.tell('pagehide');
    const other = world.open({ profile });
    other.network.set('refusing');
    other.client.channel('room').publish('e', 1);
    await world.clock.advance(1000);
    other.crash();
    page.network.set('refusing');
    page.network.cut();
    page.page.tell('pageshow');
    void page.client.outbox.clear();
    await world.clock.advance(1000);
    page.network.set('open');
    await world.clock.advance(60_000);
    expect(await logOf(world)).toEqual([]);
  });

  it('holds nothing any more of what it took over, once that is long done', async () => {
    const world = createWorld();
    const profile = createProfile({ clock: world.clock });
    const page = world.open({ profile });
    page.client.connect();
    for (let n = 1; n <= 3; n += 1) {
      const other = world.open({ profile });
      other.network.set('refusing');
      other.client.channel('room').publish('e', n);
      await world.clock.advance(1000);
      other.client.destroy();
      await world.clock.advance(1000);
    }
    expect(await logOf(world)).toEqual([1, 2, 3]);
    await world.clock.advance(180_000);
    // A new connection would show again whatever is still held.
    const before = page.network.wire.length;
    page.network.cut();
    await world.clock.advance(10_000);
    const said = page.network.wire.slice(before).map(({ data }) => String(data));
    expect(said.filter((text) => text.includes('"pub"'))).toEqual([]);
  });
});
