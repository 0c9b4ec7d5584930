/** What `npm start` serves, used as a visitor would: two tabs, and every kind of harm. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
// The demo is plain JavaScript on purpose: `npm start` runs it as it is.
// @ts-expect-error -- it has no declarations
import { startDemo as startUntyped } from '../../examples/demo/server.mjs';
import { type TestBrowser, launchBrowser } from '../support/browser.ts';
import { createTcpProxy } from '../support/tcp-proxy.ts';

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

/** Runs in the page: how many publications wait on its disk. */
async function rowsInStore(): Promise<number> {
  const [found] = await indexedDB.databases();
  if (found === undefined) return 0;
  const settle = <T>(request: IDBRequest<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error!);
    });
  const database = await settle(indexedDB.open(found.name!));
  const entries = IDBKeyRange.bound(['entry'], ['entry', '\uffff']);
  const count = await settle(database.transaction('outbox').objectStore('outbox').count(entries));
  database.close();
  return count;
}

const verdict = async (page: Page, text: string): Promise<void> => {
  await page.waitForFunction((wanted) => document.querySelector('#verdict')?.textContent.includes(wanted), text);
};
const gate = (label: string): string => `.way:has-text("${label}") .way-gate`;
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

  it('keeps what is written while the server is away, though its tab is killed', async () => {
    const port = Number(new URL(demo.url).port);
    await using line = await createTcpProxy(() => port);
    const address = `http://127.0.0.1:${line.port}/?name=Ada#killed`;
    const bob = await visit('Bob', 'killed');
    const { page, context } = await chromium.open(address);
    await page.waitForFunction(() => document.querySelector('#state-word')?.textContent === 'Connected');
    line.refuse();
    await page.fill('textarea', 'Written before the tab died');
    await page.press('textarea', 'Enter');
    await page.waitForFunction(() => document.querySelector('#composer-hint')?.textContent.startsWith('1 waiting here'));
    await page.waitForFunction(rowsInStore);
    const session = await context.newCDPSession(page);
    // It dies before it could answer.
    session.send('Page.crash').catch(() => {});
    await page.waitForEvent('crash');
    line.heal();
    const again = await context.newPage();
    await again.goto(address);
    for (const tab of [bob.page, again]) {
      await tab.waitForSelector('text=Written before the tab died');
      // What was sent twice would be there by now: the second message follows it.
      await again.fill('textarea', `Written after it, for ${tab === again ? 'Ada' : 'Bob'}`);
      await again.press('textarea', 'Enter');
      await tab.waitForSelector(`text=Written after it, for ${tab === again ? 'Ada' : 'Bob'}`);
      expect(await tab.locator('text=Written before the tab died').count()).toBe(1);
    }
    expect(bob.errors).toEqual([]);
  });

  it('says that the log is new after the server lost its memory', async () => {
    const { page } = await visit('Ada', 'restart');
    await page.fill('textarea', 'Before the restart');
    await page.press('textarea', 'Enter');
    await tile(page, 'Restart server');
    await page.waitForSelector('text=/log is new/i');
    await page.waitForFunction(() => document.querySelector('#state-word')?.textContent === 'Connected');
  });

  it('goes on over what is left when a transport is forbidden, and climbs when it is allowed again', async () => {
    const [ada, bob] = [await visit('Ada', 'ways'), await visit('Bob', 'ways')];
    const carries = async (label: string): Promise<void> => {
      await ada.page.waitForFunction(
        (name) => document.querySelector('#history-now')?.textContent.startsWith(`${name} carries`),
        label,
      );
    };
    let sent = 0;
    /** The burst is under way when the transport changes below it. */
    const during = async (change: () => Promise<void>, label: string): Promise<void> => {
      sent += 100;
      await ada.page.click('#burst');
      await change();
      await carries(label);
      for (const { page } of [ada, bob]) await verdict(page, `All ${sent} here, in order, once each`);
    };
    if ((await ada.page.locator(gate('WebRTC')).count()) > 0) await ada.page.click(gate('WebRTC'));
    await carries('WebSocket');
    await during(() => ada.page.click(gate('WebSocket')), 'SSE');
    await during(() => ada.page.click(gate('SSE')), 'Long polling');
    await ada.page.click(gate('Long polling'));
    await ada.page.waitForSelector('.way:has-text("the last one stays")');
    await during(() => ada.page.click(gate('WebSocket')), 'WebSocket');
    expect(await ada.page.textContent('#history-past')).toMatch(/SSE: .*WebSocket.*forbidden.*Long polling: .*forbidden/);
    expect(await ada.page.locator('#history .carried').count()).toBeGreaterThanOrEqual(4);
    expect([...ada.errors, ...bob.errors]).toEqual([]);
  });

  it('does over an event stream what it does over a socket: cut, held and offline', async () => {
    const { page } = await visit('Ada', 'streams');
    await page.click('.way:has-text("SSE") .way-only');
    await page.waitForFunction(() => document.querySelector('#history-now')?.textContent.startsWith('SSE carries'));
    await page.click('#burst');
    await tile(page, 'Cut the line');
    await verdict(page, 'All 100 here, in order, once each');
    await tile(page, 'Go offline');
    await page.waitForFunction(() => document.querySelector('#state-word')?.textContent === 'Offline');
    await page.click('#burst');
    await tile(page, 'Go offline');
    await verdict(page, 'All 200 here, in order, once each');
    await tile(page, 'Hold it');
    await page.click('#burst');
    await page.waitForFunction(() => document.querySelector('#rope-note')?.textContent.includes('stuck'));
    await tile(page, 'Hold it');
    await verdict(page, 'All 300 here, in order, once each');
  });

  it('climbs to WebRTC, and does to it what it does to a socket', async () => {
    const { page, errors } = await visit('Ada', 'peers');
    const carries = async (): Promise<void> => {
      await page.waitForFunction(() => document.querySelector('#history-now')?.textContent.startsWith('WebRTC carries'));
    };
    await page.click(gate('WebRTC'));
    await page.click('.way:has-text("WebRTC") .way-only');
    await carries();
    await page.click('#burst');
    await verdict(page, 'All 100 here, in order, once each');
    await tile(page, 'Hold it');
    await page.click('#burst');
    await page.waitForFunction(() => document.querySelector('#rope-note')?.textContent.includes('stuck'));
    await tile(page, 'Hold it');
    await verdict(page, 'All 200 here, in order, once each');
    await page.click('#burst');
    await tile(page, 'Cut the line');
    await verdict(page, 'All 300 here, in order, once each');
    await page.waitForFunction(() =>
      document.querySelector('#history-past')?.lastElementChild?.textContent.includes('WebSocket'),
    );
    expect(errors).toEqual([]);
  });

  it('diagnoses itself', async () => {
    const { page, errors } = await visit('Ada', 'diagnosis');
    await page.click(gate('SSE'));
    await page.click('#diagnose');
    await page.waitForFunction(() => document.querySelector<HTMLButtonElement>('#copy')?.disabled === false);
    const checks = await page.locator('.check').allTextContents();
    const of = (name: string): string => checks.find((text) => text.startsWith(name))!;
    expect(of('WebSocket')).toMatch(/works, \d+ ms/);
    expect(of('Long polling')).toMatch(/works, \d+ ms/);
    expect(of('SSE')).toContain('You have forbidden it');
    expect(await page.textContent('#summary')).toMatch(/^holdfast \S+, http:.*connected over websocket\n/);
    await page.click('#diagnosis-close');
    expect(await page.textContent('#state-word')).toBe('Connected');
    expect(errors).toEqual([]);
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
