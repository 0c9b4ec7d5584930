// Holds I1, I2, I3, I4, I5, I6, I7, I8, I9, I12, I13, I14, I15, I16, I17 (docs/guarantees.md).
/**
 * The search for lost messages: many seeds, each a storm of its own kind. `npm run simulate -- --seeds N --from S` runs any
 * number; `npm run simulate -- --explain SEED` shrinks one that fails to a story.
 */
import { describe, expect, it } from 'vitest';
// @ts-expect-error -- a script without declarations
import { explain as explainUntyped, simulate as simulateUntyped } from '../../scripts/simulate.mjs';
// @ts-expect-error -- as above
import { breakages as untypedBreakages } from './breakages.mjs';
import type { Found } from './main.ts';

interface SimulateOptions {
  readonly from?: number;
  readonly seeds?: number;
  readonly breakage?: string;
  /** Seeds that may fail before the rest is left out. */
  readonly stopAt?: number;
  readonly hashes?: boolean;
}

interface Report {
  readonly seeds: number;
  readonly found: readonly Found[];
  readonly hashes: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
}

const simulate = simulateUntyped as (options: SimulateOptions) => Promise<Report>;
const explain = explainUntyped as (seed: number) => Promise<string>;
const breakages = untypedBreakages as readonly { readonly name: string }[];

const SEEDS = 500;
const TWICE = 100;
const MINUTES = 5 * 60_000;
/** The end of a story tells what went wrong. */
const STORY = 30_000;

/** A storm that never happens proves nothing: how often each thing must have happened in all seeds together. */
const HAPPENED: readonly (readonly [least: number, what: string])[] = [
  // The network.
  [500, 'cut'],
  [200, 'vanish'],
  [200, 'stall'],
  [200, 'mode'],
  [200, 'latency'],
  [200, 'roam'],
  [100, 'repeated'],
  [30, 'garbled up'],
  [100, 'garbled down'],
  [100, 'ended by a proxy'],
  // The page.
  [200, 'hide'],
  [200, 'freeze'],
  [200, 'sleep'],
  [200, 'put-away'],
  [30, 'night'],
  [100, 'jump'],
  [200, 'reload'],
  [1000, 'handler threw'],
  [300, 'handler acted'],
  [30, 'token failed'],
  [20, 'token hung'],
  [30, 'token late'],
  [20, 'token refused'],
  [100, 'revoke'],
  [5, 'closed bad-frame'],
  // The servers.
  [200, 'crash'],
  [100, 'drain'],
  [50, 'lose-store'],
  // What came of it.
  [50_000, 'accepted'],
  [100_000, 'delivered'],
  [500, 'heard'],
  [300, 'expired'],
  [200, 'cancelled'],
  [200, 'reset epoch'],
  [100, 'reset trimmed'],
];

describe('the simulation', () => {
  it(`finds nothing in ${SEEDS} seeds, and they were storms`, { timeout: MINUTES }, async () => {
    const { seeds, found, counts } = await simulate({ seeds: SEEDS });
    const [first] = found;
    if (first !== undefined) {
      const story = await explain(first.seed);
      expect.fail(`npm run simulate -- --explain ${first.seed}\n${story.slice(-STORY)}`);
    }
    expect(seeds).toBe(SEEDS);
    const calm = HAPPENED.filter(([least, what]) => (counts[what] ?? 0) < least);
    expect(calm.map(([least, what]) => `${what}: ${counts[what] ?? 0} times, not ${least}`)).toEqual([]);
  });

  it('is decided by its seed alone', { timeout: MINUTES }, async () => {
    const run = (): Promise<Report> => simulate({ seeds: TWICE, from: 5000, hashes: true });
    const [first, second] = [await run(), await run()];
    expect(second.hashes).toEqual(first.hashes);
    expect(new Set(first.hashes).size).toBe(TWICE);
  });

  it.each(breakages.map(({ name }) => name))('catches %s', { timeout: MINUTES }, async (breakage) => {
    const { found } = await simulate({ seeds: SEEDS, breakage, stopAt: 1 });
    expect(found.length).toBeGreaterThan(0);
  });
});
