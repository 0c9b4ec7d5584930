// Holds I1, I2 (docs/guarantees.md).
/** What a page leaves in the store, in the engines that are not Chromium: the next page sends it, and a frame's is a page's too. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../support/engines/engine.ts';
import { launchFirefox } from '../support/engines/firefox.ts';
import { launchWebKit } from '../support/engines/webkit.ts';
import { connect, createOutboxSite } from '../support/outbox-site.ts';

const EACH = 20;

/** Runs in the page. Its driver waits for no promise: what is stored is counted. */
function publish(page: number, first: number, count: number): void {
  const counted = { stored: 0, refused: '' };
  Object.assign(own, counted);
  for (let n = first; n < first + count; n += 1) {
    own.room.publish('message', [page, n]).stored.then(
      () => ((own as unknown as typeof counted).stored += 1),
      (error: unknown) => ((own as unknown as typeof counted).refused = String(error)),
    );
  }
}

const numbered = (page: number, count: number): unknown[] => Array.from({ length: count }, (_, n) => [page, n + 1]);

describe.each([
  { name: 'Firefox', launch: launchFirefox },
  { name: 'WebKitGTK', launch: launchWebKit },
])('$name', ({ launch }) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await launch();
  });
  afterAll(() => engine[Symbol.asyncDispose]());

  const ask = <A extends readonly unknown[], R>(run: (...args: A) => R, ...args: A): Promise<R> =>
    engine.evaluate(`(${run.toString()})(...${JSON.stringify(args)})`) as Promise<R>;
  const told = (what: string, frame = 'window'): Promise<unknown> => engine.evaluate(`${frame}.own.${what}`);
  const allStored = async (frame?: string): Promise<void> => {
    await expect.poll(() => told('stored', frame), { timeout: 10_000 }).toBe(EACH);
    expect(await told('refused', frame)).toBe('');
  };
  const idle = (): Promise<void> => expect.poll(() => told('client.outbox.status.get().pending'), { timeout: 20_000 }).toBe(0);

  it('sends what earlier pages have left: published offline, and reloaded again and again', async () => {
    await using site = await createOutboxSite();
    site.line.refuse();
    for (let page = 1; page <= 3; page += 1) {
      await engine.goto(`${site.url}page-${page}`);
      await ask(connect, site.realtime);
      await ask(publish, page, 1, EACH);
      await allStored();
      expect(await told('client.outbox.status.get().durable')).toBe(true);
    }
    await engine.goto(`${site.url}last`);
    await ask(connect, site.realtime);
    await expect.poll(() => told('client.outbox.status.get().pending'), { timeout: 20_000 }).toBe(EACH * 3);
    site.line.heal();
    await idle();
    const log = (await site.log()) as readonly (readonly [page: number, n: number])[];
    expect(log).toHaveLength(EACH * 3);
    for (let page = 1; page <= 3; page += 1) expect(log.filter(([of]) => of === page)).toEqual(numbered(page, EACH));
  });

  it('leaves what a reload cut off from its answer, once', async () => {
    await using site = await createOutboxSite();
    await engine.goto(`${site.url}first`);
    await ask(connect, site.realtime);
    await expect.poll(() => told('client.status.get().state'), { timeout: 10_000 }).toBe('connected');
    site.line.stall('down');
    await ask(publish, 1, 1, EACH);
    await allStored();
    await expect.poll(async () => (await site.log()).length, { timeout: 10_000 }).toBe(EACH);
    await engine.goto(`${site.url}second`);
    site.line.heal();
    await ask(connect, site.realtime);
    await ask(publish, 2, 1, EACH);
    await allStored();
    await idle();
    // It looks for what is left before it says that nothing is pending.
    await ask(() => void own.client.outbox.drain().then(() => Object.assign(own, { drained: true })));
    await expect.poll(() => told('drained'), { timeout: 20_000 }).toBe(true);
    expect(await site.log()).toEqual([...numbered(1, EACH), ...numbered(2, EACH)]);
  });

  it('takes over nothing of frames that live, and what they have left when they are gone', async () => {
    await using site = await createOutboxSite();
    site.line.refuse();
    await engine.goto(`${site.url}frames`);
    await ask(() => {
      for (const src of ['/frame-1', '/frame-2']) document.body.append(Object.assign(document.createElement('iframe'), { src }));
    });
    for (const frame of [0, 1]) {
      await expect.poll(() => engine.evaluate(`typeof frames[${frame}].Holdfast`), { timeout: 10_000 }).toBe('object');
      await engine.evaluate(`void frames[${frame}].eval(${JSON.stringify(`(${connect.toString()})('${site.realtime}')`)})`);
      const publishing = `(${publish.toString()})(${frame + 1}, 1, ${EACH})`;
      await engine.evaluate(`void frames[${frame}].eval(${JSON.stringify(publishing)})`);
      await allStored(`frames[${frame}]`);
    }
    await ask(connect, site.realtime);
    // It has looked, and found nobody gone.
    await ask(() => void own.client.outbox.drain().then(() => Object.assign(own, { drained: true })));
    await expect.poll(() => told('drained'), { timeout: 20_000 }).toBe(true);
    expect(await told('client.outbox.status.get().pending')).toBe(0);
    await engine.goto(`${site.url}after`);
    await ask(connect, site.realtime);
    await expect.poll(() => told('client.outbox.status.get().pending'), { timeout: 20_000 }).toBe(EACH * 2);
    site.line.heal();
    await idle();
    const log = (await site.log()) as readonly (readonly [page: number, n: number])[];
    expect(log).toHaveLength(EACH * 2);
    for (const page of [1, 2]) expect(log.filter(([of]) => of === page)).toEqual(numbered(page, EACH));
  });
});
