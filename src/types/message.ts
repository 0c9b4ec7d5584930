import type { ResetReason } from '../protocol/frame.ts';
import type { Contract, Everything, Out, Pattern, Untyped } from '../contract/contract.ts';

/** A place in a channel's log: random epoch, contiguous offset from 1, tag of the entry there. */
export interface Cursor {
  readonly epoch: string;
  readonly offset: number;
  readonly tag: string;
}

export interface Reset {
  readonly channel: string;
  readonly why: ResetReason;
  readonly cursor: Cursor;
}

/** One of all events of a channel: `switch (message.event)` narrows `message.data`. */
export type Message<C extends Contract<C> = Untyped, P extends Pattern<C> = Pattern<C>> = {
  [E in keyof Everything<C, P> & string]: MessageOf<C, P, E>;
}[keyof Everything<C, P> & string];

export interface MessageOf<C extends Contract<C>, P extends Pattern<C>, E extends keyof Everything<C, P>> {
  readonly channel: string;
  readonly event: E;
  readonly data: Out<Everything<C, P>[E]>;
  readonly id: string;
  /** Server time; null on volatile messages. */
  readonly sentAt: number | null;
  /** Id of the user who sent it, if the server tells. */
  readonly by: string | null;
  /** Sent by this page, judged by its id: a hint for display, no proof of who sent it. */
  readonly own: boolean;
  /** Where it stands in the log; null on volatile messages and in mode `live`. */
  readonly cursor: Cursor | null;
}
