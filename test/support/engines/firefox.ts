import { setTimeout as pause } from 'node:timers/promises';
import puppeteer from 'puppeteer-core';
import type { Engine } from './engine.ts';

/** `npm test` has found or installed one. */
const executablePath = process.env['HOLDFAST_FIREFOX'] ?? '/usr/bin/firefox-esr';
const PATIENCE = 20_000;

/** Firefox over WebDriver BiDi. */
export async function launchFirefox(): Promise<Engine> {
  const browser = await puppeteer.launch({ browser: 'firefox', executablePath, headless: true });
  const page = await browser.newPage();
  /** A page that is being left has nothing to ask for a moment. */
  const is = (expression: string): Promise<boolean> => page.evaluate(expression).then(Boolean, () => false);
  // The driver's own waits for a load for ever once a page came back from the back/forward cache, which loads nothing.
  const go = async (expression: string, there: string): Promise<void> => {
    await page.evaluate(`${expression}; 0`);
    for (const end = Date.now() + PATIENCE; !(await is(`document.readyState === 'complete' && ${there}`)); await pause(20)) {
      if (Date.now() > end) throw new Error(`Firefox is not there after ${PATIENCE / 1000} s: ${expression}`);
    }
  };
  return {
    name: 'Firefox',
    goto: (url) => go(`location.href = ${JSON.stringify(url)}`, `location.href === ${JSON.stringify(url)}`),
    async back() {
      const here = JSON.stringify(await page.evaluate('location.href'));
      await go('setTimeout(() => history.back())', `location.href !== ${here}`);
    },
    evaluate: (expression) => page.evaluate(expression),
    [Symbol.asyncDispose]: () => browser.close(),
  };
}
