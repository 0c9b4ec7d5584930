/** One direction of one connection: keeps order, takes time, may stand still, and may lead nowhere. */
import type { VirtualClock } from '../support/virtual-clock.ts';

/** How the network of one page is just now. */
export interface Weather {
  /** One way, ms; drawn anew for each message. */
  readonly latency: readonly [min: number, max: number];
  /** Bytes in a ms. */
  readonly rate: number;
  /** Bytes that the network itself holds: only what is beyond them waits at the sender. */
  readonly holds: number;
}

export interface PipeOptions {
  readonly clock: VirtualClock;
  readonly random: () => number;
  weather(): Weather;
  /** Less waits at the sender than before. */
  onDrain(): void;
}

interface Parcel {
  readonly size: number;
  readonly due: number;
  readonly run: () => void;
}

export class Pipe {
  readonly #options: PipeOptions;
  #parcels: Parcel[] = [];
  #state: 'flowing' | 'stalled' | 'dead' = 'flowing';
  #timer: unknown = null;
  /** Bytes sent that have not arrived. */
  #underWay = 0;
  #lastDue = 0;

  constructor(options: PipeOptions) {
    this.#options = options;
  }

  /** Bytes that wait at the sender. */
  get waiting(): number {
    return Math.max(0, this.#underWay - this.#options.weather().holds);
  }

  carry(size: number, run: () => void): void {
    this.#underWay += size;
    if (this.#state === 'dead') return;
    this.#parcels.push({ size, run, due: this.#dueOf(size) });
    if (this.#parcels.length === 1) this.#arm();
  }

  /** So many more bytes wait before it, or fewer: they have not left the sender either. */
  reserve(bytes: number): void {
    this.#underWay += bytes;
  }

  stall(): void {
    if (this.#state !== 'flowing') return;
    this.#state = 'stalled';
    this.#disarm();
  }

  /** What waits goes on, by the weather that is now. */
  heal(): void {
    if (this.#state === 'dead') return;
    this.#state = 'flowing';
    this.#disarm();
    this.#lastDue = 0;
    this.#parcels = this.#parcels.map(({ size, run }) => ({ size, run, due: this.#dueOf(size) }));
    this.#arm();
  }

  /** Nothing arrives any more, and nobody is told: for the sender all of it waits for ever. */
  kill(): void {
    this.#state = 'dead';
    this.#parcels = [];
    this.#disarm();
  }

  /** The sender knows that it is over. */
  end(): void {
    this.kill();
    this.#underWay = 0;
  }

  #dueOf(size: number): number {
    const { clock, random, weather } = this.#options;
    const { latency, rate } = weather();
    const [min, max] = latency;
    const delay = max === min ? min : Math.round(min + random() * (max - min));
    this.#lastDue = Math.max(this.#lastDue, clock.now() + delay) + size / rate;
    return this.#lastDue;
  }

  #arm(): void {
    const { clock } = this.#options;
    const next = this.#parcels[0];
    if (next === undefined || this.#state !== 'flowing') return;
    this.#timer = clock.setTimeout(() => this.#arrive(), next.due - clock.now());
  }

  #disarm(): void {
    if (this.#timer !== null) this.#options.clock.clearTimeout(this.#timer);
    this.#timer = null;
  }

  #arrive(): void {
    this.#timer = null;
    const parcel = this.#parcels.shift();
    if (parcel === undefined) return;
    const before = this.waiting;
    this.#underWay -= parcel.size;
    // Before it runs: what arrives may end the pipe, or send on it.
    this.#arm();
    parcel.run();
    if (this.waiting < before) this.#options.onDrain();
  }
}
