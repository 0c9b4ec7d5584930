import type { Abortable } from './base.ts';

/** The signal gives up the wait, and asks the server to stop; it may have been done all the same. */
export interface RequestOptions extends Abortable {
  /**
   * Makes it safe to repeat: what was begun under the key is not run again, and each repeat, also from another page of the
   * user, gets the first answer. 1 to 256 characters; the server keeps it for 5 min. @default none: runs at most once
   */
  readonly key?: string;
  /** ms from the call to the answer, the wait for a connection included. @default timing.requestTimeout, 10_000 */
  readonly timeout?: number;
}
