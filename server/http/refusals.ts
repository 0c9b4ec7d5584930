import { END } from '../../src/protocol/end-codes.ts';
import type { ServerBye } from '../../src/protocol/frame.ts';
import { retryAfter } from '../admission.ts';
import type { Turned } from '../types.ts';
import type { HeaderTable } from './exchange.ts';

/** Why a request has no session: a status for whatever is between, and the same as `bye` for the client. */
export interface Refusal {
  readonly status: number;
  readonly bye: ServerBye;
  readonly headers?: HeaderTable;
}

/** Of every answer: a proxy that keeps one, or makes it smaller as it goes by, breaks the connection. */
export const HEADERS: HeaderTable = { 'cache-control': 'no-store, no-transform' };

const refusal = (status: number, code: number, why: string, headers: HeaderTable = {}): Refusal => ({
  status,
  bye: { t: 'bye', code, why },
  headers,
});

const POLICY = 1008;
export const NOT_FOUND = refusal(404, POLICY, 'no transport is here');
export const METHOD = refusal(405, POLICY, 'only POST is taken here', { allow: 'POST, OPTIONS' });
export const TYPE = refusal(415, 1003, 'the body must be application/json or application/vnd.msgpack');
export const CODING = refusal(415, 1003, 'the body comes in a coding that this server does not read');
export const LATE = refusal(408, END.pingTimeout, 'the body did not come in time');
export const BROKEN = refusal(400, END.invalidData, 'the body broke off');
export const FAULT = refusal(500, 1011, 'the server failed');

/** What is said of a body that is no message, by whoever reads it. */
export const UNCODED = { ok: false, why: 'not gzip' } as const;
export const NO_HELLO = { ok: false, why: 'the first frame must be hello' } as const;

export function tooBig(most: number): Refusal {
  return refusal(413, END.tooBig, `the limit of a message is ${most} bytes`);
}

export function refusalOf(turned: Turned, bye: ServerBye): Refusal {
  const headers = 'after' in turned ? { 'retry-after': retryAfter(turned.after) } : {};
  return { status: turned.status, bye, headers };
}

export function headersOf({ headers = {} }: Refusal): HeaderTable {
  return headers;
}
