/** Lets the pages of some plans make requests. Drawn apart from the rest, which stays as it was without it. */
import { createRandom } from '../support/random.ts';
import type { PageAction } from './page-actions.ts';
import type { Plan, Scheduled } from './plan.ts';

/** Of all seeds. */
const SHARE = 0.4;

export function withRequests(plan: Plan): Plan {
  const random = createRandom(plan.seed * 50_021 + 11);
  const between = (min: number, max: number): number => Math.floor(min + random() * (max - min + 1));
  const pick = <T>(list: readonly T[]): T => list[between(0, list.length - 1)]!;
  if (random() >= SHARE) return plan;
  const keys = between(1, 6);
  const page = (): number => between(0, plan.pages.length - 1);
  const draw = (): PageAction => ({
    type: 'request',
    page: page(),
    key: random() < 0.5 ? null : between(1, keys),
    // At once, while the connection may change, and longer than it may be waited for.
    takes: pick([0, between(0, 200), between(0, 3000), between(0, 20_000)]),
    ends: pick(['well', 'well', 'well', 'refuses', 'retries', 'faults']),
    obeys: random() < 0.7,
    timeout: random() < 0.5 ? 10_000 : between(1, 40_000),
    patience: random() < 0.2 ? between(0, 5000) : null,
  });
  const schedule = Array.from({ length: between(5, 40) }, (): readonly Scheduled[] => {
    const at = between(0, plan.storm);
    const action = draw();
    // Several tabs, or a click that is made twice.
    const again = { at: Math.min(plan.storm, at + between(0, 500)), action: { ...action, page: page() } };
    return random() < 0.4 ? [{ at, action }, again] : [{ at, action }];
  });
  // Under way when the store forgets what it claimed.
  const losses = plan.schedule
    .filter(({ action }) => action.type === 'lose-store')
    .map(({ at }): readonly Scheduled[] => {
      const action = { ...draw(), key: between(1, keys), takes: between(2000, 10_000), timeout: 40_000, patience: null };
      return [{ at: Math.max(0, at - between(0, 1000)), action }];
    });
  schedule.push(...losses);
  return { ...plan, schedule: [...plan.schedule, ...schedule.flat()].sort((a, b) => a.at - b.at) };
}
