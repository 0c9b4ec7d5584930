import { describe, expect, it } from 'vitest';
import type { Follower } from '../../server/brokers/broker.ts';
import type { Holding, PresenceChange, Showing } from '../../server/brokers/presence.ts';
import { brokerKit, DAY, MINUTE, type MakeBroker } from './broker-kit.ts';

const LEASE = 30_000;
const ANN: Showing = { user: 'ann', client: 'page-1', k: 1, id: 'a', by: 'ann', data: { n: 1 }, holder: 'h1' };
const HELD: Holding = { k: 1, user: 'ann', client: 'page-1', holder: 'h1' };
const BOB: Showing = { user: 'bob', client: 'page-2', k: 1, id: 'b', holder: 'h2' };

/** What a change leads to: who reads members and who follows must agree. */
interface Told {
  readonly changes: PresenceChange[];
  leave(): void;
}

/** Presence by leases: invariant I10 rests on it. */
export function presenceContract(make: MakeBroker): void {
  describe('presence', () => {
    const kit = brokerKit(make);
    const enter = (showing: Partial<Showing> = {}, lease = LEASE): Promise<string> =>
      kit.broker.presence.enter('c', { ...ANN, ...showing }, lease);
    const leave = (k: number): Promise<void> => kit.broker.presence.leave('c', { user: 'ann', client: 'page-1', k }, LEASE);
    const ids = async (): Promise<readonly string[]> => (await kit.broker.presence.members('c')).members.map(({ id }) => id);
    const data = async (): Promise<unknown> => (await kit.broker.presence.members('c')).members[0]?.data;
    const renew = (held: Partial<Holding> = {}, lease = LEASE): Promise<readonly string[]> =>
      kit.broker.presence.renew('c', [{ ...HELD, ...held }], lease);

    const follow = async (): Promise<Told> => {
      const changes: PresenceChange[] = [];
      const follower: Follower = {
        onNotice: () => undefined,
        onVolatile: () => undefined,
        onPresence: (change) => changes.push(change),
        onDoubt: () => undefined,
      };
      return { changes, leave: await kit.broker.follow('c', follower) };
    };
    /** A store may be slower than its promise. */
    const until = async (list: readonly unknown[], length: number): Promise<void> => {
      for (let turn = 0; turn < 200 && list.length < length; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    };

    it('shows who has entered, the longest there first, with what each shows', async () => {
      expect(await enter()).toBe('shown');
      expect(await kit.broker.presence.enter('c', BOB, LEASE)).toBe('shown');
      await enter({ k: 2, data: { n: 2 } });
      const { members } = await kit.broker.presence.members('c');
      expect(members).toEqual([
        { id: 'a', k: 2, by: 'ann', data: { n: 2 } },
        { id: 'b', k: 1 },
      ]);
      expect(await kit.broker.presence.members('other')).toMatchObject({ members: [] });
    });

    it('keeps pages of one user, and users of one page, apart', async () => {
      await enter();
      expect(await enter({ client: 'page-2', id: 'a2' })).toBe('shown');
      expect(await enter({ user: '', id: 'a3' })).toBe('shown');
      // Together they read the same.
      expect(await enter({ user: 'annp', client: 'age-1', id: 'a4' })).toBe('shown');
      await leave(2);
      expect(await ids()).toEqual(['a2', 'a3', 'a4']);
    });

    it.each<readonly [what: string, later: Partial<Showing>, result: string, shown: unknown]>([
      ['a higher k is news, whoever says it', { k: 6, holder: 'h2', data: 'new' }, 'shown', 'new'],
      ['the same k again is no news', { k: 5, holder: 'h2', data: 'other' }, 'shown', 'old'],
      ['a lower k is late', { k: 4, holder: 'h2', data: 'late' }, 'stale', 'old'],
    ])('%s', async (_what, later, result, shown) => {
      await enter({ k: 5, data: 'old' });
      expect(await enter(later)).toBe(result);
      expect(await data()).toBe(shown);
    });

    it.each<readonly [what: string, k: number, there: readonly string[]]>([
      ['what was said before it left does not bring it back', 4, []],
      ['nor does what has the same k', 5, []],
      ['what was said later does', 6, ['a']],
    ])('after a leave: %s', async (_what, k, there) => {
      await enter({ k: 3 });
      await leave(5);
      expect(await ids()).toEqual([]);
      await enter({ k, holder: 'h2' });
      expect(await ids()).toEqual(there);
    });

    it('remembers a leave that comes before what it ends', async () => {
      await leave(2);
      expect(await enter({ k: 1 })).toBe('stale');
      expect(await ids()).toEqual([]);
    });

    it('remembers a leave for its lease, and no longer', async () => {
      await enter();
      await leave(2);
      await kit.advance(LEASE - 1);
      expect(await enter()).toBe('stale');
      await kit.advance(1);
      await kit.broker.presence.expire('c');
      expect(await enter()).toBe('shown');
    });

    it.each<readonly [what: string, k: number, there: readonly string[]]>([
      ['one that is newer counts', 3, []],
      ['one that is as new counts', 2, []],
      ['an older one does not', 1, ['a']],
    ])('leaves: %s', async (_what, k, there) => {
      await enter({ k: 2 });
      await leave(k);
      expect(await ids()).toEqual(there);
    });

    it('ends with its lease, and goes on while that is renewed', async () => {
      await enter();
      for (let turn = 0; turn < 5; turn += 1) {
        await kit.advance(LEASE - 1);
        expect(await renew()).toEqual(['held']);
      }
      await kit.advance(LEASE - 1);
      expect(await ids()).toEqual(['a']);
      await kit.advance(1);
      expect(await ids()).toEqual([]);
      expect(await renew()).toEqual(['missing']);
    });

    it('tells who renews what became of it', async () => {
      expect(await renew()).toEqual(['missing']);
      await enter();
      await kit.broker.presence.enter('c', BOB, LEASE);
      await leave(2);
      const { holder, user, client, k } = BOB;
      const held = [HELD, { holder: String(holder), user, client, k }, { ...HELD, client: 'x' }];
      expect(await kit.broker.presence.renew('c', held, LEASE)).toEqual(['left', 'held', 'missing']);
      expect(await ids()).toEqual(['b']);
    });

    it('takes what left before the holder was told of it for missing, as a store that failed over shows it', async () => {
      await enter();
      await leave(2);
      expect([await renew({ k: 2 }), await renew({ k: 3 })]).toEqual([['left'], ['missing']]);
      await enter({ k: 3 });
      expect(await renew({ k: 3 })).toEqual(['held']);
    });

    it('goes on for the grace when its holder is gone, and is there for good if it comes back', async () => {
      await enter();
      await kit.broker.presence.drop('c', HELD, 10_000);
      await kit.advance(9999);
      expect(await ids()).toEqual(['a']);
      await enter({ holder: 'h9' });
      await kit.advance(LEASE - 1);
      expect(await ids()).toEqual(['a']);
      await kit.broker.presence.drop('c', { ...HELD, holder: 'h9' }, 10_000);
      await kit.advance(10_000);
      expect(await ids()).toEqual([]);
    });

    it.each([['h1'], ['h2']])('is there while one of its holders is: %s goes', async (gone) => {
      await enter();
      await enter({ holder: 'h2' });
      await kit.broker.presence.drop('c', { ...HELD, holder: gone }, 0);
      expect(await ids()).toEqual(['a']);
      await renew({ holder: gone === 'h1' ? 'h2' : 'h1' });
      await kit.advance(LEASE - 1);
      expect(await ids()).toEqual(['a']);
      await kit.advance(1);
      expect(await ids()).toEqual([]);
    });

    it('a holder that was gone already is not prolonged by going again', async () => {
      await enter();
      await kit.broker.presence.drop('c', HELD, 1000);
      await kit.broker.presence.drop('c', HELD, 10_000);
      await kit.advance(1000);
      expect(await ids()).toEqual([]);
    });

    it('what is said by the way changes what is shown, and not who holds it', async () => {
      await enter();
      await kit.advance(1000);
      await enter({ k: 2, data: 'new', holder: null }, 60_000);
      expect(await data()).toBe('new');
      await kit.broker.presence.drop('c', HELD, 0);
      expect(await ids()).toEqual([]);
      await enter({ k: 3, holder: null }, 60_000);
      // Whoever renews what nobody holds takes it.
      await renew();
      await kit.broker.presence.drop('c', HELD, 0);
      expect(await ids()).toEqual([]);
    });

    it('gives an id to one page at a time', async () => {
      await enter();
      expect(await kit.broker.presence.enter('c', { ...BOB, id: 'a' }, LEASE)).toBe('taken');
      expect(await kit.broker.presence.enter('d', { ...BOB, id: 'a' }, LEASE)).toBe('shown');
      await leave(2);
      // It may come back.
      expect(await kit.broker.presence.enter('c', { ...BOB, id: 'a' }, LEASE)).toBe('taken');
      await kit.advance(LEASE);
      await kit.broker.presence.expire('c');
      expect(await kit.broker.presence.enter('c', { ...BOB, id: 'a' }, LEASE)).toBe('shown');
    });

    it('tells those who follow of each change, each after the one before', async () => {
      const { changes } = await follow();
      const before = await kit.broker.presence.members('c');
      await enter();
      await enter();
      await enter({ k: 2, data: 'new' });
      await kit.broker.presence.enter('c', BOB, LEASE);
      await leave(3);
      await kit.advance(LEASE);
      const version = await kit.broker.presence.expire('c');
      await until(changes, 5);
      expect(changes.map(({ id, present }) => [id, present?.k ?? null])).toEqual([
        ['a', 1],
        ['a', 2],
        ['b', 1],
        ['a', null],
        ['b', null],
      ]);
      expect(changes.map(({ previous }) => previous)).toEqual([
        before.version,
        ...changes.slice(0, -1).map((each) => each.version),
      ]);
      expect(changes.at(-1)!.version).toBe(version);
      expect(new Set(changes.map((each) => each.version)).size).toBe(5);
      expect(await kit.broker.presence.members('c')).toEqual({ version, members: [] });
    });

    it('says nothing when nothing changes', async () => {
      await enter();
      const { version } = await kit.broker.presence.members('c');
      const { changes } = await follow();
      await enter({ holder: 'h2' });
      await enter({ k: 0 });
      await renew();
      await kit.broker.presence.drop('c', HELD, 10_000);
      await kit.broker.presence.expire('c');
      expect(await kit.broker.presence.members('c')).toMatchObject({ version });
      expect(changes).toEqual([]);
    });

    it('keeps the version of a channel that is empty while somebody follows', async () => {
      await follow();
      await enter();
      await leave(2);
      const { version } = await kit.broker.presence.members('c');
      await kit.advance(2 * DAY);
      await kit.broker.publish('x', { id: 'i', e: 'e' }, null, { entries: 1, age: MINUTE });
      expect(await kit.broker.presence.members('c')).toEqual({ version, members: [] });
    });
  });
}
