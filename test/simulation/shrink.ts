/** Leaves out of a failing schedule what it does not need to fail, and tells the rest as a story. */
import { CALM } from './cable.ts';
import { CALM_HTTP } from './http-middle.ts';
import { type Plan, type Scheduled, drawPlan } from './plan.ts';
import { type Outcome, runPlan } from './storm.ts';

/** Runs that shrinking may cost. */
const BUDGET = 400;
/** Violations of one story. */
const MOST_TOLD = 20;

/** @returns the story of a seed that fails, or a sentence that it does not */
export async function explain(seed: number): Promise<string> {
  const drawn = drawPlan(seed);
  const first = await attempt(drawn);
  if (first.violations.length === 0) return `seed ${seed} violates nothing (trace ${first.hash})`;
  const plan = await smallest(drawn, invariantOf(first.violations));
  const { timeline, violations } = await attempt(plan, { keepTimeline: true });
  const { schedule: _, ...setting } = plan;
  return [
    ...Object.entries(setting).map(([name, value]) => `${name}: ${JSON.stringify(value)}`),
    '',
    ...timeline,
    '',
    `seed ${seed}, of ${drawn.schedule.length} actions ${plan.schedule.length} are needed:`,
    ...plan.schedule.map(({ at, action }) => `${String(at).padStart(8)} ${JSON.stringify(action)}`),
    '',
    'what is wrong then:',
    ...violations.slice(0, MOST_TOLD).map((violation) => `  ${violation}`),
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

/**
 * Delta debugging: ever smaller parts are left out, as long as the same invariant fails (Zeller and Hildebrandt, 2002). Then
 * the setting is made as plain as it may be.
 */
async function smallest(drawn: Plan, invariant: string): Promise<Plan> {
  let plan = drawn;
  let runs = 0;
  const accept = async (next: Plan): Promise<boolean> => {
    runs += 1;
    const { violations } = await attempt(next);
    if (invariantOf(violations) !== invariant) return false;
    plan = next;
    return true;
  };
  const shorten = async (): Promise<void> => {
    for (let size = Math.ceil(plan.schedule.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let at = 0; at < plan.schedule.length && runs < BUDGET;) {
        const schedule: readonly Scheduled[] = [...plan.schedule.slice(0, at), ...plan.schedule.slice(at + size)];
        if (!(await accept({ ...plan, schedule }))) at += size;
      }
    }
  };
  await shorten();
  for (const simpler of SIMPLER) await accept(simpler(plan));
  await shorten();
  return plan;
}

const SIMPLER: readonly ((plan: Plan) => Plan)[] = [
  (plan) => ({ ...plan, handlers: { throws: 0, acts: 0 } }),
  (plan) => ({ ...plan, reset: { takes: 0, fails: 0, loads: 0 } }),
  (plan) => ({ ...plan, fleet: { ...plan.fleet, store: { latency: [0, 0], notices: [0, 0], joins: [0, 0], rejects: 0 } } }),
  (plan) => ({ ...plan, fleet: { ...plan.fleet, server: { ...plan.fleet.server, limits: {} } } }),
  (plan) => ({ ...plan, fleet: { ...plan.fleet, server: { ...plan.fleet.server, timing: {} } } }),
  (plan) => ({ ...plan, pages: plan.pages.map((page) => ({ ...page, binary: false, rewind: 0, holds: 0 })) }),
  (plan) => ({ ...plan, pages: plan.pages.map((page) => ({ ...page, tokens: null })) }),
  (plan) => ({ ...plan, profiles: plan.profiles.map((profile) => ({ ...profile, latency: [0, 0] as const })) }),
  (plan) => ({ ...plan, profiles: plan.profiles.map((profile) => ({ ...profile, outbox: {}, replaces: 0, migrates: false })) }),
  (plan) => ({ ...plan, profiles: plan.profiles.map((profile) => ({ ...profile, durability: 'strict' as const })) }),
  (plan) => ({ ...plan, profiles: plan.profiles.map((profile) => ({ ...profile, exclusion: 'web-locks' as const })) }),
  (plan) => ({ ...plan, pages: plan.pages.map((page) => ({ ...page, middle: CALM })) }),
  (plan) => ({ ...plan, pages: plan.pages.map((page) => ({ ...page, http: CALM_HTTP })) }),
  (plan) => ({ ...plan, pages: plan.pages.map((page) => ({ ...page, networks: [{}, {}] as const })) }),
  (plan) => ({ ...plan, pages: plan.pages.map((page) => ({ ...page, connections: Infinity })) }),
  (plan) => ({ ...plan, pages: plan.pages.map((page) => ({ ...page, transports: page.transports.slice(0, 1) })) }),
  (plan) => ({ ...plan, pages: plan.pages.map((page) => ({ ...page, transports: page.transports.slice(-1) })) }),
];

function invariantOf([first = '']: readonly string[]): string {
  return /^I\d+/.exec(first)?.[0] ?? '';
}
