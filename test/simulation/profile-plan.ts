/** Makes some pages of a plan the tabs of a browser profile. Drawn apart from the rest, which stays as it was without it. */
import { createRandom } from '../support/random.ts';
import type { Draws } from './fleet-actions.ts';
import { PAGE_PROFILE_WORK, type PageKind, drawPageAction } from './page-actions.ts';
import type { Action, PagePlan, Plan, Scheduled, TokenPlan } from './plan.ts';
import { PROFILE_FAULTS, type ProfileKind, drawProfile, drawProfileAction } from './profile-actions.ts';

/** Of all seeds. */
const SHARE = 0.4;
const HOUR = 3_600_000;
const GOOD_TOKENS: TokenPlan = { life: HOUR, throws: 0, hangs: 0, slow: 0, refused: 0 };

type Kind = PageKind | ProfileKind;

/** What comes on top of the schedule: work that waits on disk, and ends of pages. Leaves what waits to those that come. */
const WEIGHTS: Readonly<Partial<Record<Kind, number>>> = {
  ...PROFILE_FAULTS, ...PAGE_PROFILE_WORK, offline: 3, online: 3, mode: 3, freeze: 1, thaw: 1, 'put-away': 1,
}; // prettier-ignore
const ALWAYS: Readonly<Partial<Record<Kind, number>>> = { publish: 8, reload: 4 };

export function withProfiles(plan: Plan): Plan {
  const random = createRandom(plan.seed * 40_503 + 7);
  const chance = (share: number): boolean => random() < share;
  const between = (min: number, max: number): number => Math.floor(min + random() * (max - min + 1));
  const pick = <T>(list: readonly T[]): T => list[between(0, list.length - 1)]!;
  const draws: Draws = { between, chance };
  if (!chance(SHARE)) return plan;

  const profiles = Array.from({ length: chance(0.2) ? 2 : 1 }, () => drawProfile(draws));
  const alone = between(0, 1);
  const pages: PagePlan[] = plan.pages.slice(0, alone);
  const nth = (at: number): PagePlan => plan.pages[at % plan.pages.length]!;
  profiles.forEach((_, profile) => {
    const tokens = chance(0.7) ? (nth(profile).tokens ?? GOOD_TOKENS) : null;
    const tabs = between(2, profiles.length === 2 ? 2 : 4);
    for (let tab = 0; tab < tabs; tab += 1) pages.push({ ...nth(pages.length), tokens, profile });
  });

  const weights = (Object.entries(WEIGHTS) as [Kind, number][])
    .filter(() => chance(0.5))
    .map(([kind, weight]): [Kind, number] => [kind, weight * random()]);
  // With two users and two copies there might not be a tab for each.
  const isCopied = weights.some(([kind]) => kind === 'clone');
  if (isCopied) weights.splice(0, Infinity, ...weights.filter(([kind]) => kind !== 'user-switch'));
  weights.push(...(Object.entries(ALWAYS) as [Kind, number][]));
  const total = weights.reduce((sum, [, weight]) => sum + weight, 0);
  const drawKind = (): Kind => {
    let left = random() * total;
    for (const [kind, weight] of weights) if ((left -= weight) <= 0) return kind;
    return 'publish';
  };
  const { channels, storm: length } = plan;
  const drawAction = (): Action => {
    const type = drawKind();
    if (Object.hasOwn(PROFILE_FAULTS, type)) {
      return drawProfileAction(type as ProfileKind, { ...draws, profiles: profiles.length });
    }
    return drawPageAction(type as PageKind, { ...draws, pick, pages: pages.length, channels, length });
  };
  const more = Array.from({ length: between(10, 60) }, (): Scheduled => ({ at: between(0, length), action: drawAction() }));
  // There may be fewer pages than before.
  const before = plan.schedule.map(({ at, action }): Scheduled => ({
    at,
    action: 'page' in action ? { ...action, page: action.page % pages.length } : action,
  }));
  return { ...plan, pages, profiles, schedule: [...before, ...more].sort((a, b) => a.at - b.at) };
}
