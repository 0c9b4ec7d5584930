// Holds I1, I2 (docs/guarantees.md).
/** The client in each kind of worker of Chromium, by the built scripts and the guide's own code. */
import type { BrowserContext, CDPSession, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestBrowser, launchBrowser } from '../support/browser.ts';
import { type OutboxSite, createOutboxSite } from '../support/outbox-site.ts';
import { createSite } from '../support/site.ts';
import { WELL } from '../support/visit.ts';
import { startWorker, workerScripts } from '../support/worker-site.ts';

const PATIENT = { timeout: 10_000 };

let chromium: TestBrowser;
beforeAll(async () => {
  chromium = await launchBrowser();
});
afterAll(() => chromium[Symbol.asyncDispose]());

/** Opens a page and collects what it logs. */
async function openLogging(context: BrowserContext, url: string): Promise<{ readonly page: Page; readonly lines: string[] }> {
  const page = await context.newPage();
  const lines: string[] = [];
  page.on('console', (message) => void lines.push(message.text()));
  await page.goto(url);
  return { page, lines };
}

describe('a dedicated worker', () => {
  it.each(['classic', 'module'] as const)('carries everything: %s', async (type) => {
    await using site = await createSite({}, {}, workerScripts);
    const { page, errors } = await chromium.open(site.url);
    await page.evaluate(startWorker(`/${type}.js`, type));
    await page.waitForFunction(() => said !== null);
    expect(await page.evaluate(() => said)).toEqual(WELL);
    expect(errors).toEqual([]);
    await page.context().close();
  });

  it('of the guide says to its page what it gets', async () => {
    await using site = await createSite({}, {}, workerScripts);
    const context = await chromium.browser.newContext();
    const classic = await openLogging(context, site.url);
    await classic.page.evaluate(startWorker('/guide-classic.js', 'classic'));
    await expect.poll(() => site.server.metrics.get()['subscriptions'], PATIENT).toBe(1);
    const { lines } = await openLogging(context, `${site.url}worker`);
    await expect.poll(() => lines, PATIENT).toEqual(['got hello from a page']);
    await classic.page.waitForFunction(() => said !== null);
    expect(await classic.page.evaluate(() => said)).toEqual({ text: 'hello from a page' });
    await context.close();
  });
});

describe('a shared worker', () => {
  it('carries everything', async () => {
    await using site = await createSite({}, {}, workerScripts);
    const { page } = await chromium.open(site.url);
    const found = await page.evaluate(
      () =>
        new Promise((resolve, reject) => {
          const worker = new SharedWorker('/shared.js', { type: 'module' });
          worker.port.onmessage = ({ data }) => resolve(data);
          worker.onerror = () => reject(new Error('the worker failed'));
        }),
    );
    expect(found).toEqual(WELL);
    await page.context().close();
  });

  it('of the guide has one connection for all pages, and outlives the one that started it', async () => {
    await using site = await createSite({}, {}, workerScripts);
    const context = await chromium.browser.newContext();
    const hello = 'got hello from one of the tabs';
    const first = await openLogging(context, `${site.url}shared`);
    await expect.poll(() => first.lines, PATIENT).toEqual([hello]);
    const second = await openLogging(context, `${site.url}shared`);
    await expect.poll(() => [first.lines, second.lines], PATIENT).toEqual([[hello, hello], [hello]]);
    await first.page.close();
    const third = await openLogging(context, `${site.url}shared`);
    await expect.poll(() => [second.lines, third.lines], PATIENT).toEqual([[hello, hello], [hello]]);
    expect(Object.fromEntries(site.asked)).toEqual({ ws: 1 });
    await context.close();
    await expect.poll(() => site.held, PATIENT).toBe(0);
  });
});

/** The service worker of a site, as the browser's developer tools drive it. */
interface Driven {
  /** As the browser does half a minute after the last event. */
  stop(): Promise<void>;
  isRunning(): boolean;
  sync(tag: string): Promise<unknown>;
  push(): Promise<unknown>;
}

async function drive(page: Page, origin: string): Promise<Driven> {
  interface Version {
    readonly versionId: string;
    readonly registrationId: string;
    readonly runningStatus: string;
    readonly status: string;
  }
  const versions = new Map<string, Version>();
  const session: CDPSession = await page.context().newCDPSession(page);
  session.on('ServiceWorker.workerVersionUpdated', (told: { readonly versions: readonly Version[] }) => {
    for (const version of told.versions) versions.set(version.versionId, version);
  });
  await session.send('ServiceWorker.enable');
  const active = (): Version | undefined => [...versions.values()].find(({ status }) => status === 'activated');
  await expect.poll(active, PATIENT).toBeDefined();
  const { versionId, registrationId } = active()!;
  const isRunning = (): boolean => active()!.runningStatus !== 'stopped';
  return {
    async stop() {
      await session.send('ServiceWorker.stopWorker', { versionId });
      await expect.poll(isRunning, PATIENT).toBe(false);
    },
    isRunning,
    sync: (tag) => session.send('ServiceWorker.dispatchSyncEvent', { origin, registrationId, tag, lastChance: false }),
    push: () => session.send('ServiceWorker.deliverPushMessage', { origin, registrationId, data: '' }),
  };
}

const originOf = (url: string): string => new URL(url).origin;

/** Asks the service worker for a whole visit. Runs in the page. */
function askForVisit(): Promise<unknown> {
  return new Promise((resolve) => {
    navigator.serviceWorker.onmessage = ({ data }) => resolve(data);
    void navigator.serviceWorker.ready.then(({ active }) => active!.postMessage('visit'));
  });
}

describe('a service worker', () => {
  it.each([
    ['module', '/service-worker.js'],
    ['classic', '/classic-service.js'],
  ] as const)('carries everything, also when it was stopped and the browser starts it again: %s', async (type, script) => {
    await using site = await createSite({}, {}, (url) => (url.pathname === '/token' ? undefined : workerScripts(url)));
    const { page } = await chromium.open(site.url);
    await page.evaluate(([url, kind]) => navigator.serviceWorker.register(url, { type: kind }), [script, type] as const);
    expect(await page.evaluate(askForVisit)).toEqual(WELL);
    const worker = await drive(page, originOf(site.url));
    await worker.stop();
    await expect.poll(() => site.held, PATIENT).toBe(0);
    expect(await page.evaluate(askForVisit)).toEqual(WELL);
    expect(worker.isRunning()).toBe(true);
    await page.context().close();
  });

  it('of the guide shows what a push message hinted at', async () => {
    await using site = await createOutboxSite(workerScripts);
    const context = await chromium.browser.newContext({ permissions: ['notifications'] });
    const page = await context.newPage();
    await page.goto(`${site.url}with-sync`);
    const worker = await drive(page, originOf(site.url));
    await site.site.server.publish('room:42', 'message', { text: 'there is news' });
    await worker.stop();
    await worker.push();
    const shown = (): Promise<readonly string[]> =>
      page.evaluate(async () => {
        const all = await (await navigator.serviceWorker.ready).getNotifications();
        return all.map(({ title, body }) => `${title}: ${body}`);
      });
    await expect.poll(shown, PATIENT).toEqual(['Room 42: there is news']);
    await context.close();
  });
});

describe('the outbox of the guide', () => {
  /** Two publications of a page that is closed before they could be sent. */
  async function leave(context: BrowserContext, site: OutboxSite, data: readonly number[]): Promise<void> {
    const page = await context.newPage();
    await page.goto(`${site.url}with-sync`);
    await page.waitForFunction(() => 'own' in globalThis);
    await page.evaluate(async (numbers) => {
      own.client.disconnect();
      await Promise.all(numbers.map((n) => own.room.publish('message', n).stored));
    }, data);
    await page.close();
  }

  it('is sent by the service worker when its pages are closed, once, though it is stopped in the middle', async () => {
    let hold: Promise<void> | undefined;
    await using site = await createOutboxSite(workerScripts, () => hold);
    const context = await chromium.browser.newContext();
    const watcher = await context.newPage();
    await watcher.goto(site.url);
    await leave(context, site, [1, 2]);
    const worker = await drive(watcher, originOf(site.url));
    await worker.sync('outbox|ada');
    await expect.poll(() => site.log('room:42'), PATIENT).toEqual([1, 2]);

    await worker.stop();
    await leave(context, site, [3, 4]);
    let release = (): void => {};
    hold = new Promise((resolve) => (release = resolve));
    await worker.sync('outbox|ada');
    await expect.poll(() => site.log('room:42'), PATIENT).toContain(3);
    // It has arrived, and the worker does not know.
    await worker.stop();
    await expect.poll(() => site.site.held, PATIENT).toBe(0);
    hold = undefined;
    release();
    await worker.sync('outbox|ada');
    await expect.poll(() => site.log('room:42'), PATIENT).toEqual([1, 2, 3, 4]);
    await expect.poll(() => site.site.held, PATIENT).toBe(0);

    // Nothing is left for the next.
    await leave(context, site, [5]);
    await worker.sync('outbox|ada');
    await expect.poll(() => site.log('room:42'), PATIENT).toEqual([1, 2, 3, 4, 5]);
    await context.close();
  });
});
