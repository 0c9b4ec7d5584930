/** One link, from its opening to its end: hello, welcome, heartbeat, bye. Another opening is another line. */
import { HoldfastError } from '../errors.ts';
import type { Environment } from '../platform/environment.ts';
import type { Codec } from '../protocol/codec.ts';
import { END, endRule } from '../protocol/end-codes.ts';
import {
  type ClientFrame,
  type Hello,
  type Limits,
  PROTOCOL_VERSION,
  type ServerBye,
  type ServerFrame,
  type SessionFrame,
  type Welcome,
} from '../protocol/frame.ts';
import type { Credentials, End, Link, Transport } from '../transports/transport.ts';
import type { Reason } from '../types.ts';
import { soon } from '../util/soon.ts';
import { type Liveness, createLiveness } from './liveness.ts';

/** A welcomed connection, as the channels and the outbox see it. */
export interface Line {
  /** Grows by one with each connection of the page. */
  readonly gen: number;
  readonly mem: string;
  readonly limits: Limits;
  /** What the server can do besides. */
  readonly caps: readonly string[];
  /** What is asked takes a request of its own, beside the connection. */
  readonly aside: boolean;
  /** Volatile messages may be missed on it. */
  readonly lossy: boolean;
}

export interface LineEnd extends End {
  readonly layer: Reason['layer'];
  /** Wait a random part of this, ms; null if the server did not say. */
  readonly spread: number | null;
}

/** @param welcomed whether it was a connection already, and not an attempt */
export function errorOf({ code, why }: LineEnd, transport: string, welcomed: boolean): HoldfastError {
  const { name } = endRule(code);
  const said = why === '' || why === name ? '' : `: ${why}`;
  const text = `The ${transport} connection ended (${code} ${name}${said}).`;
  return new HoldfastError(welcomed ? 'connection-lost' : 'connection-failed', text);
}

export interface LineOptions {
  /** Of the transport: 0 is the most preferred. */
  readonly rung: number;
  readonly transport: Transport;
  readonly url: string;
  readonly codec: Codec;
  readonly environment: Environment;
  /** Whether data are saved: then the round trip is measured once. */
  saves(): boolean;
  /** Whom the server must name. */
  readonly user: string;
  readonly credentials: Credentials | undefined;
  /** Drawn with the first hello: of two that are opened side by side the later one to speak is the newer. */
  nextGen(): number;
  hello(gen: number): Hello;
  /** One `sub` for each wanted channel. */
  opening(gen: number): readonly ClientFrame[];
  onWelcome(line: Line): void;
  onFrame(line: Line, frame: SessionFrame): void;
  /** What is left of the token's life, ms. */
  onTokenLife(ttl: number): void;
  onRoundTrip(): void;
  /** The server was silent for longer than it should be, and has been asked for a sign of life. */
  onDoubt(): void;
  /** The sign of life that was asked for came. */
  onLife(): void;
  /** Exactly once, unless {@link OpenLine.close} comes first. */
  onEnd(end: LineEnd): void;
  /** A welcome that this client must not go on from; `code` says why, as if the server had ended the session with it. */
  onUnfit(error: HoldfastError, code: number): void;
}

/** What goes up beside a connection that is made of requests. */
const UP: readonly ClientFrame['t'][] = ['pub', 'tell', 'hist', 'req', 'cancel', 'pres'];

type Life =
  { readonly state: 'opening' | 'ended' } | { readonly state: 'welcomed'; readonly line: Line; readonly liveness: Liveness };

export class OpenLine {
  readonly rung: number;
  readonly transport: string;
  readonly #options: LineOptions;
  readonly #link: Link;
  #life: Life = { state: 'opening' };
  #queue: ClientFrame[] = [];
  #gen = 0;
  #roundTrip: number | null = null;
  #heardAt: number;
  #openedAt: number;

  constructor(options: LineOptions) {
    const { rung, transport, url, codec, environment, credentials } = options;
    this.rung = rung;
    this.transport = transport.name;
    this.#options = options;
    this.#openedAt = environment.now();
    this.#heardAt = this.#openedAt;
    this.#link = transport.open(
      {
        ...{ url, codec, environment, ...(credentials !== undefined && { credentials }) },
        hello: () => options.hello(this.#gen),
        opening: () => this.#open(),
      },
      {
        onFrames: (frames, aside) => this.#receive(frames, aside),
        // What the transport ends of its own accord is what it could not read.
        onEnd: (end) => this.#end({ ...end, layer: end.by === 'client' ? 'session' : 'transport', spread: null }),
      },
    );
  }

  /** Null until the server has welcomed it. */
  get line(): Line | null {
    return this.#life.state === 'welcomed' ? this.#life.line : null;
  }

  /** 0 until it says hello. */
  get gen(): number {
    return this.#gen;
  }

  get link(): Pick<Reason, 'transport' | 'opened'> {
    return { transport: this.transport, opened: this.#gen > 0 };
  }

  get buffered(): number {
    return this.#link.buffered;
  }

  /** When the last frame came, or it was opened. */
  get heardAt(): number {
    return this.#life.state === 'welcomed' ? this.#life.liveness.lastFrame : this.#heardAt;
  }

  /** ms, null until measured */
  get roundTrip(): number | null {
    return this.#roundTrip;
  }

  /** Joins this tick's batch, or goes past it: after it the line may be closed. */
  send(frame: ClientFrame, now?: 'now'): void {
    if (this.#life.state !== 'welcomed') return;
    // What its request has fixed changes by another request; the heartbeat is the request's own.
    // An event stream must know whom it holds.
    if (frame.t === 'pres' && frame.op === 'enter') this.#link.reopen?.();
    if (this.#link.reopen !== undefined && !UP.includes(frame.t)) {
      if (frame.t !== 'ping' && frame.t !== 'pong') this.#link.reopen();
      return;
    }
    if (now !== undefined) this.#link.send([frame], this.#life.line.limits.message);
    else if (this.#queue.push(frame) === 1) soon(this.#flush);
  }

  check(): void {
    if (this.#life.state === 'welcomed') this.#life.liveness.check();
  }

  close(code: number): void {
    this.#leave();
    this.#link.close(code);
  }

  #open(): readonly [Hello, ...ClientFrame[]] {
    const { nextGen, hello, opening, environment } = this.#options;
    this.#gen ||= nextGen();
    this.#openedAt = environment.now();
    return [hello(this.#gen), ...opening(this.#gen)];
  }

  readonly #flush = (): void => {
    const frames = this.#queue;
    this.#queue = [];
    if (this.#life.state === 'welcomed' && frames.length > 0) this.#link.send(frames, this.#life.line.limits.message);
  };

  #leave(): void {
    // Whoever is told of the end asks when it was last heard of.
    this.#heardAt = this.heardAt;
    if (this.#life.state === 'welcomed') this.#life.liveness.stop();
    this.#life = { state: 'ended' };
    this.#queue = [];
  }

  #end(end: LineEnd): void {
    this.#leave();
    this.#link.close(END.normal);
    this.#options.onEnd(end);
  }

  #receive(frames: readonly ServerFrame[], aside = false): void {
    // Also when the parser left nothing of it: a later version may send frames that are unknown here.
    if (this.#life.state === 'welcomed' && !aside) this.#life.liveness.alive();
    for (const frame of frames) {
      const life = this.#life;
      // A frame, or a handler that it reached, may have ended this line.
      if (life.state === 'ended') return;
      if (frame.t === 'bye') return this.#bye(frame);
      if (life.state === 'welcomed') this.#handle(life, frame);
      else if (frame.t === 'welcome') this.#welcome(frame);
    }
  }

  #welcome({ v, user: named = 'anonymous', mem, limits, caps, ping, ttl }: Welcome): void {
    const { user, environment, transport, onUnfit, onWelcome, onTokenLife, onRoundTrip, onDoubt, onLife } = this.#options;
    if (v !== PROTOCOL_VERSION) {
      const message = `The server speaks version ${v} of the protocol, this client version ${PROTOCOL_VERSION}.`;
      return onUnfit(new HoldfastError('protocol-error', message), END.noCommonVersion);
    }
    if (named !== user) {
      const message = `The server signed this connection in as '${named}', but the client was made for '${user}'.`;
      return onUnfit(new HoldfastError('unauthorized', message), END.forbidden);
    }
    const { reopen } = this.#link;
    const kind = { aside: reopen !== undefined, lossy: transport.lossy === true };
    const line: Line = { gen: this.#gen, mem, limits, caps, ...kind };
    // The first request is a round trip; of the later ones an answer may have been held.
    if (reopen !== undefined) this.#roundTrip = environment.now() - this.#openedAt;
    const liveness = createLiveness({
      environment,
      ping,
      send: (frame) => this.send(frame),
      reopen: reopen === undefined ? null : () => reopen.call(this.#link),
      roundTrip: this.#roundTrip ?? 0,
      onRoundTrip: (ms) => {
        this.#roundTrip = ms;
        onRoundTrip();
      },
      onDoubt,
      onLife,
      onSilence: () => {
        const why = 'no sign of life came in time';
        this.#end({ code: END.pingTimeout, why, by: 'client', opened: true, layer: 'session', spread: null });
      },
    });
    this.#life = { state: 'welcomed', line, liveness };
    liveness.measure();
    if (ttl !== undefined) onTokenLife(ttl);
    onWelcome(line);
  }

  #handle({ line, liveness }: Extract<Life, { state: 'welcomed' }>, frame: ServerFrame): void {
    switch (frame.t) {
      case 'ping':
        this.send(frame.x === undefined ? { t: 'pong' } : { t: 'pong', x: frame.x });
        return this.#options.saves() ? undefined : liveness.measure();
      case 'pong':
        return liveness.answered(frame.x);
      case 'auth':
        return frame.ttl === undefined ? undefined : this.#options.onTokenLife(frame.ttl);
      case 'welcome':
        return this.#welcomedAgain(line, liveness, frame);
      case 'bye':
        return;
      default:
        return this.#options.onFrame(line, frame);
    }
  }

  /** Each request of a connection that is made of several is answered by one. */
  #welcomedAgain({ mem }: Line, liveness: Liveness, { mem: present, user = 'anonymous', ttl }: Welcome): void {
    liveness.renewed();
    if (mem !== present || user !== this.#options.user) {
      const why = 'the server knows nothing of this connection any more';
      return this.#end({ code: END.restart, why, by: 'server', opened: true, layer: 'session', spread: null });
    }
    // Said when the request came, and the answer may have been held.
    const held = this.#options.environment.now() - this.#openedAt;
    if (ttl !== undefined) this.#options.onTokenLife(Math.max(0, ttl - Math.max(0, held)));
  }

  #bye({ code, why, after = 0, spread }: ServerBye): void {
    this.#end({ code, why, after, spread: spread ?? null, by: 'server', opened: true, layer: 'session' });
  }
}
