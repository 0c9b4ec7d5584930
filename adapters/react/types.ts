import type { Context, ReactElement, ReactNode } from 'react';
import type {
  Channel,
  Client,
  Contract,
  Member,
  MessageOf,
  Outcome,
  PublishOptions,
  Receipt,
  RequestOptions,
  Status,
  StoreDefinition,
  UiStatus,
  Untyped,
} from 'holdfast';
import type {
  Args,
  ChannelName,
  Everything,
  Fitting,
  In,
  Logged,
  Out,
  Pattern,
  PatternOf,
  PresenceOf,
  RequestParams,
  RequestResult,
  RequestsOf,
  Volatile,
} from 'holdfast/contract';
import type { Asking } from '../shared/requester.ts';
import type { OutboxView } from '../shared/client-views.ts';
import type { Flow } from '../shared/latest.ts';
import type { MessageList } from '../shared/messages.ts';
import type { PresenceHookOptions } from '../shared/presence.ts';
import type { StoreView } from '../shared/store.ts';

/**
 * Nothing happens on a server, at import or in a render. What a hook returns is the same object until something in it
 * changes. The name null switches a hook off. All of them throw outside of a Provider.
 */
export interface Hooks<C extends Contract<C> = Untyped> {
  readonly Provider: (props: { readonly client: Client<C>; readonly children?: ReactNode }) => ReactElement;
  readonly context: Context<Client<C> | null>;
  useClient(): Client<C>;
  useStatus(): Status;
  useUiStatus(): UiStatus;
  /**
   * The handle; it holds no subscription by itself.
   * @throws HoldfastError `invalid-name`, `destroyed`
   */
  useChannel<N extends ChannelName<C>>(name: Fitting<C, N>): Channel<C, PatternOf<C, N>>;
  /** Calls the handler of the latest render; subscribes anew only for another name, event or flow option. */
  useSubscription<N extends ChannelName<C>, E extends keyof Everything<C, PatternOf<C, N>> & string>(
    name: Fitting<C, N> | null,
    event: E,
    handler: (data: Out<Everything<C, PatternOf<C, N>>[E]>, message: MessageOf<C, PatternOf<C, N>, E>) => void,
    flow?: Flow<Out<Everything<C, PatternOf<C, N>>[E]>>,
  ): void;
  /**
   * The newest messages of the log, oldest first, with paging into the past. Components that ask for the same share one list.
   * @throws HoldfastError `invalid-option`
   */
  useMessages<N extends ChannelName<C>, E extends keyof Logged<C, PatternOf<C, N>> & string>(
    name: Fitting<C, N> | null,
    options?: MessagesHookOptions<E>,
  ): MessageList<{ [X in E]: MessageOf<C, PatternOf<C, N>, X> }[E]>;
  /** The newest data of an event, null before the first. With the next animation frame, unless `frame` is false. */
  useLatest<N extends ChannelName<C>, E extends keyof Everything<C, PatternOf<C, N>> & string>(
    name: Fitting<C, N> | null,
    event: E,
    flow?: Flow<Out<Everything<C, PatternOf<C, N>>[E]>>,
  ): Out<Everything<C, PatternOf<C, N>>[E]> | null;
  /** The newest data of each key, for tables and tickers; as `useLatest` by animation frame. */
  useLatestBy<N extends ChannelName<C>, E extends keyof Everything<C, PatternOf<C, N>> & string, K extends PropertyKey>(
    name: Fitting<C, N> | null,
    event: E,
    key: (data: Out<Everything<C, PatternOf<C, N>>[E]>) => K,
    flow?: Omit<Flow<Out<Everything<C, PatternOf<C, N>>[E]>>, 'conflate'>,
  ): ReadonlyMap<K, Out<Everything<C, PatternOf<C, N>>[E]>>;
  usePublish<N extends ChannelName<C>>(name: Fitting<C, N>): PublishHook<C, PatternOf<C, N>>;
  /** Who is there. Enters while mounted, if `enter` is given. */
  usePresence<N extends ChannelName<C>>(
    name: Fitting<C, N> | null,
    options?: PresenceHookOptions<In<PresenceOf<C, PatternOf<C, N>>>>,
  ): readonly Member<Out<PresenceOf<C, PatternOf<C, N>>>>[];
  useOutbox(): OutboxView;
  /**
   * One store for all components with this name and this definition, which is known by its identity. One that is written in the
   * component makes a store for that component alone, which keeps the first `initial` and calls the `load` and `reduce` of the
   * latest render. So for one component definitions with the same code count as one, wherever they were made: to change what
   * they close over for a state that is there already, give the component another `key`.
   */
  useStore<N extends ChannelName<C>, S>(
    name: Fitting<C, N> | null,
    definition: StoreDefinition<S, C, NoInfer<PatternOf<C, N>>>,
  ): StoreView<S>;
  /** `run` asks; a new one gives up the one before, and so does unmounting. Its promise may be ignored. */
  useRequest<M extends keyof RequestsOf<C> & string>(
    method: M,
  ): RequestHook<Args<In<RequestParams<C, M>>, RequestOptions>, Out<RequestResult<C, M>>>;
}

export interface RequestHook<A extends unknown[], R> extends Asking<R> {
  run(...args: A): Promise<R>;
  /** Gives up what is under way, and forgets answer and error. */
  reset(): void;
}

export interface MessagesHookOptions<E extends string = string> {
  /** @default all of the log */
  readonly events?: readonly E[];
  /** Beyond these the oldest are let go; what `loadOlder` brought is kept besides. @default 100 */
  readonly limit?: number;
  /** Past messages to begin with, and in each older page; at most 499. With 0 nothing is read before `loadOlder`. @default 50 */
  readonly rewind?: number;
}

export interface PublishHook<C extends Contract<C> = Untyped, P extends Pattern<C> = Pattern<C>> {
  /** As `channel.publish`. */
  publish<E extends keyof Logged<C, P> & string>(event: E, ...args: Args<In<Logged<C, P>[E]>, PublishOptions>): Receipt;
  /** As `channel.publishVolatile`. */
  publishVolatile<E extends keyof Volatile<C, P> & string>(event: E, ...args: Args<In<Volatile<C, P>[E]>, never>): boolean;
  /** Publications of this component without an outcome. */
  readonly pending: number;
  /** The last of them that did not end as accepted. */
  readonly failed: Outcome | null;
}
