/** What may happen to the servers and to their store, and how both are set up: drawn per seed, for the plan to schedule. */
import type { ServerLimits, ServerTiming } from '../../server/types.ts';

export type FleetAction =
  | { readonly type: 'crash'; readonly server: number }
  | { readonly type: 'drain'; readonly server: number; readonly spread: number }
  /** The store is gone with all it knew, the memory of lanes included. */
  | { readonly type: 'lose-store' }
  /** A replica takes over that lacks the operations of the last `lag` ms. */
  | { readonly type: 'failover'; readonly lag: number }
  /** One server is told nothing of what is appended, for a while. */
  | { readonly type: 'feed-loss'; readonly server: number; readonly ms: number }
  /** The store answers nobody for a while: every operation is rejected. */
  | { readonly type: 'store-faults'; readonly ms: number }
  /** The app's back end publishes, and tries again under the same id until it is told that it did. */
  | { readonly type: 'announce' };

export type FleetKind = FleetAction['type'];

/** How often, compared with each other, when the seed has them at all. */
export const FLEET_FAULTS: Readonly<Record<FleetKind, number>> = {
  crash: 2,
  drain: 1,
  'lose-store': 0.5,
  failover: 2,
  'feed-loss': 3,
  'store-faults': 1.5,
  announce: 4,
};

/** Draws of one seed. */
export interface Draws {
  /** Whole numbers, both ends included. */
  between(min: number, max: number): number;
  chance(share: number): boolean;
}

export function drawFleetAction(
  type: FleetKind,
  { between, chance, servers }: Draws & { readonly servers: number },
): FleetAction {
  switch (type) {
    case 'crash':
      return { type, server: between(0, servers - 1) };
    case 'drain':
      return { type, server: between(0, servers - 1), spread: chance(0.5) ? 2000 : between(0, 15_000) };
    case 'lose-store':
    case 'announce':
      return { type };
    case 'failover':
      return { type, lag: chance(0.3) ? 0 : between(1, 5000) };
    case 'feed-loss':
      return { type, server: between(0, servers - 1), ms: between(1, 30_000) };
    case 'store-faults':
      return { type, ms: between(1, 15_000) };
  }
}

export function isFleetAction(action: { readonly type: string }): action is FleetAction {
  return Object.hasOwn(FLEET_FAULTS, action.type);
}

type Span = readonly [min: number, max: number];

/** How far away the store is. All zero: as if it were in the process, and faultless unless an action says otherwise. */
export interface StorePlan {
  /** Before and after the atomic step of each operation, ms. */
  readonly latency: Span;
  /** From the append to the notice at each server, ms. */
  readonly notices: Span;
  /** From asking for a feed to its confirmation, ms; on top of the latency. */
  readonly joins: Span;
  /** Chance that one operation is rejected by itself: half of these have been executed. */
  readonly rejects: number;
}

export function drawStorePlan({ between, chance }: Draws): StorePlan {
  if (chance(0.4)) return { latency: [0, 0], notices: [0, 0], joins: [0, 0], rejects: 0 };
  const span = (most: number): Span => {
    const min = chance(0.5) ? 0 : between(0, most / 4);
    return [min, min + (chance(0.3) ? 0 : between(0, most))];
  };
  return {
    latency: span(chance(0.2) ? 800 : 40),
    notices: span(chance(0.3) ? 1500 : 40),
    joins: span(chance(0.5) ? 1500 : 20),
    rejects: chance(0.3) ? 0.02 : 0,
  };
}

/** Chances that a rule refuses or throws, and up to how long it takes, ms. */
export interface RulesPlan {
  readonly refuses: number;
  readonly throws: number;
  readonly takes: number;
}

/** Limits and times of every server of the run: often small, so that boundaries are hit. */
export interface ServerPlan {
  readonly rules: RulesPlan;
  readonly limits: Partial<ServerLimits>;
  readonly timing: Partial<ServerTiming>;
  /** Entries of a log. */
  readonly entries: number;
}

export function drawServerPlan({ between, chance }: Draws): ServerPlan {
  const limits = {
    ...(chance(0.3) && { items: between(1, 8) }),
    ...(chance(0.2) && { batch: between(100, 1000) }),
    queue: chance(0.2) ? between(1000, 20_000) : 1_048_576,
    publishRate: chance(0.3) ? between(20, 60) : Infinity,
  };
  const timing = {
    ...(chance(0.3) && { ping: between(2000, 10_000) }),
    ...(chance(0.3) && { supersedeAfter: between(1, 3000) }),
  };
  const rules = {
    refuses: chance(0.3) ? between(1, 50) / 100 : 0,
    throws: chance(0.2) ? between(1, 20) / 100 : 0,
    takes: chance(0.2) ? between(1, 300) : 0,
  };
  return { limits, timing, rules, entries: chance(0.3) ? between(1, 30) : 10_000 };
}

export interface FleetPlan {
  readonly servers: number;
  readonly store: StorePlan;
  readonly server: ServerPlan;
}

/** All three, for a plan. */
export function drawFleetPlan(draws: Draws): FleetPlan {
  return { servers: draws.between(1, 3), store: drawStorePlan(draws), server: drawServerPlan(draws) };
}

/** One way to a store in the same building, ms. */
const NEAR = 50;
const SHORT_QUEUE = 20_000;

/** A log that is far away is not read entry by entry, which would take all the time there is. */
export function withinReach({ servers, store, server }: FleetPlan): FleetPlan {
  const { queue = Infinity } = server.limits;
  if (queue > SHORT_QUEUE) return { servers, store, server };
  const [min, max] = store.latency;
  return { servers, store: { ...store, latency: [Math.min(min, NEAR), Math.min(max, NEAR)] }, server };
}
