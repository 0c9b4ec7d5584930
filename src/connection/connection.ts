/** Performs what the machine decides: asks for tokens, opens lines, tells the status. Chooses no state itself. */
import { HoldfastError, isHoldfastError } from '../errors.ts';
import type { Environment } from '../platform/environment.ts';
import type { Codec } from '../protocol/codec.ts';
import { END, endRule } from '../protocol/end-codes.ts';
import { type ClientFrame, type Hello, PROTOCOL_VERSION, type SessionFrame } from '../protocol/frame.ts';
import type { Transport } from '../transports/transport.ts';
import type { ClientOptions, Readable, Reason, Status, TimingOptions, TokenContext } from '../types.ts';
import { type Writable, createReadable } from '../util/readable.ts';
import { createTimer } from '../util/timer.ts';
import { type Line, type LineEnd, OpenLine } from './line.ts';
import { initialState, step } from './machine.ts';
import { type Effect, type Event, type State, dueAt, reasonOf } from './state.ts';
import { statusOf } from './status.ts';
import { type Tokens, createTokens } from './token.ts';

/** Who lives on the connection. */
export interface Session {
  /** One `sub` for each wanted channel; made anew for each opening. */
  opening(gen: number): readonly ClientFrame[];
  welcomed(line: Line): void;
  received(line: Line, frame: SessionFrame): void;
  /** @returns true if it removed the cause of a final code (a batch that is now sent item by item) */
  lost(gen: number, code: number): boolean;
  /** There will be no other connection. */
  closed(error: HoldfastError): void;
}

export interface ConnectionOptions {
  readonly environment: Environment;
  readonly url: string;
  readonly transports: readonly Transport[];
  readonly codec: Codec;
  readonly user: string;
  readonly getToken: ClientOptions['getToken'];
  readonly timing: Required<Omit<TimingOptions, 'releaseAfter'>>;
  report(error: unknown): void;
  trace(name: string, detail: Readonly<Record<string, unknown>>): void;
}

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #session: Session;
  readonly #status: Writable<Status>;
  readonly #timer;
  readonly #renewal;
  readonly #tokens: Tokens | null;
  #unwatch: (() => void) | null = null;
  #state: State = initialState;
  #clientId: string | null = null;
  #gen = 0;
  #open: OpenLine | null = null;
  #token: string | null = null;

  constructor(options: ConnectionOptions, session: Session) {
    const { environment, getToken } = options;
    this.#options = options;
    this.#session = session;
    this.#status = createReadable<Status>({ state: 'idle' }, options.report);
    this.#timer = createTimer(environment, () => this.#dispatch({ type: 'due' }));
    this.#renewal = createTimer(environment, () => void this.#renew('refresh'));
    this.#tokens = getToken === undefined ? null : createTokens(environment, getToken);
  }

  get status(): Readable<Status> {
    return this.#status;
  }

  /** The welcomed connection, if there is one. */
  get line(): Line | null {
    return this.#open?.line ?? null;
  }

  /** Bytes that wait for the network. */
  get buffered(): number {
    return this.#open?.buffered ?? 0;
  }

  need(): void {
    // Not in the constructor: making a client touches no global, so that a server that renders can make one too.
    this.#unwatch ??= this.#options.environment.page.watch((hint) => {
      if (hint === 'online' || hint === 'offline' || hint === 'visible') this.#dispatch({ type: hint });
    });
    // Every publication comes by here, and only the idle have anything to do.
    if (this.#state.state === 'idle') this.#dispatch({ type: 'need' });
  }

  /** As {@link need}, and ends a pause. */
  connect(): void {
    this.need();
    this.#dispatch({ type: 'connect' });
  }

  pause(): void {
    this.#dispatch({ type: 'pause' });
  }

  retry(): void {
    this.#dispatch({ type: 'retry' });
  }

  destroy(): void {
    this.#dispatch({ type: 'destroy' });
    this.#unwatch?.();
  }

  /** Joins this tick's batch. Dropped without a welcomed connection: whoever needs it sends it again after `welcome`. */
  send(frame: ClientFrame): void {
    this.#open?.send(frame);
  }

  // ---- the machine -----------------------------------------------------------------------------------------------------

  #dispatch(event: Event): void {
    const { environment, timing, trace } = this.#options;
    const { page } = environment;
    const before = this.#state;
    const world = { now: environment.now(), random: environment.random(), online: page.online(), visible: page.visible() };
    const link = this.#open === null ? {} : { link: this.#open.link };
    const { state, effects } = step(before, event, { ...world, ...timing, ...link });
    if (state === before && effects.length === 0) return;
    this.#state = state;
    trace(event.type, { from: before.state, to: state.state, ...('ended' in event && event.ended.reason) });
    for (const effect of effects) this.#perform(effect);
    // An effect may have led to another event, which has seen to the rest already.
    if (this.#state !== state) return;
    this.#timer.set(dueAt(state));
    this.#tellStatus();
    if (state.state === 'closed' && state.reason.error !== null) this.#session.closed(state.reason.error);
  }

  #tellStatus(): void {
    const transport = this.#open?.transport ?? this.#options.transports[0]?.name ?? '';
    this.#status.set(statusOf(this.#state, transport, this.#open?.roundTrip ?? null));
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case 'ask-token':
        return this.#askToken(effect.reason);
      case 'open':
        return this.#openLine();
      case 'abandon':
        return this.#abandon(effect.code);
      case 'check':
        return this.#open?.check();
    }
  }

  #fatal(reason: Reason): void {
    this.#options.report(reason.error);
    this.#dispatch({ type: 'fatal', reason });
  }

  // ---- tokens ------------------------------------------------------------------------------------------------------------

  #askToken(reason: TokenContext['reason'] | null): void {
    if (this.#tokens === null) return this.#dispatch({ type: 'token' });
    this.#tokens.get(reason).then(
      (token) => {
        this.#token = token;
        this.#dispatch({ type: 'token' });
      },
      (error: unknown) => {
        if (this.#state.state !== 'preparing' || !isHoldfastError(error) || error.code === 'aborted') return;
        const failed = reasonOf('app', END.tokenFailed, error.code, error);
        if (error.code === 'unauthorized') return this.#fatal(failed);
        this.#options.report(error);
        this.#dispatch({ type: 'token-failed', ended: { reason: failed, after: 0, spread: null, mended: false } });
      },
    );
  }

  #noteTokenLife(ttl: number): void {
    if (this.#tokens === null) return;
    if (ttl === 0) return void this.#renew('expired');
    this.#renewal.set(this.#tokens.noteLife(ttl));
  }

  async #renew(reason: TokenContext['reason']): Promise<void> {
    const line = this.#open;
    try {
      const token = (await this.#tokens?.get(reason)) ?? null;
      if (this.#open !== line || token === null) return;
      this.#token = token;
      line?.send({ t: 'auth', token });
    } catch (error) {
      // The server grants 30 s and then ends the connection, after which tokens are asked for by the backoff.
      if (!isHoldfastError(error, 'aborted')) this.#options.report(error);
    }
  }

  // ---- lines -------------------------------------------------------------------------------------------------------------

  #openLine(): void {
    const { environment, transports, codec, user } = this.#options;
    const transport = transports.find((candidate) => candidate.isSupported(environment));
    const url = this.#address();
    if (transport === undefined || url === null) {
      const names = transports.map(({ name }) => name).join(', ');
      const error =
        url === null
          ? new HoldfastError('invalid-option', `'${this.#options.url}' is relative, and there is no page to resolve it by.`)
          : new HoldfastError('unsupported', `This platform supports none of the transports given (${names}).`);
      return this.#fatal(reasonOf('client', END.normal, error.code, error));
    }
    this.#gen += 1;
    const gen = this.#gen;
    this.#open = new OpenLine({
      gen,
      transport,
      url,
      codec,
      environment,
      user,
      opening: () => [this.#hello(gen), ...this.#session.opening(gen)],
      onWelcome: (line) => {
        this.#dispatch({ type: 'welcome' });
        this.#session.welcomed(line);
      },
      onFrame: (line, frame) => this.#session.received(line, frame),
      onTokenLife: (ttl) => this.#noteTokenLife(ttl),
      onRoundTrip: () => this.#tellStatus(),
      onEnd: (end) => this.#ended(end),
      onUnfit: (error, code) => this.#fatal(reasonOf('client', code, error.code, error)),
    });
  }

  #address(): string | null {
    const { url, environment } = this.#options;
    try {
      return new URL(url, environment.baseUrl).href.replace(/\/$/, '');
    } catch {
      return null;
    }
  }

  #hello(gen: number): Hello {
    this.#clientId ??= this.#options.environment.createId();
    return {
      t: 'hello',
      v: [PROTOCOL_VERSION, PROTOCOL_VERSION],
      client: this.#clientId,
      gen,
      why: gen === 1 ? 'connect' : 'reconnect',
      ...(this.#token !== null && { token: this.#token }),
    };
  }

  #abandon(code: number): void {
    const open = this.#open;
    this.#tokens?.abort();
    if (open === null) return;
    this.#forget(open, END.normal);
    open.close(code);
  }

  /** @returns whether the session removed the cause of a final code */
  #forget({ gen }: OpenLine, code: number): boolean {
    this.#open = null;
    this.#renewal.set(null);
    return this.#session.lost(gen, code);
  }

  #ended({ code, why, by, layer, opened, after = 0, spread }: LineEnd): void {
    const open = this.#open;
    if (open === null) return;
    const { name } = endRule(code);
    const welcomed = this.#state.state === 'proving' || this.#state.state === 'stable';
    const said = why === '' || why === name ? '' : `: ${why}`;
    const error = new HoldfastError(
      welcomed ? 'connection-lost' : 'connection-failed',
      `The ${open.transport} connection ended (${code} ${name}${said}).`,
    );
    const reason: Reason = { by, layer, code, name, transport: open.transport, opened, lastRoundTrip: open.roundTrip, error };
    const mended = this.#forget(open, code);
    this.#dispatch({ type: 'ended', ended: { reason, after, spread, mended } });
    const state = this.#state;
    if (state.state === 'closed' && state.reason.error !== null) this.#options.report(state.reason.error);
  }
}
