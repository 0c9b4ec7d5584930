/**
 * One primary of the store: a memory broker, and the operations that made it what it is. A replica is the same broker
 * after some of the first of these, so it lacks the last ones with everything that they changed: logs, tags and lanes are
 * one consistent state of the past.
 */
import type { Broker, Notice, Volatile } from '../../server/brokers/broker.ts';
import type { PresenceChange } from '../../server/brokers/presence.ts';
import { memoryBroker } from '../../server/brokers/memory.ts';

/** What a primary takes from its world. */
export interface World {
  now(): number;
  random(): number;
  createId(): string;
  createTag(): string;
}

/** One atomic step, with what it drew, so that it can be taken again. */
export interface Operation {
  readonly at: number;
  readonly draws: string[];
  /** Null for the birth of the store, and for what belongs to none. */
  readonly channel: string | null;
  readonly work: (broker: Broker) => Promise<unknown>;
}

/** The live feed of one channel, as one connection to the store has it. */
export interface Feed {
  onNotice(notice: Notice): void;
  onVolatile(message: Volatile, origin: string | null): void;
  onPresence(change: PresenceChange): void;
}

/** Told of each append, with the number of the operation that made it. */
export type Witness = (channel: string, notice: Notice, operation: number) => void;

export class Primary {
  readonly #world: World;
  readonly #witness: Witness;
  readonly #broker: Broker;
  readonly #operations: Operation[] = [];
  readonly #feeds = new Map<string, Set<Feed>>();
  #current: Operation;
  /** Draws of the present operation that were made again. */
  #drawn = 0;
  #life: 'replaying' | 'live' = 'replaying';

  constructor(world: World, witness: Witness, past: readonly Operation[] = []) {
    this.#world = world;
    this.#witness = witness;
    const [birth = { at: world.now(), draws: [], channel: null, work: () => Promise.resolve() }, ...rest] = past;
    this.#current = birth;
    this.#broker = memoryBroker({
      environment: {
        now: () => this.#current.at,
        random: () => world.random(),
        createId: () => this.#draw(() => world.createId()),
        createTag: () => this.#draw(() => world.createTag()),
        defer: (run) => queueMicrotask(run),
      },
    });
    this.#operations.push(birth);
    for (const operation of rest) {
      this.#operations.push(operation);
      void this.#take(operation);
    }
    this.#life = 'live';
  }

  /** What this store was `lag` ms ago. */
  past(lag: number): readonly Operation[] {
    const end = this.#world.now() - lag;
    return this.#operations.filter(({ at }, index) => index === 0 || at <= end);
  }

  memory(): Promise<string> {
    return this.#broker.memory();
  }

  /** The work is done before it returns; only the answer is a promise. */
  write<T>(channel: string | null, work: (broker: Broker) => Promise<T>): Promise<T> {
    const operation = { at: this.#world.now(), draws: [], channel, work };
    this.#operations.push(operation);
    return this.#take(operation) as Promise<T>;
  }

  /** Also makes the log if there is none. */
  read<T>(channel: string, work: (broker: Broker) => Promise<T>): Promise<T> {
    const operation: Operation = { at: this.#world.now(), draws: [], channel, work };
    const answer = this.#take(operation) as Promise<T>;
    if (operation.draws.length > 0) this.#operations.push(operation);
    return answer;
  }

  tell(channel: string, message: Volatile, origin: string | null): void {
    for (const feed of this.#feeds.get(channel) ?? []) feed.onVolatile(message, origin);
  }

  /** @returns leaves it */
  join(channel: string, feed: Feed): () => void {
    void this.read(channel, () => Promise.resolve());
    const feeds = this.#feeds.get(channel)!;
    feeds.add(feed);
    return () => void feeds.delete(feed);
  }

  #take(operation: Operation): Promise<unknown> {
    const { channel, work } = operation;
    this.#current = operation;
    this.#drawn = 0;
    if (channel !== null && !this.#feeds.has(channel)) this.#watch(channel);
    return work(this.#broker);
  }

  #watch(channel: string): void {
    const feeds = new Set<Feed>();
    this.#feeds.set(channel, feeds);
    void this.#broker.follow(channel, {
      onNotice: (notice) => {
        if (this.#life === 'replaying') return;
        this.#witness(channel, notice, this.#operations.length);
        for (const feed of [...feeds]) feed.onNotice(notice);
      },
      onVolatile() {},
      onPresence: (change) => {
        if (this.#life === 'live') for (const feed of [...feeds]) feed.onPresence(change);
      },
      onDoubt() {},
    });
  }

  #draw(make: () => string): string {
    const { draws } = this.#current;
    this.#drawn += 1;
    if (this.#drawn > draws.length) {
      if (this.#life === 'replaying' && this.#operations.length > 1) throw new Error('an operation was replayed differently');
      draws.push(make());
    }
    return draws[this.#drawn - 1]!;
  }
}
