// Holds I1, I2, I5 (docs/guarantees.md).
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Channel, Client } from '../../src/types.ts';
import { type TestBrowser, launchBrowser } from '../support/browser.ts';
import { createSite } from '../support/site.ts';
import { createTcpProxy } from '../support/tcp-proxy.ts';

let chromium: TestBrowser;
beforeAll(async () => {
  chromium = await launchBrowser();
});
afterAll(() => chromium[Symbol.asyncDispose]());

const TOTAL = 2000;
const CUTS = 20;

/** Runs in the page: a client whose clock runs `speed` times as fast, so that a minute's backoff takes seconds. */
function start({ url, speed }: { readonly url: string; readonly speed: number }): void {
  const begun = Date.now();
  const client = Holdfast.createClient(url, {
    environment: {
      now: () => begun + (Date.now() - begun) * speed,
      setTimeout: (run, ms) => setTimeout(run, ms / speed),
    },
  });
  const got: [offset: number, data: unknown][] = [];
  const resets: string[] = [];
  const room = client.channel('room');
  room.subscribe('message', (data, message) => got.push([message.cursor!.offset, data]));
  room.onReset(({ why }) => void resets.push(why));
  Object.assign(globalThis, { bag: { client, room, got, resets } });
}

type Bag = {
  readonly client: Client;
  readonly room: Channel;
  readonly got: [number, unknown][];
  readonly resets: string[];
};

describe('two pages, a real server, and a line that is cut', () => {
  it(`loses and repeats nothing in ${CUTS} cuts during ${TOTAL} publications`, async () => {
    await using site = await createSite({ timing: { ping: 1000 } });
    await using proxy = await createTcpProxy(() => site.port);
    const url = `http://127.0.0.1:${proxy.port}/realtime`;
    const [ada, bob] = [await chromium.open(site.url), await chromium.open(site.url)];
    for (const { page } of [ada, bob]) {
      await page.evaluate(start, { url, speed: 5 });
      await page.waitForFunction(() => (bag as unknown as Bag).room.status.get().state === 'live');
    }
    const publishing = ada.page.evaluate(async (total) => {
      const { room } = bag as unknown as Bag;
      const receipts = [];
      for (let n = 0; n < total; n += 1) {
        receipts.push(room.publish('message', n));
        if (n % 10 === 9) await new Promise((resolve) => setTimeout(resolve, 60));
      }
      const accepted = await Promise.all(receipts.map((receipt) => receipt.accepted));
      return accepted.map(({ cursor }) => cursor!.offset);
    }, TOTAL);
    let ended = 0;
    for (let cut = 0; cut < CUTS; cut += 1) {
      await pause(500);
      // A cut counts only if it ends something.
      while (proxy.open === 0) await pause(20);
      ended += proxy.cut();
    }
    const offsets = await publishing;
    expect(ended).toBeGreaterThanOrEqual(CUTS);
    const expected = Array.from({ length: TOTAL }, (_, n) => [n + 1, n]);
    expect(offsets).toEqual(expected.map(([offset]) => offset));
    for (const { page, errors } of [ada, bob]) {
      await page.waitForFunction((total) => (bag as unknown as Bag).got.length >= total, TOTAL);
      const { got, resets } = await page.evaluate(() => {
        const { got, resets, client } = bag as unknown as Bag;
        client.destroy();
        return { got, resets };
      });
      expect(got).toEqual(expected);
      expect(resets).toEqual([]);
      expect(errors).toEqual([]);
    }
  }, 120_000);

  it('notices a line that is open and dead, and goes on over another', async () => {
    await using site = await createSite({ timing: { ping: 500 } });
    await using proxy = await createTcpProxy(() => site.port);
    const { page } = await chromium.open(site.url);
    await page.evaluate(start, { url: `http://127.0.0.1:${proxy.port}/realtime`, speed: 5 });
    await page.waitForFunction(() => (bag as unknown as Bag).room.status.get().state === 'live');
    proxy.stall('down');
    await site.server.publish('room', 'message', 'while dead');
    const reason = await page.evaluate(async () => {
      const { client } = bag as unknown as Bag;
      return new Promise((resolve) => {
        const stop = client.status.subscribe(() => {
          const status = client.status.get();
          // Another one is being opened already, which the stalled line carries no better.
          if (status.state !== 'connecting' || status.reason === null) return;
          stop();
          resolve({ name: status.reason.name, by: status.reason.by, layer: status.reason.layer });
        });
      });
    });
    expect(reason).toEqual({ name: 'ping-timeout', by: 'client', layer: 'session' });
    proxy.heal();
    await page.waitForFunction(() => (bag as unknown as Bag).got.length === 1);
    expect(await page.evaluate(() => (bag as unknown as Bag).got)).toEqual([[1, 'while dead']]);
  });

  it('keeps what is published offline, says so, and sends it in order', async () => {
    await using site = await createSite();
    const { page, context } = await chromium.open(site.url);
    await page.evaluate(start, { url: `${site.url}realtime`, speed: 1 });
    await page.waitForFunction(() => (bag as unknown as Bag).room.status.get().state === 'live');
    await context.setOffline(true);
    await page.evaluate(() => [1, 2, 3].forEach((n) => (bag as unknown as Bag).room.publish('message', n)));
    // Chromium stalls an open socket when it is offline and tells nobody: the hint makes the client ask, and 2 s decide.
    await page.waitForFunction(() => (bag as unknown as Bag).client.status.get().state === 'offline');
    expect(await page.evaluate(() => (bag as unknown as Bag).client.outbox.status.get())).toMatchObject({
      pending: 3,
      durable: true,
      problem: 'none',
    });
    await context.setOffline(false);
    await page.waitForFunction(() => (bag as unknown as Bag).got.length >= 3);
    expect(await page.evaluate(() => (bag as unknown as Bag).got)).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
    await page.waitForFunction(() => (bag as unknown as Bag).client.outbox.status.get().pending === 0);
  });
});
