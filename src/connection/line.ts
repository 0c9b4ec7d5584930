/** One link, from its opening to its end: hello, welcome, heartbeat, bye. Another opening is another line. */
import { HoldfastError } from '../errors.ts';
import type { Environment } from '../platform/environment.ts';
import type { Codec } from '../protocol/codec.ts';
import { END } from '../protocol/end-codes.ts';
import type { ClientFrame, Limits, ServerBye, ServerFrame, SessionFrame, Welcome } from '../protocol/frame.ts';
import type { End, Link, Transport } from '../transports/transport.ts';
import type { Reason } from '../types.ts';
import { type Liveness, createLiveness } from './liveness.ts';

/** A welcomed connection, as the channels and the outbox see it. */
export interface Line {
  /** Grows by one with each connection of the page. */
  readonly gen: number;
  readonly mem: string;
  readonly limits: Limits;
}

export interface LineEnd extends End {
  readonly layer: Reason['layer'];
  /** Wait a random part of this, ms; null if the server did not say. */
  readonly spread: number | null;
}

export interface LineOptions {
  readonly gen: number;
  readonly transport: Transport;
  readonly url: string;
  readonly codec: Codec;
  readonly environment: Environment;
  /** Whom the server must name. */
  readonly user: string;
  opening(): readonly ClientFrame[];
  onWelcome(line: Line): void;
  onFrame(line: Line, frame: SessionFrame): void;
  /** What is left of the token's life, ms. */
  onTokenLife(ttl: number): void;
  onRoundTrip(): void;
  /** Exactly once, unless {@link OpenLine.close} comes first. */
  onEnd(end: LineEnd): void;
  onStranger(error: HoldfastError): void;
}

type Life =
  { readonly state: 'opening' | 'ended' } | { readonly state: 'welcomed'; readonly line: Line; readonly liveness: Liveness };

export class OpenLine {
  readonly gen: number;
  readonly transport: string;
  readonly #options: LineOptions;
  readonly #link: Link;
  #life: Life = { state: 'opening' };
  #queue: ClientFrame[] = [];
  #roundTrip: number | null = null;

  constructor(options: LineOptions) {
    const { gen, transport, url, codec, environment, opening } = options;
    this.gen = gen;
    this.transport = transport.name;
    this.#options = options;
    this.#link = transport.open(
      { url, codec, environment, opening },
      {
        onFrames: (frames) => this.#receive(frames),
        onEnd: (end) => this.#end({ ...end, layer: 'transport', spread: null }),
      },
    );
  }

  /** Null until the server has welcomed it. */
  get line(): Line | null {
    return this.#life.state === 'welcomed' ? this.#life.line : null;
  }

  get buffered(): number {
    return this.#link.buffered;
  }

  /** ms, null until measured */
  get roundTrip(): number | null {
    return this.#roundTrip;
  }

  /** Joins this tick's batch. */
  send(frame: ClientFrame): void {
    if (this.#life.state !== 'welcomed') return;
    if (this.#queue.push(frame) === 1) queueMicrotask(() => this.#flush());
  }

  check(): void {
    if (this.#life.state === 'welcomed') this.#life.liveness.check();
  }

  close(code: number): void {
    this.#leave();
    this.#link.close(code);
  }

  #flush(): void {
    const frames = this.#queue;
    this.#queue = [];
    if (this.#life.state === 'welcomed' && frames.length > 0) this.#link.send(frames);
  }

  #leave(): void {
    if (this.#life.state === 'welcomed') this.#life.liveness.stop();
    this.#life = { state: 'ended' };
    this.#queue = [];
  }

  #end(end: LineEnd): void {
    this.#leave();
    this.#link.close(END.normal);
    this.#options.onEnd(end);
  }

  #receive(frames: readonly ServerFrame[]): void {
    for (const frame of frames) {
      const life = this.#life;
      // A frame, or a handler that it reached, may have ended this line.
      if (life.state === 'ended') return;
      if (frame.t === 'bye') return this.#bye(frame);
      if (life.state === 'welcomed') this.#handle(life, frame);
      else if (frame.t === 'welcome') this.#welcome(frame);
    }
  }

  #welcome({ user: named = 'anonymous', mem, limits, ping, ttl }: Welcome): void {
    const { gen, user, environment, onStranger, onWelcome, onTokenLife, onRoundTrip } = this.#options;
    if (named !== user) {
      const message = `The server signed this connection in as '${named}', but the client was made for '${user}'.`;
      return onStranger(new HoldfastError('unauthorized', message));
    }
    const line: Line = { gen, mem, limits };
    const liveness = createLiveness({
      environment,
      ping,
      send: (frame) => this.send(frame),
      onRoundTrip: (ms) => {
        this.#roundTrip = ms;
        onRoundTrip();
      },
      onSilence: () => {
        const why = `nothing came for ${ping} ms and the time of grace`;
        this.#end({ code: END.pingTimeout, why, by: 'client', opened: true, layer: 'session', spread: null });
      },
    });
    this.#life = { state: 'welcomed', line, liveness };
    liveness.measure();
    if (ttl !== undefined) onTokenLife(ttl);
    onWelcome(line);
  }

  #handle({ line, liveness }: Extract<Life, { state: 'welcomed' }>, frame: ServerFrame): void {
    liveness.alive();
    switch (frame.t) {
      case 'ping':
        this.send(frame.x === undefined ? { t: 'pong' } : { t: 'pong', x: frame.x });
        return liveness.measure();
      case 'pong':
        return liveness.answered(frame.x);
      case 'auth':
        return frame.ttl === undefined ? undefined : this.#options.onTokenLife(frame.ttl);
      case 'welcome':
      case 'bye':
        return;
      default:
        return this.#options.onFrame(line, frame);
    }
  }

  #bye({ code, why, after = 0, spread }: ServerBye): void {
    this.#end({ code, why, after, spread: spread ?? null, by: 'server', opened: true, layer: 'session' });
  }
}
