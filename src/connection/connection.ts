/** Performs what the machine decides: asks for tokens, opens lines, tells the status. Chooses no state itself. */
import { END, endRule } from '../protocol/end-codes.ts';
import type { ClientFrame } from '../protocol/frame.ts';
import type { Readable, Reason, Status, UiStatus } from '../types.ts';
import { createTimer } from '../util/timer.ts';
import { type Credentials, createCredentials } from './credentials.ts';
import type { Choice } from './ladder.ts';
import { type Line, type LineEnd, OpenLine, errorOf } from './line.ts';
import { Lines } from './lines.ts';
import { initialState, step } from './machine.ts';
import type { ConnectionOptions, Session } from './session.ts';
import { helloOf, resolve, unsupported } from './opening.ts';
import { type Sensed, type Senses, createSenses } from './senses.ts';
import { type Effect, type Ended, type Event, type Facts, type State, dueAt, heldOf, reasonOf } from './state.ts';
import { statusOf } from './status.ts';
import { type Statuses, createStatuses } from './statuses.ts';
import { type Ways, createWays } from './ways.ts';

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #session: Session;
  readonly #statuses: Statuses;
  readonly #senses: Senses;
  readonly #timer;
  readonly #credentials: Credentials;
  readonly #ways: Ways;
  readonly #lines: Lines;
  /** Carried until another one was welcomed. */
  #replaced: OpenLine | null = null;
  #state: State = initialState;
  #clientId: string | null = null;
  #gen = 0;

  constructor(options: ConnectionOptions, session: Session) {
    const { environment, transports, url, getToken, timing, report } = options;
    this.#options = options;
    this.#session = session;
    this.#lines = new Lines(environment, (line) => this.#drop(line));
    this.#statuses = createStatuses(environment, timing.uiGrace, report);
    this.#senses = createSenses(environment, (hint) => this.#sense(hint), options);
    this.#timer = createTimer(environment, () => this.#dispatch({ type: 'due' }));
    this.#ways = createWays({ environment, transports, url, raceAfter: timing.raceAfter });
    this.#credentials = createCredentials({
      ...{ environment, getToken, report },
      onReady: () => this.#dispatch({ type: 'token' }),
      onFailed: (reason, final) => {
        if (this.#state.state !== 'preparing') return;
        if (final) return this.#fatal(reason);
        report(reason.error);
        this.#dispatch({ type: 'token-failed', ended: { reason, after: 0, spread: null, mended: false } });
      },
      connection: () => this.#lines.carrier,
      onRenewed: (token) => this.send({ t: 'auth', token }),
    });
  }

  get status(): Readable<Status> {
    return this.#statuses.status;
  }

  get uiStatus(): Readable<UiStatus> {
    return this.#statuses.uiStatus;
  }

  /** Why which transport carried, the newest last. */
  get choices(): readonly Choice[] {
    return this.#ways.choices;
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

  get token(): string | null {
    return this.#credentials.token;
  }

  need(): void {
    if (this.#state.state === 'idle' || this.#state.state === 'resting') this.#dispatch({ type: 'need' });
  }

  /** connect: as {@link need}, and ends a pause. */
  tell(type: 'connect' | 'pause' | 'retry' | 'destroy'): void {
    this.#dispatch({ type });
  }

  /** Joins this tick's batch, or goes `now`. Dropped without a welcomed connection: who needs it sends it again after `welcome`. */
  send(frame: ClientFrame, now?: 'now'): void {
    this.#lines.send(frame, now);
  }

  // ---- the machine -----------------------------------------------------------------------------------------------------

  #dispatch(event: Event): void {
    const { timing, trace } = this.#options;
    const before = this.#state;
    const { state, effects } = step(before, event, this.#facts(timing));
    if (state === before && effects.length === 0) return;
    this.#state = state;
    trace(event.type, { from: before.state, to: state.state, ...('ended' in event && event.ended.reason) });
    if (before.state === 'proving' && state.state === 'stable') {
      this.#ways.note({ type: 'stable', rung: state.rung, roundTrip: this.#lines.carrier?.roundTrip ?? null });
    }
    for (const effect of effects) this.#perform(effect, before);
    // An effect may have led to another event, which has seen to the rest already.
    if (this.#state !== state) return;
    this.#timer.set(dueAt(state));
    this.#attend();
    this.#tellStatus();
    if (state.state === 'closed' && state.reason.error !== null) this.#session.closed(state.reason.error);
  }

  #facts(timing: ConnectionOptions['timing']): Facts {
    const { now, random, page } = this.#options.environment;
    const links = new Map([...this.#lines.racing].map(([rung, { link }]) => [rung, link]));
    const world = { now: now(), random: random(), online: page.online(), visible: page.visible(), saves: this.#options.saves() };
    const ways = this.#ways.facts(heldOf(this.#state)?.rung ?? null);
    return { ...world, ...timing, ...ways, links, roundTrip: this.#lines.carrier?.roundTrip, tokenAge: this.#credentials.age };
  }

  /** Not in the constructor: making a client touches no global, so that a server that renders can make one too. */
  #attend(): void {
    const { state } = this.#state;
    if (state === 'closed') return this.#senses.stop();
    this.#senses.listen(state !== 'idle' && state !== 'paused' && state !== 'resting');
  }

  #sense(hint: Sensed): void {
    switch (hint) {
      case 'hidden':
        return this.#statuses.look();
      case 'freeze':
      case 'pagehide':
      case 'nap': {
        if (hint === 'pagehide') this.#session.leaving();
        const by = hint === 'nap' ? 'client' : 'browser';
        return this.#dispatch({ type: 'rest', reason: this.#reason({ code: END.normal, by }, `page-${hint}`) });
      }
      case 'resume':
      case 'pageshow':
        return this.#dispatch({ type: 'wake' });
      default:
        if (hint === 'visible') this.#statuses.look();
        if (hint === 'network') this.#ways.note({ type: 'network', name: this.#options.environment.page.network() });
        return this.#dispatch({ type: hint });
    }
  }

  #tellStatus(): void {
    const line = this.#lines.carrier ?? [...this.#lines.racing.values()].at(-1);
    const transport = line?.transport ?? this.#options.transports[0]?.name ?? '';
    this.#statuses.set(statusOf(this.#state, transport, line?.roundTrip ?? null));
  }

  #perform(effect: Effect, before: State): void {
    switch (effect.type) {
      case 'ask-token':
        this.#ways.note({ type: 'attempt' });
        return this.#credentials.ask(effect.reason);
      case 'no-way':
        return this.#fatal(unsupported(this.#options.transports));
      case 'open':
        return this.#openLine(effect.rung);
      case 'abandon':
        this.#credentials.abort();
        this.#dropRacing();
        this.#drop(this.#lines.leaving);
        return this.#drop(this.#lines.carrier);
      case 'drop':
        if (effect.why === 'late') this.#noteFailure(effect.rung, endRule(END.openTimeout).name, before);
        return this.#drop(this.#lines.racing.get(effect.rung) ?? null);
      case 'drop-new':
        return this.#dropRacing();
      case 'drop-held':
        return this.#retire(this.#replaced);
      case 'check':
        return this.#lines.carrier?.check();
    }
  }

  #fatal(reason: Reason): void {
    this.#options.report(reason.error);
    this.#dispatch({ type: 'fatal', reason });
  }

  #openLine(rung: number): void {
    const { environment, transports, codec, user, url, credentials, saves } = this.#options;
    const address = resolve(url, environment.baseUrl);
    if (typeof address !== 'string') return this.#fatal(address);
    const client = (this.#clientId ??= environment.createId());
    const why = this.#isClimbing() ? 'upgrade' : undefined;
    const line: OpenLine = new OpenLine({
      ...{ rung, transport: transports[rung]!, url: address, codec, environment, user, credentials, saves },
      nextGen: () => (this.#gen += 1),
      hello: (gen) => helloOf(client, gen, this.#credentials.token, saves(), why),
      opening: (gen) => this.#session.opening(gen),
      onWelcome: (welcomed) => this.#welcomed(line, welcomed),
      onFrame: (from, frame) => this.#session.received(from, frame),
      onTokenLife: (ttl) => this.#credentials.noteLife(ttl),
      onRoundTrip: () => this.#tellStatus(),
      // Of one that leaves nobody asks whether it lives.
      onDoubt: () => line !== this.#lines.leaving && this.#dispatch({ type: 'silence' }),
      onLife: () => line !== this.#lines.leaving && this.#dispatch({ type: 'alive' }),
      onEnd: (end) => this.#ended(line, end),
      onUnfit: (error, code) => this.#fatal(reasonOf('client', code, error.code, error)),
    });
    this.#lines.add(line);
  }

  #welcomed(line: OpenLine, welcomed: Line): void {
    const running = [...this.#lines.racing.keys()];
    this.#ways.note({ type: 'welcome', rung: line.rung, running, beside: this.#isClimbing() });
    this.#options.trace('choose', { ...this.#ways.choices.at(-1) });
    this.#replaced = this.#lines.promote(line);
    this.#dispatch({ type: 'welcome', rung: line.rung });
    this.#session.welcomed(welcomed);
  }

  /** Whether what is being opened is tried beside a connection that works. */
  #isClimbing(state = this.#state): boolean {
    return 'held' in state && state.held !== null && 'trust' in state.held && state.held.trust === 'sound';
  }

  #noteFailure(rung: number, why: string, state = this.#state): void {
    const line = this.#lines.racing.get(rung);
    const page = this.#senses.pageSince(line?.heardAt ?? this.#options.environment.now());
    // What broke, or took too long, while the machine slept says nothing of the way.
    if (page === 'frozen' || page === 'asleep') return;
    this.#ways.note({ type: 'failed', rung, why, beside: this.#isClimbing(state) });
  }

  #dropRacing(): void {
    for (const line of [...this.#lines.racing.values()]) this.#drop(line);
  }

  #drop(line: OpenLine | null): void {
    if (line === null) return;
    this.#forget(line, END.normal);
    line.close(END.normal);
  }

  /** It was replaced, and goes when it has answered what nobody else can. */
  #retire(line: OpenLine | null): void {
    this.#replaced = null;
    this.#drop(this.#lines.leaving);
    if (line !== null && this.#session.awaits(line.gen)) this.#lines.leave(line, this.#options.environment.now());
    else this.#drop(line);
  }

  /** @returns whether the session removed the cause of a final code */
  #forget(line: OpenLine, code: number): boolean {
    const carried = this.#lines.remove(line);
    if (carried) this.#credentials.lapse();
    return this.#session.lost(line.gen, carried ? code : null);
  }

  #ended(line: OpenLine, end: LineEnd): void {
    const { carrier, racing, leaving } = this.#lines;
    const { rung } = line;
    if (line === leaving) return void this.#forget(line, end.code);
    if (line !== carrier && line !== racing.get(rung)) return;
    const { code, by, layer, opened, after = 0, spread } = end;
    const { name, action } = endRule(code);
    const error = errorOf(end, line.transport, line === carrier);
    const reason: Reason = { ...this.#reason({ code, by }, name, line), layer, opened, error };
    const before = this.#state;
    if (line === carrier) {
      const young = heldOf(before)?.life === 'proving' && reason.page !== 'frozen' && reason.page !== 'asleep';
      // Its own page's, opened after it: what is older when it is welcomed was held back.
      const isStale = code === END.superseded;
      const fault = action === 'suspect' || (young && (isStale || (layer === 'transport' && by === 'network')));
      this.#ways.note({ type: 'ended', rung, why: name, fault });
    } else if (layer === 'transport' || action === 'suspect') this.#noteFailure(rung, name);
    const ended: Ended = { reason, after, spread, mended: this.#forget(line, code) };
    // Who was told of an outcome may have ended this connection too, and begun another one.
    if (this.#state !== before) return;
    const isHeld = line === carrier && (before.state === 'preparing' || before.state === 'opening');
    this.#dispatch(isHeld ? { type: 'held-ended', ended } : { type: 'ended', rung, ended });
    const state = this.#state;
    if (state.state === 'closed' && state.reason.error !== null) this.#options.report(state.reason.error);
  }

  #reason({ code, by }: Pick<Reason, 'code' | 'by'>, name: string, line = this.#lines.carrier): Reason {
    const base = reasonOf(by, code, name);
    const page = this.#senses.pageSince(line?.heardAt ?? this.#options.environment.now());
    return { ...base, ...line?.link, page, lastRoundTrip: line?.roundTrip ?? null };
  }
}
