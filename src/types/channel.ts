import type {
  Args,
  Contract,
  Everything,
  In,
  Logged,
  Out,
  Pattern,
  SnapshotOf,
  Untyped,
  Volatile,
} from '../contract/contract.ts';
import type { HoldfastError } from '../errors.ts';
import type { ResetReason } from '../protocol/frame.ts';
import type { Abortable, Readable, Stop } from './base.ts';
import type { SubscribeOptions } from './flow.ts';
import type { Cursor, Message, MessageOf, Reset } from './message.ts';
import type { PublishOptions, Receipt } from './outbox.ts';
import type { Presence } from './presence.ts';

export interface Channel<C extends Contract<C> = Untyped, P extends Pattern<C> = Pattern<C>> {
  readonly name: string;
  readonly status: Readable<ChannelStatus>;
  /**
   * One event, logged or volatile.
   * @throws HoldfastError `invalid-name`, `invalid-option`, `destroyed`
   */
  subscribe<E extends keyof Everything<C, P> & string>(
    event: E,
    handler: (data: Out<Everything<C, P>[E]>, message: MessageOf<C, P, E>) => void,
    options?: SubscribeOptions<Out<Everything<C, P>[E]>>,
  ): Stop;
  /**
   * Every event.
   * @throws HoldfastError `invalid-option`, `destroyed`
   */
  subscribeAll(handler: (message: Message<C, P>) => void, options?: SubscribeOptions<Message<C, P>['data']>): Stop;
  /**
   * The same for `for await`; ends with the signal or `break`. Holds at most 1000 messages, then throws `too-slow`; throws
   * what closed the channel (a refusal, `destroyed`).
   */
  messages(options?: MessagesOptions<keyof Everything<C, P> & string>): AsyncIterableIterator<Message<C, P>>;
  /**
   * Ordered, exactly once in the log: kept in the outbox until the server has decided.
   * @throws HoldfastError `invalid-name`, `invalid-option`, `destroyed`; everything else comes through the receipt
   */
  publish<E extends keyof Logged<C, P> & string>(event: E, ...args: Args<In<Logged<C, P>[E]>, PublishOptions>): Receipt;
  /**
   * Volatile: at most once, to whoever listens now, never stored, not echoed to this page. `false`: not connected or too
   * busy, so dropped.
   * @throws HoldfastError `invalid-name`, `invalid`, `too-large`, `destroyed`
   */
  publishVolatile<E extends keyof Volatile<C, P> & string>(event: E, ...args: Args<In<Volatile<C, P>[E]>, never>): boolean;
  /**
   * Continuity was lost: load again. Messages wait until the returned promise resolves; a returned cursor says where to go
   * on. With several handlers all run, and the lowest returned cursor wins. Not called if the channel has a `snapshot`.
   * @throws HoldfastError `destroyed`
   */
  onReset(handler: (reset: Reset) => void | Cursor | Promise<void | Cursor>, options?: Abortable): Stop;
  /**
   * Messages of the past: a page of them, and from there the older ones. Connects, and needs no subscription. A page whose
   * connection ends is asked for again. Rejects with `not-found` if `from` or `to` is no place of the present log, `forbidden`
   * or `app` (the rule for subscribers), `unsupported` (a channel without a log, an old server), `timeout` (no answer within
   * 10 s on one connection, or within 30 s in all, the wait for a connection included), `unavailable`, `rate-limited`,
   * `destroyed`, and `aborted` with the signal's reason as its cause.
   * @throws HoldfastError `invalid-option`, `destroyed`
   */
  history(options?: HistoryOptions): Promise<HistoryPage<C, P>>;
  /**
   * Optimistic state: snapshot, messages, and your own pending publications on top. Held until disposed.
   * @throws HoldfastError `invalid-option`, `destroyed`
   */
  store<S>(definition: StoreDefinition<S, C, P>): Store<S>;
  /** Who is there, and whether this page is shown. A server without presence is told by `unsupported`, once. */
  readonly presence: Presence<C, P>;
}

export interface MessagesOptions<E extends string = string> extends Abortable {
  /** @default all */
  readonly events?: readonly E[];
  /** Throw `continuity-lost` instead of going on after a reset. @default false */
  readonly throwOnReset?: boolean;
}

export type ChannelStatus =
  | { readonly state: 'idle' }
  | { readonly state: 'subscribing' }
  /** `lossy`: volatile messages may be missed between two polls. */
  | { readonly state: 'live'; readonly lossy: boolean }
  /** `first`: the snapshot is being loaded, and the place was not lost. */
  | { readonly state: 'recovering'; readonly why: ResetReason | 'reconnect' | 'first' }
  | { readonly state: 'closed'; readonly error: HoldfastError };

export interface HistoryOptions extends Abortable {
  /** At most 500. @default 50 */
  readonly limit?: number;
  /** The oldest message that is wanted. @default the beginning of the log */
  readonly from?: Cursor;
  /** The newest message that is wanted. @default the end of the log */
  readonly to?: Cursor;
}

export interface HistoryPage<C extends Contract<C> = Untyped, P extends Pattern<C> = Pattern<C>> {
  /** Newest first. */
  readonly messages: readonly Message<C, P>[];
  /** The page before; null if there is none. */
  readonly older: ((options?: Abortable) => Promise<HistoryPage<C, P>>) | null;
  /** Older messages that were asked for existed, and are gone. */
  readonly trimmed: boolean;
}

export interface StoreDefinition<S, C extends Contract<C> = Untyped, P extends Pattern<C> = Pattern<C>> {
  /** Before anything is known, and on the server. */
  readonly initial: S;
  /** From the data of the channel's snapshot to state. @default the data itself */
  readonly load?: (data: Out<SnapshotOf<C, P>>) => S;
  /**
   * Pure; set by id, do not count: a message may be in the snapshot already. Also run for your own pending publications.
   */
  readonly reduce: (state: S, message: Message<C, P> & { readonly pending: boolean }) => S;
}

export interface Store<S> extends Readable<S>, Disposable {
  readonly status: Readable<StoreStatus>;
}

export interface StoreStatus {
  /** loading: the snapshot has not come. stale: it was live, and is not at the moment. closed: not live any more, but if a refused channel is subscribed anew. */
  readonly state: 'loading' | 'live' | 'stale' | 'closed';
  /** Own publications that are shown and not confirmed. */
  readonly pending: number;
  readonly error: HoldfastError | null;
}
