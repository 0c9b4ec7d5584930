/** The scoreboard, as two people with phones would use it. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestBrowser, launchBrowser } from '../support/browser.ts';
import { type Example, startExample } from '../support/example.ts';
import { createTcpProxy } from '../support/tcp-proxy.ts';

let chromium: TestBrowser;
let example: Example;
beforeAll(async () => {
  chromium = await launchBrowser();
  example = await startExample('scoreboard', { port: 0 });
});
afterAll(async () => {
  await chromium[Symbol.asyncDispose]();
  await example.close();
});

const press = (page: Page, team: string, points: number): Promise<void> =>
  page.click(`[data-team="${team}"][data-points="${points}"]`);
const shows = async (page: Page, home: number, guests: number): Promise<void> => {
  await page.waitForFunction(
    ([h, g]) => document.querySelector('#home')!.textContent === h && document.querySelector('#guests')!.textContent === g,
    [String(home), String(guests)],
  );
};
const line = (page: Page, text: string): Promise<unknown> =>
  page.waitForFunction((wanted) => document.querySelector('#line')!.textContent.includes(wanted), text);

describe('the scoreboard', () => {
  it('shows each point on both phones, and takes it back on both', async () => {
    const [ada, bob] = [await chromium.open(`${example.url}?match=two`), await chromium.open(`${example.url}?match=two`)];
    await press(ada.page, 'home', 3);
    await press(bob.page, 'guests', 2);
    for (const { page } of [ada, bob]) await shows(page, 3, 2);
    await ada.page.click('#undo');
    for (const { page } of [ada, bob]) await page.waitForFunction(() => document.querySelectorAll('#points li').length === 1);
    expect([...ada.errors, ...bob.errors]).toEqual([]);
  });

  it('counts on without a network, through a reload, and each point once afterwards', async () => {
    await using proxy = await createTcpProxy(() => example.port);
    const address = `http://127.0.0.1:${proxy.port}/?match=bad`;
    const { page, errors } = await chromium.open(address);
    const bob = await chromium.open(`${example.url}?match=bad`);
    await press(page, 'home', 1);
    await shows(bob.page, 1, 0);
    proxy.refuse();
    await press(page, 'home', 2);
    await press(page, 'guests', 3);
    await shows(page, 3, 3);
    await line(page, '2 waiting, kept on this phone');
    proxy.heal();
    await page.reload();
    for (const each of [page, bob.page]) await shows(each, 3, 3);
    await line(page, 'Live');
    expect([...errors, ...bob.errors]).toEqual([]);
  });
});
