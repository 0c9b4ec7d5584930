/** The task board, made with Vite, as two people would use it. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createClient } from '../../src/index.ts';
import { type TestBrowser, launchBrowser } from '../support/browser.ts';
import { type Example, buildExample, startExample } from '../support/example.ts';
import { createTcpProxy } from '../support/tcp-proxy.ts';

let chromium: TestBrowser;
let example: Example;
beforeAll(async () => {
  await buildExample('board');
  [chromium, example] = await Promise.all([launchBrowser(), startExample('board', { port: 0 })]);
});
afterAll(async () => {
  await chromium[Symbol.asyncDispose]();
  await example.close();
});

interface Person {
  readonly page: Page;
  /** Uncaught errors, and whatever the console shows as an error: what the policy forbids is told there. */
  readonly errors: readonly string[];
}

async function open(url: string): Promise<Person> {
  const page = await (await chromium.browser.newContext()).newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => {
    // That a socket could not be opened is told there too, and cannot be kept quiet.
    if (message.type() === 'error' && !message.text().includes('ERR_')) errors.push(message.text());
  });
  await page.goto(url);
  return { page, errors };
}

/** What each message on a board said, in the order of its log, which is read to its end. */
async function logOf(board: string): Promise<readonly string[]> {
  const client = createClient(`ws://127.0.0.1:${example.port}/realtime`, {
    environment: { WebSocket },
    channels: { 'board:{id}': { rewind: 1000 } },
  });
  try {
    const log: string[] = [];
    const channel = client.channel(`board:${board}`);
    const ended = new Promise((resolve) => {
      channel.subscribeAll(({ event, id, cursor }) => {
        log.push(`${cursor?.offset ?? '-'} ${event}`);
        if (id === last.id) resolve(id);
      });
    });
    const last = channel.publish('removed', { id: 'none' });
    await ended;
    return log;
  } finally {
    client.destroy();
  }
}

const add = async ({ page }: Person, column: string, title: string): Promise<void> => {
  await page.fill(`[aria-label="Add to ${column}"]`, title);
  await page.press(`[aria-label="Add to ${column}"]`, 'Enter');
};
const press = ({ page }: Person, label: string): Promise<void> => page.click(`[aria-label="${label}"]`);

type Shown = Readonly<Record<string, readonly string[]>>;
/** Waits until the columns have exactly these tasks, in this order; one that is not confirmed ends with `…`. */
async function shows({ page }: Person, wanted: Shown): Promise<void> {
  const read = (): Shown =>
    Object.fromEntries(
      [...document.querySelectorAll('section')].map((section) => [
        section.getAttribute('aria-label')!,
        [...section.querySelectorAll('li')].map(
          (card) =>
            card.querySelector('p')!.textContent + (card.querySelector('small')?.textContent === 'not sent yet' ? ' …' : ''),
        ),
      ]),
    );
  await expect.poll(() => page.evaluate(read), { timeout: 20_000 }).toEqual({ 'To do': [], Doing: [], Done: [], ...wanted });
}
const line = ({ page }: Person, text: string): Promise<unknown> =>
  page.waitForFunction((wanted) => document.querySelector('.line')!.textContent.includes(wanted), text);

describe('the task board', () => {
  it('shows each change to both, with nothing inline and nothing from elsewhere', async () => {
    const address = `${example.url}?board=two`;
    const policy = (await fetch(address)).headers.get('content-security-policy');
    expect(policy).toContain("script-src 'self'; style-src 'self'");
    const [ada, bob] = [await open(address), await open(address)];
    await add(ada, 'To do', 'Write');
    await add(bob, 'To do', 'Read');
    for (const each of [ada, bob]) {
      await expect.poll(() => each.page.locator('section li').count(), { timeout: 20_000 }).toBe(2);
    }
    await press(ada, 'Move Write on');
    await press(bob, 'Remove Read');
    for (const each of [ada, bob]) await shows(each, { Doing: ['Write'] });
    await ada.page.dragAndDrop('[aria-label="Doing"] li', '[aria-label="Done"]');
    for (const each of [ada, bob]) await shows(each, { Done: ['Write'] });
    expect([...ada.errors, ...bob.errors]).toEqual([]);
  });

  it('shows who is there', async () => {
    const [ada, bob] = [await open(`${example.url}?board=who&name=Ada`), await open(`${example.url}?board=who&name=Bob`)];
    const titles = (): Promise<readonly string[]> =>
      ada.page.locator('.people li').evaluateAll((people) => people.map((person) => person.getAttribute('title')!).sort());
    await expect.poll(titles, { timeout: 20_000 }).toEqual(['Ada (you)', 'Bob']);
    await bob.page.close();
    await expect.poll(titles, { timeout: 20_000 }).toEqual(['Ada (you)']);
    expect(ada.errors).toEqual([]);
  });

  it('goes on without a network, through a reload, and each change arrives once', async () => {
    await using proxy = await createTcpProxy(() => example.port);
    const bob = await open(`${example.url}?board=bad`);
    const ada = await open(`http://127.0.0.1:${proxy.port}/?board=bad`);
    await add(ada, 'To do', 'Pack');
    await shows(bob, { 'To do': ['Pack'] });
    proxy.refuse();
    await add(ada, 'To do', 'Sail');
    await press(ada, 'Move Pack on');
    await shows(ada, { 'To do': ['Sail …'], Doing: ['Pack …'] });
    await line(ada, '2\u00a0waiting.');
    await shows(bob, { 'To do': ['Pack'] });
    proxy.heal();
    await ada.page.reload();
    for (const each of [ada, bob]) await shows(each, { 'To do': ['Sail'], Doing: ['Pack'] });
    await line(ada, 'Live');
    expect(await logOf('bad')).toEqual(['1 added', '2 added', '3 moved', '4 removed']);
    expect([...ada.errors, ...bob.errors]).toEqual([]);
  });
});
