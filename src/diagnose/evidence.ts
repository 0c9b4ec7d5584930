/** What a check of one transport saw. Facts alone; what follows from them is told by findings.ts. */

/** One request, or one handshake of a WebSocket, as far as the platform tells. */
export interface Exchange {
  /** Without user, query and fragment. */
  readonly address: string;
  /** Null: none came, or the platform keeps it to itself, as browsers do for a WebSocket. */
  readonly status: number | null;
  /** Media type of the answer. */
  readonly type: string | null;
  /** Node's or undici's name of what failed, as ECONNREFUSED; '' where the platform only says that it failed, as pages do. */
  readonly fault: string | null;
}

/** What a plain `GET` to the same place met: it tells a server that is not there from one that does not want this. */
export type Reach =
  | { readonly state: 'unasked' }
  /** `status` is null where a page may not read it. */
  | { readonly state: 'reached'; readonly status: number | null }
  | { readonly state: 'failed'; readonly fault: string }
  | { readonly state: 'silent' };

export type Outcome =
  | { readonly state: 'unsupported' }
  /** `welcome` came, and the answer to a `ping`. */
  | { readonly state: 'worked' }
  /** No answer in time to what was said last. */
  | { readonly state: 'silent'; readonly after: Stage }
  /** The transport ended. */
  | { readonly state: 'ended'; readonly after: Stage; readonly code: number }
  /** The server ended it with a `bye`. */
  | { readonly state: 'refused'; readonly code: number }
  /** A `welcome` that the client would not go on from. */
  | { readonly state: 'unfit'; readonly why: 'user' | 'version' };

/** How far it came. opened: the socket is open, or the answer has begun. */
export type Stage = 'nothing' | 'opened' | 'welcome';

export interface Evidence {
  /** Name of the transport. */
  readonly transport: string;
  readonly outcome: Outcome;
  /** Of the exchange, or else the client's own. */
  readonly address: string;
  /** The one that failed, or else the last; null if none was begun. */
  readonly exchange: Exchange | null;
  readonly reach: Reach;
  /** False: the platform is sure that there is no network. */
  readonly online: boolean;
  /** The page's own address; null outside a page. */
  readonly page: string | null;
  /** Directive of the page's Content Security Policy that forbade it. */
  readonly forbiddenBy: string | null;
  /** Transports of the same client that work. */
  readonly others: readonly string[];
}

/** Without what may be secret: user and password, query, fragment. @param base what is told where it cannot be read */
export function bare(address: string, base: string): string {
  try {
    const { protocol, host, pathname } = new URL(address, base);
    return `${protocol}//${host}${pathname}`;
  } catch {
    return bare(base, 'http://invalid.invalid');
  }
}
