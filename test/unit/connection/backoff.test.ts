// Holds I13 (docs/guarantees.md).
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { earliestAttempt, fullJitter, patience, recentAttempts } from '../../../src/connection/backoff.ts';

const NOW = 10_000_000;

describe('fullJitter', () => {
  it.each([
    // failures, base, cap, random, wait
    [0, 500, 30_000, 0.5, 250],
    [1, 500, 30_000, 0.5, 250],
    [2, 500, 30_000, 0.5, 500],
    [3, 500, 30_000, 0.5, 1000],
    [6, 500, 30_000, 0.5, 8000],
    [7, 500, 30_000, 0.5, 15_000],
    [8, 500, 30_000, 0.25, 7500],
    [3, 500, 30_000, 0, 0],
    [2000, 500, 30_000, 0.5, 15_000],
    [1e9, 500, 30_000, 0.5, 15_000],
    [1, 60_000, 30_000, 0.5, 15_000],
  ])('%i failures, base %i, cap %i, random %f: %f ms', (failures, base, cap, random, wait) => {
    expect(fullJitter(failures, base, cap, random)).toBe(wait);
  });

  it('is a fraction of the capped step, not a capped fraction of the step', () => {
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(
        fc.nat(5000),
        fc.integer({ min: 1, max: 60_000 }),
        fc.integer({ min: 1, max: 300_000 }),
        random,
        (n, base, cap, r) => {
          expect(fullJitter(n + 1, base, cap, r)).toBe(r * Math.min(cap, base * 2 ** n));
        },
      ),
    );
  });
});

describe('patience with a doubtful connection', () => {
  it.each([
    // cause, round trip, from, to
    ['hint', 0, 500, 1000],
    ['hint', 333, 500, 1000],
    ['hint', 400, 600, 1100],
    ['hint', 1000, 1500, 2000],
    ['hint', 2000, 3000, 3500],
    ['hint', 60_000, 3000, 3500],
    ['silence', 0, 2000, 4000],
    ['silence', 1333, 2000, 4000],
    ['silence', 1600, 2400, 4400],
    ['silence', 60_000, 3000, 5000],
  ] as const)('%s, with a round trip of %i ms: %i to %i ms', (cause, roundTrip, from, to) => {
    expect([0, 0.5, 1].map((random) => patience(cause, random, roundTrip))).toEqual([from, (from + to) / 2, to]);
  });
});

describe('the limit of 15 a minute', () => {
  const every = (ms: number, count: number): number[] => Array.from({ length: count }, (_, index) => NOW - ms * (count - index));

  it('lets 14 pass at once', () => {
    expect(earliestAttempt(every(1000, 14), NOW)).toBe(NOW);
    expect(earliestAttempt([], NOW)).toBe(NOW);
  });

  it('lets the 16th wait until the first is a minute old', () => {
    const attempts = every(1000, 15);
    expect(earliestAttempt(attempts, NOW)).toBe(attempts[0]! + 60_000);
    expect(earliestAttempt(attempts, attempts[0]! + 59_999)).toBe(attempts[0]! + 60_000);
    expect(earliestAttempt(attempts, attempts[0]! + 60_000)).toBe(attempts[0]! + 60_000);
  });

  it('forgets what is a minute old, and never holds more than 15', () => {
    expect(recentAttempts([NOW - 60_001, NOW - 60_000, NOW - 59_999, NOW], NOW)).toEqual([NOW - 59_999, NOW]);
    expect(recentAttempts(every(10, 100), NOW)).toEqual(every(10, 15));
  });

  it('forgets what lies ahead: a clock that was set back must not block attempts for hours', () => {
    expect(recentAttempts([NOW + 1, NOW + 3_600_000], NOW)).toEqual([]);
    expect(
      earliestAttempt(
        Array.from({ length: 15 }, () => NOW + 3_600_000),
        NOW,
      ),
    ).toBe(NOW);
  });
});
