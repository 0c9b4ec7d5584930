import { fullJitter } from '../connection/backoff.ts';
import type { Environment } from '../platform/environment.ts';
import { type Timer, createTimer } from '../util/timer.ts';

interface Pause {
  readonly timer: Timer;
  times: number;
}

const BASE = 500;
const CAP = 30_000;

/** Who waits after a transient refusal, and how long: by the same rule as connections. */
export class Pauses<T> {
  readonly #environment: Environment;
  readonly #onEnd: (waiter: T) => void;
  readonly #pauses = new Map<T, Pause>();

  constructor(environment: Environment, onEnd: (waiter: T) => void) {
    this.#environment = environment;
    this.#onEnd = onEnd;
  }

  /** @param after wait at least, ms */
  start(waiter: T, after: number): void {
    const { now, random } = this.#environment;
    const pause = this.#pauses.get(waiter) ?? { times: 0, timer: createTimer(this.#environment, () => this.#onEnd(waiter)) };
    pause.times += 1;
    this.#pauses.set(waiter, pause);
    pause.timer.set(now() + after + fullJitter(pause.times, BASE, CAP, random()));
  }

  /** Something went through: the next refusal is a first one again. */
  forgive(waiter: T): void {
    const pause = this.#pauses.get(waiter);
    if (pause !== undefined) pause.times = 0;
  }

  clear(): void {
    for (const { timer } of this.#pauses.values()) timer.set(null);
    this.#pauses.clear();
  }
}
