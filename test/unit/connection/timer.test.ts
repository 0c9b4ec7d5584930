import { beforeEach, describe, expect, it } from 'vitest';
import { type Environment, createEnvironment } from '../../../src/platform/environment.ts';
import { createAlarm, createTimer } from '../../../src/util/timer.ts';
import { type VirtualClock, createVirtualClock } from '../../support/virtual-clock.ts';

/** Browsers take a longer delay as none. */
const LONGEST = 2 ** 31 - 1;
const DAY = 86_400_000;

let clock: VirtualClock;
let delays: number[];
let environment: Environment;
/** How much too early timers fire, ms. */
let early: number;
/** The wall clock was set by so many ms. Timers go on as they were. */
let set: number;

beforeEach(() => {
  clock = createVirtualClock(1000, 10_000);
  delays = [];
  [early, set] = [0, 0];
  environment = createEnvironment({
    now: () => clock.now() + set,
    clearTimeout: clock.clearTimeout,
    setTimeout: (run, ms) => {
      delays.push(ms);
      return clock.setTimeout(run, ms > LONGEST || ms < 0 ? 0 : ms - (ms > 1 ? early : 0));
    },
  });
});

describe('a timer', () => {
  it('fires once, at its time, and tells which', async () => {
    const fired: number[][] = [];
    const timer = createTimer(environment, (at) => fired.push([at, clock.now()]));
    timer.set(1500);
    await clock.advance(499);
    expect(fired).toEqual([]);
    await clock.advance(5000);
    expect(fired).toEqual([[1500, 1500]]);
    expect(clock.pending).toBe(0);
  });

  it.each([1000, 999, 0, -5])('fires in the next turn, not at once, if the time has passed (%i)', async (at) => {
    const fired: number[] = [];
    createTimer(environment, (due) => fired.push(due)).set(at);
    expect(fired).toEqual([]);
    await clock.advance(0);
    expect(fired).toEqual([at]);
  });

  it('waits in steps for what is further away than a browser can wait', async () => {
    const fired: number[] = [];
    createTimer(environment, () => fired.push(clock.now())).set(1000 + 60 * DAY);
    await clock.advance(60 * DAY - 1);
    expect(fired).toEqual([]);
    await clock.advance(1);
    expect(fired).toEqual([1000 + 60 * DAY]);
    expect(delays).toEqual([LONGEST, LONGEST, 60 * DAY - 2 * LONGEST]);
  });

  it('set to a time that never comes waits in steps, and can be cleared', async () => {
    const fired: number[] = [];
    const timer = createTimer(environment, () => fired.push(clock.now()));
    timer.set(Infinity);
    await clock.advance(60 * DAY);
    expect([fired, delays]).toEqual([[], [LONGEST, LONGEST, LONGEST]]);
    timer.set(null);
    expect(clock.pending).toBe(0);
  });

  it('is not fooled by a platform that fires a millisecond early', async () => {
    early = 1;
    const fired: number[] = [];
    createTimer(environment, () => fired.push(clock.now())).set(1500);
    await clock.advance(5000);
    expect(fired).toEqual([1500]);
    expect(delays).toEqual([500, 1]);
  });

  it('set again goes by the new time only, sooner or later', async () => {
    const fired: number[] = [];
    const timer = createTimer(environment, () => fired.push(clock.now()));
    timer.set(2000);
    timer.set(1200);
    timer.set(1400);
    expect(clock.pending).toBe(1);
    await clock.advance(5000);
    expect(fired).toEqual([1400]);
  });

  it('set to the time it has costs nothing', () => {
    const timer = createTimer(environment, () => {});
    for (let time = 0; time < 100; time += 1) timer.set(2000);
    expect(delays).toEqual([1000]);
  });

  it('set to null never fires, and holds nothing', async () => {
    const fired: number[] = [];
    const timer = createTimer(environment, () => fired.push(clock.now()));
    timer.set(2000);
    timer.set(null);
    timer.set(null);
    expect(clock.pending).toBe(0);
    await clock.advance(5000);
    expect(fired).toEqual([]);
  });

  it('may be set while it fires, to the same time too', async () => {
    const fired: number[] = [];
    const timer = createTimer(environment, (at) => {
      fired.push(clock.now());
      if (fired.length < 3) timer.set(fired.length === 1 ? at : at + 100);
    });
    timer.set(1500);
    await clock.advance(5000);
    expect(fired).toEqual([1500, 1500, 1600]);
    expect(clock.pending).toBe(0);
  });

  it('fires late, and once, after a sleep', async () => {
    const fired: number[] = [];
    createTimer(environment, () => fired.push(clock.now())).set(1500);
    clock.sleep(DAY);
    await clock.advance(0);
    expect(fired).toEqual([1000 + DAY]);
  });
});

describe('a clock that is set', () => {
  /** @returns when it fired, by a clock that nobody sets */
  function start(at: number): readonly number[] {
    const fired: number[] = [];
    createTimer(environment, () => fired.push(clock.now())).set(at);
    return fired;
  }

  it.each([3_600_000, 21, DAY])('back by %i ms does not put a timer off', async (back) => {
    const fired = start(11_000);
    await clock.advance(4000);
    set = -back;
    await clock.advance(5999);
    expect(fired).toEqual([]);
    await clock.advance(1);
    expect(fired).toEqual([11_000]);
    expect(clock.pending).toBe(0);
  });

  it.each([1, 2, 20])('back by %i ms, as clocks that drift are corrected, makes it wait just so much longer', async (back) => {
    const fired = start(11_000);
    await clock.advance(4000);
    set = -back;
    await clock.advance(60_000);
    expect(fired).toEqual([11_000 + back]);
    expect(delays).toEqual([10_000, back]);
  });

  it('back again and again by a little does not hold it for ever', async () => {
    const fired = start(11_000);
    for (let round = 0; round < 10; round += 1) {
      await clock.advance(1000);
      set -= 15;
    }
    await clock.advance(1000);
    expect(fired).toHaveLength(1);
  });

  it('forward changes nothing: the wait was for so long', async () => {
    const fired = start(11_000);
    set = 3_600_000;
    await clock.advance(9999);
    expect(fired).toEqual([]);
    await clock.advance(1);
    expect(fired).toEqual([11_000]);
  });

  it('forward is seen by the next step of a long wait', async () => {
    const fired = start(1000 + 60 * DAY);
    await clock.advance(1000);
    set = 90 * DAY;
    await clock.advance(LONGEST - 1001);
    expect(fired).toEqual([]);
    await clock.advance(1);
    expect(fired).toEqual([1000 + LONGEST]);
  });

  it('back makes a long wait longer by at most as much, and it ends', async () => {
    const fired = start(1000 + 60 * DAY);
    await clock.advance(1000);
    set = -3_600_000;
    await clock.advance(60 * DAY + 3_600_000);
    expect(fired).toEqual([1000 + 60 * DAY + 3_600_000]);
  });

  it('back while a timer is late does not make it wait', async () => {
    const fired = start(11_000);
    clock.sleep(60_000);
    set = -3_600_000;
    await clock.advance(0);
    expect(fired).toEqual([61_000]);
  });
});

describe('an alarm', () => {
  it('rings once, at the earliest of the times noted', async () => {
    const rings: number[] = [];
    const alarm = createAlarm(environment, (now) => rings.push(now));
    alarm.note(1800);
    alarm.note(1300);
    alarm.note(1500);
    await clock.advance(5000);
    expect(rings).toEqual([1300]);
  });

  it('rings again for what is noted while it rings', async () => {
    const rings: number[] = [];
    const alarm = createAlarm(environment, (now) => {
      rings.push(now);
      if (rings.length < 3) alarm.note(now + 100);
    });
    alarm.note(1300);
    await clock.advance(5000);
    expect(rings).toEqual([1300, 1400, 1500]);
  });

  it('forgets what was noted when it is cleared', async () => {
    const rings: number[] = [];
    const alarm = createAlarm(environment, (now) => rings.push(now));
    alarm.note(1300);
    alarm.clear();
    expect(clock.pending).toBe(0);
    alarm.note(1700);
    await clock.advance(5000);
    expect(rings).toEqual([1700]);
  });
});
