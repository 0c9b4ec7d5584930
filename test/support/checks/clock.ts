/** Runs in a page: a clock whose speed can be changed, so that what takes a minute is over in a second. */
export interface PageClock {
  readonly now: () => number;
  readonly setTimeout: (run: () => void, ms: number) => unknown;
  readonly clearTimeout: (id: unknown) => void;
  /** Timers that are set. */
  readonly pending: number;
  /** @param speed how many times as fast as the page's own */
  run(speed: number): void;
}

export function createPageClock(): PageClock {
  let speed = 1;
  let turned = { real: Date.now(), shown: Date.now() };
  const timers = new Map<number, { readonly due: number; readonly run: () => void; real: ReturnType<typeof setTimeout> }>();
  let lastId = 0;

  const now = (): number => turned.shown + (Date.now() - turned.real) * speed;
  const arm = (id: number, due: number, run: () => void): void => {
    const fire = (): void => {
      timers.delete(id);
      run();
    };
    timers.set(id, { due, run, real: setTimeout(fire, Math.max(0, due - now()) / speed) });
  };
  return {
    now,
    setTimeout(run, ms) {
      lastId += 1;
      arm(lastId, now() + ms, run);
      return lastId;
    },
    get pending() {
      return timers.size;
    },
    clearTimeout(id) {
      clearTimeout(timers.get(id as number)?.real);
      timers.delete(id as number);
    },
    run(next) {
      turned = { real: Date.now(), shown: now() };
      speed = next;
      for (const [id, { due, run, real }] of [...timers]) {
        clearTimeout(real);
        arm(id, due, run);
      }
    },
  };
}
