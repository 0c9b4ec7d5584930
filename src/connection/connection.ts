/** Performs what the machine decides: asks for tokens, opens lines, tells the status. Chooses no state itself. */
import { type HoldfastError, isHoldfastError } from '../errors.ts';
import type { Environment } from '../platform/environment.ts';
import type { Hint } from '../platform/page.ts';
import type { Codec } from '../protocol/codec.ts';
import { END, endRule } from '../protocol/end-codes.ts';
import type { ClientFrame, SessionFrame } from '../protocol/frame.ts';
import type { Transport } from '../transports/transport.ts';
import type { ClientOptions, Readable, Reason, Status, TimingOptions, TokenContext, UiStatus } from '../types.ts';
import { createTimer } from '../util/timer.ts';
import { type Line, type LineEnd, OpenLine, errorOf } from './line.ts';
import { Lines } from './lines.ts';
import { initialState, step } from './machine.ts';
import { findWay, helloOf } from './opening.ts';
import { type Senses, createSenses } from './senses.ts';
import { type Effect, type Ended, type Event, type State, dueAt, heldOf, reasonOf } from './state.ts';
import { statusOf } from './status.ts';
import { type Statuses, createStatuses } from './statuses.ts';
import { type Tokens, createTokens } from './token.ts';

/** Who lives on the connection. */
export interface Session {
  /** One `sub` for each wanted channel; made anew for each opening. */
  opening(gen: number): readonly ClientFrame[];
  welcomed(line: Line): void;
  received(line: Line, frame: SessionFrame): void;
  /**
   * @param code null if it carried nothing, or another one carries on
   * @returns true if it removed the cause of a final code (a batch that is now sent item by item)
   */
  lost(gen: number, code: number | null): boolean;
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
  readonly #statuses: Statuses;
  readonly #senses: Senses;
  readonly #timer;
  readonly #renewal;
  readonly #tokens: Tokens | null;
  readonly #lines = new Lines();
  #state: State = initialState;
  #clientId: string | null = null;
  #gen = 0;
  #token: string | null = null;

  constructor(options: ConnectionOptions, session: Session) {
    const { environment, getToken, timing, report } = options;
    this.#options = options;
    this.#session = session;
    this.#statuses = createStatuses(environment, timing.uiGrace, report);
    this.#senses = createSenses(environment, (hint) => this.#sense(hint));
    this.#timer = createTimer(environment, () => this.#dispatch({ type: 'due' }));
    this.#renewal = createTimer(environment, () => void this.#renew());
    this.#tokens = getToken === undefined ? null : createTokens(environment, getToken);
  }

  get status(): Readable<Status> {
    return this.#statuses.status;
  }

  get uiStatus(): Readable<UiStatus> {
    return this.#statuses.uiStatus;
  }

  /** The welcomed connection that carries, if there is one. */
  get line(): Line | null {
    return this.#lines.line;
  }

  get heardAt(): number {
    return this.#lines.heardAt;
  }

  get buffered(): number {
    return this.#lines.buffered;
  }

  need(): void {
    // Every publication comes by here, and only the idle have anything to do.
    if (this.#state.state === 'idle') this.#dispatch({ type: 'need' });
  }

  /** As {@link need}, and ends a pause. */
  connect(): void {
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
  }

  /** Joins this tick's batch. Dropped without a welcomed connection: whoever needs it sends it again after `welcome`. */
  send(frame: ClientFrame): void {
    this.#lines.send(frame);
  }

  // ---- the machine -----------------------------------------------------------------------------------------------------

  #dispatch(event: Event): void {
    const { environment, timing, trace } = this.#options;
    const { page } = environment;
    const before = this.#state;
    const world = { now: environment.now(), random: environment.random(), online: page.online(), visible: page.visible() };
    const { newest, carrier } = this.#lines;
    const link = newest === null ? {} : { link: newest.link, roundTrip: carrier?.roundTrip };
    const { state, effects } = step(before, event, { ...world, ...timing, ...link });
    if (state === before && effects.length === 0) return;
    this.#state = state;
    trace(event.type, { from: before.state, to: state.state, ...('ended' in event && event.ended.reason) });
    for (const effect of effects) this.#perform(effect);
    // An effect may have led to another event, which has seen to the rest already.
    if (this.#state !== state) return;
    this.#timer.set(dueAt(state));
    this.#attend();
    this.#tellStatus();
    if (state.state === 'closed' && state.reason.error !== null) this.#session.closed(state.reason.error);
  }

  /** Not in the constructor: making a client touches no global, so that a server that renders can make one too. */
  #attend(): void {
    const { state } = this.#state;
    if (state === 'closed') return this.#senses.stop();
    this.#senses.listen(state !== 'idle' && state !== 'paused' && state !== 'resting');
  }

  #sense(hint: Hint | 'jump'): void {
    switch (hint) {
      case 'hidden':
        return this.#statuses.look();
      case 'freeze':
      case 'pagehide':
        return this.#dispatch({ type: 'rest', reason: this.#reason({ code: END.normal, by: 'browser' }, `page-${hint}`) });
      case 'resume':
      case 'pageshow':
        return this.#dispatch({ type: 'wake' });
      default:
        if (hint === 'visible') this.#statuses.look();
        return this.#dispatch({ type: hint });
    }
  }

  #tellStatus(): void {
    const line = this.#lines.carrier ?? this.#lines.newest;
    const transport = line?.transport ?? this.#options.transports[0]?.name ?? '';
    this.#statuses.set(statusOf(this.#state, transport, line?.roundTrip ?? null));
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case 'ask-token':
        return this.#askToken(effect.reason);
      case 'open':
        return this.#openLine();
      case 'abandon':
        this.#tokens?.abort();
        this.#drop(this.#lines.held === null ? null : this.#lines.newest);
        return this.#drop(this.#lines.newest);
      case 'drop-new':
        return this.#lines.held === null ? undefined : this.#drop(this.#lines.newest);
      case 'drop-held':
        return this.#drop(this.#lines.held);
      case 'check':
        return this.#lines.newest?.check();
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
    const renewAt = this.#tokens?.noteLife(ttl) ?? null;
    if (renewAt !== null && renewAt <= this.#options.environment.now()) void this.#renew();
    else this.#renewal.set(renewAt);
  }

  async #renew(): Promise<void> {
    const line = this.#lines.carrier;
    try {
      const token = (await this.#tokens?.renew()) ?? null;
      if (this.#lines.carrier !== line || token === null) return;
      this.#token = token;
      line?.send({ t: 'auth', token });
    } catch (error) {
      // The server grants 30 s and then ends the connection, after which tokens are asked for by the backoff.
      if (!isHoldfastError(error, 'aborted')) this.#options.report(error);
    }
  }

  // ---- lines -------------------------------------------------------------------------------------------------------------

  #openLine(): void {
    const { environment, transports, codec, user, url } = this.#options;
    const way = findWay(environment, transports, url);
    if ('code' in way) return this.#fatal(way);
    const [client, gen] = [(this.#clientId ??= environment.createId()), (this.#gen += 1)];
    const line: OpenLine = new OpenLine({
      ...way,
      gen,
      codec,
      environment,
      user,
      hello: () => helloOf(client, gen, this.#token),
      opening: () => this.#session.opening(gen),
      onWelcome: (welcomed) => {
        this.#dispatch({ type: 'welcome' });
        this.#session.welcomed(welcomed);
      },
      onFrame: (from, frame) => this.#session.received(from, frame),
      onTokenLife: (ttl) => this.#noteTokenLife(ttl),
      onRoundTrip: () => this.#tellStatus(),
      onDoubt: () => this.#dispatch({ type: 'silence' }),
      onLife: () => this.#dispatch({ type: 'alive' }),
      onEnd: (end) => this.#ended(line, end),
      onUnfit: (error, code) => this.#fatal(reasonOf('client', code, error.code, error)),
    });
    this.#lines.add(line);
  }

  #drop(line: OpenLine | null): void {
    if (line === null) return;
    this.#forget(line, END.normal);
    line.close(END.normal);
  }

  /** @returns whether the session removed the cause of a final code */
  #forget(line: OpenLine, code: number): boolean {
    const carried = this.#lines.remove(line);
    if (carried) this.#renewal.set(null);
    return this.#session.lost(line.gen, carried ? code : null);
  }

  #ended(line: OpenLine, end: LineEnd): void {
    const { held, newest } = this.#lines;
    if (line !== held && line !== newest) return;
    const { code, by, layer, opened, after = 0, spread } = end;
    // Before another one is opened beside it, the doubtful one is still the newest.
    const isHeld = line === held || this.#state.state === 'preparing';
    const welcomed = isHeld || (held === null && heldOf(this.#state) !== null);
    const error = errorOf(end, line.transport, welcomed);
    const reason: Reason = { ...this.#reason({ code, by }, endRule(code).name, line), layer, opened, error };
    const before = this.#state;
    const ended: Ended = { reason, after, spread, mended: this.#forget(line, code) };
    // Who was told of an outcome may have ended this connection too, and begun another one.
    if (this.#state !== before) return;
    this.#dispatch(isHeld ? { type: 'held-ended', ended } : { type: 'ended', ended });
    const state = this.#state;
    if (state.state === 'closed' && state.reason.error !== null) this.#options.report(state.reason.error);
  }

  #reason({ code, by }: Pick<Reason, 'code' | 'by'>, name: string, line = this.#lines.carrier): Reason {
    const base = reasonOf(by, code, name);
    const page = this.#senses.pageSince(line?.heardAt ?? this.#options.environment.now());
    return { ...base, ...line?.link, page, lastRoundTrip: line?.roundTrip ?? null };
  }
}
