/**
 * Swarm testing: each seed draws which faults exist at all, how often, and small limits, so that runs differ in kind and
 * boundaries are hit (Groce et al., "Swarm Testing", ISSTA 2012). The schedule is fixed before anything runs, so that a
 * failing one can be shrunk by leaving actions out.
 */
import { createRandom } from '../support/random.ts';

export type Action =
  | {
      readonly type: 'publish';
      readonly page: number;
      readonly channel: string;
      readonly count: number;
      readonly ttl: number | null;
    }
  | { readonly type: 'tell' | 'cancel'; readonly page: number; readonly channel: string }
  | { readonly type: 'cut'; readonly page: number; readonly who: 'client' | 'server' | 'both' }
  | { readonly type: 'stall'; readonly page: number; readonly way: 'up' | 'down' }
  | { readonly type: 'mode'; readonly page: number; readonly mode: 'open' | 'refusing' | 'mute' }
  | { readonly type: 'latency'; readonly page: number; readonly min: number; readonly max: number }
  | { readonly type: 'heal' | 'hide' | 'show' | 'freeze' | 'thaw' | 'offline' | 'online' | 'retry'; readonly page: number }
  | { readonly type: 'pause' | 'resume' | 'leave' | 'join' | 'revoke'; readonly page: number }
  | { readonly type: 'jump'; readonly page: number; readonly ms: number }
  | { readonly type: 'crash' | 'drain'; readonly server: number }
  | { readonly type: 'lose-store' };

export interface Scheduled {
  readonly at: number;
  readonly action: Action;
}

export interface Plan {
  readonly seed: number;
  readonly pages: readonly { readonly binary: boolean; readonly tokens: boolean; readonly rewind: number }[];
  readonly servers: number;
  readonly channels: readonly string[];
  readonly log: { readonly entries: number; readonly queue: number };
  /** Publications of one user in a second: a transient refusal in the middle of a batch. */
  readonly publishRate: number;
  /** Length of the storm, ms. */
  readonly storm: number;
  /** Reset handlers take up to this long, ms; they fail with this chance. */
  readonly reset: { readonly takes: number; readonly fails: number };
  readonly tokenLife: number;
  readonly schedule: readonly Scheduled[];
}

type Kind = Action['type'];

/** How often, compared with each other, when the seed has them at all. */
const FAULTS: Readonly<Partial<Record<Kind, number>>> = {
  cut: 6, stall: 3, heal: 4, mode: 3, latency: 4, crash: 2, drain: 1, 'lose-store': 0.5, hide: 2, show: 3,
  freeze: 2, thaw: 3, offline: 2, online: 3, retry: 1, pause: 1, resume: 2, leave: 1, join: 2, jump: 1, revoke: 1,
}; // prettier-ignore
const WORK: Readonly<Partial<Record<Kind, number>>> = { publish: 12, tell: 2, cancel: 1.5 };

export function drawPlan(seed: number): Plan {
  const random = createRandom(seed * 2_654_435_761);
  const chance = (share: number): boolean => random() < share;
  const between = (min: number, max: number): number => Math.floor(min + random() * (max - min + 1));
  const pick = <T>(list: readonly T[]): T => list[between(0, list.length - 1)]!;

  const pages = Array.from({ length: between(2, 4) }, () => ({
    binary: chance(0.3),
    tokens: chance(0.3),
    rewind: chance(0.3) ? between(1, 5) : 0,
  }));
  const servers = between(1, 3);
  const channels = chance(0.5) ? ['a'] : ['a', 'b'];
  const storm = between(20, 240) * 1000;
  const kinds: [Kind, number][] = [];
  for (const [kind, weight] of Object.entries(FAULTS) as [Kind, number][]) if (chance(0.5)) kinds.push([kind, weight * random()]);
  for (const [kind, weight] of Object.entries(WORK) as [Kind, number][]) kinds.push([kind, weight]);
  const total = kinds.reduce((sum, [, weight]) => sum + weight, 0);
  const kindAt = (at: number): Kind => {
    let left = at * total;
    for (const [kind, weight] of kinds) if ((left -= weight) <= 0) return kind;
    return 'publish';
  };

  const draw = (type: Kind): Action => {
    const page = between(0, pages.length - 1);
    const channel = pick(channels);
    switch (type) {
      case 'publish':
        return {
          type,
          page,
          channel,
          count: chance(0.1) ? between(20, 90) : between(1, 4),
          ttl: chance(0.1) ? between(1, 20_000) : null,
        };
      case 'tell':
      case 'cancel':
        return { type, page, channel };
      case 'cut':
        return { type, page, who: pick(['client', 'server', 'both'] as const) };
      case 'stall':
        return { type, page, way: pick(['up', 'down'] as const) };
      case 'mode':
        return { type, page, mode: pick(['open', 'open', 'refusing', 'mute'] as const) };
      case 'latency': {
        const min = chance(0.5) ? 0 : between(0, 300);
        return { type, page, min, max: min + (chance(0.5) ? 0 : between(0, 3000)) };
      }
      case 'jump':
        return { type, page, ms: between(-100_000, 100_000) };
      case 'crash':
      case 'drain':
        return { type, server: between(0, servers - 1) };
      case 'lose-store':
        return { type };
      default:
        return { type, page };
    }
  };

  const schedule = Array.from({ length: between(20, 160) }, () => ({ at: between(0, storm), action: draw(kindAt(random())) }));
  schedule.sort((a, b) => a.at - b.at);
  return {
    seed,
    pages,
    servers,
    channels,
    storm,
    log: { entries: chance(0.3) ? between(1, 30) : 10_000, queue: chance(0.2) ? between(200, 5000) : 1_048_576 },
    publishRate: chance(0.3) ? between(20, 60) : Infinity,
    reset: { takes: chance(0.5) ? 0 : between(1, 5000), fails: chance(0.3) ? 0.3 : 0 },
    tokenLife: chance(0.5) ? between(30, 90) * 1000 : 3_600_000,
    schedule,
  };
}
