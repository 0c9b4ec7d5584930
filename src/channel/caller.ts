/** Calls a loader of the app until it succeeds. */
import { fullJitter } from '../connection/backoff.ts';
import type { Environment } from '../platform/environment.ts';
import { createTimer } from '../util/timer.ts';

const BASE = 1000;
const CAP = 30_000;

/** When to ask again after so many failures in a row. @param floor ms, what the server wants in any case */
export function retryAt({ now, random }: Environment, failures: number, floor = 0): number {
  return now() + floor + fullJitter(failures, BASE, CAP, random());
}

export interface Caller {
  /** Instead of a call that is under way, which is aborted. A failure leads to another call, after full jitter. */
  run<T>(call: (signal: AbortSignal) => T | Promise<T>, done: (value: T) => void): void;
  stop(): void;
}

/** @param failed is told of the first failure of a run of them as such */
export function createCaller(environment: Environment, failed: (cause: unknown, first: boolean) => void): Caller {
  let current: AbortController | null = null;
  let failures = 0;
  let again = (): void => {};
  const timer = createTimer(environment, () => again());
  const stop = (): void => {
    timer.set(null);
    current?.abort();
    current = null;
  };
  const run = <T>(call: (signal: AbortSignal) => T | Promise<T>, done: (value: T) => void): void => {
    stop();
    const own = new AbortController();
    current = own;
    again = () => run(call, done);
    // The constructor turns one that throws at once into a rejection.
    new Promise<T>((resolve) => resolve(call(own.signal))).then(
      (value) => {
        if (current !== own) return;
        current = null;
        failures = 0;
        done(value);
      },
      (cause: unknown) => {
        if (current !== own) return;
        failures += 1;
        timer.set(retryAt(environment, failures));
        // Last, because who hears it may end what this belongs to.
        failed(cause, failures === 1);
      },
    );
  };
  return { run, stop };
}
