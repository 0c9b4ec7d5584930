// Holds I3, I15 (docs/guarantees.md).
import { describe, expect, it } from 'vitest';
import type { StoreKey, StoreRow } from '../../../src/outbox/store.ts';
import { type Profile, createProfile } from '../../support/profile.ts';
import { logOf, useWorld } from '../channel/traffic.ts';

const createWorld = useWorld();
const URL = 'https://test.example/realtime';
const LATER = 1e15;

const GOOD = { id: 'good', e: 'e', d: 'good', n: 6, createdAt: 1, expiresAt: LATER, v: 1 };

async function scene(put: readonly StoreRow[], world = createWorld()) {
  const profile = createProfile({ clock: world.clock });
  const opening = profile.disk.store().open({ environment: {} as never, user: 'anonymous', url: URL });
  await world.clock.advance(10);
  const store = await opening;
  const written = store.write({ remove: [], put, strict: true });
  await world.clock.advance(10);
  await written;
  void store.close();
  return { world, profile };
}

const entry = (sequence: unknown, value: unknown, channel: unknown = 'room'): StoreRow => [
  ['entry', 'gone', channel, sequence] as unknown as StoreKey,
  value,
];
const page: StoreRow = [['page', 'gone'], 0];

const ROWS: readonly (readonly [string, StoreRow])[] = [
  ['an entry that is null', entry(2, null)],
  ['an entry that is a number', entry(2, 7)],
  ['an entry of another shape', entry(2, { format: 2, body: 'x' })],
  ['an entry without a sequence', entry('two', { ...GOOD, id: 'x', d: 'bad' })],
  ['a sequence of no lane', entry(-1, { ...GOOD, id: 'x', d: 'bad' })],
  ['a sequence that nobody can have reached', entry(2 ** 52, { ...GOOD, id: 'x', d: 'bad' })],
  ['an id that is none', entry(2, { ...GOOD, id: 5, d: 'bad' })],
  ['an event that is none', entry(2, { ...GOOD, id: 'x', e: '', d: 'bad' })],
  ['a channel that is none', entry(2, { ...GOOD, id: 'x', d: 'bad' }, 'a room')],
  ['a size that is none', entry(2, { ...GOOD, id: 'x', n: NaN, d: 'bad' })],
  ['a time that is none', entry(2, { ...GOOD, id: 'x', createdAt: 'soon', d: 'bad' })],
  ['a tombstone of a later release', entry(2, { ...GOOD, id: 'x', x: 'postponed', d: 'bad' })],
  ['a payload that no codec carries', entry(2, { ...GOOD, id: 'x', d: 5n })],
  ['a row of several that are none', entry(2, [null, 7, [], [2], [2, null], ['two', GOOD], [-1, GOOD], [2, { ...GOOD, n: -1 }]])],
  ['a row of none', entry(2, [])],
  ['a row that has another’s number', entry(2, [[1, { ...GOOD, id: 'x', d: 'bad' }]])],
  ['a mark that is none', [['mark', 'gone', 'room', 'w'], 'sent']],
  [
    'a mark of other things',
    [
      ['mark', 'gone', 'room', 'w'],
      [null, ['a', 5]],
    ],
  ],
  ['a failure that is null', [['failed', 1, 'x'], null]],
  [
    'a failure without a time',
    [['failed', 'soon', 'x'], { channel: 'room', event: 'e', data: 1, expiresAt: 1, code: 'app', message: '' }],
  ],
];

describe('rows that are nonsense', () => {
  it.each(ROWS)('(%s) hold up nothing', async (_, row) => {
    const { world, profile } = await scene([entry(1, GOOD), page, row]);
    const { client } = world.open({ profile });
    client.outbox.entries.subscribe(() => {});
    client.channel('room').publish('e', 'new');
    await world.clock.advance(130_000);
    // In whatever order: where nobody knows what was sent the server has to be asked first.
    expect([...(await logOf(world))].sort()).toEqual(['good', 'new']);
    let drained = false;
    void client.outbox.drain().then(() => (drained = true));
    const cleared = client.outbox.clear();
    await world.clock.advance(1000);
    await cleared;
    expect(drained).toBe(true);
    const { stored } = client.channel('room').publish('e', 'more');
    await world.clock.advance(1000);
    await stored;
    expect(client.outbox.status.get()).toMatchObject({ pending: 0, bytes: 0, problem: 'none' });
    client.destroy();
    await world.clock.advance(1000);
    expect(profile.locks.held).toEqual([]);
  });
});

describe('a row of which one part cannot be used', () => {
  const OTHER = { ...GOOD, id: 'other', d: 'other' };
  const LATER_RELEASE = { ...GOOD, id: 'x', x: 'postponed', d: 'bad' };
  const PARTS: readonly (readonly [string, unknown])[] = [
    ['of a later release', [2, LATER_RELEASE]],
    ['of another shape', { body: 'x' }],
    ['out of reach', [2 ** 52, { ...GOOD, id: 'x', d: 'bad' }]],
    ['with a number that is there twice', [1, { ...GOOD, id: 'x', d: 'bad' }]],
  ];
  const rowsOf = ({ disk }: Profile) => disk.rows('anonymous', URL).filter(([[kind]]) => kind === 'entry');
  const parts = (part: unknown) => entry(1, [[1, GOOD], part, [3, OTHER]]);

  it.each(PARTS)('(%s) keeps it as it is', async (_, part) => {
    const { world, profile } = await scene([parts(part), page]);
    const { client } = world.open({ profile });
    client.connect();
    await world.clock.advance(130_000);
    expect(await logOf(world)).toEqual(['good', 'other']);
    expect(rowsOf(profile)).toEqual([entry(1, [part])]);
    expect(client.outbox.status.get()).toMatchObject({ pending: 0, bytes: 0, problem: 'none' });
  });

  it.each(PARTS)('(%s) keeps it as it is when a store is tried again', async (_, part) => {
    const { world, profile } = await scene([parts(part), entry(2, LATER_RELEASE), page]);
    const { client, network } = world.open({ profile });
    network.set('refusing');
    client.connect();
    await world.clock.advance(1000);
    profile.disk.set('never');
    network.set('open');
    await world.clock.advance(30_000);
    expect([client.outbox.status.get().problem, await logOf(world)]).toEqual(['broken', ['good', 'other']]);
    profile.disk.set('well');
    await world.clock.advance(130_000);
    expect(rowsOf(profile)).toEqual([entry(1, [part]), entry(2, LATER_RELEASE)]);
  });
});

it('what was cancelled, and ends as closed because another page had closed its number, is nothing to publish again', async () => {
  const { d: _, ...payloadless } = GOOD;
  const { world, profile } = await scene([page, entry(1, GOOD), entry(3, { ...GOOD, id: 'third' })]);
  const copy = await scene([page, entry(2, { ...payloadless, id: 'second', n: 0, x: 'cancelled' })], world);
  world.open({ profile }).client.connect();
  await world.clock.advance(60_000);
  const { client } = world.open({ profile: copy.profile });
  const outcomes: string[] = [];
  client.on('outcome', ({ id, result }) => outcomes.push(`${id} ${result}`));
  client.connect();
  await world.clock.advance(60_000);
  expect(outcomes).toEqual(['second closed']);
  expect(client.outbox.entries.get()).toEqual([]);
});
