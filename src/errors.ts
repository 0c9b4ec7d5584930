/**
 * Every failure of this library is a {@link HoldfastError} with one of these codes. The value says whether trying the
 * same again can help; the sentence says what to do. The set is closed: a new code is a new major version.
 */
const table = {
  'connection-failed': [true, 'Check the address and the network; the client keeps trying.'],
  'connection-lost': [true, 'Nothing to do: the client reconnects and resumes.'],
  timeout: [true, 'Try again; if it stays, the server is overloaded or unreachable.'],
  unavailable: [true, 'Try again later; the server is busy or restarting.'],
  'rate-limited': [true, 'Send less often, or raise the limit on the server.'],
  'token-expired': [true, 'Return a fresh token from getToken.'],
  'too-slow': [true, 'Do less in each handler, or subscribe to less.'],
  'continuity-lost': [true, 'Load the state again and go on from there.'],
  'unknown-outcome': [true, 'Ask the server what happened before doing it again.'],
  'token-failed': [false, 'Make getToken return a token, or null, within 10 seconds.'],
  unauthorized: [false, 'Sign in again and make a new client for that user.'],
  forbidden: [false, 'Allow it in the server’s channel rules, or do not ask for it.'],
  invalid: [false, 'Send plain JSON data or one Uint8Array, of the shape the server expects.'],
  'too-large': [false, 'Send less data, or raise the limit on the server.'],
  'not-found': [false, 'Check the name; where it was a cursor, ask again without it.'],
  conflict: [false, 'Read the present state and decide again.'],
  'outbox-full': [true, 'Wait for client.outbox.drain() before publishing more.'],
  'storage-failed': [true, 'Free some disk space or leave private mode; what is in memory is still sent.'],
  expired: [false, 'Publish again if it still matters, or give a longer ttl.'],
  cancelled: [false, 'Nothing to do: it was cancelled on request.'],
  closed: [false, 'Publish again if it still matters.'],
  uncertain: [false, 'Check whether it arrived before publishing again.'],
  lost: [false, 'Publish again: the server accepted it and then lost it.'],
  'invalid-name': [false, 'Use 1 to 200 characters of A-Z a-z 0-9 : _ . - in a channel name, and a short non-empty event name.'],
  'invalid-option': [false, 'Correct the option named in the message.'],
  unsupported: [false, 'Use a platform that has the feature, or pass an implementation in `environment`.'],
  'protocol-error': [false, 'Update the older of client and server; if both are current, report it.'],
  destroyed: [false, 'Make a new client: this one was destroyed.'],
  aborted: [false, 'Nothing to do: the signal was aborted.'],
  'handler-threw': [false, 'Mend the handler; its own error is the cause of this one.'],
  app: [false, 'See details.appCode: the server’s own rule refused it.'],
} as const satisfies Record<string, readonly [retryable: boolean, remedy: string]>;

export type ErrorCode = keyof typeof table;

export interface ErrorDetails {
  /** For `app`: the code that the server's rule or handler gave. */
  readonly appCode?: string;
  /** For `invalid`: what a validator of the contract said. */
  readonly issues?: readonly Issue[];
  readonly [key: string]: unknown;
}

export interface Issue {
  readonly message: string;
  /** Keys that lead to it, from the outside; empty for the data itself. */
  readonly path: readonly PropertyKey[];
}

export interface ErrorOptions {
  readonly cause?: unknown;
  /** Wait at least, ms, before trying again. */
  readonly retryAfter?: number | null;
  readonly details?: ErrorDetails;
  /** @default by the code */
  readonly retryable?: boolean;
}

/** Recognise it by {@link isHoldfastError} or `code`: two copies of the library in one bundle break `instanceof`. */
export class HoldfastError<Code extends ErrorCode = ErrorCode> extends Error {
  override readonly name = 'HoldfastError';
  readonly code: Code;
  /** Whether trying the same again can help. */
  readonly retryable: boolean;
  /** One sentence: what to do about it. */
  readonly remedy: string;
  /** Address of the error's page. */
  readonly help: string;
  /** Wait at least, ms, before trying again; null if not told. */
  readonly retryAfter: number | null;
  readonly details: ErrorDetails;

  constructor(code: Code, message: string, options: ErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    const [retryable, remedy] = table[code];
    this.retryable = options.retryable ?? retryable;
    this.remedy = remedy;
    this.code = code;
    this.help = `https://unpkg.com/holdfast/docs/errors/${code}.md`;
    this.retryAfter = options.retryAfter ?? null;
    this.details = options.details ?? {};
  }
}

/** @throws HoldfastError `invalid-option`, with this sentence, unless it `holds` */
export function check(holds: boolean, message: string): void {
  if (!holds) throw new HoldfastError('invalid-option', message);
}

/** As the server says it. */
interface Said {
  readonly code: string;
  readonly message?: string | undefined;
  /** Code of the app's own. */
  readonly app?: string | undefined;
}

/** What the server refused. @param otherwise for a code that is not of the closed set @param sentence if it gave none */
export function refusalOf(
  { code, message, app }: Said,
  sentence: string,
  otherwise: ErrorCode,
  more?: ErrorOptions,
): HoldfastError {
  const details = app === undefined ? {} : { appCode: app };
  return new HoldfastError(isErrorCode(code) ? code : otherwise, message ?? sentence, { ...more, details });
}

/** Whether `code` belongs to the closed set, for codes that come from the wire. */
export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(table, code);
}

/**
 * Whether `error` is a {@link HoldfastError}, of one of `codes` if any are given.
 *
 * @example if (isHoldfastError(error, 'forbidden', 'invalid')) alert(error.remedy);
 */
export function isHoldfastError<Code extends ErrorCode = ErrorCode>(
  error: unknown,
  ...codes: readonly Code[]
): error is HoldfastError<Code> {
  if (!(error instanceof Error) || error.name !== 'HoldfastError') return false;
  const { code } = error as HoldfastError;
  return codes.length === 0 || (codes as readonly string[]).includes(code);
}
