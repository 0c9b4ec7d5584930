/**
 * How connections end, and what the client does about it. A WebSocket close code, or `bye.code` on every transport.
 *
 * @see RFC 6455 section 7.4 for the codes below 4000
 */
export const END = {
  normal: 1000,
  abnormal: 1006,
  invalidData: 1007,
  policy: 1008,
  tooBig: 1009,
  restart: 1012,
  tryLater: 1013,
  badGateway: 1014,
  goingAway: 4000,
  pingTimeout: 4003,
  slowConsumer: 4008,
  superseded: 4009,
  /** Never on the wire: the client gave up an opening that took too long. */
  openTimeout: 4010,
  /** Never on the wire: `getToken` failed. */
  tokenFailed: 4011,
  /** Never on the wire: something between holds an event stream back. */
  buffered: 4012,
  tokenExpired: 4201,
  tokenRejected: 4202,
  badFrame: 4400,
  forbidden: 4403,
  noCommonVersion: 4406,
  tooLarge: 4413,
  limits: 4429,
} as const;

export type EndAction =
  /** Wait by the backoff and try again. */
  | 'retry'
  /** The same; three in a row would speak against the transport, once a client has another one to try. */
  | 'suspect'
  /** Wait a random part of `spread`; the backoff does not grow. */
  | 'spread'
  /** Ask for a fresh token and try again. */
  | 'refresh'
  /** The same once; a second time in a row ends the client. */
  | 'refresh-once'
  /** Send smaller batches and try again. */
  | 'split'
  /** Final. */
  | 'end';

export interface EndRule {
  readonly name: string;
  readonly action: EndAction;
}

/** What each code is called, by what is done about it. */
const RULES: Readonly<Record<EndAction, Readonly<Record<number, string>>>> = {
  retry: {
    1000: 'normal',
    1001: 'gone',
    1005: 'no-status',
    1006: 'abnormal',
    1011: 'server-error',
    1012: 'restart',
    1013: 'try-later',
    1014: 'bad-gateway',
    4003: 'ping-timeout',
    4008: 'slow-consumer',
    4009: 'superseded',
    4010: 'open-timeout',
    4011: 'token-failed',
    4429: 'limits',
  },
  suspect: {
    1002: 'protocol-error',
    1003: 'unsupported-data',
    1007: 'invalid-data',
    1008: 'policy',
    1010: 'extension',
    1015: 'tls',
    4012: 'buffered',
  },
  spread: { 4000: 'going-away' },
  refresh: { 4201: 'token-expired' },
  'refresh-once': { 4202: 'token-rejected' },
  split: { 1009: 'too-large', 4413: 'too-large' },
  end: { 4400: 'bad-frame', 4403: 'forbidden', 4406: 'no-common-version' },
};

/** The table wins over the range: below 4400 retry, from 4400 end. */
export function endRule(code: number): EndRule {
  for (const [action, names] of Object.entries(RULES)) {
    if (names[code] !== undefined) return { name: names[code], action: action as EndAction };
  }
  return { name: `code-${code}`, action: code >= 4400 && code <= 4999 ? 'end' : 'retry' };
}
