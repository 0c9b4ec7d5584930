import type { Refusal } from '../src/protocol/frame.ts';

export interface RejectOptions {
  /** The client may try the same again. @default false */
  readonly retryable?: boolean;
  /** Not before, ms. @default none */
  readonly retryAfter?: number;
}

export class Rejection extends Error {
  override readonly name = 'HoldfastRejection';
  readonly code: string;
  readonly retryable: boolean;
  readonly retryAfter: number | undefined;

  constructor(code: string, message: string, options: RejectOptions) {
    super(message);
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.retryAfter = options.retryAfter;
  }
}

/**
 * For rules: the client sees this code (`error.details.appCode`) and message, never a stack.
 *
 * @throws TypeError if the code is not 1 to 256 characters
 * @example throw reject('too-long', 'At most 5000 characters');
 */
export function reject(code: string, message: string, options: RejectOptions = {}): Error {
  if (typeof code !== 'string' || code.length === 0 || code.length > 256) {
    throw new TypeError('the code of a rejection has 1 to 256 characters');
  }
  return new Rejection(code, message, options);
}

/** By name, because two copies of this module break `instanceof`. */
export function isRejection(error: unknown): error is Rejection {
  return error instanceof Error && error.name === 'HoldfastRejection';
}

/** The wire caps the sentence at 4096 characters. */
export function refusalOf(rejection: Rejection): Refusal {
  return { code: 'app', app: rejection.code, message: rejection.message.slice(0, 4096) };
}
