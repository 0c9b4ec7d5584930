import type { Encoded } from '../../src/protocol/codec.ts';
import { collect } from './body.ts';
import type { Exchange, ExchangeListener, HeaderTable } from './exchange.ts';

/** Bytes that wait for the platform before the server counts them as not taken. */
const AHEAD = 65_536;

/** What nginx writes to its log for a peer that went before it was answered. Nobody reads it, but somebody may wait. */
const GONE = 499;

/** Answers a `Request` (WHATWG Fetch) with whatever `serve` does with its exchange. */
export function respond(request: Request, ip: string, serve: (exchange: Exchange) => void): Promise<Response> {
  return new Promise((resolve) => serve(new FetchExchange(request, ip, resolve)));
}

class FetchExchange implements Exchange {
  readonly method: string;
  readonly path: string;
  readonly ip: string;
  readonly #request: Request;
  /** Some platforms have none: there a poll whose peer has gone ends when its time is over. */
  readonly #signal: AbortSignal | null | undefined;
  readonly #host: string;
  readonly #resolve: (response: Response) => void;
  readonly #encoder = new TextEncoder();
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  #body: ReadableStreamDefaultReader<Uint8Array> | null = null;
  #listener: ExchangeListener | null = null;
  #phase: 'open' | 'closed' = 'open';

  constructor(request: Request, ip: string, resolve: (response: Response) => void) {
    const { pathname, host } = new URL(request.url);
    this.method = request.method;
    this.path = pathname.slice(pathname.lastIndexOf('/'));
    this.ip = ip;
    this.#request = request;
    this.#signal = request.signal;
    this.#host = host;
    this.#resolve = resolve;
    if (this.#signal?.aborted === true) this.#onAbort();
    else this.#signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  get buffered(): number {
    return Math.max(0, AHEAD - (this.#controller?.desiredSize ?? AHEAD));
  }

  header(name: string): string | null {
    // Some platforms leave it out, for the address has it.
    return this.#request.headers.get(name) ?? (name === 'host' ? this.#host : null);
  }

  read(most: number): Promise<Uint8Array<ArrayBuffer> | null> {
    const { body, bodyUsed } = this.#request;
    if (bodyUsed) throw new TypeError('the body of this request was read before it came here');
    if (body === null) return Promise.resolve(new Uint8Array(0));
    this.#body = body.getReader();
    const gone = (): Promise<never> => Promise.reject(new Error('the peer has gone'));
    return collect(this.#body, most).then((bytes) => (this.#phase === 'open' ? bytes : gone()));
  }

  answer(status: number, headers: HeaderTable, body: Encoded | null): void {
    if (this.#controller !== null) return this.end();
    this.#resolve(new Response(body, { status, headers }));
    this.#close();
  }

  begin(status: number, headers: HeaderTable): void {
    const body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => void (this.#controller = controller),
        pull: () => this.#listener?.onDrain(),
        cancel: () => this.#close(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: AHEAD }),
    );
    this.#resolve(new Response(body, { status, headers }));
  }

  write(text: string): void {
    if (this.#phase === 'open') this.#controller?.enqueue(this.#encoder.encode(text));
  }

  end(): void {
    if (this.#phase === 'open') this.#controller?.close();
    this.#close();
  }

  listen(listener: ExchangeListener): void {
    this.#listener = listener;
    if (this.#phase === 'closed') listener.onClose();
  }

  readonly #onAbort = (): void => {
    if (this.#phase === 'closed') return;
    if (this.#controller === null) this.#resolve(new Response(null, { status: GONE }));
    else this.#controller.error(this.#signal?.reason);
    this.#close();
  };

  #close(): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    this.#signal?.removeEventListener('abort', this.#onAbort);
    // One that is still on its way is answered already, or nobody is there for an answer.
    this.#body?.cancel().catch(() => undefined);
    this.#listener?.onClose();
  }
}
