import type { Pub, Result } from '../protocol/frame.ts';
import type { LaneRecord } from './record.ts';

export interface Answer<R> {
  readonly record: LaneRecord<R>;
  readonly result: Result;
  /** It had been answered before: news only if it was accepted then and is not now. */
  readonly again: boolean;
}

export interface Taken<R> {
  readonly frame: Pub;
  readonly records: readonly LaneRecord<R>[];
}

/** What one `take` may carry. */
export interface Room {
  readonly items: number;
  readonly bytes: number;
}

/** A `pub` that is under way. */
export interface Batch {
  readonly sequence: number;
  readonly count: number;
  readonly bytes: number;
  /** Of which rewind: an answer to what was sent before the last one moves nothing. */
  readonly round: number;
  readonly first: boolean;
  /** Items that had been answered. */
  readonly shown: number;
}
