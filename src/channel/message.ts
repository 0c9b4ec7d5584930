import type { Entry } from '../protocol/frame.ts';
import type { Cursor, Message } from '../types.ts';

/** @param cursor where it stands; null in mode `live` */
export function messageOf(channel: string, entry: Entry, cursor: Cursor | null, own: boolean): Message {
  const { e, d, id, ts = null, by = null } = entry;
  return { channel, event: e, data: d, id, sentAt: ts, by, own, cursor };
}
