import type { Abortable, Readable, Stop, Untyped } from './base.ts';

export interface Presence {
  /**
   * Shows this page to others, with `data`, until every caller has stopped. Calling again replaces the data. Holds the channel;
   * after each loss of the connection the page enters again by itself. At most 1 KiB of JSON by default, no bytes. A refusal
   * by the server goes to `client.on('error')`.
   * @throws HoldfastError `invalid`, `too-large`, `destroyed`
   */
  enter(data?: Untyped, options?: Abortable): Stop;
  /**
   * Replaces the data of a page that has entered.
   * @throws HoldfastError `invalid`, `too-large`, `destroyed`, `invalid-option` (it has not entered)
   */
  update(data?: Untyped): void;
  /**
   * Who is there, this page included if it has entered; the longest there first. Who subscribes holds the channel. Empty before
   * the server has told, and as last told while there is no connection. A member that did not change is the same object, a
   * list that did not change the same array.
   */
  readonly members: Readable<readonly Member[]>;
  /**
   * What changes among the members from the first list on, which is told as none of these. Holds the channel.
   * @throws HoldfastError `destroyed`
   */
  on(event: PresenceEvent, handler: (member: Member) => void, options?: Abortable): Stop;
}

export type PresenceEvent = 'join' | 'update' | 'leave';

/** One page of one user: the same user in two tabs is two members. */
export interface Member {
  /** Of this page in this channel, random. */
  readonly id: string;
  /** As the server vouches for it; null: anonymous, or not shown. */
  readonly user: string | null;
  /** This very page. */
  readonly self: boolean;
  readonly data: Untyped;
}
