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
import { COUNTING, watch } from '../support/watched-page.ts';

const ROUNDS = 3;

interface Case {
  readonly name: string;
  readonly launch: () => Promise<Engine>;
  readonly transports: readonly TransportName[];
}

const cases: readonly Case[] = [
  { name: 'Firefox', launch: launchFirefox, transports: ['websocket', 'sse', 'long-polling', 'webrtc'] },
  // It is built without WebRTC.
  { name: 'WebKitGTK', launch: launchWebKit, transports: ['websocket', 'sse', 'long-polling'] },
];

describe.each(cases)('$name', ({ launch, transports }) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await launch();
  });
  afterAll(() => engine[Symbol.asyncDispose]());

  it(`carries everything over ${transports.join(', ')}`, async () => {
    await using site = await createCheckSite();
    await runChecks(engine, site, transports);
  }, 120_000);
});
