/** Runs methods of the app's server: exactly one answer, or one error. */
import type { Checks } from '../contract/checks.ts';
import { HoldfastError, check } from '../errors.ts';
import { DEFAULT_LIMITS, type Req, type Res } from '../protocol/frame.ts';
import { isEventName, isRequestKey } from '../protocol/names.ts';
import { toPlain } from '../protocol/payload.ts';
import type { RequestOptions } from '../types.ts';
import { createDeferred } from '../util/deferred.ts';
import { Calls, type CallsContext } from './calls.ts';

/** As many as a server takes by default. */
const AT_ONCE = 64;
/** Where each takes a connection of the browser, which has six to an origin over HTTP/1.1. */
const AT_ONCE_ASIDE = 4;

/** Bytes of a message beside the payload: names, id and key at their longest, and a token. */
const ENVELOPE = 2048;

export class Requests {
  readonly #context: CallsContext;
  /** ms */
  readonly #timeout: number;
  readonly #calls: Calls;
  readonly #checks: Checks | undefined;

  constructor(context: CallsContext, timeout: number, checks: Checks | undefined) {
    this.#context = context;
    this.#timeout = timeout;
    this.#checks = checks;
    this.#calls = new Calls(context, {
      cap: 'req',
      unsupported: 'This server takes no requests.',
      answerWithin: Infinity,
      atOnce: ({ aside }) => (aside ? AT_ONCE_ASIDE : AT_ONCE),
      // At least 1, which a time limit of a fraction may have left.
      dress: (frame, left) => ({ ...(frame as Req), timeout: Math.max(1, Math.round(left)) }),
      onAbort(id) {
        context.send({ t: 'cancel', id });
        return 'free';
      },
    });
  }

  /** @throws HoldfastError `invalid-name`, `invalid-option` */
  run(method: string, params: unknown, { key, timeout = this.#timeout, signal }: RequestOptions): Promise<unknown> {
    if (!isEventName(method)) throw new HoldfastError('invalid-name', `${JSON.stringify(method)} is no name of a method.`);
    check(key === undefined || isRequestKey(key), '`key` must be a string of 1 to 256 characters.');
    check(timeout > 0, '`timeout` must be a positive number.');
    const limits = this.#context.line()?.limits ?? DEFAULT_LIMITS;
    // One that is no message of its own would end the connection; bytes grow by a third in JSON.
    const most = Math.max(1, limits.message - ENVELOPE);
    const frame = Math.min(limits.frame, most);
    const plain = toPlain(params, { ...limits, frame, binary: Math.min(limits.binary, (most / 4) * 3) });
    if (!plain.ok) return refused(new HoldfastError(plain.code, `Not sent: ${plain.why}.`));
    const checked = this.#checks?.params(method, plain.data);
    if (checked?.ok === false) return refused(checked.error);
    const payload = { ...(plain.data !== undefined && { d: plain.data }), ...(key !== undefined && { key }) };
    const req: Req = { t: 'req', id: '', m: method, ...payload };
    return this.#calls.ask({
      frame: req,
      patience: timeout,
      repeats: key !== undefined,
      signal,
      read: ({ d }: Res) => this.#read(method, d),
    });
  }

  #read(method: string, data: unknown): unknown {
    const checked = this.#checks?.result(method, data);
    if (checked?.ok === false) throw checked.error;
    return checked === undefined ? data : checked.value;
  }

  get calls(): Pick<Calls, 'busy' | 'welcomed' | 'awaits' | 'lost' | 'received' | 'end'> {
    return this.#calls;
  }
}

function refused(error: HoldfastError): Promise<never> {
  const { promise, reject } = createDeferred<never>();
  reject(error);
  return promise;
}
