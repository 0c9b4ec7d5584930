/** The frames that ask and are answered: `hist` and `req`, `cancel`, and `res`. */
import type { Entry, Payload, Refusal, WireCursor } from './frame.ts';

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
/** Runs a method of the app's server, once. */
export interface Req {
  readonly t: 'req';
  /** Unique in the page; comes back in `res`. */
  readonly id: string;
  readonly m: string;
  readonly d?: Payload;
  /** A repeat of it, from any page of the user, gets the first answer. */
  readonly key?: string;
  /** How long its caller still waits. */
  readonly timeout?: number;
}
/** Nobody waits for the answer any more. */
export interface Cancel {
  readonly t: 'cancel';
  readonly id: string;
}
/** The answer to `hist` and `req`. Without `err` it is a page, or the result `d`. */
export interface Res {
  readonly t: 'res';
  readonly id: string;
  /** `retry`: the same may be asked again. */
  readonly err?: Refusal & { readonly retry?: boolean; readonly after?: number };
  readonly d?: Payload;
  /** Epoch of the log that the offsets belong to. */
  readonly ep?: string;
  /** Consecutive, the oldest first. */
  readonly items?: readonly Entry[];
  /** The entry before the first item, if it is there and was asked for. */
  readonly older?: readonly [offset: number, tag: string];
  /** Entries that were asked for are gone. */
  readonly trimmed?: boolean;
}
