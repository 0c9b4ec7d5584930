/** The frames of presence. A file of its own, because frame.ts is full. */
import type { Payload, Refusal } from './frame.ts';

/**
 * What this page shows of itself. `k` counts the changes of the page, so that what comes late, or another way, is known as
 * late. Also among the opening frames, once for each channel that it has entered.
 */
export interface ClientPres {
  readonly t: 'pres';
  readonly c: string;
  /** enter: this connection is to hold it. update: one that is held has other data. */
  readonly op: 'enter' | 'update' | 'leave';
  readonly k: number;
  /** Under which others know the page in this channel: random, so that it says nothing of `client`. */
  readonly id: string;
  readonly d?: Payload;
}

/** One page in a channel, as others see it. */
export interface WireMember {
  readonly id: string;
  /** Of its last change: what has the same `id` and `k` is the same. */
  readonly k: number;
  readonly by?: string;
  readonly d?: Payload;
}

/** Who is there, or why it is not told, or why a page is not shown. */
export interface ServerPres {
  readonly t: 'pres';
  readonly c: string;
  /** What is known after it: random, and another one after each change. */
  readonly v?: string;
  /** What must be known before it. Absent: `set` is everybody. */
  readonly pv?: string;
  readonly set?: readonly WireMember[];
  readonly gone?: readonly string[];
  /** With `err`: of the `pres` that it answers. Absent: of the `sub`. */
  readonly k?: number;
  readonly err?: Refusal & { readonly retry?: boolean; readonly after?: number };
}
