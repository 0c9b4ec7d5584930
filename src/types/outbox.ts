import type { HoldfastError } from '../errors.ts';
import type { Abortable, Readable } from './base.ts';
import type { Cursor } from './message.ts';

export interface PublishOptions extends Abortable {
  /** Give up after. The signal cancels as `cancel()` does. @default outbox.ttl, 72 h */
  readonly ttl?: number;
  /**
   * Of the unsent publications of this page with this key in this channel only the newest is kept (drafts, sliders); the
   * older end as `cancelled`. @default none
   */
  readonly replace?: string;
  /**
   * low: it may wait up to 100 ms, and goes with whatever is sent earlier. A later one of normal priority sends it at once,
   * since the order of a page's publications to a channel is kept. @default 'normal'
   */
  readonly priority?: 'normal' | 'low';
}

export interface Receipt {
  readonly id: string;
  /**
   * In the outbox, on disk only if `outbox.status` says `durable`. Rejects when storage refused it (it is still sent).
   * Resolves too if the server's answer came first.
   */
  readonly stored: Promise<void>;
  /** In the channel's log on the server. Rejects with HoldfastError for every other outcome. May take as long as the user is offline. */
  readonly accepted: Promise<Accepted>;
  readonly state: Readable<ReceiptState>;
  /** The truth may be "too late": resolves with the outcome. Rejects if the client ends before it is known. */
  cancel(): Promise<Outcome>;
}

export interface Accepted {
  /** Null if the server no longer knows where. */
  readonly cursor: Cursor | null;
  /** The server lost its memory in between, so an earlier copy may exist under the same id. */
  readonly maybeDuplicate: boolean;
}

export type ReceiptState =
  | { readonly state: 'pending'; readonly stored: boolean; readonly attempted: boolean }
  | { readonly state: 'settled'; readonly outcome: Outcome };

export interface OutcomeBase {
  readonly id: string;
  readonly channel: string;
  readonly event: string;
}

export type Outcome = OutcomeBase &
  (
    | ({ readonly result: 'accepted' } & Accepted)
    | { readonly result: 'rejected'; readonly error: HoldfastError }
    | { readonly result: 'cancelled' | 'expired' | 'closed' }
    /** May or may not have arrived; replaced by a later outcome if the truth becomes known. */
    | { readonly result: 'uncertain' }
    /** Was accepted, then the server lost it. */
    | { readonly result: 'lost' }
  );

export interface Outbox {
  /** Cheap counters; changes at most once a tick. */
  readonly status: Readable<OutboxStatus>;
  /** What is pending or failed, of every tab of this user, oldest first. Built when read. */
  readonly entries: Readable<readonly OutboxEntry[]>;
  /**
   * Resolves when nothing is pending, of this page or taken over from one that is gone; failed entries do not hold it.
   * Rejects with `aborted`, or `destroyed` if the client ends first.
   */
  drain(options?: Abortable): Promise<void>;
  /**
   * Withdraws a pending entry of this page, or of a page that is gone. The truth may be "too late": resolves with the
   * outcome. Rejects with `not-found` for another id, or where this page stands still first and leaves what it took over to
   * others (withdrawn, if that is stored by then); `destroyed` if the client ends before it is known.
   */
  cancel(id: string): Promise<Outcome>;
  /** Publishes a failed entry anew, under a new id, and forgets the old one. @throws HoldfastError `not-found`, `destroyed` */
  retry(id: string): Receipt;
  /** Forgets a failed entry. Rejects with `not-found`, `destroyed`, or `storage-failed` if it may come back. */
  discard(id: string): Promise<void>;
  /**
   * Before somebody else uses this computer: withdraws what can be withdrawn, and forgets all failures. What may have been
   * sent stays until the server has decided. Rejects with `destroyed` if the client has ended, or `storage-failed` if what
   * was stored may still be there.
   */
  clear(): Promise<void>;
}

export interface OutboxStatus {
  /** Of this page, and taken over from pages that are gone. */
  readonly pending: number;
  readonly failed: number;
  readonly bytes: number;
  /** false: publications live in this tab's memory only, and `problem` says why. */
  readonly durable: boolean;
  readonly problem: StoreProblem | 'none' | 'memory-store';
  /** Time of the oldest pending publication. */
  readonly oldest: number | null;
}

/**
 * unsupported: this platform has no such store. denied: it may not be used here (private mode, a frame, a policy). quota:
 * there is no room. blocked: a page of another version does not let go. broken: it failed.
 */
export type StoreProblem = 'unsupported' | 'denied' | 'quota' | 'blocked' | 'broken';

export interface OutboxEntry {
  readonly id: string;
  readonly channel: string;
  readonly event: string;
  readonly data: unknown;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** queued: not sent yet. sent: it may have arrived. failed: it ended, and waits for `retry` or `discard`. */
  readonly state: 'queued' | 'sent' | 'failed';
  /** It survives this page. */
  readonly stored: boolean;
  /** Published by this page, not by another tab or on an earlier visit. */
  readonly own: boolean;
  readonly error: HoldfastError | null;
}
