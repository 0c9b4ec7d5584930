/** The public types of requests on the server. */
import type { In, Out, RequestParams, RequestResult, RequestsOf, Untyped, UserOf } from '../src/contract/contract.ts';

export interface RequestContext<C = Untyped> {
  /** null: an anonymous visitor. */
  readonly user: UserOf<C> | null;
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
export type RequestHandler<Params, Result, C = Untyped> = (
  params: Params,
  context: RequestContext<C>,
) => Result | Promise<Result>;

export type RequestHandlers<C = Untyped> = {
  readonly [M in keyof RequestsOf<C>]: RequestHandler<Out<RequestParams<C, M>>, In<RequestResult<C, M>>, C>;
};

/** As it is called: what a contract says of it is the app's. */
export type AnyHandler = RequestHandler<never, unknown>;
