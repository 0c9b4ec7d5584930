import type { ResetReason } from '../protocol/frame.ts';
import type { Untyped } from './base.ts';

/** A place in a channel's log: random epoch, contiguous offset from 1, tag of the entry there. */
export interface Cursor {
  readonly epoch: string;
  readonly offset: number;
  readonly tag: string;
}

export interface Reset {
  readonly channel: string;
  readonly why: ResetReason;
  readonly cursor: Cursor;
}

export interface Message {
  readonly channel: string;
  readonly event: string;
  readonly data: Untyped;
  readonly id: string;
  /** Server time; null on volatile messages. */
  readonly sentAt: number | null;
  /** Id of the user who sent it, if the server tells. */
  readonly by: string | null;
  /** Sent by this page, judged by its id: a hint for display, no proof of who sent it. */
  readonly own: boolean;
  /** Where it stands in the log; null on volatile messages and in mode `live`. */
  readonly cursor: Cursor | null;
}
