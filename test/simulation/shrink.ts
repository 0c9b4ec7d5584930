/** Leaves out of a failing schedule what it does not need to fail, and tells the rest as a story. */
import { type Plan, type Scheduled, drawPlan } from './plan.ts';
import { type Outcome, runPlan } from './storm.ts';

/** Runs that shrinking may cost. */
const BUDGET = 400;

/** @returns the story of a seed that fails, or a sentence that it does not */
export async function explain(seed: number): Promise<string> {
  const plan = drawPlan(seed);
  const first = await attempt(plan);
  if (first.violations.length === 0) return `seed ${seed} violates nothing (trace ${first.hash})`;
  const schedule = await smallest(plan, invariantOf(first.violations));
  const last = await attempt({ ...plan, schedule }, { keepTimeline: true });
  return [
    ...last.timeline,
    '',
    `seed ${seed}, of ${plan.schedule.length} actions ${schedule.length} are needed:`,
    ...last.violations.map((violation) => `  ${violation}`),
  ].join('\n');
}

/** Nothing may throw out of the library: that is a finding like any other (invariant I15). */
export async function attempt(plan: Plan, options = {}): Promise<Outcome> {
  try {
    return await runPlan(plan, options);
  } catch (error) {
    const violation = `I15: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
    return { violations: [violation], hash: 'threw', timeline: [], counts: {} };
  }
}

/** Delta debugging: ever smaller parts are left out, as long as the same invariant fails (Zeller and Hildebrandt, 2002). */
async function smallest(plan: Plan, invariant: string): Promise<readonly Scheduled[]> {
  let schedule = plan.schedule;
  let runs = 0;
  for (let size = Math.ceil(schedule.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < schedule.length && runs < BUDGET;) {
      const without = [...schedule.slice(0, at), ...schedule.slice(at + size)];
      runs += 1;
      const { violations } = await attempt({ ...plan, schedule: without });
      if (invariantOf(violations) === invariant) schedule = without;
      else at += size;
    }
  }
  return schedule;
}

function invariantOf([first = '']: readonly string[]): string {
  return /^I\d+/.exec(first)?.[0] ?? '';
}
