// Holds I1, I3 (docs/guarantees.md).
/** Rows that several publications share, and that several pages write. */
import { describe, expect, it } from 'vitest';
import { logOf, useWorld } from '../channel/traffic.ts';
import { createBatch, leave, writeOf } from '../../../src/outbox/batch.ts';
import { packOf } from '../../../src/outbox/record.ts';
import { createProfile } from '../../support/profile.ts';
import { createDiskScene, outcomesOf, sequencesOf } from './disk-scene.ts';

const createWorld = useWorld();
const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, at) => first + at);

describe('a row whose lane went to another page', () => {
  it.each([
    ['is removed if nothing is left in it', [], 1],
    ['is not put back for a part that only another release can read', [[2, 'new']], 0],
  ])('%s', (_what, rest, removed) => {
    const name = { producer: 'gone', channel: 'room' };
    const batch = createBatch();
    batch.packs.add(packOf(name, 1, rest));
    leave(batch, name);
    const company = { isContested: () => false, shares: () => false };
    expect(writeOf(batch, 0, company)).toMatchObject({ put: [], remove: { length: removed } });
  });

  it('is not taken away by the page that had it, which was about to write it anew', async () => {
    const { world, profile, rows } = createDiskScene(createWorld());
    const owner = world.open({ profile });
    owner.network.set('refusing');
    owner.client.channel('room').publish('e', 1);
    await world.clock.advance(1000);
    owner.crash();
    const heir = world.open({ profile });
    heir.network.set('refusing');
    heir.client.connect();
    await world.clock.advance(1000);
    profile.disk.set('never');
    heir.client.channel('room').publish('e', 2);
    await world.clock.advance(15_000);
    profile.disk.set('well');
    await world.clock.advance(1);
    // A minute after it gave the store up it writes all anew, in vain, and is put away before it tries that again.
    profile.disk.failNext(1);
    await world.clock.advance(55_499);
    heir.page.tell('pagehide');
    await world.clock.advance(5000);
    expect(rows('entry')).toHaveLength(2);
    world.open({ profile }).client.connect();
    await world.clock.advance(60_000);
    expect([...(await logOf(world))].sort()).toEqual([1, 2]);
  });

  it('is not put back by the page that had it, after that one has ended all of it', async () => {
    let most = 3;
    const e = (data: unknown): boolean => {
      if (Number(data) > most) throw new Error('not now');
      return true;
    };
    const channels = { room: { subscribe: true, publish: { e } }, '{other}': { subscribe: true, publish: true } };
    const { world, profile, rows } = createDiskScene(createWorld({ server: { channels, onEvent: () => {} } }));
    const stored = () => rows('entry').filter(([key]) => key[2] === 'room');
    const owner = world.open({ profile });
    const toldByOwner = outcomesOf(owner);
    owner.network.set('refusing');
    for (const data of upTo(10)) owner.client.channel('room').publish('e', data);
    await world.clock.advance(1000);
    owner.page.tell('pagehide');

    const heir = world.open({ profile });
    const toldByHeir = outcomesOf(heir);
    heir.client.connect();
    await world.clock.advance(30_000);
    // It writes something, and hears late that this is done: what ends meanwhile waits for its next write.
    heir.inProfile!.freeze();
    heir.client
      .channel('other')
      .publish('e', 1)
      .stored.catch(() => {});
    await world.clock.advance(20);
    most = 5;
    heir.network.cut();
    const ended = () => toldByHeir.filter(({ channel }) => channel === 'room').length;
    for (let turn = 0; turn < 300 && ended() < 5; turn += 1) await world.clock.advance(10);
    expect(ended()).toBe(5);
    heir.page.tell('pagehide');
    heir.network.set('refusing');
    heir.network.cut();
    await world.clock.advance(100);

    most = Infinity;
    owner.network.set('open');
    owner.page.tell('pageshow');
    owner.client.connect();
    await world.clock.advance(3000);
    // Beyond what the server remembers of the first ten.
    for (const data of upTo(120, 11)) owner.client.channel('room').publish('e', data);
    await world.clock.advance(2000);
    expect(new Set(toldByOwner.map(({ result }) => result))).toEqual(new Set(['accepted']));
    expect(stored()).toEqual([]);
    heir.inProfile!.thaw();
    await world.clock.advance(1000);
    expect(stored()).toEqual([]);

    owner.client.destroy();
    await world.clock.advance(1000);
    const next = world.open({ profile });
    const toldByNext = outcomesOf(next);
    next.client.connect();
    await world.clock.advance(60_000);
    expect(toldByNext.filter(({ channel }) => channel === 'room')).toEqual([]);
    expect(await logOf(world)).toEqual(upTo(120));
  });

  it('is not put back in part by the owner that came back, while answers come', async () => {
    const { world, profile, rows } = createDiskScene(createWorld());
    const owner = world.open({ profile });
    const told = outcomesOf(owner);
    owner.network.set('refusing');
    const room = owner.client.channel('room');
    // A row that begins where the answers to what is sent at once do not end.
    room.publish('e', 0);
    await world.clock.advance(1000);
    for (const data of upTo(70)) room.publish('e', data);
    await world.clock.advance(1000);
    owner.page.tell('pagehide');
    const heir = world.open({ profile });
    heir.client.connect();
    await world.clock.advance(30_000);
    expect(rows('entry')).toEqual([]);
    owner.network.set('open');
    owner.network.delay(300);
    owner.page.tell('pageshow');
    owner.client.connect();
    for (let turn = 0; turn < 1000 && told.length === 0; turn += 1) await world.clock.advance(10);
    await world.clock.advance(100);
    expect(told).toHaveLength(64);
    expect(rows('entry')).toEqual([]);
    owner.crash();
    await world.clock.advance(300_000);
    expect(rows('page')).toEqual([]);
    expect(await logOf(world)).toEqual([0, ...upTo(70)]);
  });

  it('is not put back alone by the owner that has its lock again: what is missing after it would be taken for lost', async () => {
    const { world, profile, rows } = createDiskScene(createWorld());
    const owner = world.open({ profile });
    owner.network.set('refusing');
    const room = owner.client.channel('room');
    const first = room.publish('e', 1);
    await world.clock.advance(1000);
    room.publish('e', 2);
    await world.clock.advance(1000);
    for (const name of profile.locks.held) profile.locks.lose(name);
    const heir = world.open({ profile });
    heir.client.connect();
    await world.clock.advance(3000);
    expect([await logOf(world), rows('entry')]).toEqual([[1, 2], []]);
    heir.crash();

    owner.page.tell('visible');
    await world.clock.advance(1000);
    expect(profile.locks.held).toHaveLength(1);
    void first.cancel();
    room.publish('e', 3);
    await world.clock.advance(1000);
    expect(sequencesOf(rows('entry'))).toEqual([[3]]);
    owner.crash();
    world.restart({ keepStore: false });
    const next = world.open({ profile });
    next.client.connect();
    await world.clock.advance(60_000);
    expect(next.errors).toEqual([]);
    expect(await logOf(world)).toEqual([3]);
  });

  it('is told of once, though its owner comes back and goes on', async () => {
    const { world, profile, rows } = createDiskScene(createWorld());
    const owner = world.open({ profile });
    owner.network.set('refusing');
    for (const data of upTo(30)) owner.client.channel('room').publish('e', data);
    await world.clock.advance(1000);
    owner.page.tell('pagehide');
    const heir = world.open({ profile });
    const told = outcomesOf(heir);
    heir.client.connect();
    await world.clock.advance(30_000);
    expect(told).toHaveLength(30);

    // Of its row some have ended, then it is gone again: what it put back the heir would find, and send.
    owner.network.set('open');
    owner.network.delay(300);
    owner.page.tell('pageshow');
    owner.client.connect();
    const [first] = owner.client.outbox.entries.get();
    void owner.client.outbox.cancel(first!.id);
    await world.clock.advance(100);
    expect(rows('entry')).toEqual([]);
    owner.page.tell('pagehide');
    await world.clock.advance(300_000);
    expect([told.length, await logOf(world)]).toEqual([30, upTo(30)]);
  });

  const WAYS = [
    ['cancelled', 'lost its lock', {}],
    ['expired', 'lost its lock', { ttl: 20_000 }],
    ['replaced', 'lost its lock', { replace: 'draft' }],
    ['cancelled', 'rested, and has not asked for its lock yet', {}],
  ] as const;

  it.each(WAYS)('is not put back for what was %s, if the owner %s', async (how, why, options) => {
    const { world, profile, rows } = createDiskScene(createWorld());
    const owner = world.open({ profile });
    owner.network.set('refusing');
    const room = owner.client.channel('room');
    room.publish('e', 1);
    const second = room.publish('e', 2, options);
    room.publish('e', 3);
    await world.clock.advance(1000);
    if (why === 'lost its lock') for (const name of profile.locks.held) profile.locks.lose(name);
    else owner.page.tell('pagehide');
    await world.clock.advance(1000);
    const heir = world.open({ profile });
    heir.client.connect();
    await world.clock.advance(3000);
    expect([await logOf(world), rows('entry')]).toEqual([[1, 2, 3], []]);
    heir.crash();

    // The last that the owner does.
    if (how === 'cancelled') void second.cancel();
    else if (how === 'replaced') room.publish('e', 4, options);
    else await world.clock.advance(16_000);
    await world.clock.advance(100);
    // A row of its own.
    const news = how === 'replaced' ? [4] : [];
    expect(rows('entry')).toHaveLength(news.length);
    owner.crash();
    world.restart({ keepStore: false });
    const next = world.open({ profile });
    const told = outcomesOf(next);
    next.client.connect();
    await world.clock.advance(60_000);
    expect(await logOf(world)).toEqual(news);
    expect(told).toMatchObject(news.map(() => ({ result: 'accepted', maybeDuplicate: false })));
  });
});

describe('a mark', () => {
  // At some of these moments the heir has read that nothing is left, and has not yet removed what it does not need.
  it.each([0, 2, 4, 6, 8, 10, 12])('that the owner sets while its heir is at its end (%i ms) is not lost', async (offset) => {
    const world = createWorld();
    const profile = createProfile({ clock: world.clock, latency: [5, 5] });
    const { rows } = createDiskScene(world, profile);
    const owner = world.open({ profile });
    owner.network.set('refusing');
    const room = owner.client.channel('room');
    room.publish('e', 1);
    await world.clock.advance(1000);
    owner.page.tell('pagehide');
    await world.clock.advance(1000);
    const heir = world.open({ profile });
    const toldByHeir = outcomesOf(heir);
    heir.client.connect();
    for (let turn = 0; turn < 3000 && toldByHeir.length === 0; turn += 1) await world.clock.advance(1);
    await world.clock.advance(offset);
    heir.inProfile!.freeze();

    owner.page.tell('pageshow');
    room.publish('e', 2);
    await world.clock.advance(1000);
    owner.network.set('open');
    owner.client.connect();
    const marked = () => rows('mark').some(([[, producer, , writer]]) => writer === producer);
    for (let turn = 0; turn < 30_000 && !marked(); turn += 1) await world.clock.advance(1);
    owner.network.stall('down');
    await world.clock.advance(100);
    expect(await logOf(world)).toEqual([1, 2]);
    owner.crash();
    heir.network.set('refusing');
    heir.network.cut();
    heir.inProfile!.thaw();
    await world.clock.advance(100);
    heir.crash();
    world.restart({ keepStore: false });
    const next = world.open({ profile });
    const told = outcomesOf(next);
    next.client.connect();
    await world.clock.advance(60_000);
    expect(told).toMatchObject([{ result: 'accepted', maybeDuplicate: true }]);
  });
});
