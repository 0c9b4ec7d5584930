/**
 * Runs seeds and prints a line of JSON for each thing to tell; scripts/simulate.mjs bundles it and shares the seeds out among
 * the cores. `main.mjs explain SEED` prints the story of one.
 */
import { drawPlan } from './plan.ts';
import { attempt, explain } from './shrink.ts';
import type { Outcome } from './storm.ts';

export interface Found {
  readonly seed: number;
  readonly violations: readonly string[];
}

/** What one process tells: as it goes on, and at its end. */
export type Line =
  | { readonly type: 'found'; readonly found: Found }
  | { readonly type: 'hash'; readonly seed: number; readonly hash: string }
  | { readonly type: 'done'; readonly seeds: number; readonly counts: Readonly<Record<string, number>> };

/** Seeds between two signs of life. */
const REPORT_EVERY = 100;
/** Of one seed. */
const MOST_VIOLATIONS = 5;

const tell = (line: Line): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

/** A stack costs more than the rest of an error, and is told only of what was thrown and should not have been. */
async function run(seed: number): Promise<Outcome> {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  const outcome = await attempt(drawPlan(seed));
  Error.stackTraceLimit = stackTraceLimit;
  return outcome.violations.some((violation) => violation.startsWith('I15')) ? attempt(drawPlan(seed)) : outcome;
}

async function main(from: number, seeds: number, stride: number, hashes: boolean): Promise<void> {
  let counts: Record<string, number> = {};
  let done = 0;
  for (let seed = from; seed < from + seeds; seed += stride) {
    const outcome = await run(seed);
    for (const [name, count] of Object.entries(outcome.counts)) counts[name] = (counts[name] ?? 0) + count;
    if (hashes) tell({ type: 'hash', seed, hash: outcome.hash });
    if (outcome.violations.length > 0) {
      tell({ type: 'found', found: { seed, violations: outcome.violations.slice(0, MOST_VIOLATIONS) } });
    }
    done += 1;
    if (done < REPORT_EVERY) continue;
    tell({ type: 'done', seeds: done, counts });
    done = 0;
    counts = {};
  }
  tell({ type: 'done', seeds: done, counts });
}

const [mode, from = '1', seeds = '100', stride = '1'] = process.argv.slice(2);
if (mode === 'explain') process.stdout.write(`${await explain(Number(from))}\n`);
else await main(Number(from), Number(seeds), Number(stride), mode === 'hash');
