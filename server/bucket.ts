/** A token bucket: `rate` tokens a second, at most `burst` of them. Full at first. */
export class Bucket {
  readonly #rate: number;
  readonly #burst: number;
  #tokens: number;
  #at: number;

  constructor(rate: number, burst: number, now: number) {
    this.#rate = rate;
    this.#burst = burst;
    this.#tokens = burst;
    this.#at = now;
  }

  /** @returns how many of `count` there were */
  take(count: number, now: number): number {
    this.#fill(now);
    const taken = Math.min(count, Math.floor(this.#tokens));
    this.#tokens -= taken;
    return taken;
  }

  /** Gives back what was taken and not used. */
  refund(count: number, now: number): void {
    this.#fill(now);
    this.#tokens = Math.min(this.#burst, this.#tokens + count);
  }

  /** ms until there is one. */
  wait(now: number): number {
    this.#fill(now);
    // Less a rounding error, which would add a whole millisecond.
    return Math.max(0, Math.ceil(((1 - this.#tokens) * 1000) / this.#rate - 1e-6));
  }

  /** ms until it is full; 0 if it is. */
  missing(now: number): number {
    this.#fill(now);
    return ((this.#burst - this.#tokens) * 1000) / this.#rate;
  }

  #fill(now: number): void {
    // A clock that is set back must not take tokens away.
    const gained = (Math.max(0, now - this.#at) * this.#rate) / 1000;
    this.#tokens = Math.min(this.#burst, this.#tokens + gained);
    this.#at = now;
  }
}
