/** One direction of one connection to the store: what goes in first comes out first, each after its own delay. */
import type { VirtualClock } from '../support/virtual-clock.ts';

export class Pipe {
  readonly #clock: VirtualClock;
  readonly #delay: () => number;
  readonly #timers = new Set<unknown>();
  #last = 0;

  constructor(clock: VirtualClock, delay: () => number) {
    this.#clock = clock;
    this.#delay = delay;
  }

  /** At once if nothing is before it and it takes no time. */
  carry(run: () => void): void {
    const now = this.#clock.now();
    const delay = this.#delay();
    if (delay === 0 && this.#timers.size === 0) return run();
    this.#last = Math.max(this.#last, now + delay);
    const timer = this.#clock.setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, this.#last - now);
    this.#timers.add(timer);
  }

  /** What is still in it is lost. */
  cut(): void {
    for (const timer of this.#timers) this.#clock.clearTimeout(timer);
    this.#timers.clear();
  }
}
