/**
 * Questions that one `res` answers: their ids, their time limits, those that wait for a connection, for a place, or for an
 * answer. Each ends once, whatever comes.
 */
import type { Line } from '../connection/line.ts';
import { HoldfastError, refusalOf } from '../errors.ts';
import type { Environment } from '../platform/environment.ts';
import type { ClientFrame, Hist, Req, Res } from '../protocol/frame.ts';
import { type Deferred, createDeferred } from '../util/deferred.ts';
import { onAbort } from '../util/stop.ts';
import { type Timer, createTimer } from '../util/timer.ts';

export interface CallsContext {
  readonly environment: Environment;
  /** The welcomed connection, if there is one. */
  line(): Line | null;
  send(frame: ClientFrame): void;
  /** Something is wanted: connect. */
  need(): void;
}

export interface Question<T> {
  /** Its id is given here. */
  readonly frame: Hist | Req;
  /** ms in all, the wait for a connection included. */
  readonly patience: number;
  /** May be asked again where the connection has ended. */
  readonly repeats: boolean;
  readonly signal: AbortSignal | undefined;
  /** @throws HoldfastError for an answer that makes no sense */
  read(res: Res): T;
}

export interface CallsOptions {
  /** Of `welcome.caps`. */
  readonly cap: string;
  /** Where the server has not got it. */
  readonly unsupported: string;
  /** ms from the question to the answer, on one connection. */
  readonly answerWithin: number;
  /** Under way at a time. */
  atOnce(line: Line): number;
  /** The frame as it is sent, `left` ms before its time limit. @default as it is */
  dress?(frame: Hist | Req, left: number): ClientFrame;
  /** It was sent, and nobody waits for the answer any more. free: its place may be taken. */
  onAbort(id: string): 'free' | 'taken';
}

interface Call {
  readonly question: Question<unknown>;
  readonly frame: Hist | Req;
  readonly answer: Deferred<unknown>;
  readonly until: number;
  readonly timer: Timer;
  /** Where it was sent last. */
  line: Line | null;
  /** over: the app was told, though the server may still be at it. */
  state: 'wanted' | 'over';
  unabort: () => void;
}

export class Calls {
  readonly #context: CallsContext;
  readonly #options: CallsOptions;
  readonly #waiting = new Set<Call>();
  /** By id. */
  readonly #under = new Map<string, Call>();
  #over: HoldfastError | null = null;

  constructor(context: CallsContext, options: CallsOptions) {
    this.#context = context;
    this.#options = options;
  }

  /** Something waits for the server. */
  get busy(): boolean {
    return this.#under.size + this.#waiting.size > 0;
  }

  ask<T>(question: Question<T>): Promise<T> {
    const { environment, need, line } = this.#context;
    const { signal } = question;
    const answer = createDeferred<T>();
    const id = environment.createId();
    const until = environment.now() + question.patience;
    const call: Call = {
      ...{ question, until, line: null, state: 'wanted', unabort() {}, answer },
      frame: { ...question.frame, id },
      timer: createTimer(environment, () => {
        const why = line() === null ? 'There was no connection' : 'The server did not answer';
        this.#fail(call, new HoldfastError('timeout', `${why} in time.`));
        this.#pump();
      }),
    };
    const abort = (): void => {
      const taken = this.#under.has(id) && this.#options.onAbort(id) === 'taken';
      call.state = 'over';
      answer.reject(new HoldfastError('aborted', 'The signal was aborted.', { cause: signal!.reason }));
      // The server is not told, so the place that it holds is not free before it answers.
      if (taken) return;
      this.#settle(call);
      this.#pump();
    };
    if (this.#over !== null) answer.reject(this.#over);
    else if (signal?.aborted) abort();
    else {
      call.unabort = onAbort(signal, abort);
      this.#waiting.add(call);
      call.timer.set(until);
      need();
      this.#pump();
    }
    return answer.promise;
  }

  /** What was under way on an older connection may never be answered. */
  welcomed(line: Line): void {
    for (const call of [...this.#under.values()]) {
      if (call.state === 'over') this.#settle(call);
      else if (!call.question.repeats) continue;
      // A server that forgot what it ran would run it again.
      else if (call.frame.t === 'req' && call.line?.mem !== line.mem) {
        this.#fail(call, new HoldfastError('unknown-outcome', 'The server was restarted before it answered.'));
      } else this.#send(call);
    }
    this.#pump();
  }

  /** Whether something was sent there that is sent nowhere else. */
  awaits(gen: number): boolean {
    return [...this.#under.values()].some(({ question, line }) => !question.repeats && line?.gen === gen);
  }

  /** The connection of this generation has ended. */
  lost(gen: number): void {
    const isOffline = this.#context.line() === null;
    for (const call of [...this.#under.values()]) {
      if (!call.question.repeats && call.line!.gen === gen) {
        this.#fail(call, new HoldfastError('connection-lost', 'The connection ended before the answer came.'));
      } else if (isOffline) call.timer.set(call.until);
    }
  }

  received(res: Res): void {
    const call = this.#under.get(res.id);
    if (call === undefined) return;
    this.#settle(call);
    try {
      const { err } = res;
      if (err !== undefined) {
        const told = { retryAfter: err.after ?? null, ...(err.retry !== undefined && { retryable: err.retry }) };
        throw refusalOf(err, `The server refused (${err.code}).`, 'app', told);
      }
      call.answer.resolve(call.question.read(res));
    } catch (error) {
      call.answer.reject(error);
    }
    this.#pump();
  }

  end(error: HoldfastError): void {
    this.#over = error;
    for (const call of [...this.#under.values(), ...this.#waiting]) this.#fail(call, error);
  }

  #pump(): void {
    const line = this.#context.line();
    if (line === null) return;
    for (const call of this.#waiting) {
      if (this.#under.size >= this.#options.atOnce(line)) return;
      this.#waiting.delete(call);
      this.#under.set(call.frame.id, call);
      this.#send(call);
    }
  }

  #send(call: Call): void {
    const { environment, send } = this.#context;
    const { cap, unsupported, answerWithin, dress } = this.#options;
    const { frame, until, timer, question } = call;
    call.line = this.#context.line()!;
    if (!call.line.caps.includes(cap)) return this.#fail(call, new HoldfastError('unsupported', unsupported));
    const now = environment.now();
    // Set to `until` as before, it goes on as it was, though the clock was set.
    timer.set(Math.min(until, now + answerWithin));
    // By a clock that was set back more would be left than there was.
    send(dress?.(frame, Math.min(until - now, question.patience)) ?? frame);
  }

  #fail(call: Call, error: HoldfastError): void {
    this.#settle(call);
    call.answer.reject(error);
  }

  /** It takes no place any more, and leaves nothing behind. */
  #settle(call: Call): void {
    this.#waiting.delete(call);
    this.#under.delete(call.frame.id);
    call.timer.set(null);
    call.unabort();
  }
}
