/** One request of a page to a server, and its response. As a connection, its two ends may disagree about whether it is open. */
import type { Exchange, ExchangeListener, HeaderTable } from '../../server/http/exchange.ts';
import type { ServerCore } from '../../server/types.ts';
import type { Codec, Encoded } from '../../src/protocol/codec.ts';
import type { VirtualClock } from '../support/virtual-clock.ts';
import { Downstream } from './downstream.ts';
import { Body, type Wording } from './http-body.ts';
import type { Fate, HttpMiddle } from './http-middle.ts';
import { Pipe, type Weather } from './pipe.ts';
import type { Carrier, Receiver, SimRequest } from './sim-fetch.ts';
import type { Middle, Way } from './wire.ts';

export interface HttpRequestOptions extends Wording {
  readonly clock: VirtualClock;
  readonly random: () => number;
  readonly server: ServerCore;
  readonly codec: Codec;
  readonly path: string;
  readonly request: SimRequest;
  /** As it comes out of what stands between. */
  readonly body: Encoded;
  readonly receiver: Receiver;
  readonly fate: Fate;
  readonly http: HttpMiddle;
  /** Bytes that are held back before anything of the response is passed on. */
  readonly gathers: number;
  /** The head too. */
  readonly holdsHead: boolean;
  weather(): Weather;
  middle(): Middle;
  /** Runs what happens in the page. */
  arrive(run: () => void): void;
  /** Bytes wait at the server. */
  onQueued(bytes: number): void;
  /** Both ends are done with it. */
  onOver(request: HttpRequest): void;
}

/** Bytes of what stands before a body. */
const HEAD = 300;
/** A system gives a peer up that answers nothing any more, ms. */
const GIVEN_UP = [20_000, 55_000] as const;
/** An end that the page gave up reaches the server at most so late, ms. */
const LATE = 15_000;
const encoder = new TextEncoder();

export class HttpRequest implements Carrier {
  readonly #options: HttpRequestOptions;
  readonly #up: Pipe;
  readonly #down: Pipe;
  readonly #response: Downstream;
  readonly #body: Body;
  #server: 'awaited' | 'open' | 'ended' = 'awaited';
  #client: 'waiting' | 'reading' | 'ended' = 'waiting';
  #listener: ExchangeListener | null = null;
  #upload: { readonly resolve: (bytes: Uint8Array<ArrayBuffer>) => void; readonly reject: (error: Error) => void } | null = null;
  #came: Uint8Array<ArrayBuffer> | null = null;
  /** Bytes of the body until it is cut. */
  #left: number;
  #passedAt: number;
  #proxy: unknown = null;
  #patience: unknown = null;
  #late: unknown = null;

  constructor(options: HttpRequestOptions) {
    const { clock, random, weather, body, fate, middle, http } = options;
    this.#options = options;
    this.#passedAt = clock.now();
    this.#left = fate.type === 'cut' ? fate.bytes : Infinity;
    this.#up = new Pipe({ clock, random, weather, onDrain: () => {} });
    this.#down = new Pipe({ clock, random, weather, onDrain: () => this.#listener?.onDrain() });
    this.#response = new Downstream({
      ...{ clock, random, pipe: this.#down, splits: http.splits },
      gathers: fate.type === 'late' ? Infinity : options.gathers,
      holdsHead: fate.type === 'late' || options.holdsHead,
      onHead: (status, headers) => this.#tellHead(status, headers),
      onChunk: (bytes) => this.#tellChunk(bytes),
      onEnd: () => this.#tellEnd((receiver) => receiver.end()),
    });
    this.#body = new Body(options, this.#response);
    this.#up.carry(HEAD, () => this.#reach());
    const bytes = typeof body === 'string' ? encoder.encode(body) : body;
    this.#up.carry(bytes.length, () => {
      this.#came = bytes;
      this.#upload?.resolve(bytes);
    });
    if (fate.type === 'late') this.#late = clock.setTimeout(() => this.#response.flow(), fate.ms);
    const { idle } = middle();
    if (idle !== null) this.#awaitSilence(idle);
    if (fate.type === 'hangs') this.vanish('both');
  }

  get server(): ServerCore {
    return this.#options.server;
  }

  /** By the page. */
  abort(): void {
    const { clock, random, http, count } = this.#options;
    if (this.#client === 'ended') return;
    this.#client = 'ended';
    this.#response.kill();
    this.#down.end();
    const end = (): void => this.#up.carry(0, () => this.#endServer());
    if (http.clings === 0 || random() >= http.clings) end();
    else {
      count('clung');
      if (random() < 0.5) clock.setTimeout(end, random() * LATE);
    }
    this.#giveUp();
    this.#settle();
  }

  // ---- the page's end ------------------------------------------------------------------------------------------------

  #tellHead(status: number, headers: HeaderTable): void {
    this.#options.arrive(() => {
      if (this.#client !== 'waiting') return;
      this.#client = 'reading';
      this.#options.receiver.head(status, headers);
    });
  }

  #tellChunk(bytes: Uint8Array<ArrayBuffer>): void {
    this.#passedAt = this.#options.clock.now();
    const some = bytes.subarray(0, this.#left);
    this.#left -= bytes.length;
    this.#options.arrive(() => {
      if (this.#client === 'reading' && some.length > 0) this.#options.receiver.chunk(some);
    });
    if (this.#left >= 0) return;
    this.#options.count('answer cut');
    this.cut('both');
  }

  #tellEnd(tell: (receiver: Receiver) => void): void {
    this.#options.arrive(() => {
      if (this.#client === 'ended') return;
      this.#client = 'ended';
      this.#response.kill();
      this.#down.end();
      tell(this.#options.receiver);
      this.#giveUp();
      this.#settle();
    });
  }

  // ---- the server's end ----------------------------------------------------------------------------------------------

  #reach(): void {
    const { fate, server, count } = this.#options;
    if (this.#server !== 'awaited') return;
    if (fate.type === 'lost') {
      count('request lost');
      return this.cut('both');
    }
    if (fate.type === 'answered' && !fate.executed) return this.#answerAsProxy(fate.status);
    this.#server = 'open';
    server.serve(this.#exchange());
  }

  #exchange(): Exchange {
    const { path, request, codec } = this.#options;
    const headers = new Map(Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value]));
    const down = this.#down;
    return {
      ...{ method: 'POST', path, ip: '127.0.0.1' },
      header: (name) => headers.get(name) ?? null,
      read: (most) => this.#read().then((bytes) => (bytes.length > most ? null : bytes)),
      answer: (status, table, body) => this.#say(() => {
        this.#body.head(status, table);
        if (body !== null) this.#body.answer(body, String(table['content-type']).endsWith(codec.name));
        this.#overSoon();
      }),
      begin: (status, table) => this.#say(() => this.#body.head(status, table)),
      write: (text) => this.#say(() => this.#body.write(text)),
      end: () => this.#say(() => this.#overSoon()),
      get buffered() {
        return down.waiting;
      },
      listen: (listener) => {
        if (this.#server === 'ended') listener.onClose();
        else this.#listener = listener;
      },
    }; // prettier-ignore
  }

  #say(say: () => void): void {
    const { fate, count, onQueued } = this.#options;
    if (this.#server !== 'open') return;
    if (fate.type === 'forgotten') {
      count('answer lost');
      return this.cut('both');
    }
    if (fate.type === 'answered') return this.#answerAsProxy(fate.status);
    this.#passedAt = this.#options.clock.now();
    say();
    const { waiting } = this.#down;
    if (waiting > 0) onQueued(waiting);
  }

  #read(): Promise<Uint8Array<ArrayBuffer>> {
    if (this.#came !== null) return Promise.resolve(this.#came);
    return new Promise((resolve, reject) => (this.#upload = { resolve, reject }));
  }

  /** What was written is still on its way. */
  #overSoon(): void {
    this.#response.end();
    this.#options.clock.setTimeout(() => this.#endServer(), 0);
  }

  #endServer(): void {
    if (this.#server === 'ended') return;
    this.#server = 'ended';
    this.#options.clock.clearTimeout(this.#patience);
    this.#up.kill();
    this.#upload?.reject(new Error('the peer has gone'));
    const listener = this.#listener;
    this.#listener = null;
    listener?.onClose();
    this.#settle();
  }

  // ---- what happens to it ----------------------------------------------------------------------------------------------

  cut(who: 'client' | 'server' | 'both'): void {
    if (who === 'server') return this.#endServer();
    // A response that was told to be over is whole, even if its last byte is still to come.
    this.#response.kill();
    if (who === 'both') this.#endServer();
    else this.#up.carry(0, () => this.#endServer());
    this.#tellEnd((receiver) => receiver.fail());
  }

  vanish(way: Way | 'both'): void {
    if (way !== 'down') this.#up.kill();
    if (way !== 'up') this.#response.kill();
    if (way !== 'down' && this.#server === 'awaited') this.#endServer();
    this.#giveUp();
  }

  /** The page's process is gone. Its system says so to the server, or went with it. */
  orphan(told: boolean): void {
    this.#client = 'ended';
    this.#response.kill();
    if (told) this.#up.carry(0, () => this.#endServer());
    else this.vanish('both');
    this.#giveUp();
    this.#settle();
  }

  stall(way: Way): void {
    if (way === 'up') this.#up.stall();
    else this.#down.stall();
  }

  heal(): void {
    this.#up.heal();
    this.#down.heal();
    if (this.#options.middle().idle === null) this.#options.clock.clearTimeout(this.#proxy);
  }

  #answerAsProxy(status: number): void {
    this.#options.count('answered by a proxy');
    const later = status === 503 ? { 'retry-after': '2' } : {};
    this.#response.head(status, status === 0 ? {} : { 'content-type': 'text/html', ...later });
    if (status !== 0) this.#response.body(encoder.encode('<!doctype html><title>A page</title>'), () => {});
    this.#response.end();
    this.#endServer();
  }

  /** Its peer is silent for good. */
  #giveUp(): void {
    const { clock, random } = this.#options;
    if (this.#server === 'ended' || this.#patience !== null) return;
    const [min, max] = GIVEN_UP;
    this.#patience = clock.setTimeout(() => this.#endServer(), min + random() * (max - min));
  }

  #awaitSilence(idle: number): void {
    const { clock, middle, count } = this.#options;
    this.#proxy = clock.setTimeout(
      () => {
        if (clock.now() < this.#passedAt + idle) return this.#awaitSilence(idle);
        count('request ended by a proxy');
        if (!middle().tells) return this.vanish('both');
        if (this.#client !== 'waiting') return this.cut('both');
        this.#answerAsProxy(504);
      },
      this.#passedAt + idle - clock.now(),
    );
  }

  #settle(): void {
    if (this.#client !== 'ended' || this.#server !== 'ended') return;
    for (const timer of [this.#proxy, this.#late, this.#patience]) this.#options.clock.clearTimeout(timer);
    this.#options.onOver(this);
  }
}
