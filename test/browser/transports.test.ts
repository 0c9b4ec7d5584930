// Holds I1, I2, I5, I16 (docs/guarantees.md).
/** Each transport alone, in Chromium. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Channel, Client } from '../../src/types.ts';
import { type TestBrowser, launchBrowser } from '../support/browser.ts';
import { runChecks } from '../support/checks/run.ts';
import { createCheckSite } from '../support/checks/site.ts';
import { createSite } from '../support/site.ts';

let chromium: TestBrowser;
beforeAll(async () => {
  chromium = await launchBrowser();
});
afterAll(() => chromium[Symbol.asyncDispose]());

describe('a page', () => {
  it('carries everything over each transport alone', async () => {
    await using site = await createCheckSite('127.0.0.1');
    const { page } = await chromium.open('about:blank');
    const engine = {
      name: 'Chromium',
      goto: (url: string) => page.goto(url),
      back: () => page.goBack(),
      evaluate: (expression: string): Promise<unknown> => page.evaluate(expression),
      [Symbol.asyncDispose]: () => page.close(),
    };
    await runChecks(engine, site, ['websocket', 'sse', 'long-polling', 'webrtc']);
  }, 120_000);
});

interface Bag {
  readonly client: Client;
  readonly room: Channel;
  readonly got: unknown[];
}

/** Runs in the page. */
function start({
  url,
  over,
  speed,
}: {
  readonly url: string;
  readonly over: 'webSocket' | 'sse' | 'longPolling';
  readonly speed: number;
}): void {
  const begun = Date.now();
  const client = Holdfast.createClient(url, {
    transports: [Holdfast[over]()],
    environment: {
      now: () => begun + (Date.now() - begun) * speed,
      setTimeout: (run, ms) => setTimeout(run, ms / speed),
    },
  });
  const room = client.channel('room');
  const got: unknown[] = [];
  room.subscribe('message', (data) => got.push(data));
  Object.assign(globalThis, { bag: { client, room, got } });
}

/** Tabs of one browser, which share its connections to an origin. */
async function openTabs(url: string, count: number): Promise<readonly Page[]> {
  const context = await chromium.browser.newContext();
  const tabs: Page[] = [];
  while (tabs.length < count) {
    const tab = await context.newPage();
    await tab.goto(url);
    tabs.push(tab);
  }
  return tabs;
}

/** Each tab publishes, and each gets what all have published. */
async function expectTalk(tabs: readonly Page[], timeout: number): Promise<void> {
  const COUNT = 10;
  const accepted = tabs.map((tab, index) =>
    tab.evaluate(
      async ([from, count]) => {
        const { room } = bag as unknown as Bag;
        const receipts = Array.from({ length: count }, (_, n) => room.publish('message', from + n).accepted);
        await Promise.all(receipts);
      },
      [index * COUNT, COUNT] as const,
    ),
  );
  await Promise.all(accepted);
  for (const tab of tabs) {
    await tab.waitForFunction((all) => (bag as unknown as Bag).got.length >= all, tabs.length * COUNT, { timeout });
    const got = (await tab.evaluate(() => (bag as unknown as Bag).got)) as number[];
    expect(got.toSorted((a, b) => a - b)).toEqual(Array.from({ length: tabs.length * COUNT }, (_, n) => n));
  }
}

describe('tabs over HTTP/1.1, where a browser has six connections for all of them', () => {
  it.each([['sse'], ['longPolling']] as const)('talk, five of them over %s', async (over) => {
    await using site = await createSite();
    const tabs = await openTabs(site.url, 5);
    for (const tab of tabs) await tab.evaluate(start, { url: `${site.url}realtime`, over, speed: 1 });
    for (const tab of tabs) await tab.waitForFunction(() => (bag as unknown as Bag).room.status.get().state === 'live');
    expect(site.held).toBe(5);
    await expectTalk(tabs, 10_000);
    await tabs[0]!.context().close();
  });

  it.each([['longPolling']] as const)(
    'talk in the end, six of them over %s, for one that cannot send gives way',
    async (over) => {
      await using site = await createSite();
      const tabs = await openTabs(site.url, 6);
      for (const tab of tabs) await tab.evaluate(start, { url: `${site.url}realtime`, over, speed: 10 });
      for (const tab of tabs) await tab.waitForFunction(() => (bag as unknown as Bag).room.status.get().state === 'live');
      await expectTalk(tabs, 30_000);
      await tabs[0]!.context().close();
    },
  );
});

describe('a page of an origin that the server does not name', () => {
  it.each([['webSocket'], ['sse'], ['longPolling']] as const)(
    'is not connected over %s, and told no more than that',
    async (over) => {
      await using pages = await createSite();
      await using realtime = await createSite({ origins: ['https://app.example.com'] });
      const { page } = await chromium.open(pages.url);
      await page.evaluate(start, { url: `${realtime.url}realtime`, over, speed: 1 });
      await page.waitForFunction(() => (bag as unknown as Bag).client.status.get().state === 'waiting');
      const status = await page.evaluate(() => (bag as unknown as Bag).client.status.get());
      expect(status).toMatchObject({ reason: { name: 'abnormal', by: 'network', layer: 'transport', opened: false } });
      expect(realtime.server.metrics.get()).toMatchObject({ accepted: 0, connections: 0 });
      expect(realtime.server.metrics.get()['turnedAway']).toBeGreaterThan(0);
    },
  );
});
