/** The store that the servers share: a primary, a replica that lags behind it, and the connections of the servers. */
import type { VirtualClock } from '../support/virtual-clock.ts';
import type { StorePlan } from './fleet-actions.ts';
import type { Oracle } from './oracle.ts';
import { StoreConnection } from './store-connection.ts';
import { type Operation, Primary, type Witness, type World } from './store-primary.ts';

export interface StoreOptions {
  readonly plan: StorePlan;
  readonly clock: VirtualClock;
  readonly random: () => number;
  readonly createId: () => string;
  readonly oracle: Oracle;
}

/** Until all servers have found the new primary, ms. */
const MOVED_WITHIN = 5000;

export class Store {
  readonly #options: StoreOptions;
  readonly #world: World;
  readonly #connections = new Map<StoreConnection, { moving: unknown }>();
  #primary: Primary;
  #branches = 0;
  #faultyUntil = 0;
  #calm = false;
  #failedOver = false;

  constructor(options: StoreOptions) {
    const { clock, random, createId } = options;
    this.#options = options;
    this.#world = { now: clock.now, random, createId, createTag: () => createId().slice(0, 11) };
    this.#primary = this.#create([]);
  }

  /** Whether a replica ever took over. */
  get failedOver(): boolean {
    return this.#failedOver;
  }

  /** For a server that starts: it finds the present primary. */
  connect(): StoreConnection {
    const { clock, random, plan } = this.#options;
    const conditions = {
      clock,
      random,
      plan,
      faulty: () => this.#faultyUntil > clock.now(),
      rejects: () => (this.#calm ? 0 : plan.rejects),
    };
    const connection = new StoreConnection(conditions, this.#primary);
    this.#connections.set(connection, { moving: null });
    return connection;
  }

  /** In good order, or as its process died. */
  disconnect(connection: StoreConnection, how: 'close' | 'crash'): void {
    this.#options.clock.clearTimeout(this.#connections.get(connection)?.moving ?? null);
    this.#connections.delete(connection);
    if (how === 'crash') connection.crash();
    else void connection.close();
  }

  /** Each server finds out in its own time, and until then appends to a primary whose branch is lost. */
  failOver(lag: number): void {
    const { clock, random, oracle } = this.#options;
    this.#failedOver = true;
    oracle.requests.failedOver(lag);
    const past = this.#primary.past(lag);
    oracle.branch(this.#branches, this.#branches + 1, past.length);
    this.#primary = this.#create(past);
    for (const [connection, state] of this.#connections) {
      state.moving ??= clock.setTimeout(() => {
        state.moving = null;
        connection.move(this.#primary);
      }, random() * MOVED_WITHIN);
    }
  }

  /** All that it knew is gone. Every server must have been stopped. */
  lose(): void {
    this.#options.oracle.lostStore();
    this.#primary = this.#create([]);
  }

  fail(ms: number): void {
    this.#faultyUntil = Math.max(this.#faultyUntil, this.#options.clock.now() + ms);
  }

  /** Nothing goes wrong from here on. A server that still has to move does. */
  calm(): void {
    this.#calm = true;
    this.#faultyUntil = 0;
    for (const connection of this.#connections.keys()) connection.calm();
  }

  top(channel: string): Promise<{ readonly epoch: string; readonly offset: number; readonly tag: string }> {
    const keep = { entries: 1, age: 86_400_000 };
    return this.#primary
      .read(channel, (broker) => broker.read(channel, { latest: 0 }, { entries: 1, bytes: 1 }, keep))
      .then(({ top: [epoch, offset, tag] }) => ({ epoch, offset, tag }));
  }

  #create(past: readonly Operation[]): Primary {
    this.#branches += 1;
    const branch = this.#branches;
    const witness: Witness = (channel, notice, operation) => this.#options.oracle.appended(branch, channel, notice, operation);
    return new Primary(this.#world, witness, past);
  }
}
