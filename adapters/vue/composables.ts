import type { ComputedRef, MaybeRefOrGetter, Plugin } from 'vue';
import type {
  Channel,
  Client,
  Contract,
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
  In,
  Logged,
  Out,
  Pattern,
  PatternOf,
  RequestParams,
  RequestResult,
  RequestsOf,
  Volatile,
} from 'holdfast/contract';
import type { OutboxView } from '../shared/client-views.ts';
import type { Flow } from '../shared/latest.ts';
import type { MessageListOptions } from '../shared/messages.ts';
import type { Asking } from '../shared/requester.ts';
import type { StoreView } from '../shared/store.ts';
import type { MessageRefs } from './messages.ts';
import type { Ref, Refs } from './source.ts';

/** What is given as `name` may be a ref or a getter: another name is followed at once; null switches the composable off. */
type Name<N> = MaybeRefOrGetter<N | null>;
type EventOf<C, N extends string> = keyof Everything<C, PatternOf<C, N>> & string;
type DataOf<C, N extends string, E extends EventOf<C, N>> = Out<Everything<C, PatternOf<C, N>>[E]>;

export interface Composables<C extends Contract<C> = Untyped> {
  /** `app.use(plugin, client)` */
  readonly plugin: Plugin<[client: Client<C>]>;
  /** @throws Error where the plugin was not installed */
  useClient(): Client<C>;
  useStatus(): Ref<Status>;
  /** For banners: says nothing during the first 2 s of downtime, and does not flicker. */
  useUiStatus(): Ref<UiStatus>;
  /** The handle. It holds no subscription. */
  useChannel<N extends ChannelName<C>>(name: MaybeRefOrGetter<N>): ComputedRef<Channel<C, PatternOf<C, N>>>;
  /** Calls `handler` for each message of one event, logged or volatile, while the component is mounted. */
  useSubscription<N extends ChannelName<C>, E extends EventOf<C, N>>(
    name: Name<N>,
    event: E,
    handler: (data: DataOf<C, N, E>, message: MessageOf<C, PatternOf<C, N>, E>) => void,
    flow?: Flow<DataOf<C, N, E>>,
  ): void;
  /** The newest messages of the log, oldest first, with paging into the past. */
  useMessages<N extends ChannelName<C>, E extends keyof Logged<C, PatternOf<C, N>> & string>(
    name: Name<N>,
    options?: Omit<MessageListOptions, 'events'> & { /** @default all */ readonly events?: readonly E[] },
  ): MessageRefs<{ [K in E]: MessageOf<C, PatternOf<C, N>, K> }[E]>;
  /** The newest message's data; null before the first. Delivered by animation frame unless `flow` says otherwise. */
  useLatest<N extends ChannelName<C>, E extends EventOf<C, N>>(
    name: Name<N>,
    event: E,
    flow?: Flow<DataOf<C, N, E>>,
  ): Ref<DataOf<C, N, E> | null>;
  /** The newest data of each key, for tables and tickers. Delivered by animation frame unless `flow` says otherwise. */
  useLatestBy<N extends ChannelName<C>, E extends EventOf<C, N>, K extends PropertyKey>(
    name: Name<N>,
    event: E,
    key: (data: DataOf<C, N, E>) => K,
    flow?: Omit<Flow<DataOf<C, N, E>>, 'conflate'>,
  ): Ref<ReadonlyMap<K, DataOf<C, N, E>>>;
  usePublish<N extends ChannelName<C>>(name: MaybeRefOrGetter<N>): Publisher<C, PatternOf<C, N>>;
  useOutbox(): Refs<OutboxView>;
  /**
   * Optimistic state. Components with the same name and the same definition share one store, so `definition` belongs into
   * module scope.
   */
  useStore<N extends ChannelName<C>, S>(
    name: Name<N>,
    definition: StoreDefinition<S, C, NoInfer<PatternOf<C, N>>>,
  ): Refs<StoreView<S>>;
  /** `run` asks; a new one gives up the one before, and so does the end of the component. Its promise may be ignored. */
  useRequest<M extends keyof RequestsOf<C> & string>(
    method: M,
  ): RequestRefs<Args<In<RequestParams<C, M>>, RequestOptions>, Out<RequestResult<C, M>>>;
}

export interface RequestRefs<A extends unknown[], R> extends Refs<Asking<R>> {
  run(...args: A): Promise<R>;
  /** Gives up what is under way, and forgets answer and error. */
  reset(): void;
}

export interface Publisher<C extends Contract<C> = Untyped, P extends Pattern<C> = Pattern<C>> {
  publish<E extends keyof Logged<C, P> & string>(event: E, ...args: Args<In<Logged<C, P>[E]>, PublishOptions>): Receipt;
  publishVolatile<E extends keyof Volatile<C, P> & string>(event: E, ...args: Args<In<Volatile<C, P>[E]>, never>): boolean;
  /** Publications of this component without an outcome. */
  readonly pending: Ref<number>;
  /** The last of them that did not end as accepted. */
  readonly failed: Ref<Outcome | null>;
}
