import type { ServerTell } from '../protocol/frame.ts';
import type { Cursor, Message } from '../types.ts';
import type { Placed } from './step.ts';

/** @param cursor null in mode `live` */
export function loggedMessage(
  channel: string,
  { e, d, id, ts, by }: Placed['entry'],
  own: boolean,
  cursor: Cursor | null,
): Message {
  return { channel, event: e, data: d, id, sentAt: ts ?? null, by: by ?? null, own, cursor };
}

export function volatileMessage(channel: string, { e, d, id, by }: ServerTell): Message {
  return { channel, event: e, data: d, id, sentAt: null, by: by ?? null, own: false, cursor: null };
}
