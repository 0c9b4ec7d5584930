/** What networks and proxies do to requests: to some by chance, and to a whole transport if they block it. */
import type { Draws } from './fleet-actions.ts';

export type TransportName = 'websocket' | 'sse' | 'long-polling';

/**
 * refused: at once, as a failed connection. hangs: nothing ever comes of it. swallows: it opens, and nothing passes.
 * denied, gateway, portal: a proxy answers with 403, 502, or a page of its own. holds, buffers: an answer, or its body,
 * is passed on when it is over.
 */
export type Block = 'refused' | 'hangs' | 'swallows' | 'denied' | 'gateway' | 'portal' | 'holds' | 'buffers';

/** By transport; `send` is the way up of both that are made of requests. */
export type Blocks = Readonly<Partial<Record<TransportName | 'send', Block>>>;

/** Chances for one request, unless it says otherwise. */
export interface HttpMiddle {
  /** It never arrives, and the page is told. */
  readonly loses: number;
  /** It is executed, and its answer is lost. */
  readonly forgets: number;
  /** Its answer breaks off in the middle. */
  readonly cuts: number;
  /** A proxy answers in the server's place: before it, or after it if the server took too long to its mind. */
  readonly answers: number;
  /** The first byte takes its time. */
  readonly lags: number;
  /** A browser or a proxy makes it again, at any server. */
  readonly repeats: number;
  /** The end of it that the page gives up reaches the server never, or late. */
  readonly clings: number;
  /** A piece of a body arrives in pieces. */
  readonly splits: number;
  /** Bytes that a proxy gathers before it passes anything on; null: none does. */
  readonly gathers: number | null;
}

/** What becomes of one request. */
export type Fate =
  | { readonly type: 'carried' | 'lost' | 'forgotten' | 'hangs' }
  /** After so many bytes of the body. */
  | { readonly type: 'cut'; readonly bytes: number }
  | { readonly type: 'answered'; readonly status: number; readonly executed: boolean }
  | { readonly type: 'late'; readonly ms: number };

export const CALM_HTTP: HttpMiddle = {
  loses: 0, forgets: 0, cuts: 0, answers: 0, lags: 0, repeats: 0, clings: 0, splits: 0, gathers: null,
}; // prettier-ignore

/** 0: a redirect that is not followed. */
const STATUSES: readonly number[] = [200, 0, 401, 403, 429, 500, 502, 503, 504];
const LATEST = 8000;
const CARRIED: Fate = { type: 'carried' };

export function drawFate(middle: HttpMiddle, random: () => number): Fate {
  const happens = (share: number): boolean => share > 0 && random() < share;
  if (happens(middle.loses)) return { type: 'lost' };
  if (happens(middle.forgets)) return { type: 'forgotten' };
  if (happens(middle.cuts)) return { type: 'cut', bytes: Math.floor(random() ** 2 * 5000) };
  if (happens(middle.answers)) {
    return { type: 'answered', status: STATUSES[Math.floor(random() * STATUSES.length)]!, executed: random() < 0.3 };
  }
  return happens(middle.lags) ? { type: 'late', ms: random() * LATEST } : CARRIED;
}

export function fateOf(block: Block | undefined): Fate | null {
  switch (block) {
    case undefined:
    case 'holds':
    case 'buffers':
      return null;
    case 'refused':
      return { type: 'lost' };
    case 'hangs':
    case 'swallows':
      return { type: 'hangs' };
    case 'denied':
      return { type: 'answered', status: 403, executed: false };
    case 'gateway':
      return { type: 'answered', status: 502, executed: false };
    case 'portal':
      return { type: 'answered', status: 200, executed: false };
  }
}

export function drawHttpMiddle({ between, chance }: Draws): HttpMiddle {
  if (chance(0.3)) return CALM_HTTP;
  const rarely = (most: number): number => (chance(0.25) ? between(1, most * 1000) / 1000 : 0);
  return {
    loses: rarely(0.1),
    forgets: rarely(0.1),
    cuts: rarely(0.1),
    answers: rarely(0.1),
    lags: rarely(0.2),
    repeats: rarely(0.3),
    clings: rarely(0.5),
    splits: chance(0.5) ? between(1, 1000) / 1000 : 0,
    gathers: chance(0.1) ? between(100, 10_000) : null,
  };
}

export const TRANSPORTS: readonly TransportName[] = ['websocket', 'sse', 'long-polling'];
const BLOCKS: readonly Block[] = ['refused', 'hangs', 'swallows', 'denied', 'gateway', 'portal', 'holds', 'buffers'];

export function drawBlock({ between }: Draws): Block {
  return BLOCKS[between(0, BLOCKS.length - 1)]!;
}

/** Of one network: most let all through, or only what looks like a page being read. */
export function drawBlocks(draws: Draws): Blocks {
  const { chance } = draws;
  const blocks: Partial<Record<TransportName, Block>> = {};
  if (chance(0.4)) blocks.websocket = drawBlock(draws);
  if (chance(blocks.websocket === undefined ? 0.1 : 0.4)) blocks.sse = chance(0.5) ? 'buffers' : drawBlock(draws);
  if (chance(0.1)) blocks['long-polling'] = drawBlock(draws);
  return blocks;
}

export function holdsBack(block: Block | undefined): boolean {
  return block === 'holds' || block === 'buffers';
}

/** Whether one of them gets through: a poll is over when it is answered, so that who holds answers lets it pass. */
export function isPassable(blocks: Blocks, transports: readonly TransportName[]): boolean {
  const passes = (name: TransportName): boolean =>
    blocks[name] === undefined || (name === 'long-polling' && holdsBack(blocks[name]));
  return blocks.send === undefined && transports.some(passes);
}

/** In the order in which a client of the plan prefers them. */
export function drawTransports({ between, chance }: Draws): readonly TransportName[] {
  if (chance(0.65)) return TRANSPORTS;
  const some = TRANSPORTS.filter(() => chance(0.6));
  if (some.length === 0) return [TRANSPORTS[between(0, 2)]!];
  return chance(0.3) ? some.toReversed() : some;
}
