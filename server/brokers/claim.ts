import type { Res } from '../../src/protocol/question.ts';

/** The right to run a request, which one server gets and all others are told of (invariant I11). */
export interface Claim {
  /** Whose request, and which: at most about 800 units. */
  readonly name: string;
  /** Random; says whose claim it is that is completed. */
  readonly by: string;
  /** ms from now within which it is to be completed. */
  readonly limit: number;
  /** ms for which it is remembered beyond its limit, and its answer beyond its completion. */
  readonly life: number;
}

export type Claimed =
  /** Nobody had it: run. */
  | { readonly state: 'claimed' }
  /** Someone runs it, and has time left. */
  | { readonly state: 'running' }
  | { readonly state: 'answered'; readonly answer: Answer }
  /** Its limit has passed without an answer, or its answer is not kept any more. Never again `claimed` within its life. */
  | { readonly state: 'unknown' };

/** What a request was answered. */
export type Answer = Pick<Res, 'd' | 'err'>;

export interface Completion {
  readonly name: string;
  /** As in the claim; nothing is done if another one holds it. */
  readonly by: string;
  /** null: nothing was done, the claim is given back. */
  readonly answer: Answer | null;
  /** Of the answer, about, bytes. */
  readonly size: number;
  /** ms */
  readonly life: number;
}
