// Holds I1, I3 (docs/guarantees.md).
import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../../src/types.ts';
import { createProfile } from '../../support/profile.ts';
import type { TestPage } from '../../support/world.ts';
import { codeOf, crossed, logOf, useWorld } from '../channel/traffic.ts';
import { createDiskScene, outcomesOf, sequencesOf } from './disk-scene.ts';

const createWorld = useWorld();
const MINUTE = 60_000;
const NO_LOCKS = { environment: { locks: undefined } };

function scene() {
  const world = createWorld();
  const profile = createProfile({ clock: world.clock });
  return { world, profile };
}

function offline({ network }: TestPage): void {
  network.set('refusing');
  network.cut();
}

describe('without Web Locks', () => {
  it('a page that crashed is taken for gone after five minutes of silence', async () => {
    const { world, profile } = scene();
    const first = world.open({ profile, ...NO_LOCKS });
    first.network.set('refusing');
    first.client.channel('room').publish('e', 1);
    await world.clock.advance(10 * MINUTE);
    const second = world.open({ profile, ...NO_LOCKS });
    second.client.connect();
    await world.clock.advance(MINUTE);
    expect(await logOf(world)).toEqual([]);
    first.crash();
    await world.clock.advance(4 * MINUTE);
    expect(await logOf(world)).toEqual([]);
    await world.clock.advance(3 * MINUTE);
    expect(await logOf(world)).toEqual([1]);
  });

  it('a page that says goodbye is followed at once', async () => {
    const { world, profile } = scene();
    const first = world.open({ profile, ...NO_LOCKS });
    first.network.set('refusing');
    first.client.channel('room').publish('e', 1);
    await world.clock.advance(1000);
    const second = world.open({ profile, ...NO_LOCKS });
    second.client.connect();
    await world.clock.advance(1000);
    first.client.destroy();
    await world.clock.advance(5000);
    expect(await logOf(world)).toEqual([1]);
  });

  it('nobody owns anything for certain: what was withdrawn is told by the server', async () => {
    const { world, profile } = scene();
    const { client, network } = world.open({ profile, ...NO_LOCKS });
    const outcomes: Outcome[] = [];
    client.on('outcome', (outcome) => outcomes.push(outcome));
    network.set('refusing');
    const receipt = client.channel('room').publish('e', 1);
    await world.clock.advance(1000);
    void receipt.cancel();
    await world.clock.advance(1000);
    expect(outcomes).toEqual([]);
    network.set('open');
    await world.clock.advance(MINUTE);
    expect(outcomes.map(({ result }) => result)).toEqual(['cancelled']);
    expect(await logOf(world)).toEqual([]);
  });
});

describe('a lock that is lost', () => {
  it('leaves to the server what becomes of what was withdrawn', async () => {
    const { world, profile } = scene();
    const { client, network } = world.open({ profile });
    network.set('refusing');
    const receipt = client.channel('room').publish('e', 1);
    await world.clock.advance(1000);
    for (const name of profile.locks.held) profile.locks.lose(name);
    await world.clock.advance(1000);
    // Another page takes over, and sends it.
    const second = world.open({ profile });
    second.client.connect();
    await world.clock.advance(5000);
    expect(await logOf(world)).toEqual([1]);
    const cancelled = receipt.cancel();
    network.set('open');
    await world.clock.advance(MINUTE);
    expect(await cancelled).toMatchObject({ result: 'accepted' });
  });

  it.each(['its owner', 'who took it over'])(
    'by %s: what another page may have sent to a server that forgot may be there twice',
    async (who) => {
      const { world, profile } = scene();
      const owner = world.open({ profile });
      owner.client.channel('room').publish('e', 1);
      await world.clock.advance(1000);
      offline(owner);
      if (who !== 'its owner') {
        owner.client.channel('room').publish('e', 2);
        await world.clock.advance(1000);
        owner.crash();
      }
      const first = who === 'its owner' ? owner : world.open({ profile });
      const outcomes = outcomesOf(first);
      if (first !== owner) first.network.set('refusing');
      first.client.connect();
      await world.clock.advance(2000);
      for (const name of profile.locks.held) profile.locks.lose(name);
      await world.clock.advance(100);
      if (who === 'its owner') owner.client.channel('room').publish('e', 2);
      await world.clock.advance(1000);
      const second = world.open({ profile });
      second.client.connect();
      await world.clock.advance(5000);
      expect(await logOf(world)).toEqual([1, 2]);
      second.crash();
      world.restart({ keepStore: false });
      first.network.set('open');
      await world.clock.advance(MINUTE);
      expect(outcomes).toMatchObject([{ result: 'accepted', maybeDuplicate: true }]);
    },
  );

  it('leaves nothing behind that nobody can find', async () => {
    const { world, profile, rows } = createDiskScene(createWorld());
    const owner = world.open({ profile });
    owner.client.channel('room').publish('e', 1);
    await world.clock.advance(1000);
    for (const name of profile.locks.held) profile.locks.lose(name);
    offline(owner);
    owner.client.channel('room').publish('e', 2, { ttl: 8000 });
    await world.clock.advance(1000);
    // Has read it, and knows no server.
    const heir = world.open({ profile });
    heir.network.set('refusing');
    heir.client.connect();
    await world.clock.advance(1000);
    owner.network.set('open');
    owner.client.connect();
    await world.clock.advance(4000);
    expect(await logOf(world)).toEqual([1, 2]);
    // The heir's copy has expired by now, and is not put back.
    await world.clock.advance(5000);
    expect(rows('entry')).toEqual([]);
    owner.client.destroy();
    await world.clock.advance(1000);
    heir.crash();
    world.open({ profile }).client.connect();
    await world.clock.advance(MINUTE);
    expect(rows('entry')).toEqual([]);
  });
});

describe('a number that is missing', () => {
  const WAYS = [
    ['cancelled', {}],
    ['expired', { ttl: 500 }],
    ['replaced', { replace: 'draft' }],
  ] as const;

  it.each(WAYS)('since it was %s before it was written: nobody takes it for a loss', async (how, options) => {
    const { world, profile, rows } = createDiskScene(createWorld());
    const first = world.open({ profile });
    first.network.set('refusing');
    const told = outcomesOf(first);
    const room = first.client.channel('room');
    // What cannot be written yet is written later.
    profile.disk.failNext(1);
    room.publish('e', 1);
    const second = room.publish('e', 2, options);
    room.publish('e', 3);
    if (how === 'cancelled') void second.cancel();
    if (how === 'replaced') room.publish('e', 4, options);
    await world.clock.advance(3000);
    expect(told).toMatchObject([{ id: second.id, result: how === 'expired' ? how : 'cancelled' }]);
    expect(await codeOf(second.stored)).not.toBe('resolved');
    expect(JSON.stringify(rows('entry'))).not.toContain(second.id);
    first.crash();
    const heir = world.open({ profile });
    const outcomes = outcomesOf(heir);
    heir.client.connect();
    await world.clock.advance(MINUTE);
    expect(await logOf(world)).toEqual(how === 'replaced' ? [1, 3, 4] : [1, 3]);
    expect([heir.errors, outcomes.map(({ result }) => result)]).toEqual([[], (await logOf(world)).map(() => 'accepted')]);
    expect(rows('entry')).toEqual([]);
  });

  it('before everything that is written needs no row', async () => {
    const { world, profile, rows } = createDiskScene(createWorld());
    const { client, network } = world.open({ profile });
    network.set('refusing');
    const room = client.channel('room');
    for (const receipt of [1, 2, 3].map((data) => room.publish('e', data))) void receipt.cancel();
    room.publish('e', 4);
    await world.clock.advance(1000);
    expect(sequencesOf(rows('entry'))).toEqual([[4]]);
  });

  it.each(['accepted', 'accepted by a server that forgot', 'cancelled'] as const)(
    'since its page, which goes on, had it %s: as well',
    async (how) => {
      const { world, profile } = createDiskScene(createWorld());
      const owner = world.open({ profile });
      const room = owner.client.channel('room');
      room.publish('e', 1);
      await world.clock.advance(1000);
      for (const name of profile.locks.held) profile.locks.lose(name);
      offline(owner);
      room.publish('e', 2);
      await world.clock.advance(1000);
      const heir = world.open({ profile });
      heir.network.set('refusing');
      heir.client.connect();
      await world.clock.advance(1000);
      owner.network.set('open');
      await world.clock.advance(MINUTE);
      if (how !== 'cancelled') room.publish('e', 3);
      await world.clock.advance(10);
      expect(await logOf(world)).toEqual(how === 'cancelled' ? [1, 2] : [1, 2, 3]);
      offline(owner);
      if (how === 'cancelled') void room.publish('e', 3).cancel();
      room.publish('e', 4);
      await world.clock.advance(1000);
      if (how === 'accepted by a server that forgot') {
        owner.crash();
        world.restart({ keepStore: false });
      }
      heir.network.set('open');
      await world.clock.advance(MINUTE);
      expect((await logOf(world)).at(-1)).toBe(4);
      expect(heir.errors).toEqual([]);
    },
  );
});

describe('what an earlier page left', () => {
  it('with a hole: the hole is closed, so that nothing is blocked by it', async () => {
    const { world, profile } = scene();
    const first = world.open({ profile });
    first.network.set('refusing');
    for (const data of [1, 2, 3]) {
      first.client.channel('room').publish('e', data);
      await world.clock.advance(500);
    }
    first.crash();
    const store = await settled(world, profile.page('meddler').store.open(where(world)));
    const [rows = []] = await settled(world, store.read([[['entry'], ['entry', '\uffff']]]));
    const [key] = rows[1]!;
    await settled(world, store.write({ remove: [[key, key]], put: [], strict: true }));
    await settled(world, store.close());
    const second = world.open({ profile });
    second.client.connect();
    await world.clock.advance(10_000);
    expect(await logOf(world)).toEqual([1, 3]);
    const [pub] = crossed(second.network, 'up', 'pub');
    expect(pub?.items[1]).toEqual({ id: 'closed-2', x: 'closed' });
    expect(second.errors.map(({ code }) => code)).toEqual(['lost']);
  });

  it('is not sent twice by two pages that both hold it', async () => {
    const { world, profile } = scene();
    const first = world.open({ profile });
    first.network.set('refusing');
    const receipts = [1, 2].map((data) => first.client.channel('room').publish('e', data));
    await world.clock.advance(1000);
    // The copy of a profile has no locks, and the same rows.
    const copy = profile.clone();
    const second = world.open({ profile: copy });
    second.client.connect();
    first.network.set('open');
    await world.clock.advance(MINUTE);
    expect(await logOf(world)).toEqual([1, 2]);
    expect(await codeOf(receipts[1]!.accepted)).toBe('resolved');
  });
});

type World = ReturnType<typeof createWorld>;

const where = ({ clock }: World) => ({
  environment: { now: clock.now, setTimeout: clock.setTimeout, clearTimeout: clock.clearTimeout } as never,
  user: 'anonymous',
  url: 'https://test.example/realtime',
});

async function settled<T>({ clock }: World, promise: Promise<T>): Promise<T> {
  await clock.advance(10);
  return promise;
}
