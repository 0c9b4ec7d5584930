/** What pages read of the past: a stretch of one branch, the newest first. */
import type { Cursor, Message } from '../../src/types.ts';
import type { Logs } from './oracle-logs.ts';

type Fail = (invariant: string, sentence: string) => void;

/** @param messages of consecutive pages */
export function checkPast(logs: Logs, fail: Fail, page: number, channel: string, messages: readonly Message[]): void {
  let newer: { readonly place: string; readonly cursor: Cursor; readonly previous: string } | null = null;
  for (const { id, cursor } of messages) {
    if (cursor === null) return fail('I6', `page ${page} read ${id} of ${channel} without a place`);
    const place = `${channel} ${cursor.epoch}:${cursor.offset}`;
    const standing = logs.at(channel, cursor);
    if (standing?.id !== id) return fail('I6', `page ${page} read ${id} as ${place}, where it stands in no branch`);
    if (newer !== null && (newer.cursor.epoch !== cursor.epoch || newer.cursor.offset !== cursor.offset + 1)) {
      return fail('I5', `page ${page} read ${place} after ${newer.place}`);
    }
    if (newer !== null && newer.previous !== cursor.tag) {
      return fail('I6', `page ${page} read ${place}, which does not stand before ${newer.place}`);
    }
    newer = { place, cursor, previous: standing.previous };
  }
}

/** When nothing is appended any more: from the top down to the first entry, or to what is gone. */
export function checkWhole(
  fail: Fail,
  page: number,
  channel: string,
  [newest, ...rest]: readonly Message[],
  top: Cursor,
  trimmed: boolean,
): void {
  // prettier-ignore
  const at = newest?.cursor ?? null;
  const isTop = at === null ? top.offset === 0 || trimmed : at.offset === top.offset && at.tag === top.tag;
  if (!isTop) fail('I7', `page ${page} read ${channel} up to ${at?.offset ?? 'nothing'}, the top is ${top.offset}`);
  const oldest = (rest.at(-1) ?? newest)?.cursor?.offset ?? 1;
  if (trimmed !== oldest > 1 && newest !== undefined) {
    fail('I7', `page ${page} read ${channel} down to ${oldest}, and was told that ${trimmed ? 'older ones are gone' : 'there was nothing older'}`);
  } // prettier-ignore
}
