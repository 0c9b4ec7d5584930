import { beforeEach, describe, expect, it } from 'vitest';
import { type Statuses, createStatuses } from '../../../src/connection/statuses.ts';
import { createEnvironment } from '../../../src/platform/environment.ts';
import type { Status, UiStatus } from '../../../src/types.ts';
import { type FakePage, createFakePage } from '../../support/page.ts';
import { type VirtualClock, createVirtualClock } from '../../support/virtual-clock.ts';
import { reason } from './facts.ts';

const lost = reason(1006);
const CONNECTING: Status = { state: 'connecting', attempt: 1, transport: 'test', reason: null };
const connected = (roundTrip: number | null = null): Status => ({ state: 'connected', transport: 'test', since: 0, roundTrip });
const waiting = (attempt = 2): Status => ({ state: 'waiting', attempt, retryAt: 99_000, reason: lost });

let clock: VirtualClock;
let page: FakePage;
let statuses: Statuses;
/** What subscribers were told. */
let told: Status[];
let shown: UiStatus[];
let looks: number;

beforeEach(() => {
  clock = createVirtualClock(0);
  page = createFakePage();
  [told, shown, looks] = [[], [], 0];
  const { setTimeout, clearTimeout } = clock;
  const now = (): number => {
    looks += 1;
    return clock.now();
  };
  const report = (error: unknown): never => {
    throw error;
  };
  statuses = createStatuses(createEnvironment({ now, setTimeout, clearTimeout, page }), 2000, report);
  statuses.status.subscribe(() => told.push(statuses.status.get()));
  statuses.uiStatus.subscribe(() => shown.push(statuses.uiStatus.get()));
});

async function set(...next: readonly Status[]): Promise<void> {
  for (const status of next) {
    statuses.set(status);
    await clock.settle();
  }
}

describe('uiStatus', () => {
  it('begins hidden, and reads nothing of the platform', () => {
    expect(statuses.uiStatus.get()).toEqual({ banner: 'hidden' });
    expect([looks, clock.pending]).toEqual([0, 0]);
  });

  it('speaks by itself once the grace is over, and is silent again with a connection', async () => {
    await set(CONNECTING);
    await clock.advance(1999);
    expect(shown).toEqual([]);
    await clock.advance(1);
    expect(shown).toEqual([{ banner: 'connecting', since: 0, retryAt: null }]);
    await set(connected());
    expect(shown.slice(1)).toEqual([{ banner: 'hidden' }]);
  });

  it('is told only when it changed, not with each status', async () => {
    await set(CONNECTING, waiting(), { ...CONNECTING, attempt: 2, reason: lost }, waiting(3), connected(), waiting());
    expect(told).toHaveLength(6);
    expect(shown).toEqual([]);
    await clock.advance(2000);
    await set(waiting(3), waiting(4), waiting(5));
    expect(shown).toHaveLength(1);
  });

  it('does not flicker when a connection comes and goes', async () => {
    await set(connected());
    for (let round = 0; round < 4; round += 1) {
      await set(waiting());
      await clock.advance(600);
      await set(connected());
      await clock.advance(3000);
    }
    // 4 × 600 ms: the grace was over once, in the last round.
    expect(shown.map(({ banner }) => banner)).toEqual(['reconnecting', 'hidden']);
  });

  it('costs nothing with each round trip', async () => {
    await set(connected());
    const before = looks;
    await set(connected(20), connected(30), connected(40));
    expect(told).toHaveLength(4);
    expect([looks - before, clock.pending]).toEqual([0, 0]);
  });

  it('looks again when the page is shown, and counts nothing while it is hidden', async () => {
    page.set({ visible: false });
    await set(connected(), waiting());
    await clock.advance(600_000);
    expect([shown, clock.pending]).toEqual([[], 0]);
    page.set({ visible: true });
    statuses.look();
    await clock.advance(1999);
    page.set({ visible: false });
    statuses.look();
    await clock.advance(600_000);
    expect([shown, clock.pending]).toEqual([[], 0]);
    page.set({ visible: true });
    statuses.look();
    await clock.advance(1);
    expect(shown).toMatchObject([{ banner: 'reconnecting', since: 0 }]);
  });

  it.each<[string, Status]>([
    ['connected for long', connected()],
    ['idle', { state: 'idle' }],
    ['closed', { state: 'closed', reason: lost }],
  ])('holds no timer once it is %s', async (_, last) => {
    await set(CONNECTING);
    await clock.advance(1500);
    expect(clock.pending).toBe(1);
    await set(last);
    if (last.state === 'connected') await clock.advance(10_000);
    expect(clock.pending).toBe(0);
    await clock.advance(60_000);
    expect(shown.map(({ banner }) => banner)).toEqual(last.state === 'closed' ? ['ended'] : []);
  });

  it('is told of the end at once', async () => {
    await set(connected());
    await clock.advance(5000);
    await set({ state: 'closed', reason: lost });
    expect(shown).toEqual([{ banner: 'ended', since: 5000, error: lost.error }]);
  });
});

describe('status', () => {
  it('is told of each change, and of nothing else', async () => {
    await set(CONNECTING, { ...CONNECTING }, connected(), connected(), connected(20), connected(20));
    expect(told).toEqual([CONNECTING, connected(), connected(20)]);
  });
});
