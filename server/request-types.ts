/** The public types of requests on the server. */
import type { Untyped } from './types.ts';

export interface RequestContext {
  readonly user: Untyped;
  /** null: the request runs at most once, and cannot be repeated. */
  readonly key: string | null;
  /**
   * Aborted when the caller gives up, when the time limit is over, and when the connection ends, if nobody can come back for
   * the answer: not for a request with a key, nor over HTTP.
   */
  readonly signal: AbortSignal;
}

/**
 * Runs a request. What it returns is JSON data, one `Uint8Array` or nothing. Throw `reject(code, message)` to tell the client
 * why not; with `retryable` a request with a key may run again, so nothing must have been done. Whatever else is thrown is
 * told to `onEvent` alone; the client gets `unavailable`.
 */
export type RequestHandler = (params: Untyped, context: RequestContext) => unknown;

export type RequestHandlers = Readonly<Record<string, RequestHandler>>;
