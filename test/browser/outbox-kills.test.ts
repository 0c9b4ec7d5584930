// Holds I1, I2 (docs/guarantees.md).
/** The whole browser killed while it publishes, again and again, on one profile. `npm run chaos` does so 100 times. */
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createProfileFolder, launchOn } from '../support/bare-browser.ts';
import { mendLogs } from '../support/leveldb-log.ts';
import { connect, createOutboxSite } from '../support/outbox-site.ts';
import { createRandom } from '../support/random.ts';

const KILLS = Number(process.env['HOLDFAST_KILLS'] ?? 6);
const SEED = Number(process.env['HOLDFAST_SEED'] ?? 1);

/** Runs in the page: publishes until it is killed, a few at a time, and says at once what it was told is stored. */
function publishForEver(visit: number): void {
  own.client.on('outcome', ({ result, id }) => {
    if (result !== 'accepted') tell(`refused ${visit} ${id} ${result}`);
  });
  own.client.on('error', (error) => tell(`refused ${visit} ${String(error)} ${String(error.cause)}`));
  let n = 0;
  const more = (): void => {
    for (let count = 1 + Math.floor(Math.random() * 20); count > 0; count -= 1) {
      n += 1;
      const told = n;
      const receipt = own.room.publish('message', [visit, told]);
      tell(`published ${visit} ${told}`);
      receipt.stored.then(
        () => tell(`stored ${visit} ${told}`),
        (error: unknown) => tell(`refused ${visit} ${told} ${String(error)}`),
      );
    }
    setTimeout(more, Math.random() * 15);
  };
  more();
}

it(
  `brings everything that was stored into the log, once and in order, over ${KILLS} kills`,
  async () => {
    await using site = await createOutboxSite();
    await using profile = await createProfileFolder();
    const chance = createRandom(SEED);
    const last = { published: new Map<number, number>(), stored: new Map<number, number>() };
    const counts = { published: 0, stored: 0 };
    const refused: string[] = [];
    let torn = 0;
    const heard = (said: string): void => {
      const [what, visit, n] = said.split(' ');
      if (what === 'refused') refused.push(said);
      else {
        counts[what as 'published' | 'stored'] += 1;
        last[what as 'published' | 'stored'].set(Number(visit), Number(n));
      }
    };
    const began = performance.now();
    for (let visit = 1; visit <= KILLS; visit += 1) {
      // Offline all the time, online all the time, or one after the other.
      const [atFirst, then] = [chance() < 0.5, chance() < 0.5];
      const change = (open: boolean): void => (open ? site.line.heal() : site.line.refuse());
      change(atFirst);
      const browser = await launchOn(profile.path);
      const tab = await browser.open(site.url);
      await tab.hear('tell', heard);
      await tab.evaluate(connect, site.realtime);
      await tab.evaluate(publishForEver, visit);
      await pause(chance() * 250);
      change(then);
      await pause(chance() * 250);
      await browser.kill();
      torn += mendLogs(profile.path);
    }

    site.line.heal();
    await using browser = await launchOn(profile.path);
    const tab = await browser.open(site.url);
    await tab.evaluate(connect, site.realtime);
    await tab.evaluate(() => own.client.outbox.drain());
    const seconds = (performance.now() - began) / 1000;

    const byVisit = new Map<number, number[]>();
    const log = (await site.log()) as readonly (readonly [visit: number, n: number])[];
    for (const [visit, n] of log) byVisit.set(visit, [...(byVisit.get(visit) ?? []), n]);
    const arrived = log.length;
    const different = new Set(log.map(String)).size;
    const missing = [...last.stored].map(([visit, n]) => Math.max(0, n - (byVisit.get(visit)?.length ?? 0)));
    const lost = missing.reduce((sum, n) => sum + n, 0);
    console.log(
      `${KILLS} kills in ${seconds.toFixed(0)} s: at least ${counts.published} published, ${counts.stored} said to be stored, ` +
        `${arrived} arrived, ${arrived - different} repeated, ${lost} lost; ${torn} logs mended`,
    );
    // Each page's are 1, 2, 3 … as far as they came: at least to the last one that was stored.
    for (const [visit, numbers] of byVisit) expect(numbers, `visit ${visit}`).toEqual(numbers.map((_, at) => at + 1));
    for (const [visit, n] of last.stored) expect(byVisit.get(visit)?.at(-1) ?? 0, `visit ${visit}`).toBeGreaterThanOrEqual(n);
    expect(refused).toEqual([]);
    expect(counts.stored).toBeGreaterThan(KILLS * 10);
    expect(last.stored.size).toBeGreaterThanOrEqual(KILLS / 2);
    expect(await tab.evaluate(() => own.client.outbox.entries.get().length)).toBe(0);
  },
  60_000 + KILLS * 10_000,
);
