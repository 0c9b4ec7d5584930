/** Between frames of the protocol and what the app sees of a channel. */
import type { Entry, ServerTell, Sub } from '../protocol/frame.ts';
import type { Cursor, Message } from '../types.ts';
import { toWire } from './cursor.ts';
import type { FeedOptions } from './feed-context.ts';
import type { Effect } from './step.ts';

export function subFrame(
  channel: string,
  { mode = 'log', rewind = 0, snapshot, pv }: FeedOptions,
  { k, cursor }: Extract<Effect, { type: 'sub' }>,
): Sub {
  const known = pv?.();
  return {
    t: 'sub',
    c: channel,
    k,
    ...(cursor !== null && { cur: toWire(cursor) }),
    ...(cursor === null && rewind > 0 && snapshot === undefined && { n: rewind }),
    ...(mode !== 'log' && { mode }),
    ...(known !== undefined && { pv: known }),
  };
}

/** @param cursor where it stands; null in mode `live` */
export function messageOf(channel: string, entry: Entry, cursor: Cursor | null, own: boolean): Message {
  const { e, d, id, ts = null, by = null } = entry;
  return { channel, event: e, data: d, id, sentAt: ts, by, own, cursor };
}

export function volatileMessage(channel: string, { e, d, id, by }: ServerTell): Message {
  return { channel, event: e, data: d, id, sentAt: null, by: by ?? null, own: false, cursor: null };
}
