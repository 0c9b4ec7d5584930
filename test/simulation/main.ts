/** Runs seeds and prints one JSON object; scripts/simulate.mjs bundles it and splits the seeds over the cores. */
import { drawPlan } from './plan.ts';
import { shrink } from './shrink.ts';
import { type Outcome, runPlan } from './storm.ts';

export interface Found {
  readonly seed: number;
  readonly violations: readonly string[];
}

export interface Report {
  readonly seeds: number;
  readonly found: readonly Found[];
  readonly hashes: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
}

async function main(from: number, seeds: number, stopAt: number): Promise<Report> {
  const found: Found[] = [];
  const hashes: string[] = [];
  const counts: Record<string, number> = {};
  for (let seed = from; seed < from + seeds && found.length < stopAt; seed += 1) {
    const outcome = await attempt(seed);
    hashes.push(outcome.hash);
    for (const [name, count] of Object.entries(outcome.counts)) counts[name] = (counts[name] ?? 0) + count;
    if (outcome.violations.length > 0) found.push({ seed, violations: outcome.violations });
  }
  return { seeds, found, hashes, counts };
}

async function attempt(seed: number): Promise<Outcome> {
  try {
    return await runPlan(drawPlan(seed));
  } catch (error) {
    // Nothing may throw out of the library: that is a finding like any other (invariant I15).
    const violation = `I15: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
    return { violations: [violation], hash: 'threw', timeline: [], counts: {} };
  }
}

const [from = '1', seeds = '100', stopAt = 'Infinity', mode = 'run'] = process.argv.slice(2);
if (mode === 'explain') await shrink(Number(from));
else process.stdout.write(`${JSON.stringify(await main(Number(from), Number(seeds), Number(stopAt)))}\n`);
