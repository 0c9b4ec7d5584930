/** Ten thousand prices a second, and what they cost the page that shows them. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import type { Server } from '../../server/index.ts';

export interface Price {
  readonly symbol: string;
  readonly price: number;
}

export const SYMBOLS: readonly string[] = Array.from({ length: 200 }, (_, index) => `S${index}`);
export const RATE = 10_000;

export interface Fed {
  readonly published: number;
  /** What each symbol was given last. */
  readonly last: Readonly<Record<string, number>>;
}

/** Nine in ten are of the same twenty, so that in each frame most are of a symbol that came before. */
function symbolOf(n: number): string {
  return SYMBOLS[n % 10 === 0 ? (n / 10) % SYMBOLS.length : n % 20]!;
}

/** Publishes `tick` to `prices` for so many seconds. What a busy machine could not do in time is made up for. */
export async function feedPrices(server: Server, seconds: number): Promise<Fed> {
  const last: Record<string, number> = {};
  const begin = performance.now();
  let published = 0;
  while (published < RATE * seconds) {
    const due = Math.min(RATE * seconds, Math.floor(((performance.now() - begin) / 1000) * RATE));
    const batch: Promise<unknown>[] = [];
    // Not all that is late at once: a burst would measure something else.
    for (const end = Math.min(due, published + RATE / 20); published < end; published += 1) {
      const symbol = symbolOf(published);
      last[symbol] = published;
      batch.push(server.publish('prices', 'tick', { symbol, price: published } satisfies Price));
    }
    await Promise.all(batch);
    // In more pieces than there are frames.
    await pause(4);
  }
  return { published, last };
}

export interface Watched {
  /** ms of the processor, of the tasks of the page that took more than 50 of them. */
  readonly longTasks: readonly number[];
  /** Of the longest task. */
  readonly longest: number;
  /** Bytes that the page holds once all garbage is gone, at each look. */
  readonly heap: readonly number[];
}

/** What a person feels as a delay (W3C "Long Tasks"), ms. */
const LONG = 50;

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** µs that its thread had the processor. */
  readonly tdur?: number;
  readonly args: { readonly name?: string };
}

/**
 * ms of each task that the main thread of a page ran meanwhile: of the processor, not by the clock. The observer of long tasks
 * goes by the clock, and there every task is long in which another process has the processor.
 */
export async function timeTasks(page: Page, run: () => Promise<unknown>): Promise<readonly number[]> {
  const browser = page.context().browser()!;
  await browser.startTracing(page, { categories: ['toplevel'] });
  await run();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { readonly traceEvents: readonly TraceEvent[] };
  const threadOf = ({ pid, tid }: TraceEvent): string => `${pid} ${tid}`;
  const named = traceEvents.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain');
  const threads = new Set(named.map(threadOf));
  const tasks = traceEvents.filter((event) => event.name === 'ThreadControllerImpl::RunTask' && threads.has(threadOf(event)));
  return tasks.flatMap(({ tdur }) => (tdur === undefined ? [] : [tdur / 1000]));
}

export const longOf = (tasks: readonly number[]): readonly number[] => tasks.filter((ms) => ms > LONG);

/** Watches the page while `run` does, and looks at its memory before, every so often, and after. */
export async function watchPage<T>(page: Page, every: number, run: () => Promise<T>): Promise<Watched & { readonly result: T }> {
  const session = await page.context().newCDPSession(page);
  const heap: number[] = [];
  // Not while tasks are timed: a collection of all garbage is one, and none of the page's doing.
  const look = async (): Promise<void> => {
    await session.send('HeapProfiler.collectGarbage');
    heap.push((await session.send('Runtime.getHeapUsage')).usedSize);
  };
  await session.send('HeapProfiler.enable');
  await look();
  const longTasks: number[] = [];
  let longest = 0;
  let state: 'running' | 'over' = 'running';
  const done = run().finally(() => (state = 'over'));
  while ((state as string) === 'running') {
    const tasks = await timeTasks(page, () => Promise.race([pause(every), done]));
    longTasks.push(...longOf(tasks));
    longest = tasks.reduce((most, ms) => Math.max(most, ms), longest);
    await look();
  }
  return { longTasks, longest, heap, result: await done };
}
