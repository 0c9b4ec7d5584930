import { beforeEach, describe, expect, it } from 'vitest';
import { type Sensed, type Senses, createSenses } from '../../../src/connection/senses.ts';
import { createEnvironment } from '../../../src/platform/environment.ts';
import type { Hint } from '../../../src/platform/page.ts';
import { type FakePage, createFakePage } from '../../support/page.ts';
import { type VirtualClock, createVirtualClock } from '../../support/virtual-clock.ts';

const HOUR = 3_600_000;
let clock: VirtualClock;
let page: FakePage;
let senses: Senses;
let hints: Sensed[];
let saves = false;
let busy = false;
/** The wall clock was set by so many ms. Timers go on as they were. */
let set: number;
const now = (): number => clock.now() + set;

beforeEach(() => {
  clock = createVirtualClock();
  page = createFakePage();
  [hints, set] = [[], 0];
  [saves, busy] = [false, false];
  const { setTimeout, clearTimeout } = clock;
  senses = createSenses(createEnvironment({ now, setTimeout, clearTimeout, page }), (hint) => hints.push(hint), {
    saves: () => saves,
    busy: () => busy,
  });
});

describe('listening', () => {
  it('is not begun by being made', () => {
    expect([page.watchers, clock.pending]).toEqual([0, 0]);
    page.tell('online');
    expect(hints).toEqual([]);
  });

  it('to the page is begun once, and ended by stop', async () => {
    for (const attentive of [false, true, true, false]) senses.listen(attentive);
    expect(page.watchers).toBe(1);
    senses.listen(true);
    senses.stop();
    expect([page.watchers, clock.pending]).toEqual([0, 0]);
    page.tell('online');
    await clock.advance(HOUR);
    expect(hints).toEqual([]);
  });

  it('hears every hint, attentive or not', () => {
    const all: readonly Hint[] = [
      'online',
      'offline',
      'visible',
      'hidden',
      'network',
      'freeze',
      'resume',
      'pagehide',
      'pageshow',
    ];
    senses.listen(false);
    all.forEach((hint) => page.tell(hint));
    senses.listen(true);
    all.forEach((hint) => page.tell(hint));
    expect(hints).toEqual([...all, ...all]);
  });
});

describe('the clock', () => {
  it.each([
    ['the machine slept', () => clock.sleep(HOUR)],
    ['it was set forward', () => void (set = HOUR)],
    ['it was set back', () => void (set = -HOUR)],
  ])('is told to have jumped within 2 s: %s', async (_, jump) => {
    senses.listen(true);
    await clock.advance(60_000);
    expect(hints).toEqual([]);
    jump();
    await clock.advance(2000);
    expect(hints).toEqual(['jump']);
    await clock.advance(60_000);
    expect(hints).toEqual(['jump']);
  });

  it.each([
    ['a timer that is a little late', () => clock.sleep(5000)],
    ['a clock that is corrected forward', () => void (set = 3000)],
    ['a clock that is corrected back', () => void (set = -3000)],
  ])('has not jumped for %s', async (_, change) => {
    senses.listen(true);
    change();
    await clock.advance(10_000);
    expect(hints).toEqual([]);
  });

  it('goes on being looked at from where it was set to', async () => {
    senses.listen(true);
    set = -HOUR;
    await clock.advance(2000);
    set = -2 * HOUR;
    await clock.advance(2000);
    set = 0;
    await clock.advance(2000);
    expect(hints).toEqual(['jump', 'jump', 'jump']);
  });

  it('is not looked at unless somebody is attentive', async () => {
    senses.listen(false);
    expect(clock.pending).toBe(0);
    senses.listen(true);
    expect(clock.pending).toBe(1);
    senses.listen(false);
    expect(clock.pending).toBe(0);
    clock.sleep(HOUR);
    senses.listen(true);
    await clock.advance(10_000);
    // What passed while nobody looked is no news.
    expect(hints).toEqual([]);
  });

  it('is not looked at while the page is hidden, where being shown again is a hint of its own', async () => {
    senses.listen(true);
    page.set({ visible: false });
    expect(clock.pending).toBe(0);
    clock.sleep(HOUR);
    await clock.advance(10_000);
    page.set({ visible: true });
    expect(clock.pending).toBe(1);
    await clock.advance(10_000);
    expect(hints).toEqual(['hidden', 'visible']);
  });

  it('is not looked at in a page that was hidden from the first', async () => {
    page.set({ visible: false });
    senses.listen(true);
    expect(clock.pending).toBe(0);
    page.set({ visible: true });
    expect(clock.pending).toBe(1);
  });
});

describe('what the page was like', () => {
  it('is what it is, if nothing happened', () => {
    senses.listen(true);
    expect(senses.pageSince(0)).toBe('visible');
    page.set({ visible: false });
    expect(senses.pageSince(0)).toBe('hidden');
  });

  it.each([
    ['the machine slept', () => clock.sleep(HOUR)],
    ['it was set forward, which is the same to see', () => void (set = HOUR)],
  ])('asleep, since any time before the clock jumped: %s', async (_, jump) => {
    senses.listen(true);
    await clock.advance(10_000);
    const before = now();
    jump();
    await clock.advance(0);
    await clock.advance(2000);
    const after = now();
    await clock.advance(10_000);
    expect([senses.pageSince(before), senses.pageSince(now())]).toEqual(['asleep', 'visible']);
    expect(senses.pageSince(after + 1)).toBe('visible');
    page.set({ visible: false });
    expect([senses.pageSince(before), senses.pageSince(now())]).toEqual(['asleep', 'hidden']);
  });

  it.each([
    ['freeze', 'resume'],
    ['pagehide', 'pageshow'],
    ['freeze', 'visible'],
    ['pagehide', 'online'],
  ] as const)('frozen, from %s to whatever is heard next, as %s', async (first, next) => {
    senses.listen(true);
    await clock.advance(10_000);
    page.tell(first);
    expect(senses.pageSince(now())).toBe('frozen');
    senses.listen(false);
    clock.sleep(HOUR);
    expect(senses.pageSince(now())).toBe('frozen');
    page.tell(next);
    senses.listen(true);
    const back = now();
    expect(senses.pageSince(back)).toBe('frozen');
    await clock.advance(1);
    expect([senses.pageSince(back), senses.pageSince(back + 1)]).toEqual(['frozen', 'visible']);
  });

  it('frozen until it said that it goes on, not until somebody is attentive again', async () => {
    senses.listen(true);
    page.tell('freeze');
    senses.listen(false);
    clock.sleep(HOUR);
    page.tell('resume');
    const back = now();
    await clock.advance(1000);
    senses.listen(true);
    expect([senses.pageSince(back), senses.pageSince(back + 1)]).toEqual(['frozen', 'visible']);
  });

  it('frozen no longer, once it goes on without having said so', async () => {
    senses.listen(true);
    page.tell('freeze');
    senses.listen(false);
    await clock.advance(3000);
    senses.listen(true);
    const back = now();
    await clock.advance(1);
    expect([senses.pageSince(back), senses.pageSince(back + 1)]).toEqual(['frozen', 'visible']);
    clock.sleep(HOUR);
    await clock.advance(0);
    expect(senses.pageSince(back + 1)).toBe('asleep');
  });
});
