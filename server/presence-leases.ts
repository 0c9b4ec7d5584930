import type { Held, Holding } from './brokers/presence.ts';
import type { Services } from './services.ts';
import { within } from './verdict.ts';

/** ms */
export const LEASE = 30_000;
/** What a lease is renewed after. Two renewals may fail. */
const RENEWAL = 10_000;
/** ms that a page may take to come back before others are told that it has left. */
export const GRACE = 10_000;
/** Of one step of the store. */
const AT_ONCE = 500;

/** A page that a connection of this server keeps in a channel. */
export interface Hold extends Held {
  readonly channel: string;
  /** Of the newest that its connection said. */
  k: number;
  /** The store knows nothing of it: the page is to say again what it shows. */
  onMissing(): void;
}

type Needs = Pick<Services, 'broker' | 'environment' | 'timing' | 'report'>;

/** All that the connections of this server keep there. */
export class Leases {
  readonly #services: Needs;
  readonly #channels = new Map<string, Set<Hold>>();
  #dueAt = 0;

  constructor(services: Needs) {
    this.#services = services;
  }

  add(hold: Hold): void {
    if (this.#channels.size === 0) this.#dueAt = this.#services.environment.now() + RENEWAL;
    const holds = this.#channels.get(hold.channel);
    if (holds === undefined) this.#channels.set(hold.channel, new Set([hold]));
    else holds.add(hold);
  }

  /** Nothing is said to the store. */
  remove(hold: Hold): void {
    const holds = this.#channels.get(hold.channel);
    if (holds?.delete(hold) === true && holds.size === 0) this.#channels.delete(hold.channel);
  }

  /** Its connection has ended. */
  drop({ channel, user, client, holder }: Held & { readonly channel: string }): void {
    const { broker, report } = this.#services;
    broker.presence
      .drop(channel, { user, client, holder }, GRACE)
      .catch((error: unknown) => report('broker-failed', { channel, error }));
  }

  sweep(now: number): void {
    if (now < this.#dueAt) return;
    this.#dueAt = now + RENEWAL;
    for (const [channel, all] of this.#channels) {
      const holds = [...all];
      for (let at = 0; at < holds.length; at += AT_ONCE) this.#renew(channel, holds.slice(at, at + AT_ONCE));
    }
  }

  #renew(channel: string, holds: readonly Hold[]): void {
    const { broker, environment, timing, report } = this.#services;
    const held = holds.map(({ user, client, holder, k }): Holding => ({ user, client, holder, k }));
    within(
      environment,
      timing.ruleTimeout,
      broker.presence.renew(channel, held, LEASE),
      (states) =>
        holds.forEach((hold, index) => {
          if (states[index] === 'left') this.remove(hold);
          // One that was removed meanwhile is to be missing.
          else if (states[index] === 'missing' && this.#channels.get(channel)?.has(hold) === true) hold.onMissing();
        }),
      (error) => report('broker-failed', { channel, error }),
    );
  }
}
