import { Bucket } from './bucket.ts';

/** Longest time that anybody is told to stay away, ms. */
export const LONGEST_AWAY = 30_000;
/** RFC 9110, section 10.2.3: whole seconds. 0 would invite everybody back at once. */
export function retryAfter(ms: number): string {
  return String(Math.max(1, Math.ceil(ms / 1000)));
}

/** The longest draw is half as much again. */
const LONGEST_QUEUE = LONGEST_AWAY / 1.5;

/**
 * How many new connections the server takes: `rate` a second, four times as many in a burst. Each one costs a handshake, a
 * check of its token and a resync, so that a server which takes everybody at once after an outage serves nobody.
 *
 * Who is turned away is told when to come back. The server knows how many it has turned away and how fast it could take
 * them, hence the place of each in a queue that nobody has to keep. It adds chance, half the time to half as much again:
 * neighbours in the queue come back apart, and together they come at little more than the rate (rate × ln 3). A draw
 * from 0 to the end of the queue would be simpler, but its sum over a growing queue is several times the rate at first.
 */
export class Admission {
  readonly #rate: number;
  readonly #random: () => number;
  readonly #arrivals: Bucket;
  /** Tokens are the places in the next seconds that nobody was sent to yet. */
  readonly #places: Bucket;

  constructor(rate: number, random: () => number, now: number) {
    this.#rate = rate;
    this.#random = random;
    this.#arrivals = new Bucket(rate, Math.max(1, rate * 4), now);
    this.#places = new Bucket(rate, Math.max(1, (rate * LONGEST_QUEUE) / 1000), now);
  }

  /** @returns null to let one in, else ms after which it may come again: 1 to 30 000 */
  ask(now: number): number | null {
    if (this.#rate === Infinity || this.#arrivals.take(1, now) === 1) return null;
    this.#places.take(1, now);
    const turn = this.#places.missing(now);
    // Sooner than the next token nobody can be let in.
    const after = Math.max(turn * (0.5 + this.#random()), this.#arrivals.wait(now), 1);
    return Math.ceil(Math.min(LONGEST_AWAY, after));
  }
}
