// Holds I1, I3 (docs/guarantees.md).
import { describe, expect, it } from 'vitest';
import { createProfile } from '../../support/profile.ts';
import { crossed, logOf, useWorld } from '../channel/traffic.ts';
import { createDiskScene, outcomesOf } from './disk-scene.ts';

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

  it('hears how the last 64 ended that another page sent, and of those before only that nobody can say it', async () => {
    const { world, profile, rows } = createDiskScene(createWorld());
    const owner = world.open({ profile });
    owner.network.set('refusing');
    const data = Array.from({ length: 100 }, (_, at) => at);
    for (const each of data) owner.client.channel('room').publish('e', each);
    await world.clock.advance(1000);
    owner.page.tell('pagehide');
    const heir = world.open({ profile });
    const toldByHeir = outcomesOf(heir);
    const toldByOwner = outcomesOf(owner);
    heir.client.connect();
    await world.clock.advance(60_000);
    expect(toldByHeir.map(({ result }) => result)).toEqual(data.map(() => 'accepted'));
    owner.network.set('open');
    owner.page.tell('pageshow');
    await world.clock.advance(60_000);
    expect(toldByOwner.map(({ result }) => result)).toEqual(data.map((at) => (at < 36 ? 'uncertain' : 'accepted')));
    expect([await logOf(world), rows('entry')]).toEqual([data, []]);
  });
});

describe('a page that takes over while the disk is slow, and stands still', () => {
  it.each(Array.from({ length: 16 }, (_, at) => 5 + 10 * at))(
    'after %i ms sends nothing twice when it goes on',
    async (after) => {
      const world = createWorld();
      const profile = createProfile({ clock: world.clock, latency: [20, 20] });
      const owner = world.open({ profile });
      owner.network.set('refusing');
      const data = Array.from({ length: 200 }, (_, at) => at);
      for (const each of data) owner.client.channel('room').publish('e', each);
      await world.clock.advance(1000);
      owner.crash();
      const heir = world.open({ profile });
      heir.client.connect();
      await world.clock.advance(after);
      heir.page.tell('pagehide');
      await world.clock.advance(1000);
      const before = crossed(heir.network, 'up', 'pub').length;
      heir.page.tell('pageshow');
      await world.clock.advance(30_000);
      const sent = crossed(heir.network, 'up', 'pub').slice(before);
      expect(sent.map(({ s }) => s)).toEqual([...new Set(sent.map(({ s }) => s))]);
      expect([await logOf(world), heir.client.outbox.status.get().pending]).toEqual([data, 0]);
    },
  );
});

describe('a page that stands still while the disk is slow', () => {
  const times = Array.from({ length: 30 }, (_, at) => 5 + 10 * at);

  function pages() {
    const world = createWorld();
    const profile = createProfile({ clock: world.clock, latency: [20, 20] });
    const other = world.open({ profile });
    other.network.set('refusing');
    const page = world.open({ profile });
    const leftAfter = async (ms: number) => {
      await world.clock.advance(ms);
      page.page.tell('pagehide');
      await world.clock.advance(2000);
      return page.inProfile!.left;
    };
    return { world, other, page, leftAfter };
  }

  it.each(times)('%i ms after another one has published holds nothing open, though it shows entries', async (after) => {
    const { world, other, page, leftAfter } = pages();
    page.client.outbox.entries.subscribe(() => {});
    page.client.connect();
    await world.clock.advance(2000);
    other.client.channel('room').publish('e', 1);
    expect(await leftAfter(after)).toEqual({ locks: 0, channels: 0, stores: 0 });
  });

  it.each(times)('%i ms after it began to take over holds nothing open', async (after) => {
    const { world, other, page, leftAfter } = pages();
    other.client.channel('room').publish('e', 1);
    await world.clock.advance(2000);
    other.crash();
    page.client.connect();
    expect(await leftAfter(after)).toEqual({ locks: 0, channels: 0, stores: 0 });
  });
});

describe('without Web Locks', () => {
  const MINUTE = 60_000;

  /** A page whose timers stand still for a while: it hears of nothing, and cannot say that it lives. */
  function scene() {
    const { world, profile, rows } = createDiskScene(createWorld());
    const late: (() => void)[] = [];
    let state: 'running' | 'still' = 'running';
    const setTimeout = (run: () => void, ms: number) =>
      world.clock.setTimeout(() => {
        if (state === 'still') late.push(run);
        else run();
      }, ms);
    const { clearTimeout } = world.clock;
    const owner = world.open({ profile, environment: { locks: undefined, setTimeout, clearTimeout } });
    owner.network.set('refusing');
    const told = outcomesOf(owner);
    const leave = (how: 'rested' | 'stood still'): void => {
      if (how === 'rested') owner.page.tell('pagehide');
      else state = 'still';
    };
    const comeBack = (): void => {
      if (state === 'running') return owner.page.tell('pageshow');
      state = 'running';
      late.splice(0).forEach((run) => run());
    };
    return { world, owner, told, leave, comeBack, rows, open: () => world.open({ profile, environment: { locks: undefined } }) };
  }

  it.each(['rested', 'stood still'] as const)('a page that %s knows that another may have sent what it left', async (how) => {
    const { world, owner, told, leave, comeBack, open } = scene();
    for (const data of [1, 2]) owner.client.channel('room').publish('e', data);
    await world.clock.advance(1000);
    leave(how);
    const heir = open();
    heir.client.connect();
    await world.clock.advance(7 * MINUTE);
    expect(await logOf(world)).toEqual([1, 2]);
    heir.crash();
    world.restart({ keepStore: false });
    comeBack();
    owner.network.set('open');
    await world.clock.advance(MINUTE);
    expect(await logOf(world)).toEqual([1, 2]);
    expect(told).toMatchObject([
      { result: 'accepted', maybeDuplicate: true },
      { result: 'accepted', maybeDuplicate: true },
    ]);
  });

  it('a page that never stood still knows that nobody has', async () => {
    const { world, owner, told } = scene();
    for (const data of [1, 2]) owner.client.channel('room').publish('e', data);
    await world.clock.advance(7 * MINUTE);
    world.restart({ keepStore: false });
    owner.network.set('open');
    await world.clock.advance(MINUTE);
    expect(told).toMatchObject([
      { result: 'accepted', maybeDuplicate: false },
      { result: 'accepted', maybeDuplicate: false },
    ]);
  });

  it('a page that publishes all the time, and has an old one waiting, still gives signs of life', async () => {
    const { world, owner, rows } = scene();
    owner.client.channel('room').publish('e', 1);
    for (let turn = 0; turn < 40; turn += 1) {
      await world.clock.advance(15_000);
      // Withdrawn before it is written: of this nothing comes into the store.
      void owner.client.channel('other').publish('e', turn).cancel();
    }
    const [[, beat] = []] = rows('page');
    expect(world.clock.now() - Number(beat)).toBeLessThan(2 * MINUTE);
  });

  it('a page that comes back gives a sign at once: others need not begin', async () => {
    const { world, owner, leave, comeBack, rows } = scene();
    owner.client.channel('room').publish('e', 1);
    await world.clock.advance(1000);
    leave('rested');
    await world.clock.advance(MINUTE);
    expect(rows('page').map(([, beat]) => beat)).toEqual([0]);
    comeBack();
    await world.clock.advance(100);
    expect(rows('page').map(([, beat]) => beat)).not.toEqual([0]);
  });

  it.each(['another has sent', 'nobody has sent'] as const)(
    'a page that took over what %s knows it before it sends',
    async (who) => {
      const { world, owner, rows, open } = scene();
      for (const data of [1, 2]) owner.client.channel('room').publish('e', data);
      await world.clock.advance(1000);
      const heir = open();
      heir.network.set('refusing');
      heir.client.connect();
      await world.clock.advance(1000);
      const told = outcomesOf(heir);
      owner.client.destroy();
      await world.clock.advance(1000);
      expect(heir.client.outbox.status.get().pending).toBe(2);
      if (who === 'another has sent') {
        const other = open();
        other.client.connect();
        await world.clock.advance(2000);
        expect([await logOf(world), rows('entry')]).toEqual([[1, 2], []]);
        other.crash();
        world.restart({ keepStore: false });
      }
      heir.network.set('open');
      await world.clock.advance(MINUTE);
      const maybeDuplicate = who === 'another has sent';
      expect(await logOf(world)).toEqual([1, 2]);
      expect(told).toMatchObject([1, 2].map(() => ({ result: 'accepted', maybeDuplicate })));
    },
  );
});
