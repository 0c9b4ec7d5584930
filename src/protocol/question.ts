/** What is asked, and answered by its id. */
import type { Entry, Refusal, WireCursor } from './frame.ts';

/** Asks for a page of the past: the `n` newest entries from `from` to `to`, both included. */
export interface Hist {
  readonly t: 'hist';
  /** Unique in the page; comes back in `res`. */
  readonly id: string;
  readonly c: string;
  /** Absent: the beginning of the log. */
  readonly from?: WireCursor;
  /** Absent: its top. */
  readonly to?: WireCursor;
  readonly n: number;
}

/** The answer to `hist`. Without `err` it is a page. */
export interface Res {
  readonly t: 'res';
  readonly id: string;
  readonly err?: Refusal & { readonly after?: number };
  /** Epoch of the log that the offsets belong to. */
  readonly ep?: string;
  /** Consecutive, the oldest first. */
  readonly items?: readonly Entry[];
  /** The entry before the first item, if it is there and was asked for. */
  readonly older?: readonly [offset: number, tag: string];
  /** Entries that were asked for are gone. */
  readonly trimmed?: boolean;
}
