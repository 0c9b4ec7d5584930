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

const rules = new Map<number, EndRule>([
  [1000, { name: 'normal', action: 'retry' }],
  [1001, { name: 'gone', action: 'retry' }],
  [1002, { name: 'protocol-error', action: 'suspect' }],
  [1003, { name: 'unsupported-data', action: 'suspect' }],
  [1005, { name: 'no-status', action: 'retry' }],
  [1006, { name: 'abnormal', action: 'retry' }],
  [1007, { name: 'invalid-data', action: 'suspect' }],
  [1008, { name: 'policy', action: 'suspect' }],
  [1009, { name: 'too-large', action: 'split' }],
  [1010, { name: 'extension', action: 'suspect' }],
  [1011, { name: 'server-error', action: 'retry' }],
  [1012, { name: 'restart', action: 'retry' }],
  [1013, { name: 'try-later', action: 'retry' }],
  [1014, { name: 'bad-gateway', action: 'retry' }],
  [1015, { name: 'tls', action: 'suspect' }],
  [END.goingAway, { name: 'going-away', action: 'spread' }],
  [END.pingTimeout, { name: 'ping-timeout', action: 'retry' }],
  [END.slowConsumer, { name: 'slow-consumer', action: 'retry' }],
  [END.superseded, { name: 'superseded', action: 'retry' }],
  [END.openTimeout, { name: 'open-timeout', action: 'retry' }],
  [END.tokenFailed, { name: 'token-failed', action: 'retry' }],
  [END.buffered, { name: 'buffered', action: 'suspect' }],
  [END.tokenExpired, { name: 'token-expired', action: 'refresh' }],
  [END.tokenRejected, { name: 'token-rejected', action: 'refresh-once' }],
  [END.badFrame, { name: 'bad-frame', action: 'end' }],
  [END.forbidden, { name: 'forbidden', action: 'end' }],
  [END.noCommonVersion, { name: 'no-common-version', action: 'end' }],
  [END.tooLarge, { name: 'too-large', action: 'split' }],
  [END.limits, { name: 'limits', action: 'retry' }],
]);

/** The table wins over the range: below 4400 retry, from 4400 end. */
export function endRule(code: number): EndRule {
  return rules.get(code) ?? { name: `code-${code}`, action: code >= 4400 && code <= 4999 ? 'end' : 'retry' };
}
