import type { ChannelName, Contract, Out, PatternOf, PresenceOf, Untyped } from '../src/contract/contract.ts';

/** One page in a channel, as the back end sees it. */
export interface ServerMember<D = PresenceOf<Untyped, string>> {
  /** Of the page, in this channel: as clients see it. */
  readonly id: string;
  /** null: an anonymous visitor, or the rule does not show users. */
  readonly user: string | null;
  readonly data: D;
}

export type Members<C extends Contract<C>, N extends ChannelName<C>> = readonly ServerMember<
  Out<PresenceOf<C, PatternOf<C, N>>>
>[];
