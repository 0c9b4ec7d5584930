/** The public types of the server. All times are milliseconds. */
import type {
  ChannelName,
  Contract,
  ContractValue,
  Everything,
  Fitting,
  In,
  Logged,
  Out,
  Params,
  Pattern,
  PatternOf,
  Untyped,
  UserOf,
  Volatile,
} from '../src/contract/contract.ts';
import type { Codec, Encoded } from '../src/protocol/codec.ts';
import type { Limits, Mode } from '../src/protocol/frame.ts';
import type { Broker } from './brokers/broker.ts';
import type { FetchOptions } from './fetch-options.ts';
import type { Members } from './presence-member.ts';
import type { ServerEnvironment } from './environment.ts';
import type { Exchange } from './http/exchange.ts';
import type { RequestHandlers } from './request-types.ts';

export type { Broker, Codec, Encoded, Exchange, FetchOptions, Mode, ServerEnvironment, Untyped };

/** As `authenticate` gave it. */
export type User = UserOf<Untyped> | null;

// ---- options -------------------------------------------------------------------------------------------------------

export interface ServerOptions<C extends Contract<C> = Untyped> {
  /**
   * Called with the token of `hello` and `auth`; `null` refuses it (4202), a throw or more than 10 s is answered as
   * `unavailable` and the client tries again.
   */
  readonly authenticate: (credentials: Credentials) => Session<C> | null | Promise<Session<C> | null>;
  /** Rules by channel name or pattern (`room:{id}`). What no rule allows is forbidden. */
  readonly channels: ChannelRules<C>;
  /** Handlers by method, all of the contract's. A method without one is `not-found`. @default {} */
  readonly requests?: RequestHandlers<C>;
  /**
   * Validators, from `defineContract`: what clients and the back end publish is checked, and rules get what the validators
   * return. The log keeps what was sent. @default none: types only
   */
  readonly contract?: ContractValue<C>;
  /**
   * Browser origins, as `https://app.example.com`; others are refused before anything is allocated. Clients outside
   * browsers send none and pass. `'*'` must be written out. @default the host that the request was sent to
   */
  readonly origins?: readonly string[] | '*';
  /** @default memoryBroker() */
  readonly broker?: Broker;
  readonly limits?: Partial<ServerLimits>;
  readonly timing?: Partial<ServerTiming>;
  /** For logs. @default events that carry an `error` go to console.error */
  readonly onEvent?: (event: ServerEvent) => void;
  /** Clock, randomness and gzip: for tests and unusual platforms. @default the platform's */
  readonly environment?: Partial<ServerEnvironment>;
}

export interface Credentials {
  readonly token: string | null;
  /** Of a browser's request. */
  readonly origin: string | null;
  /** Of the peer of the socket, which may be a proxy. */
  readonly ip: string;
  /** Aborted after 10 s and when the connection ends. */
  readonly signal: AbortSignal;
}

export interface Session<C = Untyped> {
  /** An object with a stable string `id` of 1 to 256 characters, or null for an anonymous visitor. */
  readonly user: UserOf<C> | null;
  /** When the token ends, ms since 1970. The client refreshes at 80 %. @default never */
  readonly expiresAt?: number;
}

/** What every rule is given. */
export interface Context<C = Untyped, P extends string = string> {
  readonly user: UserOf<C> | null;
  readonly channel: string;
  readonly params: Params<P>;
  /** Aborted after 10 s and when the connection ends. */
  readonly signal: AbortSignal;
}

/** Only `true` allows. */
export type Answer = boolean | Promise<boolean>;

/** Where no contract names the patterns, parameters are whatever a rule takes out of `params`. */
export type ChannelRules<C extends Contract<C> = Untyped> =
  string extends Pattern<C>
    ? Readonly<Record<string, ChannelRule<C, Pattern<C>>>>
    : { readonly [P in Pattern<C>]?: ChannelRule<C, P> };

export interface ChannelRule<C extends Contract<C> = Untyped, P extends Pattern<C> = Pattern<C>> {
  /** @default false */
  readonly subscribe?: boolean | ((context: Context<C, P>) => Answer);
  /** For all events, or one by one. Throw `reject(code, message)` to tell the client why. @default false */
  readonly publish?: boolean | ((context: Context<C, P>) => Answer) | EventRules<C, P>;
  /** Who may be there, and see who is; to see it, `subscribe` must allow it too. @default same as `subscribe` */
  readonly presence?: boolean | ((context: Context<C, P>) => Answer);
  /** log serves readers of all modes; latest those of latest and live; live keeps no log. @default 'log' */
  readonly mode?: Mode;
  readonly history?: {
    /** @default 1000, in mode latest 1 */
    readonly entries?: number;
    /** ms @default 86_400_000 */
    readonly age?: number;
  };
  /** Show the user's id: as `by` of a message, as `user` of a member. @default true */
  readonly showUser?: boolean;
}

export type EventRules<C extends Contract<C> = Untyped, P extends Pattern<C> = Pattern<C>> = {
  readonly [E in keyof Everything<C, P>]?: boolean | ((data: Out<Everything<C, P>[E]>, context: Context<C, P>) => Answer);
};

/** The announced limits, and those that the client need not know. */
export interface ServerLimits extends Limits {
  /** Connections of one user; a page counts once. Anonymous visitors are not one user. @default 32 */
  readonly connections: number;
  /**
   * New connections of this server in a second; four times as many in a burst. Others are told when to come back.
   * `Infinity` is allowed. @default 1000
   */
  readonly admitRate: number;
  /** Publications of one user in a second; four times as many in a burst. `Infinity` is allowed. @default 50 */
  readonly publishRate: number;
  /** Members that watchers of one channel are told of, the longest there first; fewer if they have more than half of `queue`. @default 1000 */
  readonly members: number;
  /** Requests of one page under way; more get `rate-limited`. @default 64 */
  readonly requests: number;
  /** Requests of one user in a second; four times as many in a burst. `Infinity` is allowed. @default 50 */
  readonly requestRate: number;
  /** Bytes queued on a connection above which it is served from the log; at twice as many it ends (4008). @default 1 MiB */
  readonly queue: number;
}

/** Each at most 2 147 483 647, the longest delay of a timer. */
export interface ServerTiming {
  /** The server sends something at least this often. @default 25_000 */
  readonly ping: number;
  /** From the open socket to `hello`, and for the body of a request. @default 10_000 */
  readonly openTimeout: number;
  /** For `authenticate` and for each rule. @default 10_000 */
  readonly ruleTimeout: number;
  /** After the token's end delivery goes on for. @default 30_000 */
  readonly tokenGrace: number;
  /** An older connection of the same page ends after, if the newer one is still there. @default 5000 */
  readonly supersedeAfter: number;
  /** A connection above its bound that takes nothing ends after. @default 15_000 */
  readonly stallTimeout: number;
  /** Longest time for the handler of a request. A client that waits less long gets less. @default 60_000 */
  readonly requestTimeout: number;
}

export interface ServerEvent {
  readonly name: string;
  readonly at: number;
  readonly detail: Readonly<Record<string, unknown>>;
}

// ---- transports ------------------------------------------------------------------------------------------------------

/** One accepted connection, as the core sees it. */
export interface ServerSocket {
  send(data: Encoded): void;
  /**
   * Past all that is queued, where the transport has a way on which one frame may be lost, or overtake others.
   *
   * @returns false: not this one, it is to go with the rest
   * @default none
   */
  sendVolatile?(data: Encoded): boolean;
  /** After all that was sent. `onClose` must follow, soon. */
  close(code: number, reason: string): void;
  /** Bytes accepted by {@link send} and not yet handed to the network. */
  readonly buffered: number;
  /**
   * In place of {@link send}, for a transport that answers once: encoded frames in order, to be joined by it.
   * `news`: worth an answer now.
   */
  gather?(pieces: readonly Encoded[], news: boolean): void;
  /** Everything that was asked so far is answered, and the answers were sent. May be called more than once. */
  settled?(): void;
}

/**
 * What carries a connection. duplex: both ways, as a WebSocket. stream: downstream only, an event stream. poll: one answer
 * downstream. send: one answer to what is published; it is nobody's presence.
 */
export type SocketKind = 'duplex' | 'stream' | 'poll' | 'send';

export interface SocketInfo {
  readonly codec: Codec;
  /** @default 'duplex' */
  readonly kind?: SocketKind;
  readonly origin: string | null;
  readonly ip: string;
  /** The `Host` that the request was sent to, for the default of `origins`. @default none */
  readonly host?: string | null;
  /** `turnAway` was asked and let this one in, so `admitRate` does not count it again. @default false */
  readonly admitted?: boolean;
}

/** What a transport tells the core. Never throws. */
export interface ServerLine {
  onMessage(data: Encoded): void;
  /** Exactly once, last, whoever closed. */
  onClose(): void;
  /** `buffered` fell: there may be room again. */
  onDrain(): void;
}

/** Why a connection is not even opened, by the HTTP status for the request that asks. */
export type Turned =
  | { readonly status: 403; readonly code: number; readonly why: string }
  /** `after`: come back no sooner than this, ms. Drawn for each one, so that they do not come back together. */
  | { readonly status: 503; readonly code: number; readonly why: string; readonly after: number };

// ---- server ----------------------------------------------------------------------------------------------------------

export interface PublishOptions {
  /** A repeat of an id among the channel's last 1000 is dropped and gets the first answer. @default random */
  readonly id?: string;
  /** Shown to readers as `by`. @default none */
  readonly by?: string;
}

/** The server without a transport: runs wherever JavaScript does. */
export interface ServerCore<C extends Contract<C> = Untyped> extends AsyncDisposable {
  /** Takes over an open socket of any transport. One that is turned away gets a `bye` and is closed. */
  accept(socket: ServerSocket, info: SocketInfo): ServerLine;
  /**
   * Whether to answer a request at all; asked before anything is allocated. One that is let in counts for `admitRate`, so
   * hand it to `accept` as `admitted`.
   */
  turnAway(request: { readonly origin: string | null; readonly host: string | null }): Turned | null;
  /** Takes over an HTTP request for `/sse`, `/poll` or `/send`, whatever platform carries it. */
  serve(exchange: Exchange): void;
  /**
   * The HTTP transports where requests are `Request`s: Hono, Next.js, Bun, Deno, Workers. Whatever the path begins with, its
   * end says which transport it is: `/sse`, `/poll` or `/send`; 404 otherwise. Never rejects.
   */
  fetch(request: Request, options?: FetchOptions): Promise<Response>;
  /**
   * From the back end. Resolves when it is in the log.
   * @throws TypeError (as a rejection) for a bad name or payload, one that the contract does not take (its `cause` has
   * `details.issues`), or a channel that keeps no log
   */
  publish<N extends ChannelName<C>, E extends keyof Logged<C, PatternOf<C, N>> & string>(
    channel: Fitting<C, N>,
    event: E,
    data: In<Logged<C, PatternOf<C, N>>[E]>,
    options?: PublishOptions,
  ): Promise<{ readonly offset: number; readonly id: string }>;
  /**
   * At most once, to whoever listens now.
   * @throws TypeError for a bad name or payload, or one that the contract does not take
   */
  publishVolatile<N extends ChannelName<C>, E extends keyof Volatile<C, PatternOf<C, N>> & string>(
    channel: Fitting<C, N>,
    event: E,
    data: In<Volatile<C, PatternOf<C, N>>[E]>,
  ): void;
  /** Who is there, on all servers that share the broker: the longest there first, each page of a user by itself. */
  members<N extends ChannelName<C>>(channel: Fitting<C, N>): Promise<Members<C, N>>;
  /** Top of the log, for snapshot endpoints: read it BEFORE the data. */
  cursor<N extends ChannelName<C>>(
    channel: Fitting<C, N>,
  ): Promise<{ readonly epoch: string; readonly offset: number; readonly tag: string }>;
  /** Ends a user's sessions on this server (4202), or one channel for them, now. */
  revoke(user: string, options?: { readonly channel?: string }): Promise<void>;
  /**
   * Sends clients elsewhere and takes no new ones; resolves when all are gone, or after `timeout`.
   * @throws TypeError (as a rejection) for a `spread` or `timeout` that is no integer from 0 to 2 147 483 647
   */
  drain(options?: DrainOptions): Promise<void>;
  /** Ends every connection (1001) and everything that the server itself started. */
  close(): Promise<void>;
  /** For transports: what `onEvent` is to be told. */
  report(name: string, detail: Readonly<Record<string, unknown>>): void;
  readonly limits: ServerLimits;
  readonly metrics: { get(): Readonly<Record<string, number>> };
}

export interface DrainOptions {
  /** Clients come back elsewhere after a random part of this. @default 10_000 */
  readonly spread?: number;
  /** @default 30_000 */
  readonly timeout?: number;
  /** Ends the wait: the promise rejects with its reason. */
  readonly signal?: AbortSignal;
}
