/**
 * The frames of protocol version 1. docs/protocol.md is the specification; field names here are the wire's.
 * Durations are milliseconds, `ts` is milliseconds since 1970.
 */
import type { ClientPres, ServerPres } from './presence-frame.ts';
import type { Cancel, Hist, Req, Res } from './question.ts';

export type { Cancel, Hist, Req, Res } from './question.ts';

export const PROTOCOL_VERSION = 1;

/** Where a reader stands in a log. The tag is drawn anew for each append, so a cursor can be verified (rule R3). */
export type WireCursor = readonly [epoch: string, offset: number, tag: string];

/** JSON data, or one Uint8Array (`b`, base64url, on a JSON wire). Absent means undefined. */
export type Payload = unknown;

export interface Item {
  readonly id: string;
  readonly e: string;
  readonly d?: Payload;
}

/** `invalid` and `too-large`: a server, or something before it, ends each connection over the item. */
export const TOMBSTONES = ['cancelled', 'expired', 'closed', 'invalid', 'too-large'] as const;
export type TombstoneKind = (typeof TOMBSTONES)[number];

/** Takes the place of an item whose sequence must still be consumed (rule R6). */
export interface Tombstone {
  readonly id: string;
  readonly x: TombstoneKind;
}

/** An item as it stands in a log. */
export interface Entry extends Item {
  readonly o: number;
  readonly g: string;
  readonly ts?: number;
  readonly by?: string;
}

export type Mode = 'log' | 'latest' | 'live';
export type ResetReason = 'trimmed' | 'epoch' | 'ahead' | 'branch' | 'busy';

/** Announced in `welcome`; enforced by the server before it allocates. */
export interface Limits {
  /** Bytes of the JSON form of one payload. */
  readonly frame: number;
  /** Bytes of one binary payload. */
  readonly binary: number;
  /** Bytes of payload in one batch of more than one item. */
  readonly batch: number;
  /** Items in one `pub`. */
  readonly items: number;
  /** Bytes of one transport message; a longer one ends the connection (1009). */
  readonly message: number;
  /** Channels subscribed on one connection. */
  readonly channels: number;
  /** Nesting of a payload. */
  readonly depth: number;
  /** Keys of one object in a payload. */
  readonly keys: number;
  /** Longest life of a publication, ms. */
  readonly outboxTtl: number;
  /** Bytes of the JSON form of what a page shows of itself. */
  readonly presence?: number;
}

export const DEFAULT_LIMITS: Limits = {
  frame: 65_536,
  binary: 262_144,
  batch: 262_144,
  items: 64,
  message: 524_288,
  channels: 256,
  depth: 32,
  keys: 1024,
  outboxTtl: 259_200_000,
  presence: 1024,
};

// ---- client to server --------------------------------------------------------------------------------------------

export interface Hello {
  readonly t: 'hello';
  /** Lowest and highest version the client speaks. */
  readonly v: readonly [min: number, max: number];
  /** Random, one for each page. */
  readonly client: string;
  /** Grows by one with each connection of the page. */
  readonly gen: number;
  readonly token?: string;
  readonly why?: 'connect' | 'reconnect' | 'upgrade' | 'resume';
  /** Longest silence that the client would like, ms: see `welcome.ping`. */
  readonly ping?: number;
  /** On a poll: the longest time to hold the answer. */
  readonly wait?: number;
  /** On a poll: how long ago the last one that was answered was made. On a stream: how long ago the last event came. */
  readonly since?: number;
  /** On an upstream request: the lane memory that the connection's `welcome` announced. */
  readonly mem?: string;
}
export interface Sub {
  readonly t: 'sub';
  readonly c: string;
  /** Grows through the page and is echoed in `subbed`, so that a late answer is known as late. */
  readonly k: number;
  readonly cur?: WireCursor;
  /** Without a cursor: begin with the `n` latest entries. */
  readonly n?: number;
  readonly mode?: Mode;
  /** Watch who is there: the version that is known, empty for none. */
  readonly pv?: string;
}
export interface Unsub {
  readonly t: 'unsub';
  readonly c: string;
}
export interface Pub {
  readonly t: 'pub';
  readonly c: string;
  /** Producer: 128 random bits, one for each page, never shown to others. */
  readonly p: string;
  /** Sequence of the first item; the rest follow without a hole. */
  readonly s: number;
  readonly items: readonly (Item | Tombstone)[];
  /** Start the lane at `s` if it does not exist. */
  readonly first?: boolean;
}
/** Volatile: no sequence, no log, not echoed to its sender. */
export interface ClientTell {
  readonly t: 'tell';
  readonly c: string;
  readonly id: string;
  readonly e: string;
  readonly d?: Payload;
}
export interface ClientAuth {
  readonly t: 'auth';
  readonly token: string;
}
export interface Ping {
  readonly t: 'ping';
  readonly x?: number;
}
export interface Pong {
  readonly t: 'pong';
  readonly x?: number;
}
export interface ClientBye {
  readonly t: 'bye';
  readonly code: number;
  /** Lanes of this page that are settled for good. */
  readonly done?: readonly { readonly c: string; readonly p: string }[];
}

export type ClientFrame =
  Hello | Sub | Unsub | Pub | ClientTell | Hist | Req | Cancel | ClientPres | ClientAuth | Ping | Pong | ClientBye;

// ---- server to client --------------------------------------------------------------------------------------------

export interface Welcome {
  readonly t: 'welcome';
  readonly v: number;
  /** Id of the lane memory: another id means that the server no longer knows what it accepted. */
  readonly mem: string;
  /** The server sends something at least this often. */
  readonly ping: number;
  readonly user?: string;
  /** What is left of the token's life. */
  readonly ttl?: number;
  readonly limits: Limits;
  readonly caps: readonly string[];
}
export interface Subbed {
  readonly t: 'subbed';
  readonly c: string;
  readonly k: number;
  readonly cur: WireCursor;
  /** true: `cur` is the one sent. null: fresh, `items` lead up to `cur`. false: impossible, `cur` is the new base. */
  readonly ok: boolean | null;
  readonly why?: ResetReason;
  readonly items?: readonly Entry[];
  /** The place reached, if it lies beyond the last item. */
  readonly to?: readonly [offset: number, tag: string];
  /** More entries follow as `msg` by themselves. */
  readonly more?: boolean;
}
export interface Unsubbed {
  readonly t: 'unsubbed';
  readonly c: string;
  readonly code: string;
  readonly retry: boolean;
  readonly message?: string;
  readonly app?: string;
  readonly after?: number;
}
/** Consecutive entries. */
export interface Msg {
  readonly t: 'msg';
  readonly c: string;
  readonly items: readonly Entry[];
}
export interface ServerTell {
  readonly t: 'tell';
  readonly c: string;
  readonly id: string;
  readonly e: string;
  readonly d?: Payload;
  readonly by?: string;
}
/** Entries up to `o` exist and are not for this reader. */
export interface Skip {
  readonly t: 'skip';
  readonly c: string;
  readonly o: number;
  readonly g: string;
}
export interface Gap {
  readonly t: 'gap';
  readonly c: string;
  readonly cur: WireCursor;
  readonly why: ResetReason;
}
/** How one sequence ended when it was not accepted. */
export interface Refusal {
  readonly code: string;
  readonly message?: string;
  readonly app?: string;
}
/** [offset, tag]: accepted there. 0: accepted, place forgotten. */
export type Result = readonly [offset: number, tag: string] | 0 | Refusal;
export interface Ack {
  readonly t: 'ack';
  readonly c: string;
  readonly p: string;
  readonly s: number;
  /** Epoch of the log that the offsets belong to. */
  readonly ep: string;
  /** One result for each item from `s`. Says nothing of items not listed. */
  readonly r: readonly Result[];
}
export type NackCode = 'out-of-order' | 'unknown-producer' | 'rate-limited' | 'unavailable' | 'token-expired';
/** Processing stopped at `s` and consumed nothing from there on. An unknown code is treated as `unavailable`. */
export interface Nack {
  readonly t: 'nack';
  readonly c: string;
  readonly p: string;
  readonly s: number;
  readonly code: string;
  readonly expected?: number;
  readonly after?: number;
}
/** The store failed over or came back: show me your newest accepted publications again. */
export interface Recheck {
  readonly t: 'recheck';
}
/** What is left of the token's life; 0 asks for a fresh one now. */
export interface ServerAuth {
  readonly t: 'auth';
  readonly ttl?: number;
}
export interface ServerBye {
  readonly t: 'bye';
  readonly code: number;
  readonly why: string;
  readonly after?: number;
  readonly spread?: number;
}

export type ServerFrame =
  | Welcome | Subbed | Unsubbed | Msg | ServerTell | Skip | Gap
  | Ack | Nack | Res | ServerPres | Recheck | ServerAuth | Ping | Pong | ServerBye; // prettier-ignore

/** Frames that belong to a subscribed channel. */
export type ChannelFrame = Subbed | Unsubbed | Msg | ServerTell | Skip | Gap;

/** What a welcomed connection hands on; the rest is its own. */
export type SessionFrame = ChannelFrame | Ack | Nack | Res | ServerPres | Recheck;

export function isTombstone(item: Item | Tombstone): item is Tombstone {
  return 'x' in item;
}
