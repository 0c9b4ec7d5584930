import type { Args, Contract, In, Out, Pattern, PresenceOf, Untyped } from '../contract/contract.ts';
import type { Abortable, Readable, Stop } from './base.ts';

export interface Presence<C extends Contract<C> = Untyped, P extends Pattern<C> = Pattern<C>> {
  /**
   * Shows this page to others, with `data`, until every caller has stopped. Calling again replaces the data. Holds the channel;
   * after each loss of the connection the page enters again by itself. At most 1 KiB of JSON by default, no bytes. A refusal
   * by the server goes to `client.on('error')`.
   * @throws HoldfastError `invalid`, `too-large`, `destroyed`
   */
  enter(...args: Args<In<PresenceOf<C, P>>, Abortable>): Stop;
  /**
   * Replaces the data of a page that has entered.
   * @throws HoldfastError `invalid`, `too-large`, `destroyed`, `invalid-option` (it has not entered)
   */
  update(...args: Args<In<PresenceOf<C, P>>, never>): void;
  /**
   * Who is there, this page included if it has entered; the longest there first. Who subscribes holds the channel. Empty before
   * the server has told, and as last told while there is no connection. A member that did not change is the same object, a
   * list that did not change the same array.
   */
  readonly members: Readable<readonly Member<Out<PresenceOf<C, P>>>[]>;
  /**
   * What changes among the members from the first list on, which is told as none of these. Holds the channel.
   * @throws HoldfastError `destroyed`
   */
  on(event: PresenceEvent, handler: (member: Member<Out<PresenceOf<C, P>>>) => void, options?: Abortable): Stop;
}

export type PresenceEvent = 'join' | 'update' | 'leave';

/** One page of one user: the same user in two tabs is two members. */
export interface Member<D = PresenceOf<Untyped, string>> {
  /** Of this page in this channel, random. */
  readonly id: string;
  /** As the server vouches for it; null: anonymous, or not shown. */
  readonly user: string | null;
  /** This very page. */
  readonly self: boolean;
  readonly data: D;
}
