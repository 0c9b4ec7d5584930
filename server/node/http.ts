import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Encoded } from '../../src/protocol/codec.ts';
import { Collector } from '../http/body.ts';
import type { Exchange, ExchangeListener, HeaderTable } from '../http/exchange.ts';

/** How long a peer may take to read the end of a response, or to say the rest of a request that is answered already, ms. */
const LINGER = 2000;
/** Bytes of such a rest. */
const REST = 1_048_576;
/** How long a peer may take nothing of an answer, ms. */
const STALL = 15_000;

/** A request of `node:http` and its response. */
export class NodeExchange implements Exchange {
  readonly method: string;
  readonly path: string;
  readonly ip: string;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  #listener: ExchangeListener | null = null;
  #lingering: NodeJS.Timeout | null = null;
  #phase: 'open' | 'closed' = 'open';

  /** @param path below the mount */
  constructor(request: IncomingMessage, response: ServerResponse, path: string) {
    this.method = request.method ?? '';
    this.path = path;
    this.ip = request.socket.remoteAddress ?? '';
    this.#request = request;
    this.#response = response;
    // `server.timeout` counts silence, which is what a held answer is; Node sets it again for the next request.
    request.socket.setTimeout(0);
    request.socket.setNoDelay(true);
    // A peer that hangs up is no fault: `close` follows.
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    response.on('drain', () => this.#listener?.onDrain());
    response.once('close', () => this.#onClose());
  }

  get buffered(): number {
    return this.#response.writableLength;
  }

  header(name: string): string | null {
    const value = this.#request.headers[name];
    return value === undefined ? null : String(value);
  }

  read(most: number): Promise<Uint8Array<ArrayBuffer> | null> {
    const request = this.#request;
    const collector = new Collector(most);
    let rest = REST;
    return new Promise((resolve, reject) => {
      request.on('data', (piece: Buffer) => {
        if (collector.add(piece)) return;
        resolve(null);
        // A browser reads the answer only after it has said everything, unless that never ends.
        rest -= piece.length;
        if (rest < 0) request.destroy();
      });
      request.once('end', () => resolve(collector.join()));
      request.once('close', () => reject(new Error('the peer has gone')));
    });
  }

  answer(status: number, headers: HeaderTable, body: Encoded | null): void {
    const response = this.#response;
    if (response.headersSent || this.#phase === 'closed') return void response.destroy();
    this.#expectReader(response);
    const length = body === null ? {} : { 'content-length': Buffer.byteLength(body) };
    response.writeHead(status, { ...headers, ...length });
    response.end(body ?? undefined);
    if (this.#request.complete) return;
    this.#request.resume();
    this.#linger(() => this.#request.destroy());
    this.#request.once('end', () => this.#release());
  }

  begin(status: number, headers: HeaderTable): void {
    if (this.#phase === 'open') this.#response.writeHead(status, headers).flushHeaders();
  }

  write(text: string): void {
    if (this.#phase === 'open') this.#response.write(text);
  }

  end(): void {
    if (this.#phase === 'closed') return;
    this.#response.end();
    this.#linger(() => this.#response.destroy());
  }

  listen(listener: ExchangeListener): void {
    this.#listener = listener;
    if (this.#phase === 'closed') listener.onClose();
  }

  /** From here on silence is a fault. Node counts it from the last byte that went. */
  #expectReader(response: ServerResponse): void {
    const { socket } = response;
    // A response behind another one, which may be held (pipelining), has no socket yet.
    if (socket === null) return;
    socket.setTimeout(STALL);
    // Before Node sets its own: a request that came meanwhile may be held as long as this one was.
    response.prependOnceListener('finish', () => socket.setTimeout(0));
  }

  #onClose(): void {
    this.#phase = 'closed';
    if (this.#request.complete) this.#release();
    this.#listener?.onClose();
  }

  #linger(end: () => void): void {
    this.#lingering ??= setTimeout(end, LINGER);
    this.#lingering.unref();
  }

  #release(): void {
    if (this.#lingering !== null) clearTimeout(this.#lingering);
  }
}
