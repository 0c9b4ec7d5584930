// Holds I1, I2 (docs/guarantees.md).
/** What a day without network leaves: ten thousand publications, kept over a restart of the browser. */
import { expect, it } from 'vitest';
import { type BareTab, createProfileFolder, launchOn } from '../support/bare-browser.ts';
import { connect, createOutboxSite } from '../support/outbox-site.ts';

const COUNT = 10_000;
/** Bytes of heap for all of them, with what the client needs for each. Each is 200 bytes on the line. */
const HEAP = 20 * 1024 * 1024;

async function heapOf(tab: BareTab): Promise<number> {
  await tab.send('HeapProfiler.collectGarbage');
  const { usedSize } = (await tab.send('Runtime.getHeapUsage')) as { readonly usedSize: number };
  return usedSize;
}

it(`sends ${COUNT.toLocaleString('en-US')} publications that an earlier browser has left, once and in order`, async () => {
  await using site = await createOutboxSite();
  site.line.refuse();
  await using profile = await createProfileFolder();
  {
    await using browser = await launchOn(profile.path);
    const tab = await browser.open(site.url);
    await tab.evaluate(connect, site.realtime);
    await tab.evaluate(async (count) => {
      const stored = Array.from({ length: count }, (_, n) => own.room.publish('message', [n, 'x'.repeat(190)]).stored);
      await Promise.all(stored);
    }, COUNT);
  }
  await using browser = await launchOn(profile.path);
  const tab = await browser.open(site.url);
  const empty = await heapOf(tab);
  await tab.evaluate(connect, site.realtime);
  await tab.until((count) => own.client.outbox.status.get().pending === count, COUNT);
  const full = (await heapOf(tab)) - empty;
  site.line.heal();
  const seconds = await tab.evaluate(async () => {
    const { status } = own.client;
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (status.get().state === 'connected') resolve();
      };
      status.subscribe(look);
      look();
    });
    const began = performance.now();
    await own.client.outbox.drain();
    return (performance.now() - began) / 1000;
  });
  const drained = (await heapOf(tab)) - empty;
  const mib = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
  console.log(
    `${COUNT} drained in ${seconds.toFixed(2)} s, ${Math.round(COUNT / seconds)}/s; the page's heap grew by ${mib(full)} ` +
      `with all of them, and by ${mib(drained)} afterwards`,
  );
  const log = (await site.log()) as readonly (readonly [n: number, text: string])[];
  expect(log.map(([n]) => n)).toEqual(Array.from({ length: COUNT }, (_, n) => n));
  expect(full).toBeLessThan(HEAP);
  // What was sent is not kept, but for the last 256.
  expect(drained).toBeLessThan(full / 4);
  expect(await tab.evaluate(() => own.client.outbox.status.get())).toMatchObject({ pending: 0, bytes: 0, durable: true });
});
