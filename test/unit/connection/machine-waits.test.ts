import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { step } from '../../../src/connection/machine.ts';
import type { Facts, State } from '../../../src/connection/state.ts';
import { createRandom } from '../../support/random.ts';
import { NOW, ended, facts, stateOf, waitOf } from './facts.ts';

/** 0 ≤ x < 1, as `Environment.random` gives. */
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const failures = fc.oneof(fc.nat(20), fc.constantFrom(60, 1000, 2000, 1_000_000));

/** The tenths of `[0, width)` that draws of seeds 1 to 1000 fall into. */
function tenths(width: number, draw: (random: number) => number): readonly number[] {
  const counts = Array.from({ length: 10 }, () => 0);
  for (let seed = 1; seed <= 1000; seed += 1) {
    const tenth = Math.floor((draw(createRandom(seed)()) / width) * 10);
    expect(tenth).toBeGreaterThanOrEqual(0);
    expect(tenth).toBeLessThan(10);
    counts[tenth]! += 1;
  }
  return counts;
}

/** 1000 draws in 10 bins: 100 each, give or take four standard deviations. */
function expectUniform(counts: readonly number[]): void {
  for (const count of counts) {
    expect(count).toBeGreaterThan(60);
    expect(count).toBeLessThan(140);
  }
}

const lose = (from: 'opening' | 'proving' | 'stable', before: number, given: Partial<Facts>, end = ended(1006)): State =>
  step(stateOf(from, { failures: before }), end, facts(given)).state;

describe('full jitter', () => {
  it('lies between the floor and the floor and min(cap, base × 2ⁿ)', () => {
    const timing = { backoffBase: fc.integer({ min: 1, max: 5000 }), backoffCap: fc.integer({ min: 1, max: 100_000 }) };
    fc.assert(
      fc.property(
        fc.record({ ...timing, random }),
        failures,
        fc.nat(100_000),
        fc.constantFrom('opening', 'proving'),
        (given, n, after, from) => {
          const wait = waitOf(lose(from, n, given, ended(1006, { after })));
          expect(wait).toBeGreaterThanOrEqual(after);
          expect(wait).toBeLessThanOrEqual(after + Math.min(given.backoffCap, given.backoffBase * 2 ** n));
        },
      ),
    );
  });

  it.each([
    [0, 500],
    [1, 1000],
    [2, 2000],
    [3, 4000],
    [5, 16_000],
    [6, 30_000],
    [50, 30_000],
  ])('after %i failures is uniform over %i ms', (n, width) => {
    expectUniform(tenths(width, (drawn) => waitOf(lose('opening', n, { random: drawn }))));
  });

  it('at the cap is not clamped to it: no two of a thousand clients wait the same', () => {
    const random = createRandom(7);
    const waits = Array.from({ length: 1000 }, () => waitOf(lose('opening', 30, { random: random() })));
    expect(new Set(waits).size).toBeGreaterThan(990);
  });

  it('takes the hidden cap while the page is hidden', () => {
    const hidden = tenths(300_000, (drawn) => waitOf(lose('opening', 30, { random: drawn, visible: false })));
    expectUniform(hidden);
  });
});

describe('after the loss of a stable connection', () => {
  it('the first try is uniform over 2 s, whatever base and cap are', () => {
    expectUniform(tenths(2000, (drawn) => waitOf(lose('stable', 0, { random: drawn }))));
    expect(waitOf(lose('stable', 0, { backoffBase: 60_000, backoffCap: 60_000, random: 0.999 }))).toBeLessThan(2000);
  });

  it('the floor still counts', () => {
    expect(waitOf(lose('stable', 0, { random: 0 }, ended(1006, { after: 9000 })))).toBe(9000);
  });

  it('one that was only proving waits by the backoff', () => {
    expect(waitOf(lose('proving', 5, { random: 0.999 }))).toBeGreaterThan(15_000);
  });
});

describe('spread', () => {
  it.each(['opening', 'proving', 'stable'] as const)('from %s is uniform, so a drained server’s clients come evenly', (from) => {
    const counts = tenths(60_000, (drawn) => waitOf(lose(from, 3, { random: drawn }, ended(4000, { spread: 60_000 }))));
    expectUniform(counts);
  });

  it('does not grow over a thousand drains', () => {
    let state: State = stateOf('opening', { failures: 0 });
    for (let drain = 0; drain < 1000; drain += 1) {
      const waiting = step(state, ended(4000, { spread: 10_000 }), facts({ random: 0.999 })).state;
      expect(waiting).toMatchObject({ memory: { failures: 0 } });
      state = stateOf('opening', { failures: 0 });
    }
  });

  it('comes on top of `after`', () => {
    const wait = waitOf(lose('stable', 0, { random: 0.5 }, ended(4000, { spread: 10_000, after: 3000 })));
    expect(wait).toBe(8000);
  });
});

describe('offline', () => {
  const offline = (given: Partial<Facts> = {}): State => lose('opening', 0, { online: false, ...given });

  it('goes on slowly, because the browser may be wrong: between half the cap and the cap', () => {
    for (const drawn of [0, 0.5, 0.999]) {
      const state = offline({ random: drawn });
      expect(state.state).toBe('offline');
      expect(waitOf(state)).toBeGreaterThanOrEqual(15_000);
      expect(waitOf(state)).toBeLessThanOrEqual(30_000);
    }
  });

  it('hidden, by the hidden cap', () => {
    expect(waitOf(offline({ visible: false, random: 0 }))).toBe(150_000);
  });

  it('keeps the floor', () => {
    const state = lose('opening', 0, { online: false }, ended(4429, { after: 200_000 }));
    expect(waitOf(state)).toBe(200_000);
  });

  it('begins when the hint comes during a wait', () => {
    const { state } = step(stateOf('waiting'), { type: 'offline' }, facts({ online: false, random: 0 }));
    expect(state.state).toBe('offline');
    expect(waitOf(state)).toBe(15_000);
  });
});

describe('a sign that the network is back', () => {
  const signs = [
    ['waiting', 'online'],
    ['waiting', 'visible'],
    ['offline', 'online'],
  ] as const;

  it.each(signs)('%s × %s: uniform over 500 ms', (from, type) => {
    const counts = tenths(500, (drawn) => waitOf(step(stateOf(from), { type }, facts({ random: drawn })).state));
    expectUniform(counts);
  });

  it.each(signs)('%s × %s: never below a floor that the server set', (from, type) => {
    fc.assert(
      fc.property(random, fc.nat(100_000), (drawn, after) => {
        const waiting = { ...stateOf(from, { floor: NOW + after }), until: NOW + after + 20_000 };
        const { state } = step(waiting, { type }, facts({ random: drawn }));
        expect(state).toMatchObject({ state: 'waiting', memory: { floor: NOW + after } });
        expect(waitOf(state)).toBeCloseTo(Math.max(after, drawn * 500), 6);
      }),
    );
  });

  it.each(signs)('%s × %s: never later than it was', (from, type) => {
    const waiting = { ...stateOf(from), until: NOW + 20 };
    expect(waitOf(step(waiting, { type }, facts({ random: 0.999 })).state)).toBe(20);
  });

  it.each(signs)('%s × %s: never past the limit of 15 a minute', (from, type) => {
    const attempts = Array.from({ length: 15 }, (_, index) => NOW - 1000 * (15 - index));
    const { state } = step(stateOf(from, { attempts }), { type }, facts());
    expect(waitOf(state)).toBe(45_000);
  });
});
