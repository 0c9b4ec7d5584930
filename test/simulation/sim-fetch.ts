/**
 * A browser's `fetch` (WHATWG Fetch), as far as a page can tell: the promises, the body piece by piece, what an abort does,
 * and that no more than so many requests are under way at a time.
 */
import type { Fetch } from '../../src/platform/environment.ts';

export interface SimRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array<ArrayBuffer>;
}

/** The network under one request. */
export interface Carrier {
  /** The page wants it no more. */
  abort(): void;
}

/** What a network tells of one request, as tasks of the page. */
export interface Receiver {
  head(status: number, headers: Readonly<Record<string, string>>): void;
  chunk(bytes: Uint8Array<ArrayBuffer>): void;
  end(): void;
  fail(): void;
}

export type Carry = (request: SimRequest, receiver: Receiver) => Carrier;

type Chunk = ReadableStreamReadResult<Uint8Array<ArrayBuffer>>;
interface Settle<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

export class SimFetch {
  readonly #limit: number;
  readonly #carry: Carry;
  readonly #running = new Set<Errand>();
  #waiting: Errand[] = [];

  /** @param limit connections to one origin: six in a browser over HTTP/1.1, fewer if other tabs hold some */
  constructor(limit: number, carry: Carry) {
    this.#limit = limit;
    this.#carry = carry;
  }

  readonly fetch: Fetch = (url, { headers, body, signal }) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(aborted());
      const errand = new Errand({ resolve, reject }, () => this.#over(errand));
      const request = { url, headers: headers as SimRequest['headers'], body: body as SimRequest['body'] };
      errand.start = () => this.#carry(request, errand);
      signal?.addEventListener('abort', () => errand.abort(), { once: true });
      this.#waiting.push(errand);
      this.#pump();
    });

  /** Requests that the page has neither got to the end of nor given up. */
  get open(): number {
    return this.#running.size + this.#waiting.length;
  }

  /** The page is gone with its process. */
  forget(): void {
    this.#waiting = [];
    this.#running.clear();
  }

  #pump(): void {
    while (this.#running.size < this.#limit) {
      const errand = this.#waiting.shift();
      if (errand === undefined) return;
      this.#running.add(errand);
      errand.begin();
    }
  }

  #over(errand: Errand): void {
    this.#waiting = this.#waiting.filter((other) => other !== errand);
    if (this.#running.delete(errand)) this.#pump();
  }
}

class Errand implements Receiver {
  start: () => Carrier = () => ({ abort() {} });
  readonly #promise: Settle<Response>;
  readonly #onOver: () => void;
  #carrier: Carrier | null = null;
  #state: 'open' | 'done' | 'failed' = 'open';
  #error: unknown = null;
  #chunks: Uint8Array<ArrayBuffer>[] = [];
  /** Of the reader. */
  #read: Settle<Chunk> | null = null;
  /** Of `arrayBuffer`. */
  #whole: Settle<ArrayBuffer> | null = null;

  constructor(promise: Settle<Response>, onOver: () => void) {
    this.#promise = promise;
    this.#onOver = onOver;
  }

  begin(): void {
    this.#carrier = this.start();
  }

  abort(): void {
    if (this.#state !== 'open') return;
    this.#carrier?.abort();
    this.#break(aborted());
  }

  head(status: number, headers: Readonly<Record<string, string>>): void {
    if (this.#state !== 'open') return;
    const response = {
      status,
      ok: status >= 200 && status < 300,
      headers: { get: (name: string) => headers[name.toLowerCase()] ?? null },
      // Of a redirect that is not followed a page sees nothing.
      body: status === 0 ? null : { getReader: () => ({ read: () => this.#next(), cancel: () => Promise.resolve() }) },
      arrayBuffer: () => this.#all(),
    };
    this.#promise.resolve(response as unknown as Response);
  }

  chunk(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#state !== 'open') return;
    this.#chunks.push(bytes);
    this.#serve();
  }

  end(): void {
    if (this.#state !== 'open') return;
    this.#state = 'done';
    this.#onOver();
    this.#serve();
  }

  fail(): void {
    this.#break(new TypeError('Failed to fetch'));
  }

  #break(error: unknown): void {
    if (this.#state !== 'open') return;
    this.#state = 'failed';
    this.#error = error;
    this.#onOver();
    this.#promise.reject(error);
    this.#serve();
  }

  #next(): Promise<Chunk> {
    return new Promise((resolve, reject) => {
      this.#read = { resolve, reject };
      this.#serve();
    });
  }

  #all(): Promise<ArrayBuffer> {
    return new Promise((resolve, reject) => {
      this.#whole = { resolve, reject };
      this.#serve();
    });
  }

  #serve(): void {
    if (this.#state === 'failed') {
      this.#read?.reject(this.#error);
      this.#whole?.reject(this.#error);
    } else if (this.#whole !== null && this.#state === 'done') this.#whole.resolve(joined(this.#chunks).buffer);
    else if (this.#read !== null) {
      const value = this.#chunks.shift();
      if (value === undefined && this.#state === 'open') return;
      const read = this.#read;
      this.#read = null;
      read.resolve(value === undefined ? { done: true, value } : { done: false, value });
    }
  }
}

export function joined(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

function aborted(): DOMException {
  return new DOMException('The user aborted a request.', 'AbortError');
}
