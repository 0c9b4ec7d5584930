/** Asks for pages of the past. One whose connection ends is asked for again: to read twice does no harm. */
import type { Line } from '../connection/line.ts';
import type { Reception } from '../contract/reception.ts';
import { HoldfastError, isErrorCode } from '../errors.ts';
import type { Environment } from '../platform/environment.ts';
import type { ClientFrame, Hist, Res, WireCursor } from '../protocol/frame.ts';
import { isCursor } from '../protocol/parse.ts';
import type { Abortable, Cursor, HistoryOptions, HistoryPage } from '../types.ts';
import { type Deferred, createDeferred } from '../util/deferred.ts';
import { type Timer, createTimer } from '../util/timer.ts';
import { fromWire, toWire } from './cursor.ts';
import { messageOf } from './message.ts';

export interface HistoryContext {
  readonly environment: Environment;
  /** The welcomed connection, if there is one. */
  line(): Line | null;
  send(frame: ClientFrame): void;
  /** Something is wanted: connect. */
  need(): void;
  isOwn(id: string, by: string | undefined): boolean;
  readonly reception: Reception | undefined;
}

/** ms from the question to the answer, on one connection. */
const ANSWER = 10_000;
/** ms for one page in all, the wait for a connection included. */
const PATIENCE = 30_000;
const MOST_MESSAGES = 500;
/** Pages under way. A server answers more by `rate-limited`. */
const AT_ONCE = 4;

interface Asked {
  readonly frame: Hist;
  readonly page: Deferred<HistoryPage>;
  readonly until: number;
  readonly timer: Timer;
  /** over: the app was told, though the server may still be at it. */
  state: 'wanted' | 'over';
  unabort: () => void;
}

export class History {
  readonly #context: HistoryContext;
  readonly #waiting = new Set<Asked>();
  /** By id. */
  readonly #under = new Map<string, Asked>();
  #over: HoldfastError | null = null;

  constructor(context: HistoryContext) {
    this.#context = context;
  }

  /** @throws HoldfastError `invalid-option` */
  read(channel: string, { limit = 50, from, to, signal }: HistoryOptions): Promise<HistoryPage> {
    const ends = { ...cursorOf('from', from), ...cursorOf('to', to) };
    check(Number.isInteger(limit) && limit > 0 && limit <= MOST_MESSAGES, `\`limit\` must be 1 to ${MOST_MESSAGES}.`);
    check(!(from && to && from.epoch === to.epoch && from.offset > to.offset), '`from` must not come after `to`.');
    return this.#ask({ t: 'hist', id: '', c: channel, ...ends, n: limit }, signal);
  }

  /** What was under way on an older connection may never be answered. */
  welcomed(): void {
    for (const asked of this.#under.values()) {
      if (asked.state === 'wanted') this.#send(asked);
      else this.#settle(asked);
    }
    this.#pump();
  }

  lost(): void {
    if (this.#context.line() === null) for (const { timer, until } of this.#under.values()) timer.set(until);
  }

  received(res: Res): void {
    const asked = this.#under.get(res.id);
    if (asked === undefined) return;
    this.#settle(asked);
    const { err, ep, items = [], older } = res;
    if (err !== undefined) asked.page.reject(refusalOf(err));
    else if (ep === undefined && (items.length > 0 || older !== undefined)) {
      asked.page.reject(new HoldfastError('protocol-error', 'The server sent a page of no log.'));
    } else asked.page.resolve(this.#pageOf(asked.frame, res));
    this.#pump();
  }

  end(error: HoldfastError): void {
    this.#over = error;
    for (const asked of [...this.#under.values(), ...this.#waiting]) {
      this.#settle(asked);
      asked.page.reject(error);
    }
  }

  #ask(question: Hist, signal: AbortSignal | undefined): Promise<HistoryPage> {
    const { environment, need } = this.#context;
    const page = createDeferred<HistoryPage>();
    const until = environment.now() + PATIENCE;
    const asked: Asked = {
      ...{ page, until, state: 'wanted', unabort() {} },
      frame: { ...question, id: environment.createId() },
      timer: createTimer(environment, () => {
        this.#settle(asked);
        const why = this.#context.line() === null ? 'There was no connection' : 'The server did not answer';
        page.reject(new HoldfastError('timeout', `${why} in time.`));
        this.#pump();
      }),
    };
    const onAbort = (): void => {
      // The server is not told, so the place that it holds is not free before it answers.
      if (this.#waiting.has(asked)) this.#settle(asked);
      asked.state = 'over';
      page.reject(new HoldfastError('aborted', 'The signal was aborted.', { cause: signal!.reason }));
    };
    if (this.#over !== null) page.reject(this.#over);
    else if (signal?.aborted) onAbort();
    else {
      signal?.addEventListener('abort', onAbort, { once: true });
      asked.unabort = () => signal?.removeEventListener('abort', onAbort);
      this.#waiting.add(asked);
      asked.timer.set(until);
      need();
      this.#pump();
    }
    return page.promise;
  }

  #pump(): void {
    const line = this.#context.line();
    if (line === null) return;
    for (const asked of this.#waiting) {
      if (this.#under.size >= AT_ONCE) return;
      this.#waiting.delete(asked);
      this.#under.set(asked.frame.id, asked);
      this.#send(asked);
    }
  }

  #send(asked: Asked): void {
    const { environment, line, send } = this.#context;
    if (!line()!.caps.includes('hist')) {
      this.#settle(asked);
      return asked.page.reject(new HoldfastError('unsupported', 'This server keeps no history that a client may read.'));
    }
    asked.timer.set(Math.min(asked.until, environment.now() + ANSWER));
    send(asked.frame);
  }

  /** It takes no place any more, and leaves nothing behind. */
  #settle(asked: Asked): void {
    this.#waiting.delete(asked);
    this.#under.delete(asked.frame.id);
    asked.timer.set(null);
    asked.unabort();
  }

  #pageOf(frame: Hist, { ep = '', items = [], older, trimmed = false }: Res): HistoryPage {
    const { isOwn, reception } = this.#context;
    const messages = items.flatMap((entry) => {
      const message = messageOf(frame.c, entry, fromWire([ep, entry.o, entry.g]), isOwn(entry.id, entry.by));
      return reception === undefined ? message : (reception.message(message) ?? []);
    });
    return {
      messages: messages.reverse(),
      older: older === undefined ? null : ({ signal }: Abortable = {}) => this.#ask({ ...frame, to: [ep, ...older] }, signal),
      trimmed,
    };
  }
}

function refusalOf({ code, message, app, after }: NonNullable<Res['err']>): HoldfastError {
  return new HoldfastError(isErrorCode(code) ? code : 'app', message ?? `The server refused to read the past (${code}).`, {
    details: app === undefined ? {} : { appCode: app },
    retryAfter: after ?? null,
  });
}

function cursorOf(name: 'from' | 'to', given: Cursor | undefined): { readonly [Name in 'from' | 'to']?: WireCursor } {
  if (given === undefined) return {};
  // Anything else, sent as a cursor, would end the client.
  const cursor: unknown = given === null || typeof given !== 'object' ? null : toWire(given);
  check(isCursor(cursor), `\`${name}\` must be a cursor.`);
  return { [name]: cursor as WireCursor };
}

function check(holds: boolean, message: string): void {
  if (!holds) throw new HoldfastError('invalid-option', message);
}
