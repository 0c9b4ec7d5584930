/**
 * Swarm testing: each seed draws which faults exist at all, how often, and small limits, so that runs differ in kind and
 * boundaries are hit (Groce et al., "Swarm Testing", ISSTA 2012). The schedule is fixed before anything runs, so that a
 * failing one can be shrunk by leaving actions out.
 */
import { createRandom } from '../support/random.ts';
import {
  type Blocks,
  CALM_HTTP,
  type HttpMiddle,
  type TransportName,
  drawBlocks,
  drawHttpMiddle,
  drawTransports,
} from './http-middle.ts';
import {
  type Draws,
  FLEET_FAULTS,
  type FleetAction,
  type FleetKind,
  type FleetPlan,
  drawFleetAction,
  drawFleetPlan,
} from './fleet-actions.ts';
import { PAGE_FAULTS, PAGE_WORK, type PageAction, type PageKind, drawPageAction } from './page-actions.ts';
import type { ProfileAction, ProfilePlan } from './profile-actions.ts';
import { withHistory } from './history-plan.ts';
import { withoutLocks } from './lock-plan.ts';
import { withPresence } from './presence-plan.ts';
import { withProfiles } from './profile-plan.ts';
import { withRequests } from './request-plan.ts';
import type { Middle } from './wire.ts';

export type Action =
  | PageAction
  | FleetAction
  | ProfileAction
  /** Every device sleeps: hours that cost nothing, after which all come back at once. */
  | { readonly type: 'night'; readonly ms: number };

export interface Scheduled {
  readonly at: number;
  readonly action: Action;
}

/** Chances that something is wrong with one token. */
export interface TokenPlan {
  /** ms */
  readonly life: number;
  readonly throws: number;
  readonly hangs: number;
  readonly slow: number;
  /** The server does not accept it. Never twice in a row, which ends a client for good. */
  readonly refused: number;
}

export interface PagePlan {
  readonly binary: boolean;
  readonly rewind: number;
  readonly tokens: TokenPlan | null;
  readonly middle: Middle;
  /** Bytes that the network takes before any wait at their sender. */
  readonly holds: number;
  /** The most preferred first. */
  readonly transports: readonly TransportName[];
  /** Two networks, and what they do not let through. */
  readonly networks: readonly [Blocks, Blocks];
  readonly http: HttpMiddle;
  /** Requests at a time: six over HTTP/1.1, fewer if other tabs hold some. */
  readonly connections: number;
  /** Which profile it is a tab of; without one what it publishes waits in its memory. */
  readonly profile?: number;
}

export interface Plan {
  readonly seed: number;
  readonly pages: readonly PagePlan[];
  readonly profiles: readonly ProfilePlan[];
  readonly channels: readonly string[];
  readonly fleet: FleetPlan;
  /** Length of the storm, ms. */
  readonly storm: number;
  readonly reset: {
    /** Reset handlers take up to this long, ms. */
    readonly takes: number;
    /** Chance that they fail. */
    readonly fails: number;
    /** Chance that they load a snapshot, and say where it was taken. */
    readonly loads: number;
  };
  /** Chances that a handler throws, and that it calls the client: leaves, pauses, publishes, destroys it. */
  readonly handlers: { readonly throws: number; readonly acts: number };
  readonly schedule: readonly Scheduled[];
  /** Pages show who is there. @default false */
  readonly presence?: boolean;
}

/**
 * Whether an attempt is one socket: the page has nothing else, and its tokens take no time. If not it is what the machine
 * calls one, and the hellos that are said show whether that is true.
 */
export function countsSockets({ tokens, transports }: PagePlan): boolean {
  const takesTime = tokens !== null && tokens.slow + tokens.hangs > 0;
  return !takesTime && transports.length === 1 && transports[0] === 'websocket';
}

const HOUR = 3_600_000;
type Kind = PageKind | FleetKind | 'night';

export function drawPlan(seed: number): Plan {
  const random = createRandom(seed * 2_654_435_761);
  const chance = (share: number): boolean => random() < share;
  const between = (min: number, max: number): number => Math.floor(min + random() * (max - min + 1));
  const pick = <T>(list: readonly T[]): T => list[between(0, list.length - 1)]!;
  const draws: Draws = { between, chance };

  // Nothing but sockets: as deep a search as if there were nothing else.
  const plain = chance(0.3);
  const pages = Array.from({ length: between(2, 4) }, () => drawPage(draws, plain));
  const channels = chance(0.5) ? ['a'] : ['a', 'b'];
  // Pages that take little, of servers that queue little.
  const pressed = chance(0.1);
  const drawn = pressed ? queueing(drawFleetPlan(draws), between(1000, 4000)) : drawFleetPlan(draws);
  const fleet = plain ? drawn : patient(drawn);
  const length = chance(0.1) ? between(5, 20) * 60_000 : between(20, 240) * 1000;

  const weights: [Kind, number][] = Object.entries({ ...PAGE_FAULTS, ...FLEET_FAULTS, night: 0.3 })
    .filter(() => chance(0.4))
    .map(([kind, weight]) => [kind as Kind, weight * random()]);
  weights.push(...(Object.entries(PAGE_WORK) as [Kind, number][]));
  if (pressed) weights.push(['stall', 8], ['publish', 12]);
  const total = weights.reduce((sum, [, weight]) => sum + weight, 0);
  const drawKind = (): Kind => {
    let left = random() * total;
    for (const [kind, weight] of weights) if ((left -= weight) <= 0) return kind;
    return 'publish';
  };
  const drawAction = (): Action => {
    const type = drawKind();
    if (type === 'night') return { type, ms: between(1, 12) * HOUR };
    if (isFleetKind(type)) return drawFleetAction(type, { ...draws, servers: fleet.servers });
    return drawPageAction(type, { ...draws, pick, pages: pages.length, channels, length });
  };

  const schedule = Array.from({ length: between(20, 160) }, () => ({ at: between(0, length), action: drawAction() }));
  schedule.sort((a, b) => a.at - b.at);
  const plan = withProfiles({
    seed,
    pages,
    profiles: [],
    channels,
    fleet,
    storm: length,
    reset: {
      takes: chance(0.5) ? 0 : between(1, 5000),
      fails: chance(0.3) ? 0.3 : 0,
      loads: chance(0.4) ? 0.5 : 0,
    },
    handlers: { throws: chance(0.3) ? 0.1 : 0, acts: chance(0.3) ? 0.01 + random() * 0.04 : 0 },
    schedule,
  });
  return withoutLocks(withPresence(withRequests(withHistory(plan))));
}

function queueing(fleet: FleetPlan, queue: number): FleetPlan {
  const { server } = fleet;
  return { ...fleet, server: { ...server, limits: { ...server.limits, queue } } };
}

/** A client finds out about an answer that is held back while the server still bears two connections. */
function patient(fleet: FleetPlan): FleetPlan {
  const { supersedeAfter: _, ...timing } = fleet.server.timing;
  return { ...fleet, server: { ...fleet.server, timing } };
}

function isFleetKind(kind: Kind): kind is FleetKind {
  return Object.hasOwn(FLEET_FAULTS, kind);
}

function drawPage(draws: Draws, plain: boolean): PagePlan {
  const { between, chance } = draws;
  const rarely = (share: number): number => (chance(0.3) ? share : 0);
  return {
    binary: chance(0.3),
    rewind: chance(0.3) ? between(1, 5) : 0,
    tokens: chance(0.4)
      ? {
          life: chance(0.5) ? between(30, 90) * 1000 : HOUR,
          throws: rarely(0.2),
          hangs: rarely(0.1),
          slow: rarely(0.3),
          refused: rarely(0.2),
        }
      : null,
    middle: {
      garbles: chance(0.15) ? between(1, 10) / 1000 : 0,
      repeats: chance(0.25) ? between(1, 30) / 100 : 0,
      idle: chance(0.15) ? between(5, 60) * 1000 : null,
      tells: chance(0.5),
    },
    holds: chance(0.5) ? 0 : between(0, 4000),
    ...(plain
      ? { transports: ['websocket'], networks: [{}, {}], http: CALM_HTTP, connections: Infinity }
      : {
          transports: drawTransports(draws),
          networks: [drawBlocks(draws), drawBlocks(draws)],
          http: drawHttpMiddle(draws),
          connections: chance(0.5) ? Infinity : chance(0.7) ? 6 : between(2, 5),
        }),
  };
}
