// Holds I1, I2 (docs/guarantees.md).
/** Tabs of one profile that are closed, crash, or come back from the back/forward cache, with publications left. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BareBrowser, type BareTab, launchBareBrowser } from '../support/bare-browser.ts';
import { type OutboxSite, connect, createOutboxSite } from '../support/outbox-site.ts';
import { createRandom } from '../support/random.ts';
import { until } from '../support/until.ts';

let browser: BareBrowser;
beforeAll(async () => {
  browser = await launchBareBrowser();
});
afterAll(() => browser[Symbol.asyncDispose]());

async function openPage({ url, realtime }: OutboxSite): Promise<BareTab> {
  const tab = await browser.open(url);
  await tab.show();
  await tab.evaluate(connect, realtime);
  return tab;
}

/** Runs in the page. Resolves when all are stored. */
async function publish(page: number, first: number, count: number): Promise<void> {
  const receipts = Array.from({ length: count }, (_, n) => own.room.publish('message', [page, first + n]));
  await Promise.all(receipts.map(({ stored }) => stored));
}

const drained = (tab: BareTab): Promise<void> => tab.evaluate(() => own.client.outbox.drain());
const numbered = (page: number, count: number): unknown[] => Array.from({ length: count }, (_, n) => [page, n + 1]);
const ofPage = (log: readonly unknown[], page: number): unknown[] => (log as [number, number][]).filter(([of]) => of === page);

const TABS = 8;
const EACH = 25;

describe(`${TABS} tabs that publish offline and end one after the other`, () => {
  it.each([1, 2])('leave everything to one that is opened online (seed %d)', async (seed) => {
    await using site = await createOutboxSite();
    site.line.refuse();
    const random = createRandom(seed);
    const open: { readonly tab: BareTab; readonly page: number }[] = [];
    for (let page = 1; page <= TABS; page += 1) open.push({ tab: await openPage(site), page });
    for (const { tab, page } of open) await tab.evaluate(publish, page, 1, EACH);
    // Some publish on while others are gone already, and hear that there is something to take over.
    while (open.length > 0) {
      const [ended] = open.splice(Math.floor(random() * open.length), 1);
      await ended!.tab.evaluate(publish, ended!.page, EACH + 1, EACH);
      await ended!.tab.end(random() < 0.5 ? 'close' : 'crash');
    }
    site.line.heal();
    const last = await openPage(site);
    await drained(last);
    const log = await site.log();
    expect(log).toHaveLength(TABS * EACH * 2);
    for (let page = 1; page <= TABS; page += 1) expect(ofPage(log, page)).toEqual(numbered(page, EACH * 2));
    expect(await last.evaluate(() => own.client.outbox.status.get())).toMatchObject({ pending: 0, failed: 0, durable: true });
    await last.end('close');
  });
});

describe('a page that is left with publications', () => {
  it('leaves them to another tab, and sends none of them again when it comes back from the back/forward cache', async () => {
    await using site = await createOutboxSite();
    site.line.refuse();
    const left = await openPage(site);
    await left.evaluate(() => {
      addEventListener('pageshow', ({ persisted }) => Object.assign(own, { persisted }));
      Object.assign(own, { ended: [] });
      own.client.on('outcome', ({ result }) => (own as unknown as { ended: string[] }).ended.push(result));
    });
    await left.evaluate(publish, 1, 1, EACH);
    await left.goto(`${site.url}elsewhere`);
    const other = await openPage(site);
    await other.evaluate(publish, 2, 1, EACH);
    site.line.heal();
    await drained(other);
    const log = await site.log();
    expect(ofPage(log, 1)).toEqual(numbered(1, EACH));
    expect(ofPage(log, 2)).toEqual(numbered(2, EACH));

    await left.show();
    await left.back();
    // Otherwise the page was loaded anew, and nothing of this was tested.
    await left.until(() => (globalThis as { own?: { readonly persisted?: boolean } }).own?.persisted === true);
    await left.evaluate(publish, 1, EACH + 1, EACH);
    await drained(left);
    const after = await site.log();
    expect(ofPage(after, 1)).toEqual(numbered(1, EACH * 2));
    expect(after).toHaveLength(EACH * 3);
    // It is told of them once more, whoever sent them.
    const ended = await left.evaluate(() => (own as unknown as { readonly ended: string[] }).ended);
    expect(ended).toEqual(Array.from({ length: EACH * 2 }, () => 'accepted'));
    await left.end('close');
    await other.end('close');
  });

  it.each([1, 2, 3])('loses none of what another tab has half sent (round %d)', async (round) => {
    await using site = await createOutboxSite();
    site.line.refuse();
    const left = await openPage(site);
    await left.evaluate(publish, 1, 1, 500);
    await left.goto(`${site.url}elsewhere`);
    const other = await openPage(site);
    await other.evaluate(publish, 2, 1, 10);
    site.line.heal();
    const some = round * 100;
    await until(async () => (await site.log()).length >= some, 20_000, `${some} were sent`);
    // Both hold what has not been answered, or believe so.
    await left.show();
    await left.back();
    await left.evaluate(publish, 1, 501, 10);
    await Promise.all([drained(left), drained(other)]);
    const log = await site.log();
    expect(ofPage(log, 1)).toEqual(numbered(1, 510));
    expect(ofPage(log, 2)).toEqual(numbered(2, 10));
    await left.end('close');
    await other.end('close');
  });
});
