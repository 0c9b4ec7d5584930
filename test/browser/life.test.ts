// Holds I7, I16 (docs/guarantees.md).
/** What pages really live through, in a browser that keeps none of them awake. */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BareBrowser, type BareTab, launchBareBrowser } from '../support/bare-browser.ts';
import { type Site, createSite } from '../support/site.ts';
import { createTcpProxy } from '../support/tcp-proxy.ts';
import { COUNTING, watch } from '../support/watched-page.ts';

let browser: BareBrowser;
beforeAll(async () => {
  browser = await launchBareBrowser();
});
afterAll(() => browser[Symbol.asyncDispose]());

const live = (): boolean => watched.room.status.get().state === 'live';

type Carrier = Parameters<typeof watch>[2];
const CARRIERS: readonly Carrier[] = ['webSocket', 'sse', 'longPolling'];

interface Opened {
  readonly port?: number;
  /** How many times as fast the client's clock runs. */
  readonly speed?: number;
  readonly over?: Carrier;
}

async function openPage(site: Site, { port = site.port, speed = 1, over = 'webSocket' }: Opened = {}): Promise<BareTab> {
  const tab = await browser.open(site.url, COUNTING);
  await tab.show();
  await tab.evaluate(watch, `http://127.0.0.1:${port}/realtime`, speed, over);
  await tab.until(live);
  return tab;
}

/** The messages 1 to n, each once and in order, and not a word of a lost one. */
async function expectAll(tab: BareTab, count: number): Promise<void> {
  await tab.until((wanted) => watched.got.length >= wanted, count);
  const { got, resets } = await tab.evaluate(() => ({ got: watched.got, resets: watched.resets }));
  expect(got).toEqual(Array.from({ length: count }, (_, n) => n + 1));
  expect(resets).toEqual([]);
}

/**
 * Invariant I16, in a real page.
 * @param dead connections whose end cannot reach the server: it has to find out by itself
 */
async function expectNothingLeft(tab: BareTab, site: Site, dead = 0): Promise<void> {
  await tab.evaluate(() => watched.client.destroy());
  expect(await tab.evaluate(() => holdings())).toEqual({ timers: 0, listeners: 0, sockets: 0, requests: 0, peers: 0 });
  const left = (): number => site.server.metrics.get()['connections'] ?? 0;
  await until(() => left() <= dead, 'the server still holds a connection of a client that was destroyed');
}

async function until(holds: () => boolean, what: string): Promise<void> {
  for (const end = Date.now() + 10_000; !holds(); await pause(20)) if (Date.now() > end) expect.fail(what);
}

describe.each(CARRIERS)('a page that the browser freezes, over %s,', (over) => {
  it('lets go of its connection, and catches up when it resumes', async () => {
    await using site = await createSite();
    const tab = await openPage(site, { over });
    const other = await browser.open('about:blank');
    await other.show();
    await tab.until(() => document.visibilityState === 'hidden');
    await tab.send('Page.setWebLifecycleState', { state: 'frozen' });
    await until(() => site.server.metrics.get()['connections'] === 0, 'the frozen page kept its connection');
    await until(() => site.held === 0, 'the frozen page kept a request');
    for (let n = 1; n <= 5; n += 1) await site.server.publish('room', 'message', n);
    await tab.send('Page.setWebLifecycleState', { state: 'active' });
    await expectAll(tab, 5);
    expect(await tab.evaluate(() => watched.reasons)).toContain('frozen');
    await expectNothingLeft(tab, site);
  });
});

describe.each([
  ['webSocket', 20],
  ['sse', 6],
  ['longPolling', 6],
] as const)('a page in the back/forward cache, over %s,', (over, ROUNDS) => {
  it(`comes back ${ROUNDS} times, misses nothing and gathers nothing`, async () => {
    await using site = await createSite();
    // Nobody goes back and forth more than 15 times a minute, which is what a client may connect.
    const tab = await openPage(site, { over, speed: ROUNDS > 15 ? 10 : 1 });
    const held = await tab.evaluate(() => holdings());
    for (let round = 1; round <= ROUNDS; round += 1) {
      await tab.goto(`${site.url}elsewhere`);
      await until(() => site.held === 0, 'the page that was left kept a request');
      await site.server.publish('room', 'message', round);
      await tab.back();
      await tab.until((rounds) => watched.returns.length === rounds, round);
    }
    await expectAll(tab, ROUNDS);
    // Otherwise the pages were loaded anew, and nothing of this was tested.
    expect(await tab.evaluate(() => watched.returns)).toEqual(Array.from({ length: ROUNDS }, () => true));
    await tab.until(live);
    await until(() => site.server.metrics.get()['connections'] === 1, 'connections were left at the server');
    const now = await tab.evaluate(() => holdings());
    expect({ ...now, timers: 0 }).toEqual({ ...held, timers: 0 });
    expect(now.timers).toBeLessThanOrEqual(held.timers + 1);
    await expectNothingLeft(tab, site);
  }, 90_000);
});

describe.each(CARRIERS)('a machine that sleeps, over %s,', (over) => {
  it('wakes to a connection that is open and dead, and has messages again within 2.5 s', async () => {
    await using site = await createSite();
    await using proxy = await createTcpProxy(() => site.port);
    const tab = await openPage(site, { port: proxy.port, over });
    const renderer = await browser.rendererOf(tab);
    process.kill(renderer, 'SIGSTOP');
    let wokeAt: number;
    try {
      // Longer than any look at the clock may be late, so that the page can tell that it slept.
      await pause(6000);
      expect(proxy.halfOpen()).toBeGreaterThan(0);
      await site.server.publish('room', 'message', 1);
    } finally {
      wokeAt = Date.now();
      process.kill(renderer, 'SIGCONT');
    }
    await expectAll(tab, 1);
    const { arrivals, steps } = await tab.evaluate(() => ({ arrivals: watched.arrivals, steps: watched.steps }));
    const after = steps.filter(({ at }) => at >= wokeAt);
    expect(after.map(({ name }) => name)).toContain('jump');
    // A stream that was opened anew is a sign of life of the link.
    const known = over === 'webSocket' ? ['welcome', 'held-ended', 'ended'] : ['welcome', 'held-ended', 'ended', 'alive'];
    const dead = after.find(({ name }) => known.includes(name));
    expect(dead!.at - wokeAt).toBeLessThan(2000);
    expect(arrivals[0]! - wokeAt).toBeLessThan(2500);
    await expectNothingLeft(tab, site, 1);
  });
});

describe('a page without network', () => {
  const emulate = (tab: BareTab, offline: boolean): Promise<unknown> =>
    tab.send('Network.emulateNetworkConditions', { offline, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });

  it('says so once the socket is known to be dead, and goes on as soon as the network is back', async () => {
    await using site = await createSite();
    await using proxy = await createTcpProxy(() => site.port);
    const tab = await openPage(site, { port: proxy.port });
    await tab.send('Network.enable');
    // A radio that is switched off tells the open socket nothing.
    expect(proxy.halfOpen()).toBe(1);
    await emulate(tab, true);
    await tab.until(() => watched.client.status.get().state === 'offline');
    await tab.until(() => watched.client.uiStatus.get().banner === 'offline');
    await site.server.publish('room', 'message', 1);
    const backAt = Date.now();
    await emulate(tab, false);
    await expectAll(tab, 1);
    const [arrival] = await tab.evaluate(() => watched.arrivals);
    expect(arrival! - backAt).toBeLessThan(2500);
    await tab.until(() => watched.client.uiStatus.get().banner === 'hidden');
    await expectNothingLeft(tab, site, 1);
  });
});

describe('a hidden page, whose timers fire once a second', () => {
  it('keeps a connection that lives, and gives up one that is dead', async () => {
    await using site = await createSite({ timing: { ping: 1000 } });
    await using proxy = await createTcpProxy(() => site.port);
    const tab = await openPage(site, { port: proxy.port });
    const other = await browser.open('about:blank');
    await other.show();
    await tab.until(() => document.visibilityState === 'hidden');
    for (let n = 1; n <= 3; n += 1) {
      await pause(1000);
      await site.server.publish('room', 'message', n);
    }
    await expectAll(tab, 3);
    expect(await tab.evaluate(() => watched.steps.map(({ name }) => name))).not.toContain('ended');
    expect(proxy.halfOpen()).toBe(1);
    const deadAt = Date.now();
    await site.server.publish('room', 'message', 4);
    await expectAll(tab, 4);
    const arrival = (await tab.evaluate(() => watched.arrivals)).at(-1)!;
    // The heartbeat, 10 s, and a second for each of the timers on the way.
    expect(arrival - deadAt).toBeLessThan(1000 + 10_000 + 3000);
    await expectNothingLeft(tab, site, 1);
  });
});
