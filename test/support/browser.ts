import { type Browser, type BrowserContext, type Page, chromium } from 'playwright-core';
import type * as HoldfastModule from '../../src/index.ts';

declare global {
  // The global of the script tag, inside the page.
  var Holdfast: typeof HoldfastModule;
  // What a test leaves in the page for its next `evaluate`.
  var bag: Record<string, never>;
}

/** `npm test` has found or installed one. */
const executablePath = process.env['HOLDFAST_CHROMIUM'] ?? '/usr/bin/chromium';
const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
];

export interface TestBrowser extends AsyncDisposable {
  readonly browser: Browser;
  /** A page at `url` with a storage and network state of its own. What it logs as an error fails the test that asks. */
  open(url: string): Promise<{ readonly page: Page; readonly context: BrowserContext; readonly errors: string[] }>;
}

export async function launchBrowser(): Promise<TestBrowser> {
  const browser = await chromium.launch({ executablePath, args: quiet });
  return {
    browser,
    async open(url) {
      const context = await browser.newContext();
      const page = await context.newPage();
      const errors: string[] = [];
      page.on('pageerror', (error) => errors.push(String(error)));
      await page.goto(url);
      return { page, context, errors };
    },
    [Symbol.asyncDispose]: () => browser.close(),
  };
}
