// Holds I1, I2, I3, I4, I5, I6, I7, I8, I9, I12, I13, I14, I15, I16, I17 (docs/guarantees.md).
/**
 * The search for lost messages: many seeds, each a storm of its own kind. `npm run simulate -- --seeds N --from S` runs any
 * number; what fails here prints its seed, and `npm run simulate -- --explain SEED` shrinks it to a story.
 */
import { describe, expect, it } from 'vitest';
// @ts-expect-error -- a script without declarations
import { simulate as simulateUntyped } from '../../scripts/simulate.mjs';
// @ts-expect-error -- as above
import { breakages as untypedBreakages } from './breakages.mjs';
import type { Report } from './main.ts';

interface SimulateOptions {
  readonly from?: number;
  readonly seeds?: number;
  readonly breakage?: string;
  readonly stopAt?: number;
}
const simulate = simulateUntyped as (options: SimulateOptions) => Promise<Report>;

const breakages = untypedBreakages as readonly { readonly name: string }[];

const SEEDS = 300;
const MINUTES = 5 * 60_000;

describe('the simulation', () => {
  it(`finds nothing in ${SEEDS} seeds, and they were storms`, { timeout: MINUTES }, async () => {
    const { found, counts } = await simulate({ seeds: SEEDS });
    const told = found.map(({ seed, violations }) => `npm run simulate -- --explain ${seed}\n  ${violations[0]}`);
    expect(told).toEqual([]);
    for (const event of [
      'cut',
      'crash',
      'drain',
      'freeze',
      'lose-store',
      'revoke',
      'reset epoch',
      'reset trimmed',
      'expired',
      'cancelled',
    ]) {
      expect(counts[event], `${event} never happened`).toBeGreaterThan(10);
    }
    expect(counts['delivered']).toBeGreaterThan(50_000);
  });

  it('is decided by its seed alone', { timeout: MINUTES }, async () => {
    const [first, second] = [await simulate({ seeds: 30, from: 5000 }), await simulate({ seeds: 30, from: 5000 })];
    expect(second.hashes).toEqual(first.hashes);
    expect(new Set(first.hashes).size).toBe(30);
  });

  it.each(breakages.map(({ name }) => name))('catches %s', { timeout: MINUTES }, async (breakage) => {
    const { found } = await simulate({ seeds: 200, breakage, stopAt: 1 });
    expect(found.length).toBeGreaterThan(0);
  });
});
