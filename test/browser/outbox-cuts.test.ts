// Holds I1, I2 (docs/guarantees.md).
/** The line cut in each phase of a publication, and the page reloaded after each: what is left is the next page's to send. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BareBrowser, type BareTab, launchBareBrowser } from '../support/bare-browser.ts';
import { type OutboxSite, connect, createOutboxSite } from '../support/outbox-site.ts';

let browser: BareBrowser;
beforeAll(async () => {
  browser = await launchBareBrowser();
});
afterAll(() => browser[Symbol.asyncDispose]());

/** Runs in the page: resolves when they are stored. */
async function publish(first: number): Promise<void> {
  const receipts = [0, 1, 2].map((n) => own.room.publish('message', first + n));
  await Promise.all(receipts.map(({ stored }) => stored));
}
const connected = (): boolean => own.client.status.get().state === 'connected';
const atServer = async ({ site }: OutboxSite, count: number): Promise<void> =>
  expect.poll(() => site.server.metrics.get()['connections'], { timeout: 10_000 }).toBe(count);

interface Phase {
  readonly name: string;
  /** What stood in the log when the page was reloaded. */
  readonly before: number;
  reach(site: OutboxSite, tab: BareTab, first: number): Promise<void>;
}

const phases: readonly Phase[] = [
  {
    name: 'before it connects',
    before: 0,
    async reach({ line }, tab, first) {
      line.refuse();
      await tab.evaluate(publish, first);
    },
  },
  {
    name: 'while it opens a socket that nobody answers',
    before: 0,
    async reach({ line }, tab, first) {
      line.refuse();
      await tab.evaluate(() => own.client.disconnect());
      line.heal();
      line.stall('up', 'down');
      await tab.evaluate(() => own.client.connect());
      await expect.poll(() => line.open, { timeout: 10_000 }).toBe(1);
      await tab.evaluate(publish, first);
      line.refuse();
    },
  },
  {
    name: 'in the hello, which the server has and answers in vain',
    before: 0,
    async reach(site, tab, first) {
      await tab.evaluate(() => own.client.disconnect());
      await atServer(site, 0);
      site.line.stall('down');
      await tab.evaluate(() => own.client.connect());
      await expect.poll(() => site.line.open, { timeout: 10_000 }).toBe(1);
      await tab.evaluate(publish, first);
      site.line.refuse();
    },
  },
  {
    name: 'after it was sent, and before the server has it',
    before: 0,
    async reach({ line }, tab, first) {
      await tab.until(connected);
      line.stall('up');
      await tab.evaluate(publish, first);
      await tab.until(() => own.client.outbox.entries.get().every(({ state }) => state === 'sent'));
      line.refuse();
    },
  },
  {
    name: 'when the server has it, with the answer on its way',
    before: 3,
    async reach(site, tab, first) {
      await tab.until(connected);
      site.line.stall('down');
      await tab.evaluate(publish, first);
      await expect.poll(async () => (await site.log()).length, { timeout: 10_000 }).toBe(first + 2);
      site.line.refuse();
    },
  },
  {
    name: 'not at all, with the answer held back',
    before: 3,
    async reach(site, tab, first) {
      await tab.until(connected);
      site.line.stall('down');
      await tab.evaluate(publish, first);
      await expect.poll(async () => (await site.log()).length, { timeout: 10_000 }).toBe(first + 2);
    },
  },
];

describe('a publication whose line is cut, and whose page is reloaded', () => {
  it.each(phases)('$name', async ({ reach, before }) => {
    await using site = await createOutboxSite();
    const tab = await browser.open(site.url);
    await tab.show();
    await tab.evaluate(connect, site.realtime);
    for (let first = 1; first <= 7; first += 3) {
      await reach(site, tab, first);
      expect(await site.log()).toHaveLength(first - 1 + before);
      // The next page begins while the line is still bad.
      await tab.goto(`${site.url}after-${first}`);
      await tab.evaluate(connect, site.realtime);
      site.line.heal();
      await tab.evaluate(() => own.client.outbox.drain());
      expect(await site.log()).toEqual(Array.from({ length: first + 2 }, (_, n) => n + 1));
    }
    await tab.end('close');
  });
});
