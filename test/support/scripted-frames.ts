/** What a server says, with everything that a test does not care about filled in. */
import {
  type Ack,
  DEFAULT_LIMITS,
  type Entry,
  type Limits,
  type Msg,
  type Nack,
  type Ping,
  type Pub,
  type Result,
  type Sub,
  type Subbed,
  type Welcome,
  isTombstone,
} from '../../src/protocol/frame.ts';
import type { Peer } from './scripted-server.ts';

export function welcome({
  limits,
  ...more
}: Partial<Omit<Welcome, 'limits'>> & { readonly limits?: Partial<Limits> } = {}): Welcome {
  return { t: 'welcome', v: 1, mem: 'mem-1', ping: 25_000, caps: [], ...more, limits: { ...DEFAULT_LIMITS, ...limits } };
}

/** Resumed at the cursor given with nothing new, or fresh on an empty log. */
export function subbed({ c, k, cur }: Sub, more: Partial<Subbed> = {}): Subbed {
  return { t: 'subbed', c, k, cur: cur ?? ['epoch', 0, ''], ok: cur === undefined ? null : true, ...more };
}

export function entry(o: number, d: unknown = o): Entry {
  return { id: `m-${o}`, e: 'message', d, o, g: `t-${o}` };
}

/** Entries of one channel, by their offsets. */
export function msg(c: string, ...offsets: readonly number[]): Msg {
  return { t: 'msg', c, items: offsets.map((o) => entry(o)) };
}

/** All items of a `pub` accepted, from `offset` on, and all tombstones; or as told. */
export function ack({ c, p, s, items }: Pub, offset: number, results?: readonly Result[]): Ack {
  const truth = (item: Pub['items'][number], index: number): Result =>
    isTombstone(item) ? { code: item.x } : [offset + index, `t-${offset + index}`];
  return { t: 'ack', c, p, s, ep: 'epoch', r: results ?? items.map(truth) };
}

export function nack({ c, p, s }: Pub, code: string, more: Partial<Nack> = {}): Nack {
  return { t: 'nack', c, p, s, code, ...more };
}

export function pong({ x }: Ping, peer: Peer): void {
  peer.send(x === undefined ? { t: 'pong' } : { t: 'pong', x });
}
