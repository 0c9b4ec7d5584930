/** Takes Web Locks from some browser profiles. Drawn apart from the rest, which stays as it was without it. */
import { createRandom } from '../support/random.ts';
import type { Action, Plan, Scheduled } from './plan.ts';

/** Of the plans that have profiles: one in ten of all. */
const SHARE = 0.25;
/** Of these: so long that pages are taken for gone, and come back, while the faults go on. */
const LONG = 0.5;
const SECOND = 1000;
const MINUTE = 60 * SECOND;
/** Silence, and a look of each of the others. */
const FOUND = [6 * MINUTE, 8 * MINUTE] as const;
/** Of one {@link absence}, at most. */
const ABSENCE = 10 * MINUTE;

export function withoutLocks(plan: Plan): Plan {
  const random = createRandom(plan.seed * 60_013 + 19);
  const between = (min: number, max: number): number => Math.floor(min + random() * (max - min + 1));
  if (plan.profiles.length === 0 || random() >= SHARE) return plan;
  const profiles = plan.profiles.map((profile) => ({ ...profile, exclusion: 'none' as const }));
  if (random() >= LONG) return { ...plan, profiles };
  const storm = Math.max(plan.storm, between(12 * MINUTE, 40 * MINUTE));
  const before = plan.schedule.map(({ at, action }) => ({ at: Math.floor((at / plan.storm) * storm), action }));
  const more = Array.from({ length: between(1, 3) }, () => absence(plan, between(0, storm - ABSENCE), random));
  return { ...plan, profiles, storm, schedule: [...before, ...more.flat()].sort((a, b) => a.at - b.at) };
}

/** A page is gone for so long that all the others take over what it left, before the first of them can send any of it. */
function absence(plan: Plan, from: number, random: () => number): readonly Scheduled[] {
  const between = (min: number, max: number): number => Math.floor(min + random() * (max - min + 1));
  const pick = <T>(list: readonly T[]): T => list[between(0, list.length - 1)]!;
  const profile = between(0, plan.profiles.length - 1);
  const tabs = [...plan.pages.keys()].filter((page) => plan.pages[page]!.profile === profile);
  const page = pick(tabs);
  const back = from + between(...FOUND);
  const schedule: Scheduled[] = [];
  const add = (at: number, ...actions: readonly Action[]): void =>
    void schedule.push(...actions.map((action) => ({ at, action })));
  const publish = (at: number): void =>
    add(at, { type: 'publish', page, channel: pick(plan.channels), count: between(1, 6), ttl: null });

  // Some is on its way, and the answer comes to nobody.
  if (random() < 0.5) {
    add(from, { type: 'stall', page, way: 'down' });
    publish(from);
  }
  for (const tab of tabs)
    add(from + between(0, SECOND), { type: 'mode', page: tab, mode: 'refusing' }, { type: 'cut', page: tab, who: 'both' });
  publish(from + 2 * SECOND);
  const gone = from + between(3, 10) * SECOND;
  const ms = between(...FOUND);
  add(
    gone,
    pick<Action>([
      { type: 'reload', page, how: 'crash' },
      { type: 'freeze', page, told: random() < 0.5 },
      { type: 'sleep', page, ms, clock: pick(['goes-on', 'stands-still']), timersFirst: random() < 0.5, waking: null },
      { type: 'put-away', page, ms, sockets: 'closed' },
    ]),
  );
  // That of the page which comes in its place.
  add(gone + SECOND, { type: 'mode', page, mode: 'refusing' });

  const connect = (at: number, tab: number): void =>
    add(
      at,
      { type: 'thaw', page: tab, timersFirst: random() < 0.5 },
      { type: 'mode', page: tab, mode: 'open' },
      { type: 'retry', page: tab },
    );
  const first = pick(tabs);
  connect(back, first);
  if (random() < 0.8)
    add(back + between(0, 10) * SECOND, random() < 0.7 ? { type: 'lose-store' } : { type: 'failover', lag: between(0, 5000) });
  for (const tab of tabs) if (tab !== first) connect(back + between(0, 60) * SECOND, tab);
  return schedule;
}
