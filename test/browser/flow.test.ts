/**
 * 10,000 messages a second into a list of 200 prices that is conflated and painted by frames, by hand and by React: no task
 * over 50 ms, and no growth of memory. `npm run bench -- flow` runs it for a minute.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestBrowser, launchBrowser } from '../support/browser.ts';
import { bundle } from '../support/bundle.ts';
import type {} from '../support/checks/prices.ts';
import { RATE, SYMBOLS, feedPrices, longOf, timeTasks, watchPage } from '../support/price-feed.ts';
import { createSite } from '../support/site.ts';

const SECONDS = Number(process.env['HOLDFAST_FLOW_SECONDS'] ?? 3);
/** Bytes. Code that is compiled meanwhile, and what one batch of messages takes. */
const ALLOWED_GROWTH = 2_000_000;

let chromium: TestBrowser;
beforeAll(async () => {
  chromium = await launchBrowser();
});
afterAll(() => chromium[Symbol.asyncDispose]());

describe(`${RATE} messages a second for ${SECONDS} s`, () => {
  const pages = ['./checks/prices-plain.ts', './checks/prices-react.tsx'];
  it.each(pages)('leave a list responsive, right, and no larger: %s', { timeout: SECONDS * 3000 + 60_000 }, async (script) => {
    await using site = await createSite();
    const { page, context, errors } = await chromium.open(site.url);
    try {
      await page.addScriptTag({ content: await bundle(script) });
      await page.evaluate(([url, symbols]) => showPrices(url, symbols), [`${site.url}realtime`, SYMBOLS] as const);
      await feedPrices(site.server, 2);
      const before = await page.evaluate(() => ({ ...shown }));
      const { longTasks, longest, heap, result } = await watchPage(page, 5000, () => feedPrices(site.server, SECONDS));
      await page.waitForFunction(
        (last) => Object.entries(last).every(([symbol, price]) => document.getElementById(symbol)?.textContent === String(price)),
        result.last,
      );
      const after = await page.evaluate(() => ({ ...shown }));
      const passed = {
        frames: after.frames - before.frames,
        turns: after.turns - before.turns,
        calls: after.calls - before.calls,
      };
      console.log(`longest task: ${longest.toFixed(1)} ms; heap: ${heap.join(', ')}; ${JSON.stringify(passed)}`);
      expect(longTasks).toEqual([]);
      expect(heap.at(-1)! - heap[0]!).toBeLessThan(ALLOWED_GROWTH);
      // One turn in a frame (a frame that takes a second is not waited for), each key once in it, and so far fewer calls.
      expect(passed.turns).toBeLessThanOrEqual(passed.frames + 1 + SECONDS);
      expect(passed.calls).toBeLessThanOrEqual(passed.turns * SYMBOLS.length);
      expect(passed.calls).toBeLessThan(result.published / 2);
      expect(result.published).toBe(RATE * SECONDS);
      expect(errors).toEqual([]);
      // A task that is long is seen: even of a machine that gives the page a fifth of its time.
      const busy = await timeTasks(page, () =>
        page.evaluate(() => {
          for (const begin = performance.now(); performance.now() - begin < 300;);
        }),
      );
      expect(longOf(busy)).toHaveLength(1);
    } finally {
      await context.close();
    }
  });
});
