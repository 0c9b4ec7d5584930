/**
 * The public types. All times are milliseconds. Every promise of this library may be ignored: none ever becomes an
 * "unhandled rejection".
 */
import type {
  Args,
  ChannelName,
  Contract,
  Fitting,
  In,
  Out,
  PatternOf,
  RequestParams,
  RequestResult,
  RequestsOf,
  Untyped,
} from './contract/contract.ts';
import type { HoldfastError } from './errors.ts';
import type { Abortable, Readable, Stop } from './types/base.ts';
import type { Channel } from './types/channel.ts';
import type { Reset } from './types/message.ts';
import type { Outbox, Outcome } from './types/outbox.ts';
import type { RequestOptions } from './types/request.ts';

export type { Choice } from './connection/ladder.ts';
export type { Contract, ContractSchemas, ContractType, ContractValue, Untyped } from './contract/contract.ts';
export type { StandardSchema } from './contract/schema.ts';
export type { ErrorCode } from './errors.ts';
export type {
  ChannelOptions,
  ClientOptions,
  ComposeOptions,
  OutboxOptions,
  Snapshot,
  SnapshotContext,
  TimingOptions,
  TokenContext,
} from './options.ts';
export type { KeyRange, OpenStore, OutboxStore, StoreContext, StoreKey, StoreRow, StoreWrite } from './outbox/store.ts';
export type { Environment } from './platform/environment.ts';
export type { Codec } from './protocol/codec.ts';
export type { Mode, ResetReason } from './protocol/frame.ts';
export type { Transport } from './transports/transport.ts';
export type { Check, DiagnoseOptions, Diagnosis } from './types/diagnosis.ts';
export type { Abortable, Readable, Stop } from './types/base.ts';
export type {
  Channel,
  ChannelStatus,
  HistoryOptions,
  HistoryPage,
  MessagesOptions,
  Store,
  StoreDefinition,
  StoreStatus,
} from './types/channel.ts';
export type { SubscribeOptions } from './types/flow.ts';
export type { Cursor, Message, MessageOf, Reset } from './types/message.ts';
export type { Member, Presence, PresenceEvent } from './types/presence.ts';
export type { RequestOptions } from './types/request.ts';
export type {
  Accepted,
  Outbox,
  OutboxEntry,
  OutboxStatus,
  Outcome,
  OutcomeBase,
  PublishOptions,
  Receipt,
  ReceiptState,
  StoreProblem,
} from './types/outbox.ts';

// ---- client ----------------------------------------------------------------------------------------------------------

export interface Client<C extends Contract<C> = Untyped> extends Disposable {
  /** Connects now; without it the first subscription or publication does. Ends a pause, but no wait: see `retryNow`. */
  connect(): void;
  /** Pauses: keeps every subscription and publication for `connect`, and opens nothing before it. */
  disconnect(): void;
  /** Ends a wait now (a "Try again" button). No effect unless waiting or offline. */
  retryNow(): void;
  /** Final: no timer, listener or socket is left. */
  destroy(): void;
  readonly status: Readable<Status>;
  /** For banners: says nothing during the first 2 s of downtime (`timing.uiGrace`), and does not flicker. */
  readonly uiStatus: Readable<UiStatus>;
  /**
   * Same name, same handle. A handle holds nothing; what you start on it does.
   * @throws HoldfastError `invalid-name`, `destroyed`
   */
  channel<N extends ChannelName<C>>(name: Fitting<C, N>): Channel<C, PatternOf<C, N>>;
  /**
   * Runs a method of the server: exactly one answer, or one error; at most once, unless a `key` makes it safe to repeat.
   * Rejects with `timeout`, `connection-lost` (sent, and the connection ended: outcome unknown), `unknown-outcome`, `aborted`,
   * `app` (`details.appCode`), `not-found`, `forbidden`, `invalid`, `too-large`, `rate-limited`, `unavailable`,
   * `token-expired` or `unsupported`.
   * @throws HoldfastError `invalid-name`, `invalid-option`, `destroyed`
   */
  request<M extends keyof RequestsOf<C> & string>(
    method: M,
    ...args: Args<In<RequestParams<C, M>>, RequestOptions>
  ): Promise<Out<RequestResult<C, M>>>;
  readonly outbox: Outbox;
  on<E extends keyof ClientEvents>(event: E, handler: (payload: ClientEvents[E]) => void, options?: Abortable): Stop;
}

export interface ClientEvents {
  /** What no caller could be told: a handler that threw, a publication that nobody awaited. @default console.error */
  readonly error: HoldfastError;
  /** A channel lost continuity. Told before any further message of it. */
  readonly reset: Reset;
  /** The end of a publication. */
  readonly outcome: Outcome;
  /** Every decision of the connection, for logs and devtools. */
  readonly trace: Trace;
}

export interface Trace {
  readonly at: number;
  readonly name: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

export type Status =
  | { readonly state: 'idle' }
  | { readonly state: 'connecting'; readonly attempt: number; readonly transport: string; readonly reason: Reason | null }
  | {
      readonly state: 'connected';
      readonly transport: string;
      readonly since: number;
      /** ms, null until measured */
      readonly roundTrip: number | null;
    }
  | { readonly state: 'waiting'; readonly attempt: number; readonly retryAt: number; readonly reason: Reason }
  /** The browser says there is no network; a hint, so a slow retry goes on. */
  | { readonly state: 'offline'; readonly attempt: number; readonly retryAt: number; readonly reason: Reason }
  /** Final. */
  | { readonly state: 'closed'; readonly reason: Reason };

/** Why the last connection ended. */
export interface Reason {
  /** Who ended it. */
  readonly by: 'app' | 'client' | 'server' | 'network' | 'browser';
  /** transport: the socket closed or failed. session: a `bye`, silence, a bad frame, a token. */
  readonly layer: 'transport' | 'session';
  /** WebSocket close code, or a code of this protocol. */
  readonly code: number;
  readonly name: string;
  readonly transport: string | null;
  /** Whether the transport had opened. */
  readonly opened: boolean;
  /**
   * What the page was like: hidden (its timers are slowed down); frozen by the browser, or in the back/forward cache, since
   * the connection was last heard of; asleep with its machine since then (or kept busy for more than 3 s, which looks the
   * same from inside); or none of these.
   */
  readonly page: 'visible' | 'hidden' | 'frozen' | 'asleep';
  /** ms, null if never measured */
  readonly lastRoundTrip: number | null;
  readonly error: HoldfastError | null;
}

/**
 * `hidden` means: show no banner. Downtime adds up over connections that do not last 10 s, and counts only while the page is
 * shown; `since` is when the present downtime began.
 */
export type UiStatus =
  | { readonly banner: 'hidden' }
  | { readonly banner: 'connecting' | 'reconnecting' | 'offline'; readonly since: number; readonly retryAt: number | null }
  /** Final. `error` is null if the app itself ended the client. */
  | { readonly banner: 'ended'; readonly since: number; readonly error: HoldfastError | null };
