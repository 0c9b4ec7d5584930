/**
 * 10,000 messages a second into a list of 200 prices that is conflated and painted by frames: no task over 50 ms, and no
 * growth of memory. `npm run bench -- flow` runs it for a minute.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestBrowser, launchBrowser } from '../support/browser.ts';
import { type Price, RATE, SYMBOLS, feedPrices, watchPage } from '../support/price-feed.ts';
import { createSite } from '../support/site.ts';

const SECONDS = Number(process.env['HOLDFAST_FLOW_SECONDS'] ?? 5);
/** Bytes. Code that is compiled meanwhile, and what one batch of messages takes. */
const ALLOWED_GROWTH = 2_000_000;

declare global {
  var shown: { readonly prices: Record<string, number>; calls: number; frames: number };
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
  globalThis.shown = { prices: {}, calls: 0, frames: 0 };
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
  // Another process that takes the core for 50 ms is no fault of the page.
  it('leave a list responsive, right, and no larger', { retry: 2, timeout: SECONDS * 3000 + 60_000 }, async () => {
    await using site = await createSite();
    const { page, context, errors } = await chromium.open(site.url);
    try {
      await page.evaluate(show, [`${site.url}realtime`, SYMBOLS] as const);
      await feedPrices(site.server, 2);
      const before = await page.evaluate(() => ({ ...shown }));
      const { longTasks, heap, result } = await watchPage(page, 5000, () => feedPrices(site.server, SECONDS));
      await page.waitForFunction(
        (last) => Object.entries(last).every(([symbol, price]) => shown.prices[symbol] === price),
        result.last,
      );
      const after = await page.evaluate(() => ({ ...shown }));
      console.log(`long tasks: ${longTasks.join(', ') || 'none'}; heap: ${heap.join(', ')}`);
      expect(longTasks).toEqual([]);
      expect(heap.at(-1)! - heap[0]!).toBeLessThan(ALLOWED_GROWTH);
      // Each key at most once in a frame, and far fewer calls than messages.
      expect(after.calls - before.calls).toBeLessThanOrEqual((after.frames - before.frames + 1) * SYMBOLS.length);
      expect(result.published).toBe(RATE * SECONDS);
      expect(errors).toEqual([]);
    } finally {
      await context.close();
    }
  });
});
