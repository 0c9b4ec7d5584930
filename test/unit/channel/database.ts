/** A database that the messages of the log model change, and an app that loads it as its channel's snapshot. */
import { fromWire } from '../../../src/channel/cursor.ts';
import type { Cursor } from '../../../src/types.ts';
import type { LogModel } from './log-model.ts';

/** Each is a round trip of its own: what happens meanwhile falls between. */
export type LoadStep = 'cursor' | 'data' | 'done';

/**
 * told: names no cursor, and reads the data after it was called. before: the cursor, then the data. cached: the same, from an
 * answer that may have been made for an earlier call. after: the data, then the cursor, which is wrong.
 */
export type Reading = 'told' | 'before' | 'cached' | 'after';

export interface Database {
  /** What the app shows. */
  readonly state: Set<string>;
  /** The loader is called, instead of a call that is under way. */
  call(): void;
  /** @returns what the loader returns; null while it is not done */
  load(step: LoadStep, log: LogModel): { readonly cursor: Cursor | null } | null;
}

export function createDatabase(reading: Reading): Database {
  let state = new Set<string>();
  let cursor: Cursor | null = null;
  let data: readonly string[] | null = null;
  const readCursor = (log: LogModel): void => void (cursor ??= fromWire(log.top));
  const readData = (log: LogModel): void => void (data ??= log.written);
  return {
    get state() {
      return state;
    },
    call() {
      if (reading === 'cached' && data !== null) return;
      cursor = null;
      data = null;
    },
    load(step, log) {
      if (step === 'cursor' && (reading !== 'after' || data !== null)) readCursor(log);
      if (step === 'data' && (reading === 'told' || reading === 'after' || cursor !== null)) readData(log);
      if (step !== 'done' || data === null) return null;
      if (reading === 'after') readCursor(log);
      const answer = { cursor: reading === 'told' ? null : cursor };
      state = new Set(data);
      // Used once: a cache that never learns would be out of step for ever.
      cursor = null;
      data = null;
      return answer;
    },
  };
}
