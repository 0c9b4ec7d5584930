/** Takes Web Locks from some browser profiles. Drawn apart from the rest, which stays as it was without it. */
import { createRandom } from '../support/random.ts';
import type { Plan } from './plan.ts';

/** Of the plans that have profiles: one in ten of all. */
const SHARE = 0.25;
/** Of these: so long that pages are taken for gone, and come back, while the faults go on. */
const LONG = 0.5;
const MINUTE = 60_000;

export function withoutLocks(plan: Plan): Plan {
  const random = createRandom(plan.seed * 60_013 + 19);
  if (plan.profiles.length === 0 || random() >= SHARE) return plan;
  const profiles = plan.profiles.map((profile) => ({ ...profile, exclusion: 'none' as const }));
  const storm = random() < LONG ? Math.max(plan.storm, Math.floor((8 + random() * 32) * MINUTE)) : plan.storm;
  const schedule = plan.schedule.map(({ at, action }) => ({ at: Math.floor((at / plan.storm) * storm), action }));
  return { ...plan, profiles, storm, schedule };
}
