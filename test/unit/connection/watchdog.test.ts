import { describe, expect, it } from 'vitest';
import { type Watch, check, look, provesLife, verdictAfter, watchFrom } from '../../../src/connection/watchdog.ts';

const T = 5_000_000;
const PING = 25_000;
/** Silence is doubted this long after the last frame, and told 4 s later: at `ping` and 10 s. */
const DOUBT = PING + 6000;
const LIMIT = PING + 10_000;
/** A timer this late is called late. */
const LATE = 1001;

const watching = watchFrom(T, PING);

describe('watching', () => {
  it('is due ping + 6 s after the last frame', () => {
    expect(watching).toEqual({ state: 'watching', due: T + DOUBT });
  });

  it.each([
    ['one ms after it began', T + 1],
    ['the ms before it is due', T + DOUBT - 1],
  ])('a frame %s moves it on', (_, lastFrame) => {
    const { watch, action } = look(watching, T + DOUBT, lastFrame, PING);
    expect({ watch, action }).toEqual({ watch: watchFrom(lastFrame, PING), action: 'none' });
  });

  it.each([
    [0, LIMIT],
    [1, LIMIT],
    [2000, LIMIT],
    // The timer was so late that less than 2 s would be left for an answer: frames may be queued behind it.
    [2001, DOUBT + 4001],
    [60_000, DOUBT + 62_000],
    [8 * 3_600_000, DOUBT + 8 * 3_600_000 + 2000],
  ])('silence, seen %i ms late, is asked about, with a verdict %i ms after the last frame', (late, verdict) => {
    const now = T + DOUBT + late;
    const { watch, action } = look(watching, now, T, PING);
    expect({ watch, action }).toEqual({ watch: { state: 'checking', since: now, due: T + verdict }, action: 'ask' });
  });

  it('asks too when a frame came, but so long ago that it says nothing of now', () => {
    const now = T + DOUBT + 3_600_000;
    const { watch, action } = look(watching, now, T + 5000, PING);
    expect({ watch, action }).toEqual({ watch: { state: 'checking', since: now, due: now + 2000 }, action: 'ask' });
  });
});

describe('checking', () => {
  const checking = check(T);

  it('is due in 2 s', () => {
    expect(checking).toEqual({ state: 'checking', since: T, due: T + 2000 });
  });

  it.each([0, 1, 1000])('that is due, at most 1 s late (%i ms), gives up: any sign of life would have ended it', (late) => {
    expect(look(checking, T + 2000 + late, T + 100, PING).action).toBe('give-up');
  });

  it('a late verdict asks once more', () => {
    const now = T + 2000 + LATE;
    const { watch, action } = look(checking, now, T - 1, PING);
    expect({ watch, action }).toEqual({ watch: { state: 'rechecking', since: now, due: now + 2000 }, action: 'ask' });
  });
});

describe('on a slow line', () => {
  it.each([
    [0, 2000],
    [666, 2000],
    [700, 2100],
    [1300, 3900],
    [2000, 6000],
    [60_000, 6000],
  ])('a round trip of %i ms leaves %i ms for an answer', (roundTrip, verdict) => {
    expect(verdictAfter(roundTrip)).toBe(verdict);
    expect(check(T, roundTrip).due).toBe(T + verdict);
    // Silence has 4 s anyway, of which a late timer may have used up some.
    const doubted = look(watching, T + DOUBT, T, PING, roundTrip).watch.due;
    expect(doubted).toBe(T + Math.max(LIMIT, DOUBT + verdict));
    const now = T + 60_000;
    expect(look(check(T, roundTrip), now, T - 1, PING, roundTrip).watch).toMatchObject({
      state: 'rechecking',
      due: now + verdict,
    });
  });
});

describe('checking for the last time', () => {
  const { watch } = look(check(T), T + 60_000, T - 1, PING);

  it.each([0, LATE, 3_600_000])('gives up without an answer, however late (%i ms)', (late) => {
    expect(look(watch, T + 62_000 + late, T - 1, PING).action).toBe('give-up');
  });
});

describe('a sign of life', () => {
  const rechecking = look(check(T - 60_000), T, T - 60_000, PING).watch;

  it.each<[what: string, watch: Watch, later: number, answer: boolean, proves: boolean]>([
    ['any frame, while nothing was asked', watching, 0, false, true],
    ['the answer, in the very millisecond: clocks may tick as coarsely as 100 ms', check(T), 0, true, true],
    ['the answer, soon', check(T), 1, true, true],
    ['the answer to the last question', rechecking, 1, true, true],
    ['a frame in the very millisecond: it may have been queued while the page slept', check(T), 0, false, false],
    ['a frame so soon that it may have been queued', check(T), 249, false, false],
    ['a frame soon after the last question', rechecking, 249, false, false],
    ['a frame so late that it was sent since', check(T), 250, false, true],
    ['a frame late after the last question', rechecking, 250, false, true],
    ['a frame, while the clock is set back by an hour', check(T), -3_600_000, false, true],
    ['a frame, while the clock is corrected by some ms', check(T), -40, false, false],
  ])('%s', (_, watch, later, answer, proves) => {
    expect(provesLife(watch, T + later, answer)).toBe(proves);
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
