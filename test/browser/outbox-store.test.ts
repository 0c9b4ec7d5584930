// Holds I12 (docs/guarantees.md).
/** The store on disk, in each engine: what every store must do, and what only a page that is left can show. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBareBrowser } from '../support/bare-browser.ts';
import { bundle } from '../support/bundle.ts';
import { STORE_CHECKS } from '../support/checks/store-checks.ts';
import type { StoreFinding } from '../support/checks/store-page.ts';
import type { Engine } from '../support/engines/engine.ts';
import { launchFirefox } from '../support/engines/firefox.ts';
import { launchWebKit } from '../support/engines/webkit.ts';
import { type Site, createSite } from '../support/site.ts';

const cases = [
  { name: 'Chromium', launch: launchChromium, latest: 'pagehide' },
  { name: 'Firefox', launch: launchFirefox, latest: 'pagehide' },
  // Sends requests by a timer, which a page that is hidden for another one has no longer.
  { name: 'WebKitGTK', launch: launchWebKit, latest: 'beforeunload' },
];

describe.each(cases)('$name', ({ launch, latest }) => {
  let engine: Engine;
  let site: Site;
  beforeAll(async () => {
    site = await createStoreSite();
    engine = await launch();
  });
  afterAll(async () => {
    await engine[Symbol.asyncDispose]();
    await site[Symbol.asyncDispose]();
  });
  const say = async (call: string): Promise<unknown> => {
    await engine.evaluate(`void desk.${call}`);
    await expect.poll(() => engine.evaluate('desk.said'), { timeout: 10_000 }).not.toBeNull();
    return JSON.parse((await engine.evaluate('desk.said')) as string);
  };

  it('does what every store must', async () => {
    await engine.goto(`${site.url}checks`);
    await engine.evaluate('void desk.check()');
    await expect.poll(() => engine.evaluate('desk.findings !== undefined'), { timeout: 60_000 }).toBe(true);
    const findings = (await engine.evaluate('desk.findings')) as readonly StoreFinding[];
    expect(findings.filter(({ fault }) => fault !== null)).toEqual([]);
    expect(findings).toHaveLength(STORE_CHECKS.length);
    expect(await engine.evaluate('desk.errors')).toEqual([]);
  });

  it(`keeps rows for the next page, also those that are written as late as in ${latest}`, async () => {
    await engine.goto(`${site.url}one`);
    expect(await say('write(1)')).toEqual([1]);
    for (let n = 2; n <= 6; n += 1) {
      expect(await say(`writeOn('${latest}', ${n})`)).toBe('ready');
      await engine.goto(`${site.url}page-${n}`);
    }
    expect(await say('read()')).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('keeps no page from the back/forward cache, and none there stands in the way of an upgrade', async () => {
    await engine.goto(`${site.url}kept`);
    const before = (await say('write(10)')) as readonly number[];
    await engine.goto(`${site.url}elsewhere`);
    await engine.back();
    await expect.poll(() => engine.evaluate('desk.returned'), { timeout: 10_000 }).toBe(true);
    expect(await say('write(11)')).toEqual([...before, 11]);
    await engine.goto(`${site.url}newer`);
    expect(await say('upgrade()')).toEqual({ blocked: 0 });
  });
});

it('a write is done in Chromium though its page is killed before it hears of that', async () => {
  let stuck = 0;
  await using site = await createStoreSite(() => (stuck += 1));
  await using chromium = await launchBareBrowser();
  const tab = await chromium.open(site.url);
  await tab.evaluate(() => desk.write(1));
  await tab.until(() => desk.said === '[1]');
  const renderer = await chromium.rendererOf(tab);
  await tab.evaluate(() => void setTimeout(() => void desk.writeAndStandStill(2)));
  await expect.poll(() => stuck, { timeout: 10_000 }).toBe(1);
  process.kill(renderer, 'SIGKILL');
  const next = await chromium.open(site.url);
  await next.evaluate(() => desk.read());
  await next.until(() => desk.said !== null);
  expect(await next.evaluate(() => desk.said)).toBe('[1,2]');
});

it('goes on in Chromium when the user clears the site’s data', async () => {
  await using site = await createStoreSite();
  await using chromium = await launchBareBrowser();
  const tab = await chromium.open(site.url);
  await tab.evaluate(() => desk.write(1));
  await tab.until(() => desk.said === '[1]');
  await tab.send('Storage.clearDataForOrigin', { origin: new URL(site.url).origin, storageTypes: 'indexeddb' });
  // One connection is opened anew by itself; Chromium may close that one too before all is cleared. The outbox tries again.
  for (let tries = 1; tries <= 3; tries += 1) {
    await tab.evaluate(() => desk.write(2));
    await tab.until(() => desk.said !== null);
    if ((await tab.evaluate(() => desk.said)) === '[2]') break;
  }
  expect(await tab.evaluate(() => desk.said)).toBe('[2]');
});

const PAGE =
  '<!doctype html><meta charset="utf-8"><title>Store</title><script src="/holdfast.global.js"></script><script src="/page.js"></script>';

/** @param stuck called for a request that is never answered */
async function createStoreSite(stuck = (): unknown => undefined): Promise<Site> {
  const script = await bundle('./checks/store-page.ts');
  return createSite({}, {}, ({ pathname }) => {
    if (pathname === '/page.js') return script;
    if (pathname !== '/stuck') return PAGE;
    stuck();
    return new Promise(() => {});
  });
}

/** As its users have it: what drives it elsewhere has no back/forward cache. */
async function launchChromium(): Promise<Engine> {
  const chromium = await launchBareBrowser();
  const tab = await chromium.open('about:blank');
  return {
    name: 'Chromium',
    goto: (url) => tab.goto(url),
    back: () => tab.back(),
    evaluate: (expression) => tab.evaluate((text) => (0, eval)(text) as unknown, expression),
    [Symbol.asyncDispose]: () => chromium[Symbol.asyncDispose](),
  };
}
