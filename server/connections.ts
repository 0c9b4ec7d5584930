import { END } from '../src/protocol/end-codes.ts';
import { Connection } from './connection.ts';
import type { Origins } from './origins.ts';
import type { Services } from './services.ts';
import type { DrainOptions, ServerLine, ServerSocket, SocketInfo, Turned } from './types.ts';
import { sweepInterval } from './watch.ts';

/** Ended in one go: ending all at once would hold up the answers to everybody else. */
const AT_ONCE = 200;
const GONE = 1001;
const RECHECK_SPREAD = 2000;
/** A sweep this late means that the process stood still: what was heard meanwhile has to be read first. */
const LATE = 2000;
/** Sweeps between two looks at what is shared. */
const SHARED_EVERY = 20;

/** Every connection of the server, and the one timer that looks after them. */
export class Connections {
  readonly #services: Services;
  readonly #origins: Origins;
  readonly #all = new Set<Connection>();
  readonly #interval: number;
  #state: 'open' | 'draining' | 'closed' = 'open';
  #spread = 0;
  #timer: unknown = null;
  #sweptAt = 0;
  #sweeps = 0;
  #onEmpty: (() => void)[] = [];

  constructor(services: Services, origins: Origins) {
    this.#services = services;
    this.#origins = origins;
    this.#interval = sweepInterval(services.timing);
  }

  turnAway({ origin, host }: { readonly origin: string | null; readonly host: string | null }): Turned | null {
    const turned = this.#turn(origin, host);
    if (turned !== null) this.#services.counters.turnedAway += 1;
    return turned;
  }

  accept(socket: ServerSocket, info: SocketInfo): ServerLine {
    const { counters } = this.#services;
    const connection = new Connection(this.#services, socket, info, (gone) => this.#remove(gone));
    this.#all.add(connection);
    counters.accepted += 1;
    counters.connections += 1;
    const turned = this.turnAway({ origin: info.origin, host: info.host ?? null });
    if (turned !== null) connection.end(turned.code, turned.why, turned.code === END.goingAway ? { spread: this.#spread } : {});
    if (this.#timer === null) this.#wait();
    return connection;
  }

  revoke(user: string, channel: string | undefined): void {
    for (const connection of this.#all) {
      if (connection.userId !== user) continue;
      if (channel === undefined) connection.end(END.tokenRejected, 'the session was revoked');
      else connection.revoke(channel);
    }
  }

  recheck(): void {
    const { environment } = this.#services;
    for (const connection of this.#all) {
      environment.setTimeout(() => connection.send({ t: 'recheck' }), environment.random() * RECHECK_SPREAD);
    }
  }

  async drain({ spread = 10_000, timeout = 30_000, signal }: DrainOptions): Promise<void> {
    signal?.throwIfAborted();
    if (this.#state === 'open') this.#state = 'draining';
    this.#spread = spread;
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
    this.#services.environment.clearTimeout(this.#timer);
    this.#timer = null;
  }

  #turn(origin: string | null, host: string | null): Turned | null {
    if (this.#state !== 'open') return { status: 503, code: END.goingAway, why: 'this server is going away' };
    if (!this.#origins(origin, host))
      return { status: 403, code: END.forbidden, why: `the origin ${String(origin)} is not allowed` };
    return null;
  }

  async #endAll(): Promise<void> {
    let count = 0;
    for (const connection of [...this.#all]) {
      if (this.#state === 'closed') connection.end(GONE, 'the server was closed');
      else connection.end(END.goingAway, 'this server is going away', { spread: this.#spread });
      count += 1;
      if (count % AT_ONCE === 0) await new Promise<void>((resolve) => this.#services.environment.defer(resolve));
    }
  }

  #remove(connection: Connection): void {
    if (!this.#all.delete(connection)) return;
    this.#services.counters.connections -= 1;
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
    const { environment, tails, allowance } = this.#services;
    const now = environment.now();
    this.#timer = null;
    const late = now - this.#sweptAt - this.#interval > LATE;
    for (const connection of this.#all) connection.sweep(now, late);
    this.#sweeps += 1;
    if (this.#sweeps % SHARED_EVERY === 0) {
      tails.sweep(now);
      allowance.sweep(now);
    }
    // Idle servers have no timer, so that a process may end by itself.
    if (this.#all.size > 0 || tails.size > 0) this.#wait();
  }
}
