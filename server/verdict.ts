import type { Checked } from '../src/contract/validate.ts';
import type { Refusal } from '../src/protocol/frame.ts';
import type { ServerEnvironment } from './environment.ts';
import { isRejection, refusalOf } from './rejection.ts';
import type { Rule } from './rules.ts';
import type { Context, User } from './types.ts';

/** What a rule says. later: nothing is decided, the client tries again. */
export type Verdict =
  | { readonly say: 'yes' }
  | { readonly say: 'no'; readonly refusal: Refusal }
  /** `fault` is for the log: what a rule threw that is no rejection. */
  | { readonly say: 'later'; readonly refusal: Refusal; readonly after?: number; readonly fault?: unknown };

export const YES: Verdict = { say: 'yes' };
export const FORBIDDEN: Verdict = { say: 'no', refusal: { code: 'forbidden' } };

/** Only `true` allows: a rule that returns something else by mistake must not open a channel. */
export function verdictOf(answer: unknown): Verdict {
  return answer === true ? YES : FORBIDDEN;
}

export function verdictOfError(error: unknown): Verdict {
  if (!isRejection(error)) return { say: 'later', refusal: { code: 'unavailable' }, fault: error };
  if (!error.retryable) return { say: 'no', refusal: refusalOf(error) };
  const after = error.retryAfter === undefined ? undefined : { after: Math.max(0, Math.ceil(error.retryAfter)) };
  return { say: 'later', refusal: refusalOf(error), ...after };
}

/** Asks a rule. An answer that is there at once costs no promise and no timer. */
export function ask(run: () => unknown): Verdict | PromiseLike<unknown> {
  try {
    const answer = run();
    return isThenable(answer) ? answer : verdictOf(answer);
  } catch (error) {
    return verdictOfError(error);
  }
}

/** What the contract does not take. A validator that fails is the app's fault, as a rule that throws is. */
export function verdictOfFault(error: Extract<Checked, { ok: false }>['error']): Verdict {
  if (error.code !== 'invalid') return { say: 'later', refusal: { code: 'unavailable' }, fault: error };
  return { say: 'no', refusal: { code: 'invalid', message: error.message.slice(0, 4096) } };
}

/** The rule of one event, or of all. */
export function askRule(
  publish: Rule['publish'],
  event: string,
  data: unknown,
  context: RuleContext,
): Verdict | PromiseLike<unknown> {
  if (typeof publish === 'function') return ask(() => publish(context));
  if (typeof publish === 'boolean') return verdictOf(publish);
  // The name comes from the wire: `constructor` must not find Object's.
  const rule = Object.hasOwn(publish, event) ? publish[event] : undefined;
  return typeof rule === 'function' ? ask(() => rule(data, context)) : verdictOf(rule);
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

/** A promise with a time limit. `onError` is told of whichever comes first; exactly one of the two is called, once. */
export function within<T>(
  environment: ServerEnvironment,
  ms: number,
  promise: PromiseLike<T>,
  onValue: (value: T) => void,
  onError: (error: unknown) => void,
): void {
  let waiting = true;
  const first = (): boolean => {
    if (!waiting) return false;
    waiting = false;
    environment.clearTimeout(timer);
    return true;
  };
  const timer = environment.setTimeout(() => {
    if (first()) onError(new Error(`no answer within ${ms} ms`));
  }, ms);
  promise.then(
    (value) => {
      if (first()) onValue(value);
    },
    (error: unknown) => {
      if (first()) onError(error);
    },
  );
}

/** An AbortSignal made only if someone looks at it: most rules never do. */
export class LazySignal {
  #controller: AbortController | null = null;
  #reason: unknown = null;

  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#reason !== null) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  abort(reason: Error): void {
    this.#reason ??= reason;
    this.#controller?.abort(reason);
  }
}

export class RuleContext extends LazySignal implements Context {
  readonly user: User;
  readonly channel: string;
  readonly params: Readonly<Record<string, string>>;

  constructor(user: User, channel: string, params: Readonly<Record<string, string>>) {
    super();
    this.user = user;
    this.channel = channel;
    this.params = params;
  }
}
