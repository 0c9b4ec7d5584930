import type { Environment } from '../platform/environment.ts';

/** One timer that is set to a time, not to a delay. */
export interface Timer {
  /** ms since 1970; null clears it. Setting the time it already has costs nothing. */
  set(at: number | null): void;
}

/** Browsers take a longer delay as zero: 24.8 days, the largest signed 32-bit number of ms. */
const LONGEST = 2 ** 31 - 1;

/** Timers fire early by a millisecond or two; by more only if the clock was set back meanwhile. */
const EARLY = 20;

export function createTimer(environment: Environment, run: (at: number) => void): Timer {
  let due: number | null = null;
  let handle: unknown = null;
  /** What is left when the present step is over, by the time at which it began. */
  let left = 0;

  const arm = (): void => {
    const wait = Math.max(0, due! - environment.now());
    // Not by what is left: a time that never comes leaves no number.
    const step = Math.min(wait, LONGEST);
    left = wait - step;
    handle = environment.setTimeout(fire, step);
  };
  const fire = (): void => {
    const early = due! - environment.now();
    // The wait is over even if a clock that was set back says otherwise: it would add all that it was set back by.
    if (early > 0 && (left > 0 || early <= EARLY)) return arm();
    const at = due!;
    due = null;
    handle = null;
    run(at);
  };

  return {
    set(at) {
      if (at === due) return;
      if (due !== null) environment.clearTimeout(handle);
      due = at;
      if (at !== null) arm();
    },
  };
}

/** Rings once, at the earliest of the times that were noted. */
export interface Alarm {
  note(at: number): void;
  clear(): void;
}

/** @param ring gets the time that was noted too: a page that stood still rings late */
export function createAlarm(environment: Environment, ring: (now: number, at: number) => void): Alarm {
  let earliest = Infinity;
  const timer = createTimer(environment, (at) => {
    earliest = Infinity;
    ring(environment.now(), at);
  });
  return {
    note(at) {
      earliest = Math.min(earliest, at);
      timer.set(earliest);
    },
    clear() {
      earliest = Infinity;
      timer.set(null);
    },
  };
}
