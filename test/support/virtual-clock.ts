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

/** A turn of the event loop costs a system call; microtasks run to their end between any two immediates of one turn. */
const TASKS_A_TURN = 16;

interface Task {
  readonly at: number;
  readonly order: number;
  /** null: it ran, or was cleared. */
  run: (() => void) | null;
}

/** @param most tasks to run before giving up: two sides that answer each other for ever are a fault, not a long test */
export function createVirtualClock(start = 1_000_000, most = Infinity): VirtualClock {
  let ran = 0;
  let time = start;
  let order = 0;
  let pending = 0;
  /** A heap, in which those that were cleared stay until they come to its top. */
  const tasks: Task[] = [];
  const waiting: (() => void)[] = [];
  let ready = 0;

  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const goOn = (): void => {
    ready -= 1;
    waiting.shift()?.();
  };
  const turn = (): Promise<void> =>
    new Promise((resolve) => {
      waiting.push(resolve);
      if (ready > 0) return;
      for (; ready < TASKS_A_TURN; ready += 1) setImmediate(goOn);
    });
  const end = (task: Task): (() => void) | null => {
    const { run } = task;
    if (run !== null) pending -= 1;
    task.run = null;
    return run;
  };
  const next = (until: number): Task | null => {
    while (tasks.length > 0 && tasks[0]!.run === null) pop(tasks);
    return tasks.length > 0 && tasks[0]!.at <= until ? pop(tasks) : null;
  };

  return {
    now: () => time,
    setTimeout(run, ms) {
      order += 1;
      pending += 1;
      const task: Task = { at: time + Math.max(0, Math.ceil(ms)), order, run };
      push(tasks, task);
      return task;
    },
    clearTimeout(id) {
      if (id !== null && id !== undefined) end(id as Task);
    },
    async advance(ms) {
      // Whole milliseconds, as Date.now has them.
      const until = time + Math.round(ms);
      await turn();
      for (let task = next(until); task !== null; task = next(until)) {
        const run = end(task)!;
        ran += 1;
        if (ran > most) throw new Error(`more than ${most} tasks: something goes round in circles`);
        time = Math.max(time, task.at);
        run();
        await turn();
      }
      time = Math.max(time, until);
    },
    settle,
    get pending() {
      return pending;
    },
    sleep(ms) {
      time += ms;
    },
  };
}

function isBefore(a: Task, b: Task): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

function push(heap: Task[], task: Task): void {
  let at = heap.length;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (isBefore(heap[parent]!, task)) break;
    heap[at] = heap[parent]!;
    at = parent;
  }
  heap[at] = task;
}

function pop(heap: Task[]): Task {
  const first = heap[0]!;
  const last = heap.pop()!;
  if (heap.length === 0) return first;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
    if (child >= heap.length || isBefore(last, heap[child]!)) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = last;
  return first;
}
