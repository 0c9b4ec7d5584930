import { describe, expect, it } from 'vitest';
import { type Watch, check, look, watchFrom } from '../../../src/connection/watchdog.ts';

const T = 5_000_000;
const PING = 25_000;
/** Silence is told this long after the last frame: `ping` and 10 s. */
const LIMIT = PING + 10_000;
/** A timer this late is called late. */
const LATE = 1001;

const watching = watchFrom(T, PING);

describe('watching', () => {
  it('is due ping + 10 s after the last frame', () => {
    expect(watching).toMatchObject({ state: 'watching', due: T + LIMIT });
  });

  it.each([
    ['one ms after it began', T + 1],
    ['the ms before it is due', T + LIMIT - 1],
  ])('a frame %s moves it on', (_, lastFrame) => {
    const { watch, action } = look(watching, T + LIMIT, lastFrame, PING);
    expect({ watch, action }).toEqual({ watch: watchFrom(lastFrame, PING), action: 'none' });
  });

  it.each([0, 1, 1000])('silence gives it up, if the timer is at most 1 s late (%i ms)', (late) => {
    expect(look(watching, T + LIMIT + late, T, PING).action).toBe('give-up');
  });

  it.each([LATE, 60_000, 8 * 3_600_000])('a timer %i ms late asks first: frames may be queued behind it', (late) => {
    const now = T + LIMIT + late;
    const { watch, action } = look(watching, now, T, PING);
    expect(action).toBe('ask');
    expect(watch).toMatchObject({ state: 'checking', due: now + 2000 });
  });

  it('asks too when a frame came, but so long ago that it says nothing of now', () => {
    const now = T + LIMIT + 3_600_000;
    const { watch, action } = look(watching, now, T + 5000, PING);
    expect(action).toBe('ask');
    expect(watch).toMatchObject({ state: 'checking', due: now + 2000 });
  });
});

describe('checking', () => {
  const checking = check(T);

  it('is due in 2 s', () => {
    expect(checking).toMatchObject({ state: 'checking', since: T, due: T + 2000 });
  });

  it.each([1, 1999, 2000])('any frame within it, %i ms later, is a sign of life', (later) => {
    const { watch, action } = look(checking, T + 2000, T + later, PING);
    expect({ watch, action }).toEqual({ watch: watchFrom(T + later, PING), action: 'none' });
  });

  it('a frame in the very millisecond counts: clocks may tick as coarsely as 100 ms', () => {
    expect(look(checking, T + 2000, T, PING).action).toBe('none');
  });

  it('a frame of before does not count', () => {
    expect(look(checking, T + 2000, T - 1, PING).action).toBe('give-up');
  });

  it('a late verdict asks once more', () => {
    const now = T + 2000 + LATE;
    const { watch, action } = look(checking, now, T - 1, PING);
    expect(action).toBe('ask');
    expect(watch.due).toBe(now + 2000);
  });

  it('and a frame after that second question counts', () => {
    const { watch } = look(checking, T + 60_000, T - 1, PING);
    expect(look(watch, T + 120_000, T + 60_500, PING).action).not.toBe('give-up');
  });
});

describe('checking for the last time', () => {
  const { watch } = look(check(T), T + 60_000, T - 1, PING);

  it.each([0, LATE, 3_600_000])('gives up without an answer, however late (%i ms)', (late) => {
    expect(look(watch, T + 62_000 + late, T - 1, PING).action).toBe('give-up');
  });

  it('is over with an answer', () => {
    expect(look(watch, T + 62_000, T + 60_001, PING)).toEqual({ watch: watchFrom(T + 60_001, PING), action: 'none' });
  });
});

describe('a page whose timers always run late, as in a hidden tab', () => {
  it('gives a dead connection up all the same', () => {
    let watch: Watch = watching;
    let now = watch.due;
    for (let round = 0; round < 5; round += 1) {
      now = watch.due + 60_000;
      const next = look(watch, now, T, PING);
      if (next.action === 'give-up') return;
      watch = next.watch;
    }
    expect.fail(`still ${watch.state} after ${now - T} ms of silence`);
  });

  it('keeps a connection on which frames come', () => {
    let watch: Watch = watching;
    for (let round = 0; round < 50; round += 1) {
      const now = watch.due + 60_000;
      const next = look(watch, now, now - 20_000, PING);
      expect(next.action).not.toBe('give-up');
      watch = next.watch;
    }
  });
});
