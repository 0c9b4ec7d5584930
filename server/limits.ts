import { DEFAULT_LIMITS, type Limits } from '../src/protocol/frame.ts';
import { Bucket } from './bucket.ts';
import type { DrainOptions, ServerLimits, ServerTiming } from './types.ts';

const LIMITS: ServerLimits = {
  ...DEFAULT_LIMITS,
  connections: 32,
  admitRate: 1000,
  publishRate: 50,
  members: 1000,
  requests: 64,
  requestRate: 50,
  queue: 1_048_576,
};
const TIMING: ServerTiming = {
  ping: 25_000,
  openTimeout: 10_000,
  ruleTimeout: 10_000,
  tokenGrace: 30_000,
  supersedeAfter: 5000,
  stallTimeout: 15_000,
  requestTimeout: 60_000,
};

/** Per second: fractions make sense, and so does no bound. */
const RATES: ReadonlySet<string> = new Set<keyof ServerLimits>(['publishRate', 'requestRate', 'admitRate']);

/** ms. Timers take a longer delay as 1: 24.8 days, the largest signed 32-bit number. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** @throws TypeError naming the first option that is unknown or not a positive number */
export function resolveLimits(given: Partial<ServerLimits> = {}): ServerLimits {
  return resolve('limits', LIMITS, given, Number.MAX_SAFE_INTEGER);
}

/** @throws TypeError naming the first option that is unknown, not a positive integer, or longer than a timer can be */
export function resolveTiming(given: Partial<ServerTiming> = {}): ServerTiming {
  return resolve('timing', TIMING, given, LONGEST_TIMER);
}

function resolve<T extends object>(group: string, defaults: T, given: Partial<T>, most: number): T {
  const resolved = { ...defaults };
  for (const [key, value] of Object.entries<unknown>(given)) {
    if (!Object.hasOwn(defaults, key)) throw new TypeError(`${group}.${key} is not an option of createServer`);
    if (value === undefined) continue;
    const isRate = RATES.has(key);
    if (!isRate) checkInteger(`${group}.${key}`, value, 1, most);
    else if (typeof value !== 'number' || !(value > 0)) {
      throw new TypeError(`${group}.${key} must be a positive number, not ${shown(value)}`);
    }
    Object.assign(resolved, { [key]: value });
  }
  return resolved;
}

/** @throws TypeError naming the option of `drain` that is wrong */
export function checkDrain({ spread, timeout }: Pick<DrainOptions, 'spread' | 'timeout'>): void {
  if (spread !== undefined) checkInteger('spread', spread, 0, LONGEST_TIMER);
  if (timeout !== undefined) checkInteger('timeout', timeout, 0, LONGEST_TIMER);
}

function checkInteger(name: string, value: unknown, least: number, most: number): void {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return;
  throw new TypeError(`${name} must be an integer from ${least} to ${most}, not ${shown(value)}`);
}

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

/** What `welcome` tells. */
export function announced(limits: ServerLimits): Limits {
  const { connections: _connections, admitRate: _admitted, publishRate: _published, queue: _queue, ...rest } = limits;
  const { requests: _requests, requestRate: _asked, members: _members, ...told } = rest;
  return told;
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
    return this.#rate === Infinity ? count : this.#bucket(user, now).take(count, now);
  }

  /** Gives back what was taken and not used. */
  refund(user: string, count: number, now: number): void {
    if (this.#rate !== Infinity && count > 0) this.#bucket(user, now).refund(count, now);
  }

  /** ms until one more is allowed. */
  wait(user: string, now: number): number {
    return this.#rate === Infinity ? 0 : this.#bucket(user, now).wait(now);
  }

  /** Forgets the full ones, so that memory follows the users of the last few seconds. */
  sweep(now: number): void {
    for (const [user, bucket] of this.#buckets) if (bucket.missing(now) === 0) this.#buckets.delete(user);
  }

  #bucket(user: string, now: number): Bucket {
    let bucket = this.#buckets.get(user);
    if (bucket === undefined) this.#buckets.set(user, (bucket = new Bucket(this.#rate, this.#burst, now)));
    return bucket;
  }
}
