import type { Item, Refusal, Result, Tombstone } from '../../src/protocol/frame.ts';

/** Sequences whose results are remembered. */
const RING = 64;
/** Remembered results that are not "accepted". */
const REFUSALS = 256;

/** What the store remembers of a lane (rules R4 and R6). */
export class MemoryLane {
  readonly start: number;
  last: number;
  expiresAt = 0;
  /** Epoch that the offsets in the ring belong to. */
  #epoch = '';
  /** By sequence modulo {@link RING}; lanes of one message must stay small. */
  #ids: string[] = [];
  #results: Result[] = [];
  #refusals: Map<number, { readonly id: string; readonly refusal: Refusal }> | null = null;

  constructor(start: number) {
    this.start = start;
    this.last = start - 1;
  }

  /** The recorded result of a sequence that was seen before. An id that differs is a copied memory image. */
  repeat(sequence: number, item: Item | Tombstone, epoch: string): Result {
    const kept = this.#refusals?.get(sequence);
    // Who closed it did not have the item, and went by another id: its owner learns that it came too late.
    if (kept?.refusal.code === 'closed') return kept.refusal;
    if (kept !== undefined) return kept.id === item.id ? kept.refusal : { code: 'conflict' };
    // Begun anew after a loss: whoever had it accepted learns that it is gone.
    if (sequence < this.start) return { code: 'before-start' };
    if (sequence <= this.last - RING) return { code: 'unknown' };
    const slot = sequence % RING;
    if (this.#ids[slot] !== item.id) return { code: 'conflict' };
    // An offset of a log that is gone would point into the present one.
    return this.#epoch === epoch ? this.#results[slot]! : 0;
  }

  /** Consumes the next sequence. */
  record(id: string, result: Result, epoch: string): void {
    if (this.#epoch !== epoch) {
      this.#results = this.#results.map((old) => (Array.isArray(old) ? 0 : old));
      this.#epoch = epoch;
    }
    this.last += 1;
    const slot = this.last % RING;
    // Filled in order from slot 0 the arrays stay dense, whatever sequence the lane starts at.
    while (this.#ids.length <= slot) {
      this.#ids.push('');
      this.#results.push(0);
    }
    this.#ids[slot] = id;
    this.#results[slot] = result;
    if (result !== 0 && !Array.isArray(result)) this.#recordRefusal(id, result as Refusal);
  }

  #recordRefusal(id: string, refusal: Refusal): void {
    this.#refusals ??= new Map();
    if (this.#refusals.size >= REFUSALS) this.#refusals.delete(this.#refusals.keys().next().value!);
    this.#refusals.set(this.last, { id, refusal });
  }
}
