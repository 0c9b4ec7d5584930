/**
 * 10,000 messages a second into a list of 200 prices that is conflated and painted by frames: no task over 50 ms, and no
 * growth of memory. `npm run bench -- flow` runs it for a minute.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestBrowser, launchBrowser } from '../support/browser.ts';
import { type Price, RATE, SYMBOLS, feedPrices, longOf, timeTasks, watchPage } from '../support/price-feed.ts';
import { createSite } from '../support/site.ts';

const SECONDS = Number(process.env['HOLDFAST_FLOW_SECONDS'] ?? 5);
/** Bytes. Code that is compiled meanwhile, and what one batch of messages takes. */
const ALLOWED_GROWTH = 2_000_000;

declare global {
  var shown: { readonly prices: Record<string, number>; calls: number; turns: number; frames: number };
}

let chromium: TestBrowser;
beforeAll(async () => {
  chromium = await launchBrowser();
});
afterAll(() => chromium[Symbol.asyncDispose]());

function show([url, symbols]: readonly [url: string, symbols: readonly string[]]): Promise<void> {
  const cells = new Map(
    symbols.map((symbol) => {
      const row = document.body.appendChild(document.createElement('p'));
      return [symbol, row.appendChild(document.createTextNode(symbol))] as const;
    }),
  );
  globalThis.shown = { prices: {}, calls: 0, turns: 0, frames: 0 };
  let isTurn = false;
  const count = (): void => {
    shown.frames += 1;
    requestAnimationFrame(count);
  };
  requestAnimationFrame(count);
  const prices = Holdfast.createClient(url).channel('prices');
  prices.subscribe(
    'tick',
    ({ symbol, price }: Price) => {
      shown.calls += 1;
      if (!isTurn) {
        shown.turns += 1;
        isTurn = true;
        queueMicrotask(() => (isTurn = false));
      }
      shown.prices[symbol] = price;
      cells.get(symbol)!.data = `${symbol} ${price}`;
    },
    { conflate: ({ symbol }: Price) => symbol, frame: true },
  );
  return new Promise((resolve) => {
    prices.status.subscribe(() => {
      if (prices.status.get().state === 'live') resolve();
    });
  });
}

describe(`${RATE} messages a second for ${SECONDS} s`, () => {
  it('leave a list responsive, right, and no larger', { timeout: SECONDS * 3000 + 60_000 }, async () => {
    await using site = await createSite();
    const { page, context, errors } = await chromium.open(site.url);
    try {
      await page.evaluate(show, [`${site.url}realtime`, SYMBOLS] as const);
      await feedPrices(site.server, 2);
      const before = await page.evaluate(() => ({ ...shown }));
      const { longTasks, longest, heap, result } = await watchPage(page, 5000, () => feedPrices(site.server, SECONDS));
      await page.waitForFunction(
        (last) => Object.entries(last).every(([symbol, price]) => shown.prices[symbol] === price),
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
