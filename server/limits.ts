import { DEFAULT_LIMITS, type Limits } from '../src/protocol/frame.ts';
import type { ServerLimits, ServerTiming } from './types.ts';

const LIMITS: ServerLimits = { ...DEFAULT_LIMITS, connections: 32, publishRate: 50, queue: 1_048_576 };
const TIMING: ServerTiming = {
  ping: 25_000,
  openTimeout: 10_000,
  ruleTimeout: 10_000,
  tokenGrace: 30_000,
  supersedeAfter: 5000,
  stallTimeout: 15_000,
};

/** @throws TypeError naming the first option that is unknown or not a positive number */
export function resolveLimits(given: Partial<ServerLimits> = {}): ServerLimits {
  return resolve('limits', LIMITS, given);
}

/** @throws TypeError naming the first option that is unknown or not a positive number */
export function resolveTiming(given: Partial<ServerTiming> = {}): ServerTiming {
  return resolve('timing', TIMING, given);
}

function resolve<T extends object>(group: string, defaults: T, given: Partial<T>): T {
  const resolved = { ...defaults };
  for (const [key, value] of Object.entries<unknown>(given)) {
    if (!Object.hasOwn(defaults, key)) throw new TypeError(`${group}.${key} is not an option of createServer`);
    if (value === undefined) continue;
    const endless = key === 'publishRate' && value === Infinity;
    const whole = Number.isSafeInteger(value) || key === 'publishRate';
    if (typeof value !== 'number' || !(value > 0) || !(endless || (Number.isFinite(value) && whole))) {
      throw new TypeError(
        `${group}.${key} must be a positive ${key === 'publishRate' ? 'number' : 'integer'}, not ${JSON.stringify(value) ?? typeof value}`,
      );
    }
    Object.assign(resolved, { [key]: value });
  }
  return resolved;
}

/** What `welcome` tells. */
export function announced(limits: ServerLimits): Limits {
  const { connections: _connections, publishRate: _rate, queue: _queue, ...told } = limits;
  return told;
}

interface Bucket {
  tokens: number;
  at: number;
}

/** Token buckets, one for each user: `rate` a second, four times as many in a burst. */
export class Allowance {
  readonly #rate: number;
  readonly #burst: number;
  readonly #buckets = new Map<string, Bucket>();

  constructor(rate: number) {
    this.#rate = rate;
    this.#burst = Math.max(1, rate * 4);
  }

  /** @returns how many of `count` are allowed now */
  take(user: string, count: number, now: number): number {
    if (this.#rate === Infinity) return count;
    const bucket = this.#bucket(user, now);
    const taken = Math.min(count, Math.floor(bucket.tokens));
    bucket.tokens -= taken;
    return taken;
  }

  /** Gives back what was taken and not used. */
  refund(user: string, count: number, now: number): void {
    if (this.#rate === Infinity || count === 0) return;
    const bucket = this.#bucket(user, now);
    bucket.tokens = Math.min(this.#burst, bucket.tokens + count);
  }

  /** ms until one more is allowed. */
  wait(user: string, now: number): number {
    if (this.#rate === Infinity) return 0;
    const missing = 1 - this.#bucket(user, now).tokens;
    // Less a rounding error, which would add a whole millisecond.
    return Math.max(0, Math.ceil((missing * 1000) / this.#rate - 1e-6));
  }

  /** Forgets the full ones, so that memory follows the users of the last few seconds. */
  sweep(now: number): void {
    for (const [user, bucket] of this.#buckets) {
      if (bucket.tokens + ((now - bucket.at) * this.#rate) / 1000 >= this.#burst) this.#buckets.delete(user);
    }
  }

  #bucket(user: string, now: number): Bucket {
    let bucket = this.#buckets.get(user);
    if (bucket === undefined) {
      bucket = { tokens: this.#burst, at: now };
      this.#buckets.set(user, bucket);
    }
    // A clock that is set back must not take tokens away.
    const gained = (Math.max(0, now - bucket.at) * this.#rate) / 1000;
    bucket.tokens = Math.min(this.#burst, bucket.tokens + gained);
    bucket.at = now;
    return bucket;
  }
}
