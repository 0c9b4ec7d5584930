import type { Cancel, Req, Res, ServerFrame } from '../src/protocol/frame.ts';
import { toPlain } from '../src/protocol/payload.ts';
import type { Answer } from './brokers/claim.ts';
import type { Outgoing } from './outgoing.ts';
import type { AnyHandler, RequestHandlers } from './request-types.ts';
import type { Leave } from './runs.ts';
import type { Services } from './services.ts';
import type { SocketKind, User } from './types.ts';

const RETRY_AFTER = 1000;
const nothing = (): void => undefined;

interface Asked {
  leave: Leave;
  forget(): void;
}

type Refused = NonNullable<Res['err']>;

/** What the requests need of their connection. */
export interface RequestsHost {
  readonly kind: SocketKind;
  readonly outgoing: Outgoing;
  readonly user: User;
  /** Id of the user, empty for an anonymous visitor. */
  readonly userId: string;
  readonly client: string;
  /** Whose allowance is used up, and whose keys they are. */
  readonly payer: string;
  readonly tokenExpired: boolean;
  send(frame: ServerFrame): void;
  /** Perhaps nothing is left that waits for an answer. */
  onSettled(): void;
}

/** @throws TypeError naming the method whose handler is no function */
export function createHandlers(given: RequestHandlers = {}): ReadonlyMap<string, AnyHandler> {
  // A Map, because methods are looked up by names from the wire.
  const handlers = new Map(Object.entries(given));
  for (const [method, handler] of handlers) {
    if (typeof handler !== 'function') throw new TypeError(`requests: the handler of '${method}' must be a function`);
  }
  return handlers;
}

/** The requests of one connection: checked, run or joined, and answered when there is room. */
export class Requests {
  readonly #services: Services;
  readonly #host: RequestsHost;
  readonly #asked = new Map<string, Asked>();
  /** Answers that wait for room: what a client does not read must not pile up in the queue. */
  readonly #answers: Res[] = [];

  constructor(services: Services, host: RequestsHost) {
    this.#services = services;
    this.#host = host;
  }

  /** Everything that was asked is answered. */
  get idle(): boolean {
    return this.#asked.size + this.#answers.length === 0;
  }

  get waiting(): boolean {
    return this.#answers.length > 0;
  }

  onFrame(frame: Req | Cancel): void {
    if (frame.t === 'req') this.#onReq(frame);
    else this.#onCancel(frame);
  }

  /** There may be room. */
  pump(): void {
    while (this.#answers.length > 0 && !this.#host.outgoing.busy) {
      this.#services.runs.count(this.#page, -1);
      this.#host.send(this.#answers.shift()!);
    }
  }

  end(): void {
    for (const { leave, forget } of this.#asked.values()) {
      forget();
      leave('gone');
    }
    this.#services.runs.count(this.#page, -this.#answers.length);
    this.#asked.clear();
    this.#answers.length = 0;
  }

  get #page(): string {
    return `${lengthFirst(this.#host.payer)}${this.#host.client}`;
  }

  #onReq({ id, m, d, key: given, timeout = Infinity }: Req): void {
    const key = given ?? null;
    const { environment, limits, timing, runs, handlers, requestAllowance } = this.#services;
    const { kind, user, userId, payer, tokenExpired } = this.#host;
    const page = this.#page;
    const now = environment.now();
    const handler = handlers.get(m);
    const plain = toPlain(d, limits);
    if (this.#asked.has(id)) return this.#refuse(id, { code: 'invalid', message: 'this id is under way' });
    if (tokenExpired) return this.#refuse(id, { code: 'token-expired' });
    if (handler === undefined) return this.#refuse(id, { code: 'not-found', message: 'there is no such method' });
    if (!plain.ok) return this.#refuse(id, { code: plain.code, message: plain.why });
    const name = key === null ? asideName(kind, page, id) : `k ${lengthFirst(payer)}${lengthFirst(m)}${key}`;
    const cost = runs.cost({ name, page, id });
    // What a page repeats after a reconnect would seem not to run. Answers that it does not read are bounded all the same.
    if ((cost !== 'nothing' || this.#answers.length >= limits.requests) && runs.under(page) >= limits.requests) {
      return this.#limit(id, `at most ${limits.requests} requests at a time`, RETRY_AFTER);
    }
    if (cost === 'a run') {
      // A page that hangs up and comes back under another name leaves its runs behind.
      if (runs.of(payer) >= limits.requests * limits.connections)
        return this.#limit(id, 'too many requests at a time', RETRY_AFTER);
      if (requestAllowance.take(payer, 1, now) === 0) {
        return this.#limit(id, 'too many requests', requestAllowance.wait(payer, now));
      }
    }
    const cancel = (): void => this.#onCancel({ t: 'cancel', id });
    const asked: Asked = { leave: nothing, forget: kind === 'send' ? runs.aside(page, id, cancel) : nothing };
    this.#asked.set(id, asked);
    asked.leave = runs.ask({
      ...{ method: m, handler, params: plain.data, user, userId, key, id, page, payer, name },
      limit: Math.min(timeout, timing.requestTimeout),
      tell: (answer) => this.#answer(id, answer),
    });
  }

  /** Over HTTP it comes in another request than what it cancels. */
  #onCancel({ id }: Cancel): void {
    const asked = this.#asked.get(id);
    if (asked === undefined) return this.#host.kind === 'send' ? this.#services.runs.cancelAside(this.#page, id) : undefined;
    asked.leave('cancelled');
    this.#answer(id, { err: { code: 'aborted' } });
  }

  #answer(id: string, answer: Answer): void {
    const asked = this.#asked.get(id);
    if (asked === undefined) return;
    this.#asked.delete(id);
    asked.forget();
    const res: Res = { t: 'res', id, ...answer };
    if (this.#host.outgoing.busy) {
      this.#answers.push(res);
      this.#services.runs.count(this.#page, 1);
    } else this.#host.send(res);
    this.#host.onSettled();
  }

  #limit(id: string, message: string, after: number): void {
    this.#services.counters.rateLimited += 1;
    this.#refuse(id, { code: 'rate-limited', message, after: Math.ceil(after) });
  }

  #refuse(id: string, err: Refused): void {
    this.#services.counters.refused += 1;
    this.#host.send({ t: 'res', id, err });
    this.#host.onSettled();
  }
}

/** Browsers and proxies may repeat a POST, so a request without a key is claimed there too. */
function asideName(kind: SocketKind, page: string, id: string): string | null {
  return kind === 'send' ? `i ${page} ${id}` : null;
}

/** So that no two parts together read as another pair. */
function lengthFirst(text: string): string {
  return `${text.length} ${text} `;
}
