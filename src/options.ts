import type { Contract, ContractValue, In, Params, Pattern, SnapshotOf, Untyped } from './contract/contract.ts';
import { check } from './errors.ts';
import type { OutboxStore } from './outbox/store.ts';
import type { Environment } from './platform/environment.ts';
import type { Codec } from './protocol/codec.ts';
import type { Mode, ResetReason } from './protocol/frame.ts';
import type { Credentials, Transport } from './transports/transport.ts';
import type { Cursor } from './types/message.ts';
import type { OutboxEntry } from './types/outbox.ts';

export interface ClientOptions<C extends Contract<C> = Untyped> {
  /** Validators, from `defineContract`; they also give the client its types. @default none: types only */
  readonly contract?: ContractValue<C>;
  /**
   * Asked when a token is needed: single-flight, at most 10 s, again at 80 % of the old one's life. `null` goes on as
   * anonymous. @default anonymous
   */
  readonly getToken?: (context: TokenContext) => string | null | Promise<string | null>;
  /**
   * The signed-in user's stable id, fixed for the client's life. A server that names another ends the client with
   * `unauthorized` before anything is sent (invariant I12). @default 'anonymous'
   */
  readonly user?: string;
  /** What each kind of channel does, by name or pattern (`room:{id}`). The only place for channel options. @default {} */
  readonly channels?: ChannelsOptions<C>;
  /**
   * In order of preference: the next is started beside one that is silent, and better ones are tried while a lesser one
   * works. @default [webSocket(), sse(), longPolling()]
   */
  readonly transports?: readonly [Transport, ...Transport[]];
  /** @default json() */
  readonly codec?: Codec;
  readonly outbox?: OutboxOptions;
  readonly timing?: TimingOptions;
  /**
   * Less traffic for the price of being told later: hidden pages rest after 1 min, with nothing left to send, and connect
   * when they are shown or something is wanted (a publication, a subscription); the server's signs of life come each 55 s
   * (from the next connection on), and each is a third of the frames; no better transports are tried. auto: while the user
   * has asked the browser to save data (`navigator.connection.saveData`). @default false
   */
  readonly dataSaver?: boolean | 'auto';
  /** Of the requests of the HTTP transports (WHATWG Fetch). @default 'omit' */
  readonly credentials?: Credentials;
  /** Clock, randomness, sockets: for tests and unusual platforms. @default the browser's or Node's */
  readonly environment?: Partial<Environment>;
  /** Ends the client for good, as `destroy()`. @default none */
  readonly signal?: AbortSignal;
}

export interface ComposeOptions<C extends Contract<C> = Untyped> extends ClientOptions<C> {
  readonly url: string | URL;
  readonly transports: readonly [Transport, ...Transport[]];
}

export interface TokenContext {
  readonly reason: 'connect' | 'refresh' | 'expired' | 'rejected';
  /** Aborted after 10 s, and when the client no longer needs the token. */
  readonly signal: AbortSignal;
}

/** Where no contract names the patterns, `params` has whatever the pattern names. */
export type ChannelsOptions<C extends Contract<C> = Untyped> =
  string extends Pattern<C>
    ? Readonly<Record<string, ChannelOptions<C, Pattern<C>>>>
    : { readonly [P in Pattern<C>]?: ChannelOptions<C, P> };

export interface ChannelOptions<C extends Contract<C> = Untyped, P extends Pattern<C> = Pattern<C>> {
  /** log: every message, resumed without a gap. latest: the newest only. live: no log, no resume. @default 'log' */
  readonly mode?: Mode;
  /** Messages of the past to begin with when there is no cursor and no snapshot. @default 0 */
  readonly rewind?: number;
  /**
   * Where a page begins to read. page: at the top of the log. durable: where an earlier page stopped, for apps that keep
   * their own state; the cursor is kept when the handlers are done, their promises included; without storage (told by
   * `storage-failed`) as page. A function: where the app's state ends, if the app keeps the cursor with it; null begins at
   * the top; one that fails is asked again with backoff. Mode `log` only. @default 'page'
   */
  readonly resume?: 'page' | 'durable' | ((channel: string) => Cursor | null | Promise<Cursor | null>);
  /**
   * Loads the state that the messages change. Called first (unless `resume` has a place that is good), whenever continuity
   * is lost, and for a store that comes later; messages wait for it; retried with backoff; one call for all subscribers. Used
   * in place of `rewind` and of the handlers of `onReset`; mode `log` only. Return the cursor that your server read BEFORE the data (right even if the
   * answer was cached). Without one `context.cursor` is used, which the realtime server read before this call: right only if
   * the data is never older than the call.
   */
  readonly snapshot?: (context: SnapshotContext<Params<P>>) => Promise<Snapshot<In<SnapshotOf<C, P>>>>;
}

export interface SnapshotContext<T = Params<string>> {
  readonly channel: string;
  /** Of the pattern: `{ id: '7' }` for `room:7` under `room:{id}`. */
  readonly params: T;
  readonly why: ResetReason | 'first';
  readonly cursor: Cursor;
  /** Aborted when nobody needs the answer any more. */
  readonly signal: AbortSignal;
}

export interface Snapshot<T = unknown> {
  readonly data: T;
  readonly cursor?: Cursor;
}

export interface OutboxOptions {
  /** @default indexedDBOutbox() in createClient, memoryOutbox() in composeClient */
  readonly store?: OutboxStore;
  /** Life of a publication that gives no `ttl`; capped by the server. @default 72 h */
  readonly ttl?: number;
  /** @default 10_000 */
  readonly maxMessages?: number;
  /** @default 16 MiB */
  readonly maxBytes?: number;
  /**
   * The server lost its memory and a publication may have arrived: send again, report `uncertain`, or drop.
   * @default 'resend'
   */
  readonly whenInDoubt?: 'resend' | 'surface' | 'drop';
  /** Version of your payloads, kept with each stored one. @default 1 */
  readonly version?: number;
  /**
   * Called for a publication that was never sent and was stored by another `version`. What it returns is published anew under
   * a new id, and the old one ends as `cancelled`; null only cancels.
   * If it throws, or cannot be published, the old one is sent as it is. @default sent unchanged
   */
  readonly migrate?: (
    entry: OutboxEntry & { readonly version: number },
  ) => { readonly event: string; readonly data: unknown } | null;
  /** Ask before the tab is closed with unsent messages that would be lost. @default false */
  readonly warnBeforeUnload?: boolean;
}

export interface TimingOptions {
  /** First wait after a failure. @default 500 */
  readonly backoffBase?: number;
  /** Longest wait while visible. @default 30_000 */
  readonly backoffCap?: number;
  /** Longest wait while hidden. @default 300_000 */
  readonly backoffCapHidden?: number;
  /** An opening without `welcome` is given up after. @default 10_000 */
  readonly openTimeout?: number;
  /** The next transport is started beside a silent one after. @default 1500, or 4 remembered round trips (at most 5000) */
  readonly raceAfter?: number;
  /** Downtime before `uiStatus` speaks; it adds up while the page is shown. @default 2000 */
  readonly uiGrace?: number;
  /** How long an unused channel stays subscribed (absorbs route changes and StrictMode). @default 1000 */
  readonly releaseAfter?: number;
  /** A request that gives no `timeout` is given up after; the wait for a connection counts. @default 10_000 */
  readonly requestTimeout?: number;
}

/** A wrong option is told at once, by name, and not when the first reconnect fails in the field. */
export function checkOptions(options: ComposeOptions): void {
  const { url, transports, timing = {}, outbox = {}, channels = {}, user, getToken, contract, dataSaver = false } = options;
  // A relative address is fine: it is resolved when the client connects, because a server that renders has no page.
  const parsed = parse(String(url ?? ''));
  check(parsed !== null && /^(https?|wss?):$/.test(parsed.protocol), '`url` must be an http(s) or ws(s) address, or a path.');
  // Each transport adds a path of its own to it.
  check(parsed?.search === '' && parsed.hash === '', '`url` must have no query and no fragment.');
  check(Array.isArray(transports) && transports.length > 0, '`transports` must name at least one transport.');
  const first = Array.isArray(transports) && transports.some(({ upgradeOnly }) => upgradeOnly !== true);
  check(first, '`transports` must name one besides webRTC(), which only takes over.');
  check(user === undefined || (typeof user === 'string' && user !== ''), '`user` must be a non-empty string.');
  check(getToken === undefined || typeof getToken === 'function', '`getToken` must be a function.');
  const defined = contract === undefined || typeof contract?.['~checks'] === 'object';
  check(defined, '`contract` must be what defineContract() returns.');
  check(dataSaver === 'auto' || typeof dataSaver === 'boolean', '`dataSaver` must be true, false or auto.');
  for (const [pattern, given] of Object.entries(channels)) {
    const { mode = 'log', rewind = 0, resume = 'page', snapshot } = given;
    check(['log', 'latest', 'live'].includes(mode), `\`mode\` of '${pattern}' must be log, latest or live.`);
    check(Number.isSafeInteger(rewind) && rewind >= 0, `\`rewind\` of '${pattern}' must be a whole number.`);
    const resumes = resume === 'page' || resume === 'durable' || typeof resume === 'function';
    check(resumes, `\`resume\` of '${pattern}' must be page, durable or a function.`);
    check(snapshot === undefined || typeof snapshot === 'function', `\`snapshot\` of '${pattern}' must be a function.`);
    check(mode === 'log' || (!snapshot && resume === 'page'), `\`snapshot\` and \`resume\` of '${pattern}' need mode log.`);
  }
  const { ttl, maxMessages, maxBytes, whenInDoubt = 'resend', version = 1, migrate, warnBeforeUnload = false, store } = outbox;
  check(['resend', 'surface', 'drop'].includes(whenInDoubt), '`whenInDoubt` must be resend, surface or drop.');
  // What is no number might not even be stored, and nothing else with it.
  check(Number.isFinite(version), '`version` must be a number.');
  check(migrate === undefined || typeof migrate === 'function', '`migrate` must be a function.');
  check(typeof warnBeforeUnload === 'boolean', '`warnBeforeUnload` must be true or false.');
  check(store === undefined || typeof store?.open === 'function', '`store` must be an outbox store, as indexedDBOutbox() makes.');
  for (const [name, value] of Object.entries({ ...timing, ttl, maxMessages, maxBytes })) {
    const positive = value === undefined || (typeof value === 'number' && value > 0);
    check(positive || ((name === 'releaseAfter' || name === 'uiGrace') && value === 0), `\`${name}\` must be a positive number.`);
  }
}

function parse(url: string): URL | null {
  try {
    return url === '' ? null : new URL(url, 'http://relative.invalid');
  } catch {
    return null;
  }
}
