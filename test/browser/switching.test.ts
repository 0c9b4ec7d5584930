// Holds I1, I2, I5 (docs/guarantees.md).
/** Up from long polling to WebRTC and down again, under load: nothing of it may be seen by an app. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestBrowser, launchBrowser } from '../support/browser.ts';
import { bundle } from '../support/bundle.ts';
import type { Outcome } from '../support/checks/switching.ts';
import { createSite } from '../support/site.ts';

let chromium: TestBrowser;
beforeAll(async () => {
  chromium = await launchBrowser();
});
afterAll(() => chromium[Symbol.asyncDispose]());

/** Of six moves each; `HOLDFAST_ROUNDS=100` for a long search. */
const ROUNDS = Number(process.env['HOLDFAST_ROUNDS'] ?? 20);
/** ms between two messages of the back end. */
const PACE = 20;
const PAGE =
  '<!doctype html><meta charset="utf-8"><script src="/holdfast.global.js"></script><script src="/switching.js"></script>';

describe('a page that goes from transport to transport', () => {
  it(
    `loses, repeats and reorders nothing in ${ROUNDS} rounds up and down`,
    async () => {
      const script = await bundle('./checks/switching.ts');
      const files = new Map([
        ['/switching', PAGE],
        ['/switching.js', script],
      ]);
      await using site = await createSite({}, { webRTC: { bindAddress: '127.0.0.1' } }, ({ pathname }) => files.get(pathname));
      let sent = 0;
      const publishing: Promise<unknown>[] = [];
      const backEnd = setInterval(() => {
        publishing.push(site.server.publish('room', 'down', sent));
        sent += 1;
      }, PACE);
      try {
        const query = new URLSearchParams({ url: `${site.url}realtime`, rounds: String(ROUNDS) });
        const { page, errors } = await chromium.open(`${site.url}switching?${query.toString()}`);
        await page.waitForFunction(() => globalThis.outcome !== undefined, undefined, { timeout: 30_000 + ROUNDS * 15_000 });
        const outcome = (await page.evaluate(() => globalThis.outcome)) as Outcome;
        expect(outcome).toMatchObject({ fault: null, rounds: ROUNDS });
        expect(outcome.published).toBeGreaterThanOrEqual(ROUNDS * 6 * 200);
        // Six openings a round, two of each kind that is passed both ways.
        const asked = Object.fromEntries(site.asked);
        expect(asked['rtc']).toBeGreaterThanOrEqual(ROUNDS);
        expect(asked['ws']).toBeGreaterThanOrEqual(2 * ROUNDS);
        expect(asked['sse']).toBeGreaterThanOrEqual(2 * ROUNDS);
        expect(asked['poll']).toBeGreaterThanOrEqual(5 * ROUNDS);
        expect(site.server.metrics.get()).toMatchObject({ faults: 0, slowConsumers: 0 });
        expect(errors).toEqual([]);
        clearInterval(backEnd);
        await Promise.all(publishing);
        // Nothing was accepted twice: the log holds what both sides published, and no more.
        expect((await site.server.cursor('room')).offset).toBe(outcome.published + sent);
      } finally {
        clearInterval(backEnd);
        await Promise.all(publishing);
      }
      await expect.poll(() => site.held, { timeout: 10_000 }).toBe(0);
    },
    60_000 + ROUNDS * 15_000,
  );
});
