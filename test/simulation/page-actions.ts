/** What may happen to one page and to its network, and what its app does: drawn per seed, for the plan to schedule. */
import type { Draws } from './fleet-actions.ts';
import { type Block, type TransportName, TRANSPORTS, drawBlock } from './http-middle.ts';

export type PageAction = { readonly page: number } & (
  | { readonly type: 'publish'; readonly channel: string; readonly count: number; readonly ttl: number | null }
  | { readonly type: 'tell' | 'cancel'; readonly channel: string }
  /** Reads the past, page by page; gives it up after `patience` ms. */
  | {
      readonly type: 'history';
      readonly channel: string;
      readonly limit: number;
      readonly pages: number;
      /** Between two pages, ms. */
      readonly pause: number;
      readonly patience: number | null;
    }
  /** Is there, shows something else, is not there; watches who is, or does not any more. */
  | { readonly type: 'enter' | 'alter' | 'exit' | 'look'; readonly channel: string }
  /** Runs a handler of a server; gives it up after `patience` ms. */
  | {
      readonly type: 'request';
      /** Of a few, which pages of a user share. */
      readonly key: number | null;
      /** What the handler does. */
      readonly takes: number;
      readonly ends: 'well' | 'refuses' | 'retries' | 'faults';
      readonly obeys: boolean;
      readonly timeout: number;
      readonly patience: number | null;
    }
  /** Of whatever waits or failed in its outbox, of every tab. */
  | { readonly type: 'cancel-entry' | 'retry-entry' | 'discard-entry' }
  /** Signs out, and another user in; or back. */
  | { readonly type: 'user-switch' }
  | { readonly type: 'cut'; readonly who: 'client' | 'server' | 'both' }
  | { readonly type: 'vanish'; readonly way: 'up' | 'down' | 'both' }
  | { readonly type: 'stall'; readonly way: 'up' | 'down' }
  | { readonly type: 'mode'; readonly mode: 'open' | 'refusing' | 'mute' }
  | { readonly type: 'latency'; readonly min: number; readonly max: number; readonly rate: number | null }
  | {
      readonly type: 'heal' | 'hide' | 'show' | 'offline' | 'online' | 'retry' | 'pause' | 'resume' | 'leave' | 'join' | 'revoke';
    }
  /** `told`: the browser says that it stops the page, and that it goes on. */
  | { readonly type: 'freeze'; readonly told: boolean }
  | { readonly type: 'thaw'; readonly timersFirst: boolean }
  /** The device sleeps: nothing runs, its connections lead nowhere, and no page is told. */
  | {
      readonly type: 'sleep';
      readonly ms: number;
      readonly clock: 'goes-on' | 'stands-still';
      readonly timersFirst: boolean;
      /** What the page is told when it goes on. */
      readonly waking: 'online' | 'visible' | 'resume' | null;
    }
  /** The page is left, and brought back from the cache. */
  | { readonly type: 'put-away'; readonly ms: number; readonly sockets: 'closed' | 'kept' }
  /** Another network: what was open leads nowhere, or a proxy carries it over. */
  | { readonly type: 'roam'; readonly sockets: 'dead' | 'kept'; readonly told: boolean; readonly network: 0 | 1 }
  /** The network lets a transport through no more, or again; what was open is cut off from now on, or goes on. */
  | { readonly type: 'block'; readonly way: TransportName | 'send'; readonly block: Block; readonly kills: boolean }
  | { readonly type: 'unblock'; readonly way: TransportName | 'send'; readonly told: boolean }
  | { readonly type: 'jump'; readonly ms: number }
  /** The app, or its user, asks for a connection again and again. */
  | { readonly type: 'hammer'; readonly times: number; readonly every: number }
  /** The page is gone, with its memory, and another one comes in its place. */
  | { readonly type: 'reload'; readonly how: 'crash' | 'crash-unheard' | 'destroy' }
);

export type PageKind = PageAction['type'];

/** What only pages that are seen do. */
export const PAGE_PRESENCE_WORK = { enter: 3, alter: 2, exit: 1, look: 1 } as const satisfies Partial<Record<PageKind, number>>;
export type PagePresenceKind = keyof typeof PAGE_PRESENCE_WORK;

/** How often, compared with each other, when the seed has them at all. */
export const PAGE_FAULTS: Readonly<Partial<Record<PageKind, number>>> = {
  cut: 6, vanish: 3, stall: 3, heal: 4, mode: 3, latency: 4, hide: 2, show: 3, freeze: 2, thaw: 3, sleep: 2, 'put-away': 1.5,
  roam: 2, offline: 2, online: 3, retry: 1, pause: 1, resume: 2, leave: 1, join: 2, jump: 1, revoke: 1, reload: 1.5,
  hammer: 0.5, block: 4, unblock: 4,
}; // prettier-ignore

/** What apps do; no run is without it. */
export const PAGE_WORK: Readonly<Partial<Record<PageKind, number>>> = { publish: 12, tell: 2, cancel: 1.5 };

/** What only pages with an outbox on disk do. */
export const PAGE_PROFILE_WORK = {
  'cancel-entry': 2,
  'retry-entry': 1,
  'discard-entry': 0.5,
  'user-switch': 1,
} as const satisfies Partial<Record<PageKind, number>>;

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** A wait that was told before the clock is set back would still be kept when the page is shown again. */
const MOST_BACK = 100 * SECOND;

export interface PageDraws extends Draws {
  pick<T>(list: readonly T[]): T;
  readonly pages: number;
  readonly channels: readonly string[];
  /** Of the storm, ms. */
  readonly length: number;
}

export function drawPageAction(type: PageKind, draws: PageDraws): PageAction {
  const { between, chance, pick, channels, length } = draws;
  const page = between(0, draws.pages - 1);
  switch (type) {
    case 'publish':
      return {
        type,
        page,
        channel: pick(channels),
        count: chance(0.1) ? between(20, 90) : between(1, 4),
        ttl: chance(0.1) ? between(1, 20 * SECOND) : null,
      };
    case 'tell':
    case 'cancel':
    case 'enter':
    case 'alter':
    case 'exit':
    case 'look':
      return { type, page, channel: pick(channels) };
    case 'cut':
      return { type, page, who: pick(['client', 'server', 'both']) };
    case 'vanish':
      return { type, page, way: pick(['up', 'down', 'both']) };
    case 'stall':
      return { type, page, way: pick(['up', 'down']) };
    case 'mode':
      return { type, page, mode: pick(['open', 'open', 'refusing', 'mute']) };
    case 'latency': {
      const min = chance(0.5) ? 0 : between(0, 300);
      return { type, page, min, max: min + (chance(0.5) ? 0 : between(0, 3000)), rate: chance(0.3) ? between(1, 50) : null };
    }
    case 'history':
      return { type, page, channel: pick(channels), limit: between(1, 500), pages: between(1, 8), pause: 0, patience: null };
    case 'request':
      return { type, page, key: null, takes: 0, ends: 'well', obeys: true, timeout: 10 * SECOND, patience: null };
    case 'freeze':
      return { type, page, told: chance(0.5) };
    case 'thaw':
      return { type, page, timersFirst: chance(0.5) };
    case 'sleep':
      return {
        type,
        page,
        ms: between(SECOND, Math.max(MINUTE, length / 4)),
        clock: pick(['goes-on', 'stands-still']),
        timersFirst: chance(0.5),
        waking: pick([null, 'online', 'visible', 'resume']),
      };
    case 'put-away':
      return { type, page, ms: between(1, MINUTE), sockets: pick(['closed', 'kept']) };
    case 'roam':
      return { type, page, sockets: pick(['dead', 'dead', 'kept']), told: chance(0.7), network: chance(0.5) ? 0 : 1 };
    case 'block':
      return { type, page, way: drawWay(draws), block: drawBlock(draws), kills: chance(0.5) };
    case 'unblock':
      return { type, page, way: drawWay(draws), told: chance(0.5) };
    case 'jump': {
      const most = pick([3 * SECOND, 100 * SECOND, 6 * HOUR]);
      return { type, page, ms: Math.max(-MOST_BACK, between(-most, most)) };
    }
    case 'hammer':
      return { type, page, times: between(5, 30), every: between(1, 2000) };
    case 'reload':
      return { type, page, how: pick(['crash', 'crash-unheard', 'destroy']) };
    default:
      return { type, page };
  }
}

function drawWay({ pick }: PageDraws): TransportName | 'send' {
  return pick(['websocket', ...TRANSPORTS, 'send']);
}
