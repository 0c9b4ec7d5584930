/** The servers: several on one store, that crash, drain and come back, while the store fails over under them. */
import { createServerCore } from '../../server/server.ts';
import type { ServerCore, ServerEvent } from '../../server/types.ts';
import type { VirtualClock } from '../support/virtual-clock.ts';
import type { Cable } from './cable.ts';
import { type FleetAction, type FleetPlan, withinReach } from './fleet-actions.ts';
import { createHandlers } from './fleet-handlers.ts';
import { RuleFault, createChannelRules } from './fleet-rules.ts';
import type { Oracle, Said } from './oracle.ts';
import type { StoreConnection } from './store-connection.ts';
import { Store } from './store.ts';

interface FleetOptions {
  readonly fleet: FleetPlan;
  readonly clock: VirtualClock;
  readonly random: () => number;
  readonly createId: () => string;
  readonly oracle: Oracle;
  readonly cables: readonly Pick<Cable, 'crashed'>[];
}

/** A process with a server in it. */
interface Process {
  readonly server: ServerCore;
  readonly connection: StoreConnection;
  /** What it takes with it when it dies. */
  readonly timers: Set<unknown>;
  life: 'up' | 'draining' | 'dead';
}

/** Chance that a request may still meet a server that drains. */
const LATE = 0.1;
/** Until one that died is back, ms. */
const DOWN_AT_MOST = 5000;
/** There in every plan. */
const ANNOUNCED_ON = 'a';
const ATTEMPTS = 5;
const RETRY_AFTER = 1000;
const DEFAULT_PING = 25_000;
/** Beyond two pings: one capped backoff, and what the limit of attempts a minute may cost. */
const PATIENCE = 30_000 + 60_000;

export class Fleet {
  readonly #options: FleetOptions;
  readonly #plan: FleetPlan;
  readonly #store: Store;
  readonly #slots: Process[] = [];
  readonly #processes = new Set<Process>();
  #announcements = 0;
  #calm = false;

  private constructor(options: FleetOptions) {
    const { fleet, clock, random, createId, oracle } = options;
    this.#options = options;
    this.#plan = withinReach(fleet);
    this.#store = new Store({ plan: this.#plan.store, clock, random, createId, oracle });
  }

  static start(options: FleetOptions): Promise<Fleet> {
    const fleet = new Fleet(options);
    for (let index = 0; index < fleet.#plan.servers; index += 1) fleet.#slots.push(fleet.#boot());
    return Promise.resolve(fleet);
  }

  /** Any server that is up: nothing is sticky. @param late also one that drains, of which a balancer does not know yet */
  any(late = false): ServerCore | null {
    const up = late && this.#options.random() < LATE ? this.#running : this.servers;
    return up[Math.floor(this.#options.random() * up.length)] ?? null;
  }

  get #running(): readonly ServerCore[] {
    return [...this.#processes].flatMap(({ server, life }) => (life === 'dead' ? [] : [server]));
  }

  get servers(): readonly ServerCore[] {
    return this.#slots.flatMap(({ server, life }) => (life === 'up' ? [server] : []));
  }

  async perform(action: FleetAction): Promise<void> {
    switch (action.type) {
      case 'crash':
        return this.#crash(action.server);
      case 'drain':
        return this.#drain(action.server, action.spread);
      case 'lose-store':
        return this.#loseStore();
      case 'failover':
        return this.#store.failOver(action.lag);
      case 'feed-loss':
        return this.#slots[action.server]!.connection.lose(action.ms);
      case 'store-faults':
        return this.#store.fail(action.ms);
      case 'announce':
        this.#announcements += 1;
        return this.#announce(this.#options.createId(), this.#announcements, ATTEMPTS);
    }
  }

  /** The faults stop: every server is up, and so is the store. */
  bootAll(): void {
    this.#calm = true;
    this.#bootMissing();
    this.#store.calm();
    this.#options.oracle.calm(2 * (this.#plan.server.timing.ping ?? DEFAULT_PING) + PATIENCE);
  }

  top(channel: string): Promise<{ readonly epoch: string; readonly offset: number; readonly tag: string }> {
    return this.#store.top(channel);
  }

  async close(): Promise<void> {
    for (const process of this.#processes) {
      await process.server.close();
      this.#store.disconnect(process.connection, 'close');
    }
  }

  /** Like kill -9: no goodbye, no timer, no socket. It is back after a while. */
  #crash(index: number): void {
    const process = this.#slots[index]!;
    this.#kill(process);
    this.#options.clock.setTimeout(() => {
      if (this.#slots[index] === process) this.#slots[index] = this.#boot();
    }, this.#options.random() * DOWN_AT_MOST);
  }

  /** The next one is up before this one sends its clients away. */
  #drain(index: number, spread: number): void {
    const old = this.#slots[index]!;
    if (old.life !== 'up') return;
    this.#slots[index] = this.#boot();
    old.life = 'draining';
    void old.server.drain({ spread, timeout: 20_000 }).then(async () => {
      if (old.life === 'dead') return;
      await old.server.close();
      this.#processes.delete(old);
      this.#store.disconnect(old.connection, 'close');
    });
  }

  /** The store is gone with all it knew, and every server with it. */
  #loseStore(): void {
    for (const process of this.#processes) this.#kill(process);
    this.#store.lose();
    this.#bootMissing();
  }

  /** No order is promised between these, so each is as if from a page of its own. */
  #announce(id: string, number: number, attempts: number): void {
    const said: Said = { page: -number, n: 1, user: 'app' };
    this.any()
      ?.publish(ANNOUNCED_ON, 'said', said, { id })
      .catch(() => {
        if (attempts > 1) this.#options.clock.setTimeout(() => this.#announce(id, number, attempts - 1), RETRY_AFTER);
      });
  }

  #kill(process: Process): void {
    if (process.life === 'dead') return;
    process.life = 'dead';
    this.#processes.delete(process);
    for (const cable of this.#options.cables) cable.crashed(process.server);
    for (const timer of process.timers) this.#options.clock.clearTimeout(timer);
    process.timers.clear();
    this.#store.disconnect(process.connection, 'crash');
  }

  #bootMissing(): void {
    this.#slots.forEach(({ life }, index) => {
      if (life === 'dead') this.#slots[index] = this.#boot();
    });
  }

  #boot(): Process {
    const { clock, random, createId, oracle } = this.#options;
    const { limits, timing, rules, entries } = this.#plan.server;
    const timers = new Set<unknown>();
    const setTimeout = (run: () => void, ms: number): unknown => {
      // What still runs of a process that died sets no timer.
      if (process.life === 'dead') return null;
      const id = clock.setTimeout(() => {
        timers.delete(id);
        run();
      }, ms);
      timers.add(id);
      return id;
    };
    const connection = this.#store.connect();
    const server = createServerCore({
      broker: connection,
      origins: '*',
      limits,
      timing,
      onEvent: (event) => this.#onEvent(event),
      authenticate: ({ token }) => {
        if (token === null) return { user: null };
        const [id = '', expiresAt = '0'] = token.split(' ');
        return Number(expiresAt) > clock.now() ? { user: { id }, expiresAt: Number(expiresAt) } : null;
      },
      requests: createHandlers({ setTimeout, oracle }),
      channels: createChannelRules({
        plan: rules,
        failing: () => !this.#calm,
        // After a loss a copy that is still under way would be judged anew, and no page looks at more than its newest.
        refusing: () => !this.#calm && !this.#store.failedOver,
        entries,
        random,
        setTimeout,
        oracle,
      }),
      environment: {
        now: clock.now,
        random,
        createId,
        gunzip: null,
        defer: (run) => queueMicrotask(run),
        setTimeout,
        clearTimeout: (id) => {
          timers.delete(id);
          clock.clearTimeout(id);
        },
      },
    });
    const process: Process = { server, connection, timers, life: 'up' };
    this.#processes.add(process);
    return process;
  }

  /** A store or a rule that fails is what this is about; anything else that a server calls a fault is one. */
  #onEvent({ name, detail }: ServerEvent): void {
    const { oracle } = this.#options;
    const { error, code, why } = detail;
    if (error !== undefined && name !== 'broker-failed' && !(error instanceof RuleFault)) {
      oracle.fail('I15', `${name}: ${error instanceof Error ? (error.stack ?? error.message) : 'not an error'}`);
    }
    if (code === 4413) oracle.fail('I14', `a client sent more than it was told it may: ${String(why)}`);
  }
}
