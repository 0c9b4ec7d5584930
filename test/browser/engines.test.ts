// Holds I1, I2, I5, I16 (docs/guarantees.md).
/** The page that checks itself, in the engines that are not Chromium. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TransportName } from '../support/checks/kit.ts';
import { runChecks } from '../support/checks/run.ts';
import { createCheckSite } from '../support/checks/site.ts';
import type { Engine } from '../support/engines/engine.ts';
import { launchFirefox } from '../support/engines/firefox.ts';
import { launchWebKit } from '../support/engines/webkit.ts';
import { createSite } from '../support/site.ts';
import { WELL } from '../support/visit.ts';
import { COUNTING, watch } from '../support/watched-page.ts';
import { startWorker, workerScripts } from '../support/worker-site.ts';

const ROUNDS = 3;

interface Case {
  readonly name: string;
  readonly launch: () => Promise<Engine>;
  readonly transports: readonly TransportName[];
  /** What an app does before its page is left, if it is to come back from the back/forward cache. */
  readonly leaving: 'nothing' | 'disconnect';
}

const cases: readonly Case[] = [
  { name: 'Firefox', launch: launchFirefox, transports: ['websocket', 'sse', 'long-polling', 'webrtc'], leaving: 'disconnect' },
  // It is built without WebRTC.
  { name: 'WebKitGTK', launch: launchWebKit, transports: ['websocket', 'sse', 'long-polling'], leaving: 'nothing' },
];

describe.each(cases)('$name', ({ launch, transports, leaving }) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await launch();
  });
  afterAll(() => engine[Symbol.asyncDispose]());

  it(`carries everything over ${transports.join(', ')}`, async () => {
    await using site = await createCheckSite();
    await runChecks(engine, site, transports);
  }, 120_000);

  it.each(['classic', 'module'] as const)('carries everything in a worker too: %s', async (type) => {
    await using site = await createSite({}, {}, workerScripts);
    await engine.goto(site.url);
    await engine.evaluate(startWorker(`/${type}.js`, type));
    await expect.poll(() => engine.evaluate('JSON.stringify(said)'), { timeout: 20_000 }).not.toBe('null');
    expect(JSON.parse((await engine.evaluate('JSON.stringify(said)')) as string)).toEqual(WELL);
  });

  it.each([['webSocket'], ['sse'], ['longPolling']] as const)(
    'brings a page back from the back/forward cache, over %s, that has missed nothing',
    async (over) => {
      await using site = await createSite();
      const ask = <A extends readonly unknown[], R>(run: (...args: A) => R, ...args: A): Promise<R> =>
        engine.evaluate(`(${run.toString()})(...${JSON.stringify(args)})`) as Promise<R>;
      await engine.goto(site.url);
      await engine.evaluate(COUNTING);
      await ask(watch, `${site.url}realtime`, 1, over);
      await expect.poll(() => ask(() => watched.room.status.get().state), { timeout: 10_000 }).toBe('live');
      for (let round = 1; round <= ROUNDS; round += 1) {
        // Firefox decides before `pagehide`, and caches no page that holds a connection then.
        if (leaving === 'disconnect') {
          await ask(() => watched.client.disconnect());
          await expect.poll(() => site.held, { timeout: 10_000 }).toBe(0);
          // The server may see its end before the browser has let go of it.
          await expect.poll(() => ask(() => holdings())).toMatchObject({ sockets: 0, requests: 0 });
        }
        await engine.goto(`${site.url}elsewhere`);
        await expect.poll(() => site.held, { timeout: 10_000 }).toBe(0);
        await site.server.publish('room', 'message', round);
        await engine.back();
        if (leaving === 'disconnect') await ask(() => watched.client.connect());
        await expect.poll(() => ask(() => watched.got.length), { timeout: 10_000 }).toBe(round);
      }
      const { got, returns, resets } = await ask(() => ({ got: watched.got, returns: watched.returns, resets: watched.resets }));
      expect({ got, resets }).toEqual({ got: [1, 2, 3], resets: [] });
      expect(returns).toEqual([true, true, true]);
      await ask(() => watched.client.destroy());
      expect(await ask(() => holdings())).toEqual({ timers: 0, listeners: 0, sockets: 0, requests: 0, peers: 0 });
      await expect.poll(() => site.held, { timeout: 10_000 }).toBe(0);
    },
  );
});
