import type { Checked } from '../src/contract/validate.ts';
import { toPlain } from '../src/protocol/payload.ts';
import type { Answer } from './brokers/claim.ts';
import { isRejection, refusalOf } from './rejection.ts';
import type { RequestContext, AnyHandler } from './request-types.ts';
import type { Services } from './services.ts';
import type { User } from './types.ts';
import { LazySignal, verdictOfFault } from './verdict.ts';

/** What a request asks of the app. */
export interface Call {
  readonly method: string;
  readonly handler: AnyHandler;
  readonly params: unknown;
  readonly user: User;
  readonly userId: string;
  readonly key: string | null;
}

export interface Outcome {
  readonly answer: Answer;
  /** Of the answer, about, bytes. */
  readonly size: number;
  /** nothing: the handler says that it did nothing, and may be run again. */
  readonly did: 'something' | 'nothing';
}

export const UNKNOWN: Answer = { err: { code: 'unknown-outcome', message: 'it was begun, and nobody can say how it ended' } };
export const TIMEOUT: Answer = { err: { code: 'timeout', message: 'the handler did not answer in time' } };
/** Beside what the answer says. */
const ENVELOPE = 64;

class HandlerContext extends LazySignal implements RequestContext {
  readonly user: User;
  readonly key: string | null;

  constructor({ user, key }: Call) {
    super();
    this.user = user;
    this.key = key;
  }
}

/** One call of a handler. Never throws, whatever the handler does. */
export class Run {
  readonly #services: Services;
  readonly #call: Call;
  readonly #context: HandlerContext;
  #aborted: Error | null = null;

  constructor(services: Services, call: Call) {
    this.#services = services;
    this.#call = call;
    this.#context = new HandlerContext(call);
  }

  get aborted(): boolean {
    return this.#aborted !== null;
  }

  abort(reason: Error): void {
    this.#aborted ??= reason;
    this.#context.abort(reason);
  }

  async start(): Promise<Outcome> {
    const { handler, params, method } = this.#call;
    const checked = this.#services.checks?.params(method, params);
    if (checked?.ok === false) return this.#unfit(checked.error);
    this.#services.counters.handled += 1;
    try {
      return this.#resultOf(await handler((checked === undefined ? params : checked.value) as never, this.#context));
    } catch (error) {
      return this.#failureOf(error);
    }
  }

  #resultOf(result: unknown): Outcome {
    const plain = toPlain(result, this.#services.limits);
    const checked = plain.ok ? this.#services.checks?.result(this.#call.method, plain.data) : undefined;
    if (checked?.ok === false) {
      this.#report(checked.error);
      return refused({ code: 'unavailable', message: 'its result does not fit the contract' });
    }
    if (plain.ok) {
      const answer = plain.data === undefined ? {} : { d: plain.data };
      return { answer, size: plain.size + ENVELOPE, did: 'something' };
    }
    this.#report(new TypeError(`its result cannot be sent: ${plain.why}`));
    return refused({ code: plain.code === 'too-large' ? 'too-large' : 'unavailable', message: 'its result cannot be sent' });
  }

  /** Params that a validator refuses; one that cannot say is a fault of the app. */
  #unfit(error: Extract<Checked, { ok: false }>['error']): Outcome {
    const verdict = verdictOfFault(error);
    if (verdict.say === 'no') return refused(verdict.refusal);
    this.#report(error);
    return refused({ code: 'unavailable' });
  }

  #failureOf(error: unknown): Outcome {
    if (isRejection(error)) {
      const { retryable, retryAfter } = error;
      const after = retryAfter === undefined ? undefined : { after: Math.max(0, Math.ceil(retryAfter)) };
      const refusal = { ...refusalOf(error), ...(retryable && { retry: true }), ...after };
      return { ...refused(refusal), did: retryable ? 'nothing' : 'something' };
    }
    // To stop when the signal says so is no fault, and how far it had come nobody knows.
    const stopped = this.#aborted !== null && (error === this.#aborted || (error as Error | null)?.name === 'AbortError');
    if (!stopped) this.#report(error);
    return this.#aborted === null ? refused({ code: 'unavailable' }) : refused(UNKNOWN.err!);
  }

  #report(error: unknown): void {
    const { method, userId } = this.#call;
    this.#services.report('handler-failed', { method, user: userId, error });
  }
}

function refused(err: NonNullable<Answer['err']>): Outcome {
  return { answer: { err }, size: ENVELOPE + (err.message ?? '').length, did: 'something' };
}
