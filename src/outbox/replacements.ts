import type { Lane } from './lane.ts';
import type { OutboxRecord, Owner } from './shelf.ts';

export interface Place {
  readonly lane: Lane<Owner>;
  readonly record: OutboxRecord;
}

/** Of those with one key only the newest is wanted. */
export class Replacements {
  readonly #places = new Map<string, Place>();

  note(lane: Lane<Owner>, record: OutboxRecord): void {
    const { replace } = record.owner;
    if (replace !== null) this.#places.set(`${lane.channel} ${replace}`, { lane, record });
  }

  /** It has ended. */
  forget(channel: string, record: OutboxRecord): void {
    const key = `${channel} ${record.owner.replace}`;
    if (this.#places.get(key)?.record === record) this.#places.delete(key);
  }

  /** @returns the one that can still be replaced: nobody has seen it */
  find(channel: string, key: string): Place | null {
    const place = this.#places.get(`${channel} ${key}`);
    this.#places.delete(`${channel} ${key}`);
    if (place === undefined) return null;
    const { attempted, tombstone, answeredAt } = place.record;
    return attempted === null && tombstone === null && answeredAt === null ? place : null;
  }
}
