/** The composition root: builds the parts and ties them together. Names no transport and no store but the memory one. */
import { EventEmitter } from 'eventemitter3';
import { createBookmarks } from './channel/bookmark.ts';
import { Channels } from './channel/channels.ts';
import { Connection } from './connection/connection.ts';
import type { Checks } from './contract/checks.ts';
import type { Contract, Untyped } from './contract/contract.ts';
import { resolve } from './connection/opening.ts';
import type { ConnectionOptions, Session } from './connection/session.ts';
import type { Line } from './connection/line.ts';
import { HoldfastError, isHoldfastError } from './errors.ts';
import { internals } from './internals.ts';
import { memoryOutbox } from './outbox/memory-store.ts';
import type { OutboxSettings } from './outbox/context.ts';
import { Outbox } from './outbox/outbox.ts';
import { createTeller } from './outbox/teller.ts';
import { createEnvironment } from './platform/environment.ts';
import type { SessionFrame } from './protocol/frame.ts';
import { json } from './protocol/json.ts';
import { isChannelName } from './protocol/names.ts';
import { createPatterns } from './protocol/patterns.ts';
import { Presences } from './presence/presences.ts';
import { Requests } from './request/requests.ts';
import { OUTBOX, TIMING, withDefaults } from './defaults.ts';
import { type ComposeOptions, checkOptions } from './options.ts';
import type {
  Abortable,
  Channel,
  Client,
  ClientEvents,
  Outbox as OutboxFace,
  Readable,
  RequestOptions,
  Status,
  Stop,
  UiStatus,
} from './types.ts';
import { attempt } from './util/attempt.ts';
import { soon } from './util/soon.ts';
import { disposable, onAbort, stopOnAbort } from './util/stop.ts';

/**
 * The bare client: only what you pass in is bundled. Touches nothing until first needed.
 * @throws HoldfastError `invalid-option`
 */
export function composeClient<C extends Contract<C> = Untyped>(options: ComposeOptions<C>): Client<C> {
  // What is inside knows names and payloads only as they come.
  const untyped = options as unknown as ComposeOptions;
  checkOptions(untyped);
  return new HoldfastClient(untyped) as unknown as Client<C>;
}

class HoldfastClient implements Client {
  readonly status: Readable<Status>;
  readonly uiStatus: Readable<UiStatus>;
  readonly outbox: OutboxFace;
  readonly #environment;
  readonly #events = new EventEmitter<string>();
  readonly #connection: Connection;
  readonly #channels: Channels;
  readonly #outbox: Outbox;
  readonly #presences: Presences;
  readonly #requests: Requests;
  readonly #unabort: () => void;
  readonly #checks: Checks | undefined;
  readonly #ends = new Set<() => void>();
  #life: 'alive' | 'destroyed' = 'alive';

  constructor({
    url,
    transports,
    codec = json(),
    user = 'anonymous',
    getToken,
    dataSaver = false,
    contract,
    ...options
  }: ComposeOptions) {
    const environment = createEnvironment(options.environment ?? {});
    const timing = withDefaults(TIMING, options.timing);
    const optionsOf = createPatterns(options.channels ?? {}, (sentence) => new HoldfastError('invalid-option', `${sentence}.`));
    const report = (error: unknown): void => this.#report(error);
    const session: Session = {
      opening: (gen) => [...this.#channels.opening(gen), ...this.#presences.opening(gen)],
      welcomed: (line) => {
        this.#channels.welcomed(line);
        this.#presences.welcomed(line);
        this.#outbox.welcomed(line);
        this.#requests.calls.welcomed(line);
      },
      received: (line, frame) => this.#received(line, frame),
      awaits: (gen) => this.#requests.calls.awaits(gen),
      lost: (gen, code) => {
        this.#channels.lost(gen);
        this.#requests.calls.lost(gen);
        return code !== null && this.#outbox.lost(code);
      },
      leaving: () => this.#presences.leaving(),
      closed: (error) => this.#end(error),
    };
    this.#environment = environment;
    this.#checks = contract?.['~checks'];
    const connectionOptions: ConnectionOptions = {
      environment,
      url: String(url),
      transports,
      codec,
      user,
      getToken,
      credentials: options.credentials,
      timing,
      saves: () => (dataSaver === 'auto' ? environment.page.saveData?.() === true : dataSaver),
      busy: () => this.#outbox.busy || this.#requests.calls.busy,
      report,
      trace: (...args) => this.#trace(...args),
    };
    this.#connection = new Connection(connectionOptions, session);
    internals.set(this, { options: connectionOptions, connection: this.#connection, ends: this.#ends });
    const shared = {
      environment,
      line: () => this.#connection.line,
      send: this.#connection.send.bind(this.#connection),
      need: () => {
        this.#outbox.wake();
        this.#connection.need();
      },
      report,
    };
    this.#presences = new Presences({ ...shared, checks: this.#checks });
    this.#outbox = new Outbox(
      {
        ...shared,
        user,
        url: () => {
          const resolved = resolve(String(url), environment.baseUrl);
          return typeof resolved === 'string' ? resolved : String(url);
        },
        heardAt: () => this.#connection.heardAt,
        buffered: () => this.#connection.buffered,
        onOutcome: (outcome) => this.#events.emit('outcome', outcome),
        checks: this.#checks,
      },
      withDefaults<OutboxSettings>({ store: memoryOutbox(), ...OUTBOX }, options.outbox),
    );
    const reception = this.#checks?.reception(report);
    this.#channels = new Channels({
      feed: {
        ...shared,
        // An id can be copied by whoever reads it; a name that the server vouches for cannot.
        isOwn: (id, by) => (by === undefined || by === user) && this.#outbox.isOwn(id),
        presence: (channel) => this.#presences.version(channel),
        onReset: (reset) => this.#events.emit('reset', reset),
        bookmarks: createBookmarks(environment, [String(url), user], report),
        reception,
      },
      releaseAfter: timing.releaseAfter,
      optionsOf: (name) => {
        const { value, params = {} } = optionsOf(name) ?? {};
        return { ...value, params };
      },
      need: shared.need,
      assertAlive: () => this.#assertAlive(),
      presence: (channel, host) => this.#presences.create(channel, host),
      pendings: reception?.pendings(this.#outbox) ?? this.#outbox,
      publish: (channel, event, data, given) => this.#outbox.publish(channel, event, data, given),
      publishVolatile: createTeller({
        ...shared,
        buffered: () => this.#connection.buffered,
        need: () => this.#connection.need(),
        checks: this.#checks,
      }),
    });
    this.#requests = new Requests(shared, timing.requestTimeout, this.#checks);
    this.status = this.#connection.status;
    this.uiStatus = this.#connection.uiStatus;
    this.outbox = this.#outbox.face;
    const destroy = (): void => this.destroy();
    if (options.signal?.aborted) queueMicrotask(destroy);
    this.#unabort = onAbort(options.signal, destroy);
    disposable(this, destroy);
  }

  declare [Symbol.dispose]: () => void;

  connect(): void {
    this.#assertAlive();
    this.#outbox.wake();
    this.#connection.tell('connect');
  }

  disconnect(): void {
    this.#connection.tell('pause');
  }

  retryNow(): void {
    this.#connection.tell('retry');
  }

  destroy(): void {
    if (this.#life === 'destroyed') return;
    this.#life = 'destroyed';
    this.#unabort();
    this.#end(new HoldfastError('destroyed', 'The client was destroyed.'));
    this.#connection.tell('destroy');
    // After the traces of this end.
    soon(() => this.#events.removeAllListeners());
  }

  channel(name: string): Channel {
    this.#assertAlive();
    if (!isChannelName(name)) throw new HoldfastError('invalid-name', `${JSON.stringify(name)} is no channel name.`);
    if (this.#checks?.names(name) === false) {
      throw new HoldfastError('invalid-name', `No channel pattern of the contract fits '${name}'.`);
    }
    return this.#channels.get(name);
  }

  request(method: string, params?: unknown, options: RequestOptions = {}): ReturnType<Client['request']> {
    this.#assertAlive();
    return this.#requests.run(method, params, options);
  }

  on<E extends keyof ClientEvents>(event: E, handler: (payload: ClientEvents[E]) => void, options: Abortable = {}): Stop {
    return stopOnAbort(options, () => {
      const threw = (cause: unknown): void => {
        const error = new HoldfastError('handler-threw', `A listener of '${event}' threw.`, { cause });
        // A listener of `error` that throws cannot be told of itself.
        if (event === 'error') this.#environment.logError(error);
        else this.#report(error);
      };
      // The emitter goes on with a listener that was removed while it emits.
      let active = true;
      const guarded = (payload: ClientEvents[E]): void => {
        if (active) void attempt(() => handler(payload), threw);
      };
      this.#events.on(event, guarded);
      return () => {
        active = false;
        this.#events.off(event, guarded);
      };
    });
  }

  #received(line: Line, frame: SessionFrame): void {
    // From the welcome of a newer connection on the lanes are sent anew there, and what the older one still says is past.
    const upstream = frame.t === 'ack' || frame.t === 'nack' || frame.t === 'recheck';
    if (upstream && line !== this.#connection.line) return;
    switch (frame.t) {
      case 'ack':
        return this.#outbox.acked(frame);
      case 'nack':
        return this.#outbox.nacked(frame);
      case 'recheck':
        this.#presences.recheck();
        return this.#outbox.recheck();
      case 'pres':
        return this.#presences.received(line, frame);
      case 'res':
        // Ids are random, so it is known to one of both at most.
        this.#requests.calls.received(frame);
        return this.#channels.received(line, frame);
      default:
        return this.#channels.received(line, frame);
    }
  }

  #end(error: HoldfastError): void {
    this.#presences.end();
    for (const end of this.#ends) end();
    this.#channels.end({ state: 'closed', error });
    this.#outbox.end(error);
    this.#requests.calls.end(error);
  }

  #assertAlive(): void {
    if (this.#life === 'destroyed') throw new HoldfastError('destroyed', 'The client was destroyed.');
  }

  #report(error: unknown): void {
    const told = isHoldfastError(error) ? error : new HoldfastError('handler-threw', 'A listener threw.', { cause: error });
    if (!this.#events.emit('error', told)) this.#environment.logError(told);
  }

  #trace(name: string, detail: Readonly<Record<string, unknown>>): void {
    if (this.#events.listenerCount('trace') === 0) return;
    const trace = { at: this.#environment.now(), name, detail };
    // Later, for a listener may end the client, and the machine is in the middle of a step.
    soon(() => this.#events.emit('trace', trace));
  }
}
