// Holds I1, I2, I3, I4, I5, I6, I7, I8, I9, I10, I11, I12, I13, I14, I15, I16, I17 (docs/guarantees.md).
/**
 * The search for lost messages: many seeds, each a storm of its own kind. `npm run simulate -- --seeds N --from S` runs any
 * number; `npm run simulate -- --explain SEED` shrinks one that fails to a story.
 */
import { describe, expect, it } from 'vitest';
// @ts-expect-error -- a script without declarations
import { explain as explainUntyped, simulate as simulateUntyped } from '../../scripts/simulate.mjs';
// @ts-expect-error -- as above
import { breakages as untypedBreakages } from './breakages.mjs';
import { FLEET_FAULTS } from './fleet-actions.ts';
import type { Found } from './main.ts';
import { PAGE_FAULTS, PAGE_PRESENCE_WORK, PAGE_PROFILE_WORK, PAGE_WORK } from './page-actions.ts';
import { PROFILE_FAULTS } from './profile-actions.ts';

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
const breakages = untypedBreakages as readonly { readonly name: string; readonly from?: number }[];

const SEEDS = 500;
const TWICE = 50;
const MINUTES = 5 * 60_000;
/** The end of a story tells what went wrong. */
const STORY = 30_000;

/** A storm that never happens proves nothing: what each kind of action must have come to in all seeds together. */
const EACH_ACTION = 25;
const ACTIONS = Object.keys({
  ...PAGE_FAULTS,
  ...PAGE_WORK,
  ...PAGE_PROFILE_WORK,
  ...PAGE_PRESENCE_WORK,
  ...PROFILE_FAULTS,
  ...FLEET_FAULTS,
  night: 0,
  history: 0,
  request: 0,
});

/** The same for what came of them, and for what happens by chance. */
const HAPPENED: readonly (readonly [least: number, what: string])[] = [
  [50_000, 'accepted'],
  [1000, 'rejected'],
  [1000, 'expired'],
  [250, 'cancelled'],
  [100, 'lost'],
  [100_000, 'delivered'],
  [500, 'heard'],
  [200, 'reset epoch'],
  [150, 'reset ahead'],
  [10, 'reset branch'],
  [200, 'reset trimmed'],
  [100, 'snapshot'],
  [200, 'loaded first'],
  [50, 'loaded trimmed'],
  [2000, 'past read'],
  [50, 'past timeout'],
  [25, 'past aborted'],
  [10, 'past unavailable'],
  [1000, 'request answered'],
  [1000, 'request with key answered'],
  [200, 'request app'],
  [200, 'request timeout'],
  [100, 'request aborted'],
  [50, 'request connection-lost'],
  [200, 'request unavailable'],
  [20, 'request unknown-outcome'],
  [1000, 'ended abnormal'],
  [100, 'ended ping-timeout'],
  [100, 'ended going-away'],
  [50, 'ended token-rejected'],
  [5, 'ended token-expired'],
  [50, 'ended try-later'],
  [50, 'ended invalid-data'],
  [10, 'ended bad-frame'],
  [3, 'ended slow-consumer'],
  [5, 'closed bad-frame'],
  [100, 'ended by a proxy'],
  [200, 'repeated'],
  [10, 'garbled up'],
  [70, 'garbled down'],
  [50, 'token failed'],
  [20, 'token hung'],
  [50, 'token late'],
  [25, 'token refused'],
  [100, 'chose websocket, better'],
  [15, 'chose sse, better'],
  [100, 'chose sse, others-failed'],
  [80, 'chose long-polling, others-failed'],
  [50, 'ended bad-gateway'],
  [100, 'ended policy'],
  [10, 'ended restart'],
  [200, 'request lost'],
  [100, 'answer lost'],
  [20, 'answer cut'],
  [200, 'request repeated'],
  [200, 'answered by a proxy'],
  [30, 'request ended by a proxy'],
  [50, 'clung'],
  [500, 'handler acted'],
  [4000, 'handler threw'],
  [10_000, 'stored'],
  [4000, 'adopted, accepted'],
  [200, 'adopted, cancelled'],
  [400, 'adopted, expired'],
  [100, 'adopted, rejected'],
  [50, 'adopted, uncertain'],
  [20, 'adopted, closed'],
  [50, 'lock lost'],
  [20, 'disk quota'],
  [20, 'disk fails'],
  [10, 'disk never'],
  [10, 'disk dead'],
  [10, 'disk shut'],
  [10, 'disk unreadable'],
  [2000, 'member seen'],
  [1000, 'seen join'],
  [1000, 'seen update'],
  [1000, 'seen leave'],
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
    const wanted = [...HAPPENED, ...ACTIONS.map((action) => [EACH_ACTION, action] as const)];
    const calm = wanted.filter(([least, what]) => (counts[what] ?? 0) < least);
    expect(calm.map(([least, what]) => `${what}: ${counts[what] ?? 0} times, not ${least}`)).toEqual([]);
  });

  it('is decided by its seed alone', { timeout: MINUTES }, async () => {
    const run = (): Promise<Report> => simulate({ seeds: TWICE, from: 5000, hashes: true });
    const [first, second] = [await run(), await run()];
    expect(second.hashes).toEqual(first.hashes);
    expect(new Set(first.hashes).size).toBe(TWICE);
  });

  it.each(breakages)('catches $name', { timeout: MINUTES }, async ({ name, from = 1 }) => {
    const { found } = await simulate({ seeds: SEEDS, breakage: name, from, stopAt: 1 });
    expect(found.length).toBeGreaterThan(0);
  });
});
