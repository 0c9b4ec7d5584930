/** The dashboard: a feed that is far too fast to be drawn, over Server-Sent Events. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBareBrowser } from '../support/bare-browser.ts';
import { type TestBrowser, launchBrowser } from '../support/browser.ts';
import { type Example, buildExample, startExample } from '../support/example.ts';
import { createTcpProxy } from '../support/tcp-proxy.ts';

let chromium: TestBrowser;
let example: Example;
beforeAll(async () => {
  await buildExample('dashboard');
  chromium = await launchBrowser();
  example = await startExample('dashboard', { port: 0 });
});
afterAll(async () => {
  await chromium[Symbol.asyncDispose]();
  await example.close();
});

/** @returns what went wrong in the page, and which addresses it asked */
async function open(url: string): Promise<{ readonly page: Page; readonly errors: string[]; readonly asked: Set<string> }> {
  const page = await (await chromium.browser.newContext()).newPage();
  const errors: string[] = [];
  const asked = new Set<string>();
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (said) => {
    if (/Content Security Policy|\[Vue/.test(said.text())) errors.push(said.text());
  });
  page.on('request', (request) => asked.add(new URL(request.url()).pathname));
  page.on('websocket', (socket) => asked.add(new URL(socket.url()).pathname));
  await page.goto(url);
  return { page, errors, asked };
}

const line = (page: Page, text: string): Promise<unknown> =>
  page.waitForFunction((wanted) => document.querySelector('#line')!.textContent.includes(wanted), text);

/** Each machine has shown another number than it shows now. */
async function allMove(page: Page): Promise<void> {
  await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 20);
  const numbers = (): string[] => [...document.querySelectorAll('tbody tr')].map((row) => row.textContent);
  const before = await page.evaluate(numbers);
  await page.waitForFunction(
    (given) => [...document.querySelectorAll('tbody tr')].every((row, index) => row.textContent !== given[index]),
    before,
  );
}

interface Measured {
  /** Of the screen. */
  readonly frames: number;
  /** Times at which numbers of the table were changed. */
  readonly changes: number;
  readonly received: number;
  readonly drawn: number;
}

/** From one time at which the page tells its counts to the third one after it. */
const measure = (page: Page): Promise<Measured> =>
  page.evaluate(async () => {
    const [received, drawn] = [document.querySelector<HTMLElement>('#received')!, document.querySelector<HTMLElement>('#drawn')!];
    const told = (): Promise<void> =>
      new Promise((resolve) => {
        const observer = new MutationObserver(() => {
          observer.disconnect();
          resolve();
        });
        observer.observe(received, { attributes: true, attributeFilter: ['data-total'] });
      });
    const counts = { frames: 0, changes: 0 };
    const totals = (): number[] => [received, drawn].map(({ dataset }) => Number(dataset['total']));
    await told();
    const [receivedBefore, drawnBefore] = totals();
    const frame = (): void => {
      counts.frames += 1;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    new MutationObserver(() => (counts.changes += 1)).observe(document.querySelector('tbody')!, {
      childList: true,
      subtree: true,
    });
    for (let times = 0; times < 3; times += 1) await told();
    const [receivedAfter, drawnAfter] = totals();
    return { ...counts, received: receivedAfter! - receivedBefore!, drawn: drawnAfter! - drawnBefore! };
  });

describe('the dashboard', () => {
  it('draws no more often than the screen, however fast the feed is', async () => {
    const { page, errors, asked } = await open(example.url);
    await allMove(page);
    await line(page, 'Live over sse');
    const { frames, changes, received, drawn } = await measure(page);
    expect(drawn).toBeGreaterThan(0);
    expect(changes).toBeGreaterThan(0);
    // One at either end may fall to the other side.
    expect(changes).toBeLessThanOrEqual(frames + 1);
    expect(drawn).toBeLessThanOrEqual(frames + 2);
    expect(received).toBeGreaterThan(5 * drawn);
    expect([...asked].filter((path) => path.startsWith('/realtime'))).toEqual(['/realtime/sse']);
    expect(errors).toEqual([]);
  });

  it('draws at the pace that is chosen', async () => {
    const { page, errors } = await open(example.url);
    await allMove(page);
    await page.getByLabel('1/s').check();
    await allMove(page);
    const { changes, received, drawn } = await measure(page);
    // In 3 s, which a busy machine may draw out.
    expect(changes).toBeLessThan(10);
    expect(drawn).toBeLessThan(10);
    expect(received).toBeGreaterThan(20 * 10);
    expect(errors).toEqual([]);
  });

  it('is a table with names for its rows and columns, and for its lines', async () => {
    const { page } = await open(example.url);
    await allMove(page);
    // The lines have a pace of their own: the first machine at once, the others with the next step.
    await page.waitForFunction(() => document.querySelectorAll('td.trend svg').length === 20);
    const table = page.getByRole('table', { name: '20 machines' });
    expect(await table.getByRole('columnheader').allTextContents()).toEqual([
      'Machine',
      'Load, %',
      'Temp., °C',
      'Trend',
      'State',
    ]);
    expect(await table.getByRole('rowheader').count()).toBe(20);
    expect(await table.getByRole('img', { name: /^\d+ to \d+ °C$/ }).count()).toBe(20);
    expect(await page.getByRole('status').textContent()).toContain('Live');
  });

  it('takes a WebSocket where the address says so', async () => {
    const { page, errors, asked } = await open(`${example.url}?transport=websocket`);
    await allMove(page);
    await line(page, 'Live over websocket');
    expect([...asked].filter((path) => path.startsWith('/realtime'))).toEqual(['/realtime/ws']);
    expect(errors).toEqual([]);
  });

  it('says that it is old while there is no server, and goes on with the next one', async () => {
    let server = await startExample('dashboard', { port: 0 });
    try {
      await using proxy = await createTcpProxy(() => server.port);
      const { page, errors } = await open(`http://127.0.0.1:${proxy.port}/`);
      await allMove(page);
      await server.close();
      await line(page, 'No connection');
      expect(await page.locator('table').getAttribute('data-age')).toBe('old');
      server = await startExample('dashboard', { port: 0 });
      await line(page, 'Live over sse');
      await allMove(page);
      expect(await page.locator('table').getAttribute('data-age')).toBe('new');
      expect(errors).toEqual([]);
    } finally {
      await server.close();
    }
  });

  it('receives while it is hidden, and draws when it is shown', async () => {
    await using bare = await launchBareBrowser();
    const tab = await bare.open(example.url);
    const totals = (): readonly number[] =>
      ['#received', '#drawn'].map((id) => Number(document.querySelector<HTMLElement>(id)!.dataset['total']));
    const more = (id: string, than: number): Promise<void> =>
      tab.until((of, least) => Number(document.querySelector<HTMLElement>(of)?.dataset['total']) > least, id, than);
    await more('#drawn', 10);
    const other = await bare.open('about:blank');
    await other.show();
    await tab.until(() => document.visibilityState === 'hidden');
    // What was drawn before it was hidden is told with the next count.
    await more('#received', (await tab.evaluate(totals))[0]!);
    const [received, drawn] = await tab.evaluate(totals);
    await more('#received', received! + 2000);
    expect((await tab.evaluate(totals))[1]).toBe(drawn);
    await tab.show();
    await more('#drawn', drawn!);
  });
});
