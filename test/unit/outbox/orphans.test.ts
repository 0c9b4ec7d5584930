// Holds I3 (docs/guarantees.md).
/** What a page writes while another one, which has taken over all that it left, forgets its name. */
import { describe, expect, it } from 'vitest';
import { logOf, useWorld } from '../channel/traffic.ts';
import type { Journal } from '../../../src/outbox/journal.ts';
import { findOrphans } from '../../../src/outbox/orphans.ts';
import type { KeyRange, StoreRow } from '../../../src/outbox/store.ts';
import { createProfile } from '../../support/profile.ts';
import { compareKeys, rowsWithin } from '../../support/table.ts';
import { createDiskScene, outcomesOf } from './disk-scene.ts';

const createWorld = useWorld();
const MINUTE = 60_000;
const ADDRESS = 'https://test.example/realtime';

/** An owner whose lock was stolen and which has no row at the moment, and a page that is about to forget its name. */
async function createScene() {
  const inner = createWorld();
  // Slow enough to stop between two transactions.
  const scene = createDiskScene(inner, createProfile({ clock: inner.clock, latency: [5, 5] }));
  const { world, profile, rows } = scene;
  const owner = world.open({ profile });
  owner.network.set('refusing');
  owner.client.channel('room').publish('e', 1);
  await world.clock.advance(1000);
  for (const name of profile.locks.held) profile.locks.lose(name);
  const heir = world.open({ profile });
  return { world, profile, rows, owner, heir };
}

describe('a page that could not forget the name of one without its lock', () => {
  it('leaves it there, so that what that one wrote since is found', async () => {
    const { world, profile, rows, owner, heir } = await createScene();
    heir.client.connect();
    for (let turn = 0; turn < 500 && rows('entry').length > 0; turn += 1) await world.clock.advance(1);
    expect([rows('entry'), rows('page').length]).toEqual([[], 1]);
    // The name is forgotten in the next write.
    profile.disk.failNext(1);
    await world.clock.advance(100);
    expect(rows('page')).toHaveLength(1);
    owner.client.channel('room').publish('e', 2);
    await world.clock.advance(100);
    expect(rows('entry')).toHaveLength(1);
    await world.clock.advance(5000);
    expect([rows('entry').length, rows('page').length]).toEqual([1, 1]);
    owner.crash();
    heir.client.destroy();
    const next = world.open({ profile });
    const told = outcomesOf(next);
    next.client.connect();
    await world.clock.advance(MINUTE);
    expect(rows('entry')).toEqual([]);
    expect(told).toMatchObject([{ result: 'accepted' }]);
    expect(await logOf(world)).toEqual([1, 2]);
  });
});

describe('a row of a page that has no name any more', () => {
  const GOOD = { id: 'good', e: 'e', d: 'good', n: 6, createdAt: 1, expiresAt: 1e15, v: 1 };

  it.each([
    ['alone', []],
    ['before others', ['z']],
    ['after others', ['a']],
    ['between others', ['a', 'z']],
    ['beside names that no page gives itself', ['', '\uffff', '\uffffz']],
  ])('%s is found', async (_where, others) => {
    const world = createWorld();
    const profile = createProfile({ clock: world.clock });
    const opening = profile.disk.store().open({ environment: {} as never, user: 'anonymous', url: ADDRESS });
    await world.clock.advance(10);
    const store = await opening;
    const entry = (producer: string) => [['entry', producer, 'room', 1], { ...GOOD, id: `x${producer}`, d: producer }] as const;
    const put = [entry('m'), ...others.flatMap((name) => [[['page', name], 0] as const, entry(name)])];
    const written = store.write({ remove: [], put, strict: true });
    await world.clock.advance(10);
    await written;
    const { client } = world.open({ profile });
    client.connect();
    await world.clock.advance(2 * MINUTE + 1000);
    expect(await logOf(world)).toContain('m');
    expect(profile.disk.rows('anonymous', ADDRESS).filter(([key]) => key[1] === 'm')).toEqual([]);
    await store.close();
  });

  it('is looked for in ranges that IndexedDB takes, whose ends are in order, and which hold nothing else', async () => {
    const names = ['', 'a', 'b c', '\uffff', '\uffffz'];
    const table: readonly StoreRow[] = [
      ...names.map((name): StoreRow => [['entry', name, 'room', 1], GOOD]),
      [['page', 5], 0],
      ...names.flatMap((name): StoreRow[] => [[['page', name], 0], [['page', name, 'more'], 0]]), // prettier-ignore
    ];
    const asked: KeyRange[] = [];
    const read = (ranges: readonly KeyRange[]) => {
      asked.push(...ranges);
      return Promise.resolve(ranges.map((range) => rowsWithin(table, range)));
    };
    expect(await findOrphans({ read } as unknown as Journal)).toEqual([]);
    for (const [from, to] of asked) expect(compareKeys(from, to)).toBeLessThan(0);
    const held = asked.filter(([[kind]]) => kind === 'entry').flatMap((range) => rowsWithin(table, range));
    expect(held.map(([key]) => key[1])).not.toContain('a');
  });

  it.each([0, 1])('is not looked for if the store cannot be read (%i reads succeed)', async (well) => {
    let reads = 0;
    const read = (ranges: readonly KeyRange[]) => Promise.resolve(reads++ < well ? ranges.map(() => []) : null);
    expect(await findOrphans({ read } as unknown as Journal)).toEqual([]);
    expect(reads).toBe(well + 1);
  });
});
