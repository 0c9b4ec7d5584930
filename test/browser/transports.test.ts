// Holds I1, I2, I5, I16 (docs/guarantees.md).
/** Each transport alone, in Chromium. */
import { afterAll, beforeAll, describe, it } from 'vitest';
import { type TestBrowser, launchBrowser } from '../support/browser.ts';
import { runChecks } from '../support/checks/run.ts';
import { createCheckSite } from '../support/checks/site.ts';

let chromium: TestBrowser;
beforeAll(async () => {
  chromium = await launchBrowser();
});
afterAll(() => chromium[Symbol.asyncDispose]());

describe('a page', () => {
  it('carries everything over each transport alone', async () => {
    await using site = await createCheckSite('127.0.0.1');
    const { page } = await chromium.open('about:blank');
    const engine = {
      name: 'Chromium',
      goto: (url: string) => page.goto(url),
      back: () => page.goBack(),
      evaluate: (expression: string): Promise<unknown> => page.evaluate(expression),
      [Symbol.asyncDispose]: () => page.close(),
    };
    await runChecks(engine, site, ['websocket', 'sse', 'long-polling', 'webrtc']);
  }, 120_000);
});
