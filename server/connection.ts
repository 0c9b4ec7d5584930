import { CLIENT_FRAMES } from '../src/protocol/client-frames.ts';
import type { Codec, Encoded } from '../src/protocol/codec.ts';
import { END } from '../src/protocol/end-codes.ts';
import type { ClientBye, ClientFrame, Hello, ServerBye, ServerFrame } from '../src/protocol/frame.ts';
import { PROTOCOL_VERSION } from '../src/protocol/frame.ts';
import { type Parsed, parseMessage } from '../src/protocol/parse.ts';
import { endsAloud, isNews, queueOf, recheckOf, takes } from './kind.ts';
import { Outgoing, type OutgoingHost } from './outgoing.ts';
import type { Member } from './registry.ts';
import type { Services } from './services.ts';
import { askMemory, Gate, hasEnded, type Identity, NOBODY, renewal, ttlOf, welcomeOf } from './session.ts';
import type { ServerLine, ServerSocket, SocketInfo, SocketKind, User } from './types.ts';
import { Watch } from './watch.ts';
import { Work, type WorkHost } from './work.ts';

/** opening: no `hello` yet. admitting: the app is asked who it is, frames wait. ended: only the transport's end is awaited. */
type Phase = 'opening' | 'admitting' | 'open' | 'ended';

/** Of RFC 6455; the client answers with a retry. */
const RETRIED = { internal: 1011, restart: 1012, tryLater: 1013 } as const;
/** Size of the frames that may wait for the app's answer. */
const EARLY = 1_048_576;
const LIMITS_AFTER = 30_000;

export class Connection implements ServerLine, Member, WorkHost, OutgoingHost {
  readonly outgoing: Outgoing;
  readonly codec: Codec;
  readonly kind: SocketKind;
  /** Known from `hello` on. */
  client = '';
  gen = 0;
  /** Whose allowance is used up; anonymous visitors pay page by page, for together they are no one. */
  payer = '';
  readonly #services: Services;
  readonly #socket: ServerSocket;
  readonly #onGone: (connection: Connection) => void;
  readonly #work: Work;
  readonly #watch: Watch;
  readonly #gate: Gate;
  #phase: Phase = 'opening';
  #identity: Identity = NOBODY;
  #hello: Pick<Hello, 'since' | 'mem' | 'ping'> = {};
  #early: ClientFrame[] = [];
  #earlySize = 0;
  /** Messages that are being looked at: what is not answered is not only what waits. */
  #taking = 0;

  constructor(services: Services, socket: ServerSocket, info: SocketInfo, onGone: (connection: Connection) => void) {
    this.#services = services;
    this.#socket = socket;
    this.codec = info.codec;
    this.kind = info.kind ?? 'duplex';
    this.#onGone = onGone;
    this.outgoing = new Outgoing(this, socket, services.batcher, services.counters, queueOf(this.kind, services.limits.queue));
    this.#gate = new Gate(services, info);
    this.#work = new Work(services, this);
    this.#watch = new Watch(services.timing, this.outgoing, this.kind, services.environment.now());
  }

  get user(): User {
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
    const { limits } = this.#services;
    if (data.length > limits.message) return this.end(END.tooBig, `the limit of a message is ${limits.message} bytes`);
    this.onParsed(parseMessage<ClientFrame>(this.codec, data, CLIENT_FRAMES), data.length);
  }

  onParsed(parsed: Parsed<ClientFrame>, size: number): void {
    this.#services.counters.bytesIn += size;
    this.#watch.heard(this.#services.environment.now());
    if (!parsed.ok) return this.end(END.badFrame, parsed.why);
    if (this.#phase === 'admitting') this.#earlySize += size;
    // A fault of ours ends one connection, not the process (invariant I15).
    try {
      this.#take(parsed.frames);
    } catch (error) {
      this.onFault(error);
    }
  }

  onDrain(): void {
    if (this.#phase !== 'ended') this.outgoing.update();
  }

  onClose(): void {
    if (this.#phase !== 'ended' && endsAloud(this.kind)) this.#services.report('connection-lost', { user: this.userId });
    this.#cleanUp();
    this.#onGone(this);
  }

  // ---- from its parts --------------------------------------------------------------------------------------------

  send(frame: ServerFrame): void {
    // Nothing comes before the welcome, whatever the store or a clock brings about meanwhile.
    if (this.#phase === 'open') this.outgoing.push(this.codec.encode(frame), isNews(frame));
  }

  onRoom(): void {
    if (this.#phase === 'open') this.#work.pump();
    this.onSettled();
  }

  onSettled(): void {
    const looks = this.#socket.settled !== undefined && this.#phase === 'open' && this.#taking === 0;
    if (!looks || !this.#work.idle) return;
    this.outgoing.flush();
    this.#socket.settled?.();
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
    else this.#work.subscriptions.revoke(channel);
  }

  /** What time alone brings about; nothing, if it was the process that stood still. */
  sweep(now: number, late: boolean): void {
    if (late) this.#watch.excuse(now);
    if (late || this.#phase === 'ended') return;
    // A handler has a time limit of its own, and who waits for it in a request of its own says nothing meanwhile.
    if (this.kind === 'send' && !this.#work.requests.idle) this.#watch.heard(now);
    const due = this.#watch.look(now, this.#phase === 'opening', this.#identity.expiresAt);
    if (due === null) return;
    if (due === 'refresh') this.send({ t: 'auth', ttl: 0 });
    else if (due === 'stalled') this.#tooSlow('it takes nothing of what is queued');
    else if (due !== 'ping') this.end(...due);
    else if (this.#phase === 'open') this.send({ t: 'ping' });
  }

  // ---- opening ---------------------------------------------------------------------------------------------------

  #take(frames: readonly ClientFrame[]): void {
    this.#taking += 1;
    for (const frame of frames) if (takes(this.kind, frame.t)) this.#onFrame(frame);
    this.#taking -= 1;
    this.onSettled();
  }

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

  #onHello(hello: Hello): void {
    const { v, client, gen, token } = hello;
    if (v[0] > PROTOCOL_VERSION || v[1] < PROTOCOL_VERSION) {
      return this.end(END.noCommonVersion, `this server speaks version ${PROTOCOL_VERSION} only`);
    }
    this.#phase = 'admitting';
    this.#hello = hello;
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
    const onError = (error: unknown): void => this.#cannotOpen('broker-failed', error);
    askMemory(this.#services, (mem) => this.#welcome(mem), onError);
  }

  #cannotOpen(name: string, error: unknown): void {
    if (this.#phase === 'ended') return;
    this.#services.report(name, { error });
    this.end(RETRIED.tryLater, 'the server cannot say who you are just now');
  }

  #welcome(mem: string): void {
    if (this.#phase !== 'admitting') return;
    const { registry, limits, recheckedFor, age } = this.#services;
    const isSend = this.kind === 'send';
    // What it says of `first` would be said of another memory.
    if (isSend && this.#hello.mem !== mem) return this.end(RETRIED.restart, 'the server forgot what it accepted');
    if (!isSend && !registry.admit(this)) {
      return this.end(END.limits, `at most ${limits.connections} pages of one user`, { after: LIMITS_AFTER });
    }
    this.#phase = 'open';
    if (!isSend) this.send(welcomeOf(this.#identity, mem, this.#services, this.#watch.grant(this.#hello)));
    const recheck = recheckOf(this.kind, this.#hello, recheckedFor(), age());
    if (recheck !== 'none') this.outgoing.push(this.codec.encode({ t: 'recheck' }), recheck === 'news');
    this.#take(this.#early.splice(0));
  }

  #onOpenFrame(frame: ClientFrame): void {
    switch (frame.t) {
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
      default:
        return this.#work.onFrame(frame);
    }
  }

  #onToken(token: string): void {
    const onIdentity = (identity: Identity | null): void => {
      if (identity !== null) this.#identity = identity;
      if (this.#phase === 'open') this.send({ t: 'auth', ...ttlOf(this.#identity, this.#services.environment.now()) });
    };
    const onRefused = (why: string): void => this.end(END.tokenRejected, why);
    this.#gate.ask(renewal(token, this.userId, this.#services, { onIdentity, onRefused }));
  }

  #onBye({ code, done = [] }: ClientBye): void {
    this.#work.publishing.release(done);
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
    this.outgoing.close(code, why);
  }

  #cleanUp(): void {
    if (this.#phase === 'ended') return;
    this.#phase = 'ended';
    this.#early = [];
    this.#services.registry.remove(this);
    this.#work.end();
    this.#gate.end(new Error('the connection has ended'));
  }
}
