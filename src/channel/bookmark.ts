/** Where a page stopped reading, kept for the next one (`resume: 'durable'`). */
import { HoldfastError } from '../errors.ts';
import type { Environment } from '../platform/environment.ts';
import { isCursor } from '../protocol/parse.ts';
import type { Cursor } from '../types.ts';
import { soon } from '../util/soon.ts';
import { fromWire, toWire } from './cursor.ts';

/** All bookmarks of one client; the tabs of a user share them. */
export interface Bookmarks {
  read(channel: string): Cursor | null;
  /** @param how forward: never back, for another tab may be ahead. moved: a reset led here. */
  write(channel: string, cursor: Cursor, how: 'forward' | 'moved'): void;
}

export function createBookmarks(
  environment: Environment,
  owner: readonly [url: string, user: string],
  report: (error: unknown) => void,
): Bookmarks {
  let failed = false;
  const keyOf = (channel: string): string => `holdfast:place:${JSON.stringify([...owner, channel])}`;
  const read = (channel: string): Cursor | null => {
    try {
      const kept: unknown = JSON.parse(environment.storage?.get(keyOf(channel)) ?? 'null');
      return isCursor(kept) ? fromWire(kept as Parameters<typeof fromWire>[0]) : null;
    } catch {
      return null;
    }
  };
  return {
    read,
    write(channel, cursor, how) {
      const kept = read(channel);
      const ahead = kept === null || (kept.epoch === cursor.epoch && kept.offset < cursor.offset);
      if (how === 'forward' && !ahead) return;
      const text = JSON.stringify(toWire(cursor));
      environment.storage?.set(keyOf(channel), text);
      // Storage that is full or blocked says nothing.
      if (failed || environment.storage?.get(keyOf(channel)) === text) return;
      failed = true;
      const message = `The place in channel '${channel}' cannot be stored: the next page begins at the top.`;
      report(new HoldfastError('storage-failed', message));
    },
  };
}

export interface Bookmark {
  /** Everything up to `cursor` was delivered; `work` is what handlers have still to do for it, and never rejects. */
  move(cursor: Cursor, work?: readonly Promise<unknown>[]): void;
  /** The state was loaded anew: what was under way no longer counts. */
  reset(): void;
}

export function createBookmark(bookmarks: Bookmarks, channel: string): Bookmark {
  /** Places whose work is under way; only the last of them may move on, so that there is one for each piece of work. */
  let waiting: { cursor: Cursor; done: boolean; readonly work: readonly Promise<unknown>[] }[] = [];
  let last: Cursor | null = null;
  let ready: Cursor | null = null;
  let how: 'forward' | 'moved' = 'forward';

  const write = (): void => {
    const cursor = ready;
    ready = null;
    if (cursor === null) return;
    const by = how;
    how = 'forward';
    bookmarks.write(channel, cursor, by);
  };
  const settle = (cursor: Cursor): void => {
    if (ready === null) soon(write);
    ready = cursor;
  };
  return {
    move(cursor, work = []) {
      if (cursor === last) return;
      last = cursor;
      const newest = waiting.at(-1);
      if (work.length === 0) {
        if (newest === undefined) settle(cursor);
        else newest.cursor = cursor;
        return;
      }
      // They wait for the same turn, which may be hours away.
      if (newest?.work.length === work.length && work.every((one) => newest.work.includes(one))) {
        newest.cursor = cursor;
        return;
      }
      const place = { cursor, done: false, work };
      waiting.push(place);
      void Promise.all(work).then(() => {
        place.done = true;
        while (waiting[0]?.done) settle(waiting.shift()!.cursor);
      });
    },
    reset() {
      waiting = [];
      ready = null;
      how = 'moved';
    },
  };
}
