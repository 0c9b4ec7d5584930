/** The servers: several on one store, that crash, drain and come back. */
import type { Broker } from '../../server/brokers/broker.ts';
import { memoryBroker } from '../../server/brokers/memory.ts';
import { createServerCore } from '../../server/server.ts';
import type { ServerCore } from '../../server/types.ts';
import type { VirtualClock } from '../support/virtual-clock.ts';
import type { Cable } from './cable.ts';
import type { Oracle, Said } from './oracle.ts';
import type { FleetAction, FleetPlan } from './fleet-actions.ts';
import type { Plan } from './plan.ts';

interface FleetOptions {
  readonly plan: Plan;
  /** As drawn by `drawFleetPlan`. */
  readonly fleet?: FleetPlan;
  readonly clock: VirtualClock;
  readonly random: () => number;
  readonly createId: () => string;
  readonly oracle: Oracle;
  readonly cables: readonly Cable[];
}

interface Slot {
  server: ServerCore | null;
  /** What the server's process takes with it when it dies. */
  timers: Set<unknown>;
}

export class Fleet {
  readonly #options: FleetOptions;
  readonly #slots: Slot[] = [];
  #broker: Broker;

  private constructor(options: FleetOptions) {
    this.#options = options;
    this.#broker = this.#createBroker();
  }

  static async start(options: FleetOptions): Promise<Fleet> {
    const fleet = new Fleet(options);
    await options.oracle.watch(fleet.#broker, options.plan.channels);
    for (let index = 0; index < options.plan.servers; index += 1) fleet.#slots.push(fleet.#boot());
    return fleet;
  }

  /** Any server that is up: nothing is sticky. */
  any(): ServerCore | null {
    const up = this.#slots.filter(({ server }) => server !== null);
    return up[Math.floor(this.#options.random() * up.length)]?.server ?? null;
  }

  get servers(): readonly ServerCore[] {
    return this.#slots.flatMap(({ server }) => (server === null ? [] : [server]));
  }

  async perform(action: FleetAction): Promise<void> {
    switch (action.type) {
      case 'crash':
        return this.crash(action.server);
      case 'drain':
        return this.drain(action.server);
      case 'lose-store':
        return this.loseStore();
      case 'failover':
      case 'feed-loss':
      case 'store-faults':
        return;
    }
  }

  /** Like kill -9: no goodbye, no timer, no socket. It is back after a while. */
  crash(index: number): void {
    const slot = this.#slots[index]!;
    this.#kill(slot);
    this.#options.clock.setTimeout(() => {
      if (slot.server === null) Object.assign(slot, this.#boot());
    }, this.#options.random() * 5000);
  }

  /** The next one is up before this one sends its clients away. */
  drain(index: number): void {
    const slot = this.#slots[index]!;
    const old = { ...slot };
    if (old.server === null) return;
    Object.assign(slot, this.#boot());
    void old.server.drain({ spread: 2000, timeout: 20_000 }).then(() => old.server?.close());
  }

  /** The store is gone with all it knew, and every server with it. */
  async loseStore(): Promise<void> {
    for (const slot of this.#slots) this.#kill(slot);
    this.#broker = this.#createBroker();
    await this.#options.oracle.watch(this.#broker, this.#options.plan.channels);
    this.bootAll();
  }

  bootAll(): void {
    for (const slot of this.#slots) if (slot.server === null) Object.assign(slot, this.#boot());
  }

  async top(channel: string): Promise<{ readonly epoch: string; readonly offset: number }> {
    return this.any()!.cursor(channel);
  }

  async close(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.close()));
  }

  #kill(slot: Slot): void {
    const { server } = slot;
    if (server === null) return;
    slot.server = null;
    for (const cable of this.#options.cables) cable.crashed(server);
    for (const timer of slot.timers) this.#options.clock.clearTimeout(timer);
    slot.timers.clear();
  }

  #createBroker(): Broker {
    const { clock, random, createId } = this.#options;
    return memoryBroker({ environment: { now: clock.now, random, createId } });
  }

  #boot(): Slot {
    const { plan, clock, random, createId, oracle } = this.#options;
    const timers = new Set<unknown>();
    const server = createServerCore({
      broker: this.#broker,
      origins: '*',
      limits: { publishRate: plan.publishRate, queue: plan.log.queue },
      authenticate: ({ token }) => {
        if (token === null) return { user: null };
        const [id = '', expiresAt = '0'] = token.split(' ');
        return Number(expiresAt) > clock.now() ? { user: { id }, expiresAt: Number(expiresAt) } : null;
      },
      channels: {
        '{channel}': {
          subscribe: true,
          publish: {
            said: (data: Said, { user }: { readonly user: { readonly id: string } | null }) => {
              oracle.published(user?.id ?? null, data);
              return true;
            },
            told: true,
          },
          history: { entries: plan.log.entries },
        },
      },
      environment: {
        now: clock.now,
        random,
        createId,
        defer: (run) => queueMicrotask(run),
        setTimeout: (run, ms) => {
          const id = clock.setTimeout(() => {
            timers.delete(id);
            run();
          }, ms);
          timers.add(id);
          return id;
        },
        clearTimeout: (id) => {
          timers.delete(id);
          clock.clearTimeout(id);
        },
      },
    });
    return { server, timers };
  }
}
