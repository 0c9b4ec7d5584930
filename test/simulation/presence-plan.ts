/** Lets the pages of some plans be seen. Drawn apart from the rest, which stays as it was without it. */
import { createRandom } from '../support/random.ts';
import type { PageAction, PagePresenceKind } from './page-actions.ts';
import type { Plan, Scheduled } from './plan.ts';

/** Of so many seeds one has it. */
const ONE_OF = 5;

export function withPresence(plan: Plan): Plan {
  const random = createRandom(plan.seed * 104_729 + 11);
  const between = (min: number, max: number): number => Math.floor(min + random() * (max - min + 1));
  if (plan.seed % ONE_OF !== 1) return plan;
  const kinds: readonly PagePresenceKind[] = ['enter', 'enter', 'enter', 'alter', 'alter', 'exit', 'look'];
  const draw = (): PageAction => ({
    type: kinds[between(0, kinds.length - 1)]!,
    page: between(0, plan.pages.length - 1),
    channel: plan.channels[between(0, plan.channels.length - 1)]!,
  });
  const more = Array.from({ length: between(10, 50) }, (): Scheduled => ({ at: between(0, plan.storm), action: draw() }));
  return { ...plan, presence: true, schedule: [...plan.schedule, ...more].sort((a, b) => a.at - b.at) };
}
