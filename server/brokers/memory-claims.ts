import type { Answer, Claim, Claimed, Completion } from './claim.ts';

export interface ClaimLimits {
  readonly count: number;
  readonly bytes: number;
}

interface Held {
  readonly by: string;
  /** Until when it may be completed. */
  readonly limit: number;
  expiresAt: number;
  answer: Answer | null;
  size: number;
}

/** Claims of requests, and their answers. Of too many the oldest goes; of too much only the answer does, not the claim. */
export class MemoryClaims {
  readonly #limits: ClaimLimits;
  /** In order of claiming. */
  readonly #held = new Map<string, Held>();
  /** Those with an answer, in order of completion. */
  readonly #answered = new Set<Held>();
  #bytes = 0;

  constructor(limits: ClaimLimits) {
    this.#limits = limits;
  }

  claim({ name, by, limit, life }: Claim, now: number): Claimed {
    const known = this.#held.get(name);
    if (known !== undefined && now < known.expiresAt) {
      if (known.answer !== null) return { state: 'answered', answer: known.answer };
      return { state: now < known.limit ? 'running' : 'unknown' };
    }
    this.#forget(name);
    this.#held.set(name, { by, limit: now + limit, expiresAt: now + limit + life, answer: null, size: 0 });
    if (this.#held.size > this.#limits.count) this.#forget(this.#held.keys().next().value!);
    return { state: 'claimed' };
  }

  complete({ name, by, answer, size, life }: Completion, now: number): void {
    const held = this.#held.get(name);
    if (held === undefined || held.by !== by || held.answer !== null) return;
    if (answer === null) return this.#forget(name);
    held.expiresAt = now + life;
    held.answer = answer;
    held.size = size;
    this.#bytes += size;
    this.#answered.add(held);
    for (const oldest of this.#answered) {
      if (this.#bytes <= this.#limits.bytes) return;
      // Its claim stays: to run again would be worse than not to know.
      this.#drop(oldest);
    }
  }

  sweep(now: number): void {
    for (const [name, { expiresAt }] of this.#held) if (now >= expiresAt) this.#forget(name);
  }

  clear(): void {
    this.#held.clear();
    this.#answered.clear();
    this.#bytes = 0;
  }

  #forget(name: string): void {
    const held = this.#held.get(name);
    if (held !== undefined) this.#drop(held);
    this.#held.delete(name);
  }

  #drop(held: Held): void {
    if (this.#answered.delete(held)) this.#bytes -= held.size;
    held.answer = null;
  }
}
