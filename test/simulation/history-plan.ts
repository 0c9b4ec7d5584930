/** Lets the pages of some plans read the past. Drawn apart from the rest, which stays as it was without it. */
import { createRandom } from '../support/random.ts';
import type { PageAction } from './page-actions.ts';
import type { Plan, Scheduled } from './plan.ts';

/** Of all seeds. */
const SHARE = 1;

export function withHistory(plan: Plan): Plan {
  const random = createRandom(plan.seed * 30_011 + 3);
  const between = (min: number, max: number): number => Math.floor(min + random() * (max - min + 1));
  if (random() >= SHARE) return plan;
  const draw = (): PageAction => ({
    type: 'history',
    page: between(0, plan.pages.length - 1),
    channel: plan.channels[between(0, plan.channels.length - 1)]!,
    limit: random() < 0.5 ? between(1, 5) : between(1, 500),
    pages: between(1, 8),
    pause: random() < 0.5 ? 0 : between(1, 30_000),
    patience: random() < 0.2 ? between(0, 5000) : null,
  });
  const more = Array.from({ length: between(5, 30) }, (): Scheduled => ({ at: between(0, plan.storm), action: draw() }));
  return { ...plan, schedule: [...plan.schedule, ...more].sort((a, b) => a.at - b.at) };
}
