import type { Environment } from '../platform/environment.ts';
import type { Codec } from '../protocol/codec.ts';
import type { ClientFrame, Hello, ServerFrame } from '../protocol/frame.ts';

/** Port of a way to the server. A transport is a value made by a function; it keeps nothing between two openings. */
export interface Transport {
  readonly name: string;
  /** Only opened beside a connection that works, to take its place. @default false */
  readonly upgradeOnly?: true;
  /** Volatile messages may be missed between two of its requests. @default false */
  readonly lossy?: true;
  isSupported(environment: Environment): boolean;
  /** Never throws and never calls the sink before it has returned. */
  open(target: Target, sink: Sink): Link;
}

/** WHATWG Fetch, `RequestCredentials`. */
export type Credentials = 'omit' | 'same-origin' | 'include';

export interface Target {
  /** The client's `url`: http, https, ws or wss, without a trailing slash. */
  readonly url: string;
  readonly codec: Codec;
  /** `hello` and one `sub` for each wanted channel; made anew for each opening, and for each {@link Link.reopen}. */
  opening(): readonly [Hello, ...ClientFrame[]];
  /** `hello` alone, with the token of the moment: for requests beside the one that was opened. */
  hello(): Hello;
  /** Of the HTTP transports. @default 'omit' */
  readonly credentials?: Credentials;
  readonly environment: Environment;
}

/** Each opening has a sink of its own, so no callback of an old connection needs a guard. */
export interface Sink {
  /** @param aside they came another way than what is pushed, and do not prove that it is open */
  onFrames(frames: readonly ServerFrame[], aside?: boolean): void;
  /** Exactly once, last; not after {@link Link.close}. */
  onEnd(end: End): void;
}

export interface End {
  readonly code: number;
  readonly why: string;
  /** Who ended it, as far as the transport can tell. */
  readonly by: 'client' | 'server' | 'network' | 'browser';
  /** Whether the transport itself had opened; `welcome` is the session's matter. */
  readonly opened: boolean;
  /** Wait at least, ms (`Retry-After`). */
  readonly after?: number;
}

export interface Link {
  /** @param most bytes of one transport message, as the server announced. @default 512 KiB */
  send(frames: readonly ClientFrame[], most?: number): void;
  /**
   * Only where a request fixes what is subscribed (SSE, long polling): what is wanted has changed, or a sign of life is. The
   * transport makes its request anew, soon, with {@link Target.opening}; its `welcome` is the sign. Whoever has it is never
   * given `sub`, `unsub`, `auth`, `ping` or `pong` to send.
   */
  reopen?(): void;
  /** Silences the sink at once, even if the peer never answers. Idempotent. */
  close(code?: number): void;
  /** Bytes accepted by {@link send} and not yet handed to the network. */
  readonly buffered: number;
}
