import { END } from '../src/protocol/end-codes.ts';
import type { ClientFrame, ServerBye } from '../src/protocol/frame.ts';
import { LONGEST_AWAY } from './admission.ts';
import { Connection } from './connection.ts';
import { APART } from './kind.ts';
import { checkDrain } from './limits.ts';
import type { Origins, Trust } from './origins.ts';
import type { Parsed } from '../src/protocol/parse.ts';
import type { Services } from './services.ts';
import type { DrainOptions, ServerLine, ServerSocket, SocketInfo, SocketKind, Turned } from './types.ts';
import { sweepInterval } from './watch.ts';

/** Ended in one go: ending all at once would hold up the answers to everybody else. */
const AT_ONCE = 200;
const GONE = 1001;
const TRY_LATER = 1013;
const RECHECK_SPREAD = 2000;
/** A sweep this late means that the process stood still: what was heard meanwhile has to be read first. */
const LATE = 2000;
/** Sweeps between two looks at what is shared. */
const SHARED_EVERY = 20;

/** For a transport that had to look into a message before it was let in. */
export interface Line extends ServerLine {
  onParsed(parsed: Parsed<ClientFrame>, size: number): void;
}

const nothing = (): void => undefined;
/** What a socket that was turned away still says is of no interest. */
const DEAF: Line = { onMessage: nothing, onParsed: nothing, onClose: nothing, onDrain: nothing };

/** Every connection of the server, and the one timer that looks after them. */
export class Connections {
  readonly #services: Services;
  readonly #origins: Origins;
  readonly #all = new Set<Connection>();
  readonly #interval: number;
  #state: 'open' | 'draining' | 'closed' = 'open';
  #spread = 0;
  #timer: unknown = null;
  /** Timers of the second telling of a failover. */
  readonly #again = new Set<unknown>();
  /** Whether streams are told of a failover that may have been shortly before this server began. */
  #begun: 'untold' | 'told' = 'untold';
  #sweptAt = 0;
  #sweeps = 0;
  #onEmpty: (() => void)[] = [];

  constructor(services: Services, origins: Origins) {
    this.#services = services;
    this.#origins = origins;
    this.#interval = sweepInterval(services.timing);
  }

  turnAway({ origin, host }: { readonly origin: string | null; readonly host: string | null }): Turned | null {
    return this.refuse(origin, host) ?? this.limit();
  }

  /** @param again a connection that was accepted before goes on */
  accept(socket: ServerSocket, info: SocketInfo, again = false): Line {
    const { origin, host = null, kind = 'duplex', admitted = false } = info;
    // The state may have changed since the transport asked.
    const turned = this.refuse(origin, host, kind) ?? (admitted ? null : this.limit());
    if (turned !== null) return this.#sendAway(socket, info, turned);
    const { counters } = this.#services;
    const connection = new Connection(this.#services, socket, info, (gone) => this.#remove(gone));
    this.#all.add(connection);
    if (!again && kind !== 'send') counters.accepted += 1;
    if (kind !== 'send') counters.connections += 1;
    if (this.#timer === null) this.#wait();
    if (kind === 'stream' && this.#begun === 'untold') this.#tellBegun();
    return connection;
  }

  revoke(user: string, channel: string | undefined): void {
    for (const connection of this.#all) connection.revoke(user, channel);
  }

  recheck(): void {
    for (const connection of this.#all) this.#tellRecheck(connection);
    // What a page publishes beside its stream goes to any server, and one that learns of it later still takes it for the old store.
    this.#tellStreams(APART);
  }

  trust(origin: string | null, host: string | null): Trust {
    return this.#origins(origin, host);
  }

  async drain({ spread = 10_000, timeout = 30_000, signal }: DrainOptions): Promise<void> {
    checkDrain({ spread, timeout });
    signal?.throwIfAborted();
    if (this.#state === 'open') this.#state = 'draining';
    // To close what was drained is no reason to call back at once those who still come.
    if (this.#state === 'draining') this.#spread = spread;
    await this.#endAll();
    if (this.#all.size === 0) return;
    const { environment } = this.#services;
    await new Promise<void>((resolve, fail) => {
      const settle = (end: () => void): void => {
        environment.clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        end();
      };
      const onAbort = (): void => settle(() => fail(signal!.reason as Error));
      const timer = environment.setTimeout(() => settle(resolve), timeout);
      signal?.addEventListener('abort', onAbort);
      this.#onEmpty.push(() => settle(resolve));
    });
  }

  close(): void {
    this.#state = 'closed';
  }

  /** No timer is left. */
  stop(): void {
    const { environment } = this.#services;
    for (const timer of [this.#timer, ...this.#again]) environment.clearTimeout(timer);
    this.#again.clear();
    this.#timer = null;
  }

  /** What is published on another connection of the page is answered while the server drains. */
  refuse(origin: string | null, host: string | null, kind: SocketKind = 'duplex'): Turned | null {
    const { counters, environment } = this.#services;
    if (this.#state === 'closed' || (this.#state === 'draining' && kind !== 'send')) {
      counters.turnedAway += 1;
      const after = Math.ceil(environment.random() * Math.min(this.#spread, LONGEST_AWAY));
      return { status: 503, code: END.goingAway, why: 'this server is going away', after };
    }
    if (this.#origins(origin, host) !== 'refused') return null;
    counters.turnedAway += 1;
    return { status: 403, code: END.forbidden, why: `the origin ${String(origin)} is not allowed` };
  }

  /** Asked last: who is refused anyway must not use up what others are admitted by. */
  limit(): Turned | null {
    const { admission, counters, environment } = this.#services;
    const after = admission.ask(environment.now());
    if (after === null) return null;
    counters.turnedAway += 1;
    counters.admitLimited += 1;
    return { status: 503, code: TRY_LATER, why: 'too many connect at once', after };
  }

  /** Without a connection of its own, nor an event: under a flood either would cost more than the answer. */
  #sendAway(socket: ServerSocket, { codec }: SocketInfo, turned: Turned): Line {
    const { counters, report } = this.#services;
    const { code, why } = turned;
    const bye = codec.encode(this.byeOf(turned));
    try {
      counters.bytesOut += bye.length;
      socket.send(bye);
      socket.close(code, why);
    } catch (error) {
      report('connection-failed', { error, user: '' });
    }
    return DEAF;
  }

  byeOf(turned: Turned): ServerBye {
    const { code, why } = turned;
    // The client draws from `spread` itself.
    const extra = turned.status === 403 ? {} : code === END.goingAway ? { spread: this.#spread } : { after: turned.after };
    return { t: 'bye', code, why: why.slice(0, 1000), ...extra };
  }

  async #endAll(): Promise<void> {
    let count = 0;
    for (const connection of [...this.#all]) {
      if (this.#state === 'closed') connection.end(GONE, 'the server was closed');
      else if (connection.kind !== 'send') connection.end(END.goingAway, 'this server is going away', { spread: this.#spread });
      count += 1;
      if (count % AT_ONCE === 0) await new Promise<void>((resolve) => this.#services.environment.defer(resolve));
    }
  }

  #tellBegun(): void {
    this.#begun = 'told';
    const left = APART - this.#services.age();
    if (left > 0) this.#tellStreams(left);
  }

  #tellStreams(after: number): void {
    const timer = this.#services.environment.setTimeout(() => {
      this.#again.delete(timer);
      for (const connection of this.#all) if (connection.kind === 'stream') this.#tellRecheck(connection);
    }, after);
    this.#again.add(timer);
  }

  #tellRecheck(connection: Connection): void {
    const { environment } = this.#services;
    environment.setTimeout(() => connection.send({ t: 'recheck' }), environment.random() * RECHECK_SPREAD);
  }

  #remove(connection: Connection): void {
    if (!this.#all.delete(connection)) return;
    if (connection.kind !== 'send') this.#services.counters.connections -= 1;
    if (this.#all.size > 0) return;
    const waiting = this.#onEmpty;
    this.#onEmpty = [];
    for (const tell of waiting) tell();
  }

  #wait(): void {
    this.#sweptAt = this.#services.environment.now();
    this.#timer = this.#services.environment.setTimeout(() => this.#sweep(), this.#interval);
  }

  #sweep(): void {
    const { environment, tails, rosters, leases, allowance, requestAllowance } = this.#services;
    const now = environment.now();
    this.#timer = null;
    const late = now - this.#sweptAt - this.#interval > LATE;
    for (const connection of this.#all) connection.sweep(now, late);
    leases.sweep(now);
    rosters.sweep(now);
    this.#sweeps += 1;
    if (this.#sweeps % SHARED_EVERY === 0) {
      tails.sweep(now);
      allowance.sweep(now);
      requestAllowance.sweep(now);
    }
    // Idle servers have no timer, so that a process may end by itself.
    if (this.#all.size > 0 || tails.size > 0 || rosters.size > 0) this.#wait();
  }
}
