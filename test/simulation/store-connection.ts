/** One server's connection to the store. It keeps the order of what is asked and of what is told, as a socket does. */
import type {
  Append,
  Appended,
  Broker,
  Follower,
  From,
  Keep,
  Lane,
  PageLimit,
  Past,
  Read,
  Span,
  Volatile,
} from '../../server/brokers/broker.ts';
import type { PresenceStore } from '../../server/brokers/presence.ts';
import type { Claim, Claimed, Completion } from '../../server/brokers/claim.ts';
import type { Item, WireCursor } from '../../src/protocol/frame.ts';
import type { VirtualClock } from '../support/virtual-clock.ts';
import type { StorePlan } from './fleet-actions.ts';
import { Pipe } from './store-pipe.ts';
import type { Primary } from './store-primary.ts';

export interface StoreConditions {
  readonly clock: VirtualClock;
  readonly random: () => number;
  readonly plan: StorePlan;
  /** Whether the store rejects everything just now. */
  faulty(): boolean;
  /** Chance that it rejects one operation by itself. */
  rejects(): number;
}

interface Follow {
  readonly channel: string;
  readonly follower: Follower;
  state: 'joining' | 'joined' | 'left';
  leave: () => void;
  confirm: ((leave: () => void) => void) | null;
  fail: (error: Error) => void;
}

/** Within this a server notices that it was told less than was appended: a real broker compares tops. */
const POSITION_CHECK = 10_000;

export class StoreConnection implements Broker {
  readonly name = 'simulated';
  readonly #conditions: StoreConditions;
  readonly #asked = new Set<(error: Error) => void>();
  readonly #follows = new Set<Follow>();
  readonly #rechecks = new Set<() => void>();
  #primary: Primary;
  /** Commands and their answers. */
  #up: Pipe;
  #down: Pipe;
  /** Feeds have a connection of their own, as in Redis. */
  #joins: Pipe;
  #notices: Pipe;
  #lossUntil = 0;
  #missed = false;
  #check: unknown = null;
  #life: 'open' | 'closed' = 'open';

  constructor(conditions: StoreConditions, primary: Primary) {
    this.#conditions = conditions;
    this.#primary = primary;
    [this.#up, this.#down, this.#joins, this.#notices] = this.#pipes();
  }

  // ---- the port ------------------------------------------------------------------------------------------------------

  memory(): Promise<string> {
    return this.#ask((primary) => primary.memory());
  }

  append(request: Append): Promise<Appended> {
    return this.#ask((primary) => primary.write(request.channel, (broker) => broker.append(request)));
  }

  publish(channel: string, item: Item, by: string | null, keep: Keep): Promise<{ readonly cursor: WireCursor }> {
    return this.#ask((primary) => primary.write(channel, (broker) => broker.publish(channel, item, by, keep)));
  }

  read(channel: string, from: From, limit: PageLimit, keep: Keep): Promise<Read> {
    return this.#ask((primary) => primary.read(channel, (broker) => broker.read(channel, from, limit, keep)));
  }

  history(channel: string, span: Span, limit: PageLimit, keep: Keep): Promise<Past> {
    return this.#ask((primary) => primary.read(channel, (broker) => broker.history(channel, span, limit, keep)));
  }

  tell(channel: string, message: Volatile, origin: string | null): Promise<void> {
    return this.#ask((primary) => Promise.resolve(primary.tell(channel, message, origin)));
  }

  claim(claim: Claim): Promise<Claimed> {
    return this.#ask((primary) => primary.write(null, (broker) => broker.claim(claim)));
  }

  complete(completion: Completion): Promise<void> {
    return this.#ask((primary) => primary.write(null, (broker) => broker.complete(completion)));
  }

  release(lanes: readonly { readonly channel: string; readonly lane: Lane }[]): Promise<void> {
    const [first] = lanes;
    if (first === undefined) return Promise.resolve();
    return this.#ask((primary) => primary.write(first.channel, (broker) => broker.release(lanes)));
  }

  readonly presence: PresenceStore = {
    enter: (channel, ...rest) => this.#show(channel, (store) => store.enter(channel, ...rest)),
    leave: (channel, ...rest) => this.#show(channel, (store) => store.leave(channel, ...rest)),
    renew: (channel, ...rest) => this.#show(channel, (store) => store.renew(channel, ...rest)),
    drop: (channel, ...rest) => this.#show(channel, (store) => store.drop(channel, ...rest)),
    // Whatever looks at leases may change what is there.
    members: (channel) => this.#show(channel, (store) => store.members(channel)),
    expire: (channel) => this.#show(channel, (store) => store.expire(channel)),
  };

  #show<T>(channel: string, work: (store: PresenceStore) => Promise<T>): Promise<T> {
    return this.#ask((primary) => primary.write(channel, (broker) => work(broker.presence)));
  }

  follow(channel: string, follower: Follower): Promise<() => void> {
    return new Promise((confirm, fail) => {
      const follow: Follow = { channel, follower, state: 'joining', leave: () => undefined, confirm, fail };
      this.#follows.add(follow);
      this.#join(follow);
    });
  }

  onRecheck(listener: () => void): () => void {
    this.#rechecks.add(listener);
    return () => void this.#rechecks.delete(listener);
  }

  /** The process ends in good order: nothing of it is under way any more. */
  close(): Promise<void> {
    this.#up.cut();
    this.#end();
    return Promise.resolve();
  }

  // ---- what befalls it -----------------------------------------------------------------------------------------------

  /** The process is killed. What it had sent may still arrive. */
  crash(): void {
    if (this.#conditions.random() < 0.5) this.#up.cut();
    this.#end();
  }

  /** Nothing is told for a while. */
  lose(ms: number): void {
    this.#lossUntil = Math.max(this.#lossUntil, this.#conditions.clock.now() + ms);
    this.#checkSoon();
  }

  calm(): void {
    this.#lossUntil = 0;
  }

  /** From a primary that is none any more to the one that is. What is under way may have been done there, in vain. */
  move(primary: Primary): void {
    if (this.#life === 'closed' || primary === this.#primary) return;
    for (const pipe of [this.#up, this.#down, this.#joins, this.#notices]) pipe.cut();
    [this.#up, this.#down, this.#joins, this.#notices] = this.#pipes();
    this.#primary = primary;
    const asked = [...this.#asked];
    this.#asked.clear();
    for (const fail of asked) fail(new Error('the connection to the store was lost'));
    for (const follow of this.#follows) {
      follow.leave();
      this.#join(follow);
    }
    for (const listener of [...this.#rechecks]) listener();
  }

  // ---- commands ------------------------------------------------------------------------------------------------------

  #ask<T>(work: (primary: Primary) => Promise<T>): Promise<T> {
    const { random, faulty, rejects } = this.#conditions;
    const [up, down, primary] = [this.#up, this.#down, this.#primary];
    return new Promise((resolve, reject) => {
      this.#asked.add(reject);
      const settle = (answer: () => void): void => {
        if (this.#asked.delete(reject)) answer();
      };
      const refuse = (): void => settle(() => reject(new Error('the store failed')));
      const chance = rejects();
      const fate =
        chance > 0 && random() < chance ? (['refused', 'unanswered', 'late'] as const)[Math.floor(random() * 3)] : 'well';
      // Given up before it arrives, and it arrives all the same.
      if (fate === 'late') queueMicrotask(refuse);
      up.carry(() => {
        if (fate === 'refused' || faulty()) return down.carry(refuse);
        void work(primary).then(
          (value) => down.carry(fate === 'unanswered' ? refuse : () => settle(() => resolve(value))),
          (cause: unknown) => down.carry(() => settle(() => reject(new Error('the store has a fault', { cause })))),
        );
      });
    });
  }

  // ---- feeds ---------------------------------------------------------------------------------------------------------

  #join(follow: Follow): void {
    const { faulty } = this.#conditions;
    const [joins, notices, primary] = [this.#joins, this.#notices, this.#primary];
    joins.carry(() => {
      if (follow.state === 'left') return;
      if (faulty() && follow.confirm !== null) {
        notices.carry(() => {
          this.#follows.delete(follow);
          follow.state = 'left';
          follow.fail(new Error('the store failed'));
        });
        return;
      }
      const told = (run: () => void): void => {
        if (this.#lossUntil > this.#conditions.clock.now()) this.#missed = true;
        else notices.carry(() => follow.state === 'joined' && run());
      };
      follow.leave = primary.join(follow.channel, {
        onNotice: (notice) => told(() => follow.follower.onNotice(notice)),
        onVolatile: (message, origin) => told(() => follow.follower.onVolatile(message, origin)),
        onPresence: (change) => told(() => follow.follower.onPresence?.(change)),
      });
      notices.carry(() => this.#joined(follow));
    });
  }

  /** Confirmed: the first time to who asked for it; later, after a move, as a doubt about all that it was told before. */
  #joined(follow: Follow): void {
    if (follow.state === 'left') return;
    follow.state = 'joined';
    const { confirm } = follow;
    follow.confirm = null;
    if (confirm === null) return follow.follower.onDoubt();
    confirm(() => {
      follow.state = 'left';
      follow.leave();
      this.#follows.delete(follow);
    });
  }

  #checkSoon(): void {
    const { clock, random } = this.#conditions;
    if (this.#check !== null || this.#life === 'closed') return;
    this.#check = clock.setTimeout(() => {
      this.#check = null;
      const lossy = this.#lossUntil > clock.now();
      if (this.#missed) for (const { state, follower } of [...this.#follows]) if (state === 'joined') follower.onDoubt();
      this.#missed = false;
      if (lossy) this.#checkSoon();
    }, random() * POSITION_CHECK);
  }

  // ---- parts ---------------------------------------------------------------------------------------------------------

  #pipes(): [Pipe, Pipe, Pipe, Pipe] {
    const { clock, random, plan } = this.#conditions;
    const within =
      ([min, max]: readonly [number, number]) =>
      (): number =>
        max === 0 ? 0 : Math.round(min + random() * (max - min));
    return [plan.latency, plan.latency, plan.joins, plan.notices].map((span) => new Pipe(clock, within(span))) as [
      Pipe,
      Pipe,
      Pipe,
      Pipe,
    ];
  }

  #end(): void {
    this.#life = 'closed';
    for (const pipe of [this.#down, this.#joins, this.#notices]) pipe.cut();
    for (const follow of this.#follows) follow.leave();
    this.#follows.clear();
    this.#asked.clear();
    this.#rechecks.clear();
    this.#conditions.clock.clearTimeout(this.#check);
  }
}
