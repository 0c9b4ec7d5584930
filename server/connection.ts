import { CLIENT_FRAMES } from '../src/protocol/client-frames.ts';
import type { Codec, Encoded } from '../src/protocol/codec.ts';
import { END } from '../src/protocol/end-codes.ts';
import {
  type ClientBye,
  type ClientFrame,
  type Hello,
  PROTOCOL_VERSION,
  type ServerBye,
  type ServerFrame,
} from '../src/protocol/frame.ts';
import { parseMessage } from '../src/protocol/parse.ts';
import { Outgoing, type OutgoingHost } from './outgoing.ts';
import { Publishing, type PublishingHost } from './publishing.ts';
import type { Member } from './registry.ts';
import type { Services } from './services.ts';
import { Gate, hasEnded, type Identity, NOBODY, ttlOf, welcomeOf } from './session.ts';
import { Subscriptions, type SubscriptionsHost } from './subscriptions.ts';
import type { ServerLine, ServerSocket, SocketInfo, Untyped } from './types.ts';
import { within } from './verdict.ts';
import { Watch } from './watch.ts';

/** opening: no `hello` yet. admitting: the app is asked who it is, frames wait. ended: only the transport's end is awaited. */
type Phase = 'opening' | 'admitting' | 'open' | 'ended';

/** Codes of RFC 6455 that the client answers with a retry. */
const RETRIED = { internal: 1011, tryLater: 1013 } as const;
/** Size of the frames that may wait for the app's answer. */
const EARLY = 1_048_576;
const LIMITS_AFTER = 30_000;

export class Connection implements ServerLine, Member, PublishingHost, SubscriptionsHost, OutgoingHost {
  readonly outgoing: Outgoing;
  readonly codec: Codec;
  /** Known from `hello` on. */
  client = '';
  gen = 0;
  /** Whose allowance is used up; anonymous visitors pay page by page, for together they are no one. */
  payer = '';
  readonly #services: Services;
  readonly #socket: ServerSocket;
  readonly #onGone: (connection: Connection) => void;
  readonly #publishing: Publishing;
  readonly #subscriptions: Subscriptions;
  readonly #watch: Watch;
  readonly #gate: Gate;
  #phase: Phase = 'opening';
  #identity: Identity = NOBODY;
  #early: ClientFrame[] = [];
  #earlySize = 0;

  constructor(services: Services, socket: ServerSocket, info: SocketInfo, onGone: (connection: Connection) => void) {
    this.#services = services;
    this.#socket = socket;
    this.codec = info.codec;
    this.#onGone = onGone;
    this.outgoing = new Outgoing(this, socket, services.batcher, services.counters, services.limits.queue);
    this.#gate = new Gate(services, info);
    this.#publishing = new Publishing(services, this);
    this.#subscriptions = new Subscriptions(services, this);
    this.#watch = new Watch(services.timing, this.outgoing, services.environment.now());
  }

  get user(): Untyped {
    return this.#identity.user;
  }
  get userId(): string {
    return this.#identity.userId;
  }
  get tokenExpired(): boolean {
    return hasEnded(this.#identity, this.#services.environment.now());
  }

  // ---- from the transport ----------------------------------------------------------------------------------------

  onMessage(data: Encoded): void {
    if (this.#phase === 'ended') return;
    const { counters, environment, limits } = this.#services;
    counters.bytesIn += data.length;
    this.#watch.heard(environment.now());
    if (data.length > limits.message) return this.end(END.tooBig, `the limit of a message is ${limits.message} bytes`);
    // A fault of ours ends one connection, not the process (invariant I15).
    try {
      const parsed = parseMessage<ClientFrame>(this.codec, data, CLIENT_FRAMES);
      if (!parsed.ok) return this.end(END.badFrame, parsed.why);
      if (this.#phase === 'admitting') this.#earlySize += data.length;
      for (const frame of parsed.frames) this.#onFrame(frame);
    } catch (error) {
      this.onFault(error);
    }
  }

  onDrain(): void {
    if (this.#phase !== 'ended') this.outgoing.update();
  }

  onClose(): void {
    if (this.#phase !== 'ended') this.#services.report('connection-lost', { user: this.userId });
    this.#cleanUp();
    this.#onGone(this);
  }

  // ---- from its parts --------------------------------------------------------------------------------------------

  send(frame: ServerFrame): void {
    if (this.#phase !== 'ended') this.outgoing.push(this.codec.encode(frame));
  }

  onRoom(): void {
    if (this.#phase === 'open' && this.#subscriptions.waiting) this.#subscriptions.pump();
  }

  onOverflow(): void {
    this.#tooSlow('the queue is full');
  }

  onFault(error: unknown): void {
    this.#services.report('connection-failed', { error, user: this.userId });
    this.end(RETRIED.internal, 'the server failed');
  }

  tooLarge(why: string): void {
    this.end(END.tooLarge, why);
  }

  supersede(): void {
    this.end(END.superseded, 'a newer connection of this page is there');
  }

  /** Tells why before it closes, on every transport. */
  end(code: number, why: string, extra: Pick<ServerBye, 'after' | 'spread'> = {}): void {
    if (this.#phase === 'ended') return;
    this.#services.report('connection-ended', { code, why, user: this.userId });
    const bye = this.codec.encode({ t: 'bye', code, why: why.slice(0, 1000), ...extra });
    this.#finish(code, why, bye);
  }

  /** All of a user, or one channel. */
  revoke(user: string, channel: string | undefined): void {
    if (channel === undefined) this.#gate.revoke(user);
    if (this.userId !== user) return;
    if (channel === undefined) this.end(END.tokenRejected, 'the session was revoked');
    else this.#subscriptions.revoke(channel);
  }

  /** What time alone brings about; nothing, if it was the process that stood still. */
  sweep(now: number, late: boolean): void {
    if (late) this.#watch.excuse(now);
    if (late || this.#phase === 'ended') return;
    const due = this.#watch.look(now, this.#phase === 'opening', this.#identity.expiresAt);
    if (due === null) return;
    if (due === 'refresh') this.send({ t: 'auth', ttl: 0 });
    else if (due === 'stalled') this.#tooSlow('it takes nothing of what is queued');
    else if (due !== 'ping') this.end(...due);
    else if (this.#phase === 'open') this.send({ t: 'ping' });
  }

  // ---- opening ---------------------------------------------------------------------------------------------------

  #onFrame(frame: ClientFrame): void {
    if (this.#phase === 'open') this.#onOpenFrame(frame);
    else if (this.#phase === 'admitting') {
      this.#early.push(frame);
      if (this.#earlySize > EARLY) this.end(END.limits, 'too much was sent before the welcome');
    } else if (this.#phase === 'opening') {
      if (frame.t === 'hello') this.#onHello(frame);
      else this.end(END.badFrame, 'the first frame must be hello');
    }
  }

  #onHello({ v: [min, max], client, gen, token }: Hello): void {
    if (min > PROTOCOL_VERSION || max < PROTOCOL_VERSION) {
      return this.end(END.noCommonVersion, `this server speaks version ${PROTOCOL_VERSION} only`);
    }
    this.#phase = 'admitting';
    this.client = client;
    this.gen = gen;
    this.#gate.ask({
      token: token ?? null,
      onIdentity: (identity) => this.#admit(identity),
      onError: (error) => this.#cannotOpen('authenticate-failed', error),
    });
  }

  #admit(identity: Identity | null): void {
    if (this.#phase !== 'admitting') return;
    if (identity === null) return this.end(END.tokenRejected, 'the token was refused');
    if (hasEnded(identity, this.#services.environment.now())) return this.end(END.tokenExpired, 'the token has expired');
    this.#identity = identity;
    this.payer = identity.userId === '' ? `page ${this.client}` : `user ${identity.userId}`;
    const { environment, timing } = this.#services;
    const memory = this.#services.memory();
    if (typeof memory === 'string') return this.#welcome(memory);
    const onError = (error: unknown): void => this.#cannotOpen('broker-failed', error);
    within(environment, timing.ruleTimeout, memory, (known) => this.#welcome(known), onError);
  }

  #cannotOpen(name: string, error: unknown): void {
    if (this.#phase === 'ended') return;
    this.#services.report(name, { error });
    this.end(RETRIED.tryLater, 'the server cannot say who you are just now');
  }

  #welcome(mem: string): void {
    if (this.#phase !== 'admitting') return;
    const { registry, limits } = this.#services;
    if (!registry.admit(this)) {
      return this.end(END.limits, `at most ${limits.connections} pages of one user`, { after: LIMITS_AFTER });
    }
    this.#phase = 'open';
    this.send(welcomeOf(this.#identity, mem, this.#services));
    const early = this.#early;
    this.#early = [];
    for (const frame of early) this.#onFrame(frame);
  }

  // ---- open ------------------------------------------------------------------------------------------------------

  #onOpenFrame(frame: ClientFrame): void {
    switch (frame.t) {
      case 'pub':
        return this.#publishing.onPub(frame);
      case 'tell':
        return this.#publishing.onTell(frame);
      case 'sub':
        return this.#subscriptions.onSub(frame);
      case 'unsub':
        return this.#subscriptions.onUnsub(frame.c);
      case 'ping':
        return this.send({ t: 'pong', ...(frame.x === undefined ? undefined : { x: frame.x }) });
      case 'pong':
        return;
      case 'auth':
        return this.#onToken(frame.token);
      case 'bye':
        return this.#onBye(frame);
      case 'hello':
        return this.end(END.badFrame, 'hello comes once');
    }
  }

  #onToken(token: string): void {
    const answer = (): void => {
      if (this.#phase === 'open') this.send({ t: 'auth', ...ttlOf(this.#identity, this.#services.environment.now()) });
    };
    this.#gate.ask({
      token,
      onIdentity: (identity) => {
        if (identity === null) return this.end(END.tokenRejected, 'the token was refused');
        if (identity.userId !== this.userId) return this.end(END.tokenRejected, 'the token is another user’s');
        // One that has ended already must not put off the end of the session.
        if (!hasEnded(identity, this.#services.environment.now())) this.#identity = identity;
        answer();
      },
      // The old session goes on; what is left of it is told, so that the client tries again in time.
      onError: (error) => {
        this.#services.report('authenticate-failed', { error, user: this.userId });
        answer();
      },
    });
  }

  #onBye({ code, done = [] }: ClientBye): void {
    this.#publishing.release(done);
    this.#services.report('connection-ended', { code, why: 'the client said bye', user: this.userId });
    this.#finish(END.normal, 'bye', null);
  }

  // ---- ending ----------------------------------------------------------------------------------------------------

  #tooSlow(why: string): void {
    if (this.#phase === 'ended') return;
    this.#services.counters.slowConsumers += 1;
    this.end(END.slowConsumer, why);
  }

  #finish(code: number, why: string, bye: Encoded | null): void {
    this.#cleanUp();
    if (bye !== null) this.outgoing.push(bye);
    this.outgoing.flush();
    try {
      this.#socket.close(code, why);
    } catch (error) {
      this.#services.report('connection-failed', { error, user: this.userId });
    }
  }

  #cleanUp(): void {
    if (this.#phase === 'ended') return;
    this.#phase = 'ended';
    this.#early = [];
    this.#services.registry.remove(this);
    this.#subscriptions.end();
    this.#publishing.end();
    this.#gate.end(new Error('the connection has ended'));
  }
}
