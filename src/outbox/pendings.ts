import type { Outcome } from '../types/outbox.ts';

export interface PendingPublication {
  readonly id: string;
  readonly event: string;
  readonly data: unknown;
}

export type PendingChange =
  { readonly type: 'added'; readonly publication: PendingPublication } | { readonly type: 'ended'; readonly outcome: Outcome };

/** Own publications that have not ended; adopted from pages that are gone too. */
export interface Pendings {
  /** The oldest first. */
  pendingIn(channel: string): readonly PendingPublication[];
  /** Told in the same step. @returns stops it */
  watchPending(channel: string, listener: (change: PendingChange) => void): () => void;
}
