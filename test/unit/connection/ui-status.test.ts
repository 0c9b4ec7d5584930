import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Downtime, NO_DOWNTIME, lookAt } from '../../../src/connection/ui-status.ts';
import type { Status, UiStatus } from '../../../src/types.ts';
import { NOW, reason } from './facts.ts';

const lost = reason(1006);
const RETRY = NOW + 60_000;
const STATUSES = {
  idle: { state: 'idle' },
  connecting: { state: 'connecting', attempt: 1, transport: 'test', reason: null },
  connected: { state: 'connected', transport: 'test', since: NOW, roundTrip: null },
  waiting: { state: 'waiting', attempt: 2, retryAt: RETRY, reason: lost },
  offline: { state: 'offline', attempt: 2, retryAt: RETRY, reason: lost },
  closed: { state: 'closed', reason: lost },
} satisfies Record<string, Status>;
type Name = keyof typeof STATUSES;
const isDown = (name: Name): boolean => name === 'connecting' || name === 'waiting' || name === 'offline';

/** Looks when something changes, and whenever it was told to. */
class Player {
  downtime: Downtime = NO_DOWNTIME;
  shown: UiStatus = { banner: 'hidden' };
  status: Name = 'idle';
  visible = true;
  now = NOW;
  readonly #grace: number;

  constructor(grace: number) {
    this.#grace = grace;
  }

  look(): void {
    const { visible, now } = this;
    const result = lookAt(this.downtime, { status: STATUSES[this.status], visible, now, grace: this.#grace });
    [this.downtime, this.shown] = [result.downtime, result.uiStatus];
    expect(this.downtime.due ?? Infinity, 'it asks to be called again at once').toBeGreaterThan(now);
  }

  /** @param each after each look */
  pass(ms: number, each = (): void => {}): void {
    const end = this.now + ms;
    for (let { due } = this.downtime; due !== null && due <= end; { due } = this.downtime) {
      this.now = Math.max(this.now, due);
      this.look();
      each();
    }
    this.now = end;
  }

  sleep(ms: number): void {
    this.now += ms;
  }

  set({ status = this.status, visible = this.visible }: { readonly status?: Name; readonly visible?: boolean }): void {
    const changed = status !== this.status || visible !== this.visible;
    [this.status, this.visible] = [status, visible];
    if (changed) this.look();
  }
}

/** `1500` passes the time, `zzz1500` sleeps, `hide` and `show` are the page's, and the rest are statuses. */
function play(script: string, grace = 2000): Player {
  const player = new Player(grace);
  for (const word of script.split(' ')) {
    if (word === 'hide' || word === 'show') player.set({ visible: word === 'show' });
    else if (word.startsWith('zzz')) player.sleep(Number(word.slice(3)));
    else if (/^\d+$/.test(word)) player.pass(Number(word));
    else player.set({ status: word as Name });
  }
  return player;
}

describe('the banner', () => {
  it.each([
    ['before anything is wanted', 'idle 5000', 'hidden'],
    ['at first', 'connecting', 'hidden'],
    ['within the grace', 'connecting 1999', 'hidden'],
    ['after it, for the first time', 'connecting 2000', 'connecting'],
    ['after it, while the first attempts fail', 'connecting 100 waiting 900 connecting 1000', 'connecting'],
    ['while connected', 'connecting 5000 connected', 'hidden'],
    ['within the grace of a loss', 'connecting connected 60000 waiting 1999', 'hidden'],
    ['after it', 'connecting connected 60000 waiting 2000', 'reconnecting'],
    ['after it, in the next attempt', 'connecting connected 60000 waiting 1500 connecting 500', 'reconnecting'],
    ['offline, within the grace', 'connecting connected 60000 offline 1999', 'hidden'],
    ['offline', 'connecting connected 60000 offline 2000', 'offline'],
    ['offline, for the first time', 'connecting 100 offline 1900', 'offline'],
    ['offline no more', 'connecting connected 60000 offline 5000 waiting', 'reconnecting'],
    ['ended, at once', 'connecting closed', 'ended'],
    ['ended without ever having been begun', 'idle closed', 'ended'],
    ['ended, in a hidden page', 'connecting hide closed', 'ended'],
    ['of a client that rests', 'connecting 5000 idle', 'hidden'],
    ['after a rest: a new downtime', 'connecting 5000 idle connecting 1999', 'hidden'],
    ['after a rest, and its grace', 'connecting 5000 idle connecting 2000', 'connecting'],
    ['after a rest of one that had been connected', 'connecting connected 60000 idle connecting 1999', 'hidden'],
    ['after that rest, and its grace', 'connecting connected 60000 idle connecting 2000', 'reconnecting'],
    ['flapping adds up', 'connecting connected 60000 waiting 1000 connected 500 waiting 999', 'hidden'],
    ['until it is too much', 'connecting connected 60000 waiting 1000 connected 500 waiting 1000', 'reconnecting'],
    ['and from then on at once', 'connecting connected 60000 waiting 2000 connected 500 waiting', 'reconnecting'],
    ['but not while connected', 'connecting connected 60000 waiting 2000 connected 500', 'hidden'],
    ['almost forgiven', 'connecting connected 60000 waiting 2000 connected 9999 waiting', 'reconnecting'],
    ['forgiven after 10 s', 'connecting connected 60000 waiting 2000 connected 10000 waiting 1999', 'hidden'],
    ['and counted anew', 'connecting connected 60000 waiting 2000 connected 10000 waiting 2000', 'reconnecting'],
    [
      'a clock set back puts nothing off',
      'connecting connected 60000 waiting 2000 connected zzz-3600000 hide 10000 waiting 0',
      'hidden',
    ],
    ['a hidden page counts nothing', 'connecting connected 60000 hide waiting 600000 show 1999', 'hidden'],
    ['only when it is shown', 'connecting connected 60000 hide waiting 600000 show 2000', 'reconnecting'],
    ['hidden in the middle', 'connecting connected 60000 waiting 1500 hide 600000 show 499', 'hidden'],
    ['and shown again', 'connecting connected 60000 waiting 1500 hide 600000 show 500', 'reconnecting'],
    ['hidden after it was seen, it stays', 'connecting connected 60000 waiting 2000 hide 600000 show', 'reconnecting'],
    ['a page that slept does not flash', 'connecting connected 60000 waiting 100 zzz600000 0', 'hidden'],
    ['nor if something else wakes it', 'connecting connected 60000 waiting 100 zzz600000 connecting', 'hidden'],
    ['but has its grace', 'connecting connected 60000 waiting 100 zzz600000 connecting 2000', 'reconnecting'],
    ['a look that is a little late counts', 'connecting connected 60000 waiting zzz3000 0', 'reconnecting'],
    ['one that was seen before the sleep stays', 'connecting connected 60000 waiting 2000 zzz600000 connecting', 'reconnecting'],
  ])('%s: %s', (_, script, banner) => {
    expect(play(script).shown.banner).toBe(banner);
  });

  it.each([
    ['at once', 'connecting', 'connecting'],
    ['at once after a loss', 'connecting connected waiting', 'reconnecting'],
    ['not while connected', 'connecting connected', 'hidden'],
    ['not while nothing is wanted', 'idle 100', 'hidden'],
  ])('without a grace is there %s: %s', (_, script, banner) => {
    const player = play(script, 0);
    expect([player.shown.banner, player.downtime.due]).toEqual([banner, null]);
  });

  it.each([0, 300, 2000, 60_000])('with a grace of %i ms is there at that very time', (grace) => {
    const player = play(`connecting connected 60000 waiting ${grace}`, grace);
    expect(player.shown.banner).toBe('reconnecting');
    if (grace > 0) expect(play(`connecting connected 60000 waiting ${grace - 1}`, grace).shown.banner).toBe('hidden');
  });
});

describe('what it says', () => {
  it.each([
    ['waiting', 'connecting connected 60000 waiting 2500', { banner: 'reconnecting', since: NOW + 60_000, retryAt: RETRY }],
    ['offline', 'connecting connected 60000 offline 2500', { banner: 'offline', since: NOW + 60_000, retryAt: RETRY }],
    [
      'connecting',
      'connecting connected 60000 waiting 2500 connecting 100',
      { banner: 'reconnecting', since: NOW + 60_000, retryAt: null },
    ],
    ['the first attempts', 'idle 500 connecting 1000 waiting 1000', { banner: 'connecting', since: NOW + 500, retryAt: RETRY }],
    [
      'the present downtime, not those of before',
      'connecting connected 60000 waiting 2000 connected 500 waiting',
      { banner: 'reconnecting', since: NOW + 62_500, retryAt: RETRY },
    ],
    [
      'a page that was hidden when the connection was lost',
      'connecting connected 60000 hide waiting 600000 show 2000',
      { banner: 'reconnecting', since: NOW + 60_000, retryAt: RETRY },
    ],
    ['the end of a downtime', 'connecting 100 closed 900', { banner: 'ended', since: NOW, error: lost.error }],
    ['the end of a connection', 'connecting 100 connected 900 closed', { banner: 'ended', since: NOW + 1000, error: lost.error }],
  ] as const)('%s', (_, script, expected) => {
    expect(play(script).shown).toEqual(expected);
  });

  it('the end of a client since when, however often it is looked at', () => {
    expect(play('connecting connected 900 closed 5000 hide 5000 show').shown).toMatchObject({ since: NOW + 900 });
  });
});

describe('any life', () => {
  const names = Object.keys(STATUSES).filter((name) => name !== 'closed') as readonly Name[];
  const life = fc.array(
    fc.record({ status: fc.constantFrom(...names, 'waiting', 'connected'), visible: fc.boolean(), ms: fc.nat(6000) }),
    { maxLength: 60, size: 'max' },
  );

  it('shows a banner exactly while what was seen of downtime, since the last connection of 10 s, is as long as the grace', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(life, fc.constantFrom(0, 1, 500, 2000, 10_000), (changes, grace) => {
        const player = new Player(grace);
        let [spent, up, since] = [0, 0, NOW];
        let before: Name = 'idle';
        const expectTruth = (downtime: number): void => {
          const shows = isDown(player.status) && downtime >= grace;
          expect(player.shown.banner !== 'hidden').toBe(shows);
          if (shows) expect(player.shown).toMatchObject({ since });
          seen.add(player.shown.banner);
        };
        for (const { ms, ...change } of changes) {
          const { status } = change;
          if (isDown(status) && !isDown(before)) since = player.now;
          if (status !== 'connected') up = 0;
          if (status === 'idle') spent = 0;
          before = status;
          player.set(change);
          expectTruth(spent);
          const [from, counts] = [player.now, isDown(status) && change.visible];
          player.pass(ms, () => expectTruth(counts ? spent + player.now - from : spent));
          if (counts) spent += ms;
          if (status === 'connected') up += ms;
          if (up >= 10_000) spent = 0;
          expectTruth(spent);
        }
      }),
      { numRuns: 300 },
    );
    expect([...seen].sort()).toEqual(['connecting', 'hidden', 'offline', 'reconnecting']);
  });

  it('that stands still shows no banner that was not there before', () => {
    fc.assert(
      fc.property(life, fc.integer({ min: 1001, max: 1e8 }), (changes, late) => {
        const player = new Player(2000);
        for (const { ms, ...change } of changes) {
          player.set(change);
          player.pass(ms);
        }
        const { due } = player.downtime;
        if (due === null || player.status === 'connected') return;
        const left = due - player.downtime.from!;
        player.now = due + late;
        player.look();
        expect([player.shown.banner, player.downtime.due]).toEqual(['hidden', player.now + left]);
      }),
    );
  });
});
