/**
 * The public types. All times are milliseconds. Every promise of this library may be ignored: none ever becomes an
 * "unhandled rejection".
 */
import type { HoldfastError } from './errors.ts';
import type { ResetReason } from './protocol/frame.ts';

export type { Choice } from './connection/ladder.ts';
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
export type { OutboxStore } from './outbox/store.ts';
export type { Environment } from './platform/environment.ts';
export type { Codec } from './protocol/codec.ts';
export type { Mode, ResetReason } from './protocol/frame.ts';
export type { Transport } from './transports/transport.ts';
export type { Check, DiagnoseOptions, Diagnosis } from './types/diagnosis.ts';

/** Payloads of a client without a contract. The only `any` of this library: `unknown` would need a cast in every handler. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Untyped = any;

// ---- the contract of every adapter -----------------------------------------------------------------------------------

/** `get()` returns the same object until it changes; `subscribe` tells that it changed. */
export interface Readable<T> {
  get(): T;
  subscribe(listener: () => void): Stop;
}

/** Idempotent. `using stop = …` works too. */
export interface Stop {
  (): void;
  [Symbol.dispose](): void;
}

export interface Abortable {
  /** @default none */
  readonly signal?: AbortSignal;
}

// ---- client ----------------------------------------------------------------------------------------------------------

export interface Client extends Disposable {
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
  channel(name: string): Channel;
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

// ---- channel ---------------------------------------------------------------------------------------------------------

export interface Channel {
  readonly name: string;
  readonly status: Readable<ChannelStatus>;
  /**
   * One event, logged or volatile.
   * @throws HoldfastError `invalid-name`, `destroyed`
   */
  subscribe(event: string, handler: (data: Untyped, message: Message) => void, options?: Abortable): Stop;
  /**
   * Every event.
   * @throws HoldfastError `destroyed`
   */
  subscribeAll(handler: (message: Message) => void, options?: Abortable): Stop;
  /**
   * The same for `for await`; ends with the signal or `break`. Holds at most 1000 messages, then throws `too-slow`; throws
   * what closed the channel (a refusal, `destroyed`).
   */
  messages(options?: MessagesOptions): AsyncIterableIterator<Message>;
  /**
   * Ordered, exactly once in the log: kept in the outbox until the server has decided.
   * @throws HoldfastError `invalid-name`, `invalid-option`, `destroyed`; everything else comes through the receipt
   */
  publish(event: string, data?: Untyped, options?: PublishOptions): Receipt;
  /**
   * Volatile: at most once, to whoever listens now, never stored, not echoed to this page. `false`: not connected or too
   * busy, so dropped.
   * @throws HoldfastError `invalid-name`, `invalid`, `too-large`, `destroyed`
   */
  publishVolatile(event: string, data?: Untyped): boolean;
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
  history(options?: HistoryOptions): Promise<HistoryPage>;
  /**
   * Optimistic state: snapshot, messages, and your own pending publications on top. Held until disposed.
   * @throws HoldfastError `invalid-option`, `destroyed`
   */
  store<S>(definition: StoreDefinition<S>): Store<S>;
}

export interface HistoryOptions extends Abortable {
  /** At most 500. @default 50 */
  readonly limit?: number;
  /** The oldest message that is wanted. @default the beginning of the log */
  readonly from?: Cursor;
  /** The newest message that is wanted. @default the end of the log */
  readonly to?: Cursor;
}

export interface HistoryPage {
  /** Newest first. */
  readonly messages: readonly Message[];
  /** The page before; null if there is none. */
  readonly older: ((options?: Abortable) => Promise<HistoryPage>) | null;
  /** Older messages that were asked for existed, and are gone. */
  readonly trimmed: boolean;
}

export interface StoreDefinition<S> {
  /** Before anything is known, and on the server. */
  readonly initial: S;
  /** From the data of the channel's snapshot to state. @default the data itself */
  readonly load?: (data: Untyped) => S;
  /**
   * Pure; set by id, do not count: a message may be in the snapshot already. Also run for your own pending publications.
   */
  readonly reduce: (state: S, message: Message & { readonly pending: boolean }) => S;
}

export interface Store<S> extends Readable<S>, Disposable {
  readonly status: Readable<StoreStatus>;
}

export interface StoreStatus {
  /** loading: the snapshot has not come. stale: it was live, and is not at the moment. closed: it will not be live again. */
  readonly state: 'loading' | 'live' | 'stale' | 'closed';
  /** Own publications that are shown and not confirmed. */
  readonly pending: number;
  readonly error: HoldfastError | null;
}

export interface MessagesOptions extends Abortable {
  /** @default all */
  readonly events?: readonly string[];
  /** Throw `continuity-lost` instead of going on after a reset. @default false */
  readonly throwOnReset?: boolean;
}

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

export type ChannelStatus =
  | { readonly state: 'idle' }
  | { readonly state: 'subscribing' }
  /** `lossy`: volatile messages may be missed between two polls. */
  | { readonly state: 'live'; readonly lossy: boolean }
  /** `first`: the snapshot is being loaded, and the place was not lost. */
  | { readonly state: 'recovering'; readonly why: ResetReason | 'reconnect' | 'first' }
  | { readonly state: 'closed'; readonly error: HoldfastError };

export interface Message {
  readonly channel: string;
  readonly event: string;
  readonly data: Untyped;
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

// ---- publishing ------------------------------------------------------------------------------------------------------

export interface PublishOptions extends Abortable {
  /** Give up after. The signal cancels as `cancel()` does. @default outbox.ttl, 72 h */
  readonly ttl?: number;
  /**
   * Of the unsent publications of this page with this key in this channel only the newest is kept (drafts, sliders); the
   * older end as `cancelled`. @default none
   */
  readonly replace?: string;
}

export interface Receipt {
  readonly id: string;
  /**
   * In the outbox, on disk only if `outbox.status` says `durable`. Rejects when storage refused it (it is still sent).
   * Resolves too if the server's answer came first.
   */
  readonly stored: Promise<void>;
  /** In the channel's log on the server. Rejects with HoldfastError for every other outcome. May take as long as the user is offline. */
  readonly accepted: Promise<Accepted>;
  readonly state: Readable<ReceiptState>;
  /** The truth may be "too late": resolves with the outcome. Rejects if the client ends before it is known. */
  cancel(): Promise<Outcome>;
}

export interface Accepted {
  /** Null if the server no longer knows where. */
  readonly cursor: Cursor | null;
  /** The server lost its memory in between, so an earlier copy may exist under the same id. */
  readonly maybeDuplicate: boolean;
}

export type ReceiptState =
  | { readonly state: 'pending'; readonly stored: boolean; readonly attempted: boolean }
  | { readonly state: 'settled'; readonly outcome: Outcome };

export interface OutcomeBase {
  readonly id: string;
  readonly channel: string;
  readonly event: string;
}

export type Outcome = OutcomeBase &
  (
    | ({ readonly result: 'accepted' } & Accepted)
    | { readonly result: 'rejected'; readonly error: HoldfastError }
    | { readonly result: 'cancelled' | 'expired' | 'closed' }
    /** May or may not have arrived; replaced by a later outcome if the truth becomes known. */
    | { readonly result: 'uncertain' }
    /** Was accepted, then the server lost it. */
    | { readonly result: 'lost' }
  );

export interface Outbox {
  /** Cheap counters; changes at most once a tick. */
  readonly status: Readable<OutboxStatus>;
  /** What is pending or failed, of every tab of this user, oldest first. Built when read. */
  readonly entries: Readable<readonly OutboxEntry[]>;
  /**
   * Resolves when nothing is pending, of this page or taken over from one that is gone; failed entries do not hold it.
   * Rejects with `aborted`, or `destroyed` if the client ends first.
   */
  drain(options?: Abortable): Promise<void>;
  /**
   * Withdraws a pending entry of this page, or of a page that is gone. The truth may be "too late": resolves with the
   * outcome. Rejects with `not-found` for another id, `destroyed` if the client ends before it is known.
   */
  cancel(id: string): Promise<Outcome>;
  /** Publishes a failed entry anew, under a new id, and forgets the old one. @throws HoldfastError `not-found`, `destroyed` */
  retry(id: string): Receipt;
  /** Forgets a failed entry. Rejects with `not-found`, or `storage-failed` if it may come back. */
  discard(id: string): Promise<void>;
  /**
   * Before somebody else uses this computer: withdraws what can be withdrawn, and forgets all failures. What may have been
   * sent stays until the server has decided.
   */
  clear(): Promise<void>;
}

export interface OutboxStatus {
  /** Of this page, and taken over from pages that are gone. */
  readonly pending: number;
  readonly failed: number;
  readonly bytes: number;
  /** false: publications live in this tab's memory only, and `problem` says why. */
  readonly durable: boolean;
  readonly problem: StoreProblem | 'none' | 'memory-store';
  /** Time of the oldest pending publication. */
  readonly oldest: number | null;
}

/**
 * unsupported: this platform has no such store. denied: it may not be used here (private mode, a frame, a policy). quota:
 * there is no room. blocked: a page of another version does not let go. broken: it failed.
 */
export type StoreProblem = 'unsupported' | 'denied' | 'quota' | 'blocked' | 'broken';

export interface OutboxEntry {
  readonly id: string;
  readonly channel: string;
  readonly event: string;
  readonly data: Untyped;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** queued: not sent yet. sent: it may have arrived. failed: it ended, and waits for `retry` or `discard`. */
  readonly state: 'queued' | 'sent' | 'failed';
  /** It survives this page. */
  readonly stored: boolean;
  /** Published by this page, not by another tab or on an earlier visit. */
  readonly own: boolean;
  readonly error: HoldfastError | null;
}
