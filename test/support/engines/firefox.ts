import puppeteer from 'puppeteer-core';
import type { Engine } from './engine.ts';

/** `npm test` has found or installed one. */
const executablePath = process.env['HOLDFAST_FIREFOX'] ?? '/usr/bin/firefox-esr';

/** Firefox over WebDriver BiDi. */
export async function launchFirefox(preferences: Readonly<Record<string, unknown>> = {}): Promise<Engine> {
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath,
    headless: true,
    extraPrefsFirefox: { ...preferences },
  });
  const page = await browser.newPage();
  return {
    name: 'Firefox',
    goto: (url) => page.goto(url),
    back: () => page.goBack(),
    evaluate: (expression) => page.evaluate(expression),
    [Symbol.asyncDispose]: () => browser.close(),
  };
}
