/** Asks for pages of the past. One whose connection ends is asked for again: to read twice does no harm. */
import type { Reception } from '../contract/reception.ts';
import { HoldfastError, check } from '../errors.ts';
import type { Hist, Res, WireCursor } from '../protocol/frame.ts';
import { isCursor } from '../protocol/parse.ts';
import { Calls, type CallsContext } from '../request/calls.ts';
import type { Abortable, Cursor, HistoryOptions, HistoryPage } from '../types.ts';
import { fromWire, toWire } from './cursor.ts';
import { messageOf } from './message.ts';

export interface HistoryContext extends CallsContext {
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

export class History {
  readonly #context: HistoryContext;
  readonly calls: Calls;

  constructor(context: HistoryContext) {
    this.#context = context;
    this.calls = new Calls(context, {
      cap: 'hist',
      unsupported: 'This server keeps no history that a client may read.',
      answerWithin: ANSWER,
      atOnce: () => AT_ONCE,
      onAbort: () => 'taken',
    });
  }

  /** @throws HoldfastError `invalid-option` */
  read(channel: string, { limit = 50, from, to, signal }: HistoryOptions): Promise<HistoryPage> {
    const ends = { ...cursorOf('from', from), ...cursorOf('to', to) };
    check(Number.isInteger(limit) && limit > 0 && limit <= MOST_MESSAGES, `\`limit\` must be 1 to ${MOST_MESSAGES}.`);
    check(!(from && to && from.epoch === to.epoch && from.offset > to.offset), '`from` must not come after `to`.');
    return this.#ask({ t: 'hist', id: '', c: channel, ...ends, n: limit }, signal);
  }

  #ask(frame: Hist, signal: AbortSignal | undefined): Promise<HistoryPage> {
    const read = (res: Res): HistoryPage => {
      const { ep, items = [], older } = res;
      if (ep === undefined && (items.length > 0 || older !== undefined)) {
        throw new HoldfastError('protocol-error', 'The server sent a page of no log.');
      }
      return this.#pageOf(frame, res);
    };
    return this.calls.ask({ frame, patience: PATIENCE, repeats: true, signal, read });
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

function cursorOf(name: 'from' | 'to', given: Cursor | undefined): { readonly [Name in 'from' | 'to']?: WireCursor } {
  if (given === undefined) return {};
  // Anything else, sent as a cursor, would end the client.
  const cursor: unknown = given === null || typeof given !== 'object' ? null : toWire(given);
  check(isCursor(cursor), `\`${name}\` must be a cursor.`);
  return { [name]: cursor as WireCursor };
}
