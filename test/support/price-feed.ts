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
      const symbol = SYMBOLS[published % SYMBOLS.length]!;
      last[symbol] = published;
      batch.push(server.publish('prices', 'tick', { symbol, price: published } satisfies Price));
    }
    await Promise.all(batch);
    await pause(10);
  }
  return { published, last };
}

export interface Watched {
  /** ms, of the tasks that took more than 50 (W3C "Long Tasks"). */
  readonly longTasks: readonly number[];
  /** Bytes that the page holds once all garbage is gone, at each look. */
  readonly heap: readonly number[];
}

/** Watches the page while `run` does, and looks at its memory before, every so often, and after. */
export async function watchPage<T>(page: Page, every: number, run: () => Promise<T>): Promise<Watched & { readonly result: T }> {
  const session = await page.context().newCDPSession(page);
  const heap: number[] = [];
  const look = async (): Promise<void> => {
    await session.send('HeapProfiler.collectGarbage');
    heap.push((await session.send('Runtime.getHeapUsage')).usedSize);
  };
  // Not while tasks are timed: a collection of all garbage is one, and none of the page's doing.
  await page.evaluate(() => {
    const times: number[] = [];
    const observer = new PerformanceObserver((list) => times.push(...list.getEntries().map(({ duration }) => duration)));
    observer.observe({ type: 'longtask' });
    Object.assign(globalThis, {
      takeTasks: () => times.splice(0).concat(observer.takeRecords().map(({ duration }) => duration)),
    });
  });
  const take = (): Promise<number[]> => page.evaluate(() => (globalThis as unknown as { takeTasks(): number[] }).takeTasks());
  const longTasks: number[] = [];
  const collect = async (): Promise<void> => {
    longTasks.push(...(await take()));
    await look();
    await pause(200);
    await take();
  };
  await session.send('HeapProfiler.enable');
  await collect();
  longTasks.length = 0;
  let state: 'running' | 'over' = 'running';
  const done = run().finally(() => (state = 'over'));
  while ((state as string) === 'running') {
    await Promise.race([pause(every), done]);
    await collect();
  }
  return { longTasks, heap, result: await done };
}
