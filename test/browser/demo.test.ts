/** What `npm start` serves, used as a visitor would: two tabs, and every kind of harm. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
// The demo is plain JavaScript on purpose: `npm start` runs it as it is.
// @ts-expect-error -- it has no declarations
import { startDemo as startUntyped } from '../../examples/demo/server.mjs';
import { type TestBrowser, launchBrowser } from '../support/browser.ts';

type Demo = { readonly url: string; close(): Promise<void> };
const startDemo = startUntyped as (options: { readonly port: number }) => Promise<Demo>;

let chromium: TestBrowser;
let demo: Demo;
beforeAll(async () => {
  chromium = await launchBrowser();
  demo = await startDemo({ port: 0 });
});
afterAll(async () => {
  await chromium[Symbol.asyncDispose]();
  await demo.close();
});

async function visit(name: string, room: string): Promise<{ readonly page: Page; readonly errors: string[] }> {
  const { page, errors } = await chromium.open(`${demo.url}?name=${name}#${room}`);
  await page.waitForFunction(() => document.querySelector('#state-word')?.textContent === 'Connected');
  return { page, errors };
}

const verdict = async (page: Page, text: string): Promise<void> => {
  await page.waitForFunction((wanted) => document.querySelector('#verdict')?.textContent.includes(wanted), text);
};
const tile = (page: Page, title: string): Promise<void> => page.click(`.tile:has-text("${title}")`);

describe('the demo', () => {
  it('carries a chat from one tab to another', async () => {
    const [ada, bob] = [await visit('Ada', 'chat'), await visit('Bob', 'chat')];
    await ada.page.fill('textarea', 'Hello over there');
    await ada.page.press('textarea', 'Enter');
    await bob.page.waitForSelector('text=Hello over there');
    expect([...ada.errors, ...bob.errors]).toEqual([]);
  });

  it('loses nothing and repeats nothing when the line is cut during a burst', async () => {
    const [ada, bob] = [await visit('Ada', 'cut'), await visit('Bob', 'cut')];
    await ada.page.click('#burst');
    await tile(ada.page, 'Cut the line');
    await tile(bob.page, 'Cut the line');
    for (const { page, errors } of [ada, bob]) {
      await verdict(page, 'All 100 here, in order, once each');
      expect(errors).toEqual([]);
    }
  });

  it('keeps what is written offline and sends it afterwards', async () => {
    const [ada, bob] = [await visit('Ada', 'offline'), await visit('Bob', 'offline')];
    await tile(ada.page, 'Go offline');
    await ada.page.waitForFunction(() => document.querySelector('#state-word')?.textContent === 'Offline');
    await ada.page.click('#burst');
    await ada.page.fill('textarea', 'Written offline');
    await ada.page.press('textarea', 'Enter');
    await tile(ada.page, 'Go offline');
    await bob.page.waitForSelector('text=Written offline');
    await verdict(bob.page, 'All 100 here, in order, once each');
  });

  it('says that the log is new after the server lost its memory', async () => {
    const { page } = await visit('Ada', 'restart');
    await page.fill('textarea', 'Before the restart');
    await page.press('textarea', 'Enter');
    await tile(page, 'Restart server');
    await page.waitForSelector('text=/log is new/i');
    await page.waitForFunction(() => document.querySelector('#state-word')?.textContent === 'Connected');
  });

  it('serves nothing but itself, under a strict policy', async () => {
    const home = await fetch(demo.url);
    expect(home.headers.get('content-security-policy')).toMatch(/default-src 'none'|default-src 'self'/);
    expect((await fetch(`${demo.url}..%2fpackage.json`)).status).toBe(404);
    expect((await fetch(demo.url, { method: 'DELETE' })).status).toBe(405);
    const foreign = { method: 'POST', headers: { origin: 'https://evil.example' } };
    expect((await fetch(`${demo.url}demo/restart`, foreign)).status).toBe(403);
  });
});
