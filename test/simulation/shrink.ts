/** Leaves out of a failing schedule what it does not need to fail, and tells the rest as a story. */
import { type Plan, type Scheduled, drawPlan } from './plan.ts';
import { runPlan } from './storm.ts';

/** Runs that shrinking may cost. */
const BUDGET = 400;

export async function shrink(seed: number): Promise<void> {
  const plan = drawPlan(seed);
  const first = await runPlan(plan);
  if (first.violations.length === 0) {
    console.log(`seed ${seed} violates nothing (trace ${first.hash})`);
    return;
  }
  const schedule = await smallest(plan, invariantOf(first.violations));
  const last = await runPlan({ ...plan, schedule }, { keepTimeline: true });
  console.log(last.timeline.join('\n'));
  console.log(`\nseed ${seed}: ${plan.schedule.length} actions shrunk to ${schedule.length}`);
  console.log(last.violations.map((violation) => `  ${violation}`).join('\n'));
}

/** Delta debugging: ever smaller parts are left out, as long as the same invariant fails (Zeller and Hildebrandt, 2002). */
async function smallest(plan: Plan, invariant: string): Promise<readonly Scheduled[]> {
  let schedule = plan.schedule;
  let runs = 0;
  for (let size = Math.ceil(schedule.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < schedule.length && runs < BUDGET;) {
      const without = [...schedule.slice(0, at), ...schedule.slice(at + size)];
      runs += 1;
      if (await fails({ ...plan, schedule: without }, invariant)) schedule = without;
      else at += size;
    }
  }
  return schedule;
}

async function fails(plan: Plan, invariant: string): Promise<boolean> {
  try {
    return invariantOf((await runPlan(plan)).violations) === invariant;
  } catch {
    return invariant === 'I15';
  }
}

function invariantOf([first = '']: readonly string[]): string {
  return /^I\d+/.exec(first)?.[0] ?? '';
}
