import type { Choice } from '../connection/ladder.ts';

export interface DiagnoseOptions {
  /** Ends it: rejects with `aborted`. @default none */
  readonly signal?: AbortSignal;
  /** Of each check, ms. @default 5000 */
  readonly timeout?: number;
}

/** What `diagnose()` found. */
export interface Diagnosis {
  /** Every check passed. A client that has several transports may work well although one of them does not. */
  readonly ok: boolean;
  /** A few lines to paste into a bug report: version, address without its query, checks, choices. No token and no payload. */
  readonly summary: string;
  /** `network`, `token` (if there is a `getToken`), `outbox`, and one for each transport, by its name and in the client's order. */
  readonly checks: readonly Check[];
  /** Which transports carried the client so far, and why these; the newest last, at most 20. */
  readonly choices: readonly Choice[];
}

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** How long it took; of a transport that works, until the server had answered a `ping` over it. */
  readonly ms: number;
  /** What is wrong, in one sentence; null if nothing is. */
  readonly problem: string | null;
  /** What to do about it, with the lines for a proxy where they are the remedy; null if nothing is wrong. */
  readonly remedy: string | null;
}
