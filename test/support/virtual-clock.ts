/** Time that moves only when a test says so. Microtasks run to a fixpoint between two timers, as in a browser. */
export interface VirtualClock {
  readonly now: () => number;
  readonly setTimeout: (run: () => void, ms: number) => unknown;
  readonly clearTimeout: (id: unknown) => void;
  /** Runs everything that falls due within `ms`, in order of time and then of creation. */
  advance(ms: number): Promise<void>;
  /** Lets what is ready now run, without time passing. */
  settle(): Promise<void>;
  /** Timers that are set. */
  readonly pending: number;
  /** Time jumps without timers firing in between: a laptop that sleeps. What fell due fires late, on the next advance. */
  sleep(ms: number): void;
}

interface Task {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** @param most tasks to run before giving up: two sides that answer each other for ever are a fault, not a long test */
export function createVirtualClock(start = 1_000_000, most = Infinity): VirtualClock {
  let ran = 0;
  let time = start;
  let order = 0;
  const tasks = new Map<unknown, Task>();

  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const next = (): readonly [unknown, Task] | null => {
    let first: readonly [unknown, Task] | null = null;
    for (const entry of tasks) {
      const [, task] = entry;
      if (first === null || task.at < first[1].at || (task.at === first[1].at && task.order < first[1].order)) first = entry;
    }
    return first;
  };

  return {
    now: () => time,
    setTimeout(run, ms) {
      order += 1;
      const id = { order };
      tasks.set(id, { at: time + Math.max(0, Math.ceil(ms)), order, run });
      return id;
    },
    clearTimeout: (id) => void tasks.delete(id),
    async advance(ms) {
      // Whole milliseconds, as Date.now has them.
      const end = time + Math.round(ms);
      await settle();
      for (let task = next(); task !== null && task[1].at <= end; task = next()) {
        tasks.delete(task[0]);
        ran += 1;
        if (ran > most) throw new Error(`more than ${most} tasks: something goes round in circles`);
        time = Math.max(time, task[1].at);
        task[1].run();
        await settle();
      }
      time = Math.max(time, end);
    },
    settle,
    get pending() {
      return tasks.size;
    },
    sleep(ms) {
      time += ms;
    },
  };
}
