import type { ClientFrame, Hello, ServerFrame } from '../src/protocol/frame.ts';
import type { SocketKind } from './types.ts';

const DOWN: ReadonlySet<string> = new Set(['hello', 'sub', 'pres']);
const UP: ReadonlySet<string> = new Set(['hello', 'pub', 'tell', 'hist', 'req', 'cancel', 'pres', 'ping']);

/** What a transport is not for is ignored, as are frames of unknown types. */
export function takes(kind: SocketKind, type: ClientFrame['t']): boolean {
  return kind === 'duplex' || (kind === 'send' ? UP : DOWN).has(type);
}

/** Whether a held poll is answered for it. What every poll is told would make polls answer one another without end. */
export function isNews(frame: ServerFrame): boolean {
  if (frame.t === 'subbed') return frame.items !== undefined || (frame.ok !== true && frame.cur[0] !== '');
  return frame.t !== 'welcome' && frame.t !== 'ping';
}

/** A request that is over, or was broken off, is how the connections made of them go on: nothing was lost. */
export function endsAloud(kind: SocketKind): boolean {
  return kind === 'duplex' || kind === 'stream';
}

/** Bytes. What answers a `/send` waits for no peer, and what it answers is bounded already. */
export function queueOf(kind: SocketKind, queue: number): number {
  return kind === 'send' ? Infinity : queue;
}

/** Another server may have learned of a failover this much earlier or later, ms. */
export const APART = 15_000;

/**
 * Whether a request that comes `ago` after a failover was learned of is told of it. Within APART more it may have been told
 * already, by another server or by this one: that is no news. Nor is it that this server has just begun, `age` ago, and knows
 * nothing of a failover that was shortly before.
 */
export function recheckOf(
  kind: SocketKind,
  { since }: Pick<Hello, 'since'>,
  ago: number,
  age: number,
): 'news' | 'aside' | 'none' {
  if ((kind !== 'poll' && kind !== 'stream') || since === undefined) return 'none';
  if (ago <= since) return 'news';
  return Math.min(ago, age) <= since + APART ? 'aside' : 'none';
}
