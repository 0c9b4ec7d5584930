import { HoldfastError } from '../errors.ts';
import { isEventName } from '../protocol/names.ts';
import type { OutboxContext, OutboxSettings } from './context.ts';
import type { Lane } from './lane.ts';
import type { Ticket } from './receipt.ts';
import type { OutboxRecord, Owner } from './shelf.ts';

interface Acts {
  /** Whether there is room for it or not: it stands for another one. */
  publish(channel: string, event: string, data: unknown, ttl: number): Ticket;
  withdraw(lane: Lane<Owner>, record: OutboxRecord): void;
}

/** What another release of the app has stored, and nobody has sent, in the words of this one. */
export class Migration {
  readonly #settings: OutboxSettings;
  readonly #context: OutboxContext;
  readonly #acts: Acts;

  constructor(settings: OutboxSettings, context: OutboxContext, acts: Acts) {
    this.#settings = settings;
    this.#context = context;
    this.#acts = acts;
  }

  look(lane: Lane<Owner>, record: OutboxRecord): void {
    const { migrate, version: current } = this.#settings;
    const { id, event, data, attempted, tombstone, owner } = record;
    const { createdAt, expiresAt, version } = owner;
    if (migrate === undefined || version === current || attempted !== null || tombstone !== null) return;
    const { channel } = lane;
    const base = { id, channel, event, data, createdAt, expiresAt, version };
    try {
      const made = migrate({ ...base, state: 'queued', stored: true, own: false, error: null });
      // Both go into one transaction: a number that was given never gets another payload.
      if (made === null || this.#publish(channel, made, expiresAt)) this.#acts.withdraw(lane, record);
    } catch (cause) {
      // As it is: that the app cannot say it anew is no reason to lose it.
      this.#context.report(new HoldfastError('handler-threw', `\`migrate\` threw for a publication to '${channel}'.`, { cause }));
    }
  }

  /** @returns whether it waits now; if not, its own outcome tells why */
  #publish(channel: string, { event, data }: { readonly event: string; readonly data: unknown }, expiresAt: number): boolean {
    if (!isEventName(event)) throw new TypeError(`${JSON.stringify(event)} is no event name.`);
    const ttl = Math.max(1, expiresAt - this.#context.environment.now());
    return this.#acts.publish(channel, event, data, ttl).outcome?.result !== 'rejected';
  }
}
