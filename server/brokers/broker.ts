import type { PresenceChange, PresenceStore } from './presence.ts';
import type { Entry, Item, NackCode, Refusal, ResetReason, Result, Tombstone, WireCursor } from '../../src/protocol/frame.ts';
import type { Claim, Claimed, Completion } from './claim.ts';

/** How much of a channel's past is kept. */
export interface Keep {
  readonly entries: number;
  /** ms */
  readonly age: number;
}

/** The unit of order and of dedupe upstream (rule R4). */
export interface Lane {
  readonly user: string;
  readonly producer: string;
}

/** A judged item: `refusal` is applied only if its sequence turns out to be new. */
export interface Judged {
  readonly item: Item | Tombstone;
  readonly refusal?: Refusal;
  /** Shown to readers. */
  readonly by?: string;
}

export interface Append {
  readonly channel: string;
  readonly lane: Lane;
  /** Sequence of the first item. */
  readonly sequence: number;
  /** Start the lane here if it does not exist. */
  readonly first: boolean;
  readonly items: readonly Judged[];
  readonly keep: Keep;
}

export interface Appended {
  readonly epoch: string;
  /** One for each item that was looked at, from the first. */
  readonly results: readonly Result[];
  /** Set if processing stopped before the end; nothing from there on was looked at. */
  readonly stopped: { readonly code: NackCode; readonly expected?: number; readonly after?: number } | null;
}

/** An appended entry on its way to the followers of a channel. */
export interface Notice {
  readonly epoch: string;
  readonly entry: Entry;
  /** Tag of the entry before; empty for the first of its epoch. */
  readonly previous: string;
}

export type From =
  /** After this place. The entry *at* it is read too and its tag compared (rule R3). */
  | { readonly cursor: WireCursor }
  /** The newest `latest` entries. */
  | { readonly latest: number };

export type Read =
  | {
      readonly ok: true;
      /** In order, without a hole, after the cursor. */
      readonly entries: readonly Entry[];
      /** Where the page ends: the last entry, or where it began if there is none. */
      readonly at: WireCursor;
      /** Top of the log at the time of the read. */
      readonly top: WireCursor;
    }
  | { readonly ok: false; readonly why: ResetReason; readonly top: WireCursor };

/** Bounds of one page. Always at least one entry if there is one. */
export interface PageLimit {
  readonly entries: number;
  /** Approximate bytes. */
  readonly bytes: number;
}

/** Which part of a log is wanted, both ends included. Each place is verified as in {@link From} (rule R3). */
export interface Span {
  /** @default the beginning of the log */
  readonly from?: WireCursor;
  /** @default its top */
  readonly to?: WireCursor;
}

export type Past =
  | {
      readonly ok: true;
      /** Empty if there is no log. */
      readonly epoch: string;
      /** The newest of the span, in order, without a hole. */
      readonly entries: readonly Entry[];
      /** The entry before these, if it is in the span and retained. */
      readonly older: readonly [offset: number, tag: string] | null;
      /** Entries of the span are not retained any more. A place that is not is no fault. */
      readonly trimmed: boolean;
    }
  | { readonly ok: false; readonly place: keyof Span; readonly why: Exclude<ResetReason, 'trimmed' | 'busy'> };

/** What travels without a log. */
export interface Volatile {
  readonly id: string;
  readonly e: string;
  readonly d?: unknown;
  readonly by?: string;
}

export interface Follower {
  onNotice(notice: Notice): void;
  onVolatile(message: Volatile, origin: string | null): void;
  onPresence?(change: PresenceChange): void;
  /** Notices may have been missed: read again from the log. */
  onDoubt(): void;
}

/**
 * Port of the store that servers share. Every method may reject with a transient fault; the caller answers `unavailable`.
 * Each `append` is one atomic step, each `read` and `history` another.
 */
export interface Broker {
  readonly name: string;
  /** Id of the lane memory, made with the store (`welcome.mem`). */
  memory(): Promise<string>;
  append(request: Append): Promise<Appended>;
  /** From the back end, outside any lane. An `id` among the channel's last 1000 is a repeat and gets the first answer. */
  publish(channel: string, item: Item, by: string | null, keep: Keep): Promise<{ readonly cursor: WireCursor }>;
  read(channel: string, from: From, limit: PageLimit, keep: Keep): Promise<Read>;
  /** A page of the past. Makes no log: whoever asks may ask for any name. */
  history(channel: string, span: Span, limit: PageLimit, keep: Keep): Promise<Past>;
  /** Resolves once the live feed is joined: every later append reaches `follower`. */
  follow(channel: string, follower: Follower): Promise<() => void>;
  /** `origin` is handed back to the followers, who keep a message from its own sender. */
  tell(channel: string, message: Volatile, origin: string | null): Promise<void>;
  /** One atomic step: of all who claim a name, one is told `claimed`. */
  claim(claim: Claim): Promise<Claimed>;
  /** The first completion of a claim stands, also after its limit. */
  complete(completion: Completion): Promise<void>;
  /** These lanes are settled and may be forgotten early. */
  release(lanes: readonly { readonly channel: string; readonly lane: Lane }[]): Promise<void>;
  readonly presence: PresenceStore;
  /** Called when the store failed over or came back. */
  onRecheck(listener: () => void): () => void;
  close(): Promise<void>;
}
