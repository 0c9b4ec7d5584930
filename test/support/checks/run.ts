import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Engine } from '../engines/engine.ts';
import { CHECKS } from './checks.ts';
import type { TransportName } from './kit.ts';
import type { Report } from './page.ts';
import type { CheckSite } from './site.ts';

/** ms */
const PATIENCE = 90_000;
const CODECS = 2;
/** Requests by which a server sees what carried. */
const SEEN: Readonly<Record<TransportName, readonly string[]>> = {
  websocket: ['ws'],
  sse: ['sse', 'send'],
  'long-polling': ['poll', 'send'],
  webrtc: ['rtc'],
};

/** Lets an engine's page check itself, and then asks the server what it saw of that. */
export async function runChecks(engine: Engine, site: CheckSite, transports: readonly TransportName[]): Promise<void> {
  const { realtime, tokens } = site;
  await engine.goto(site.address(transports));
  let report: Report;
  for (const end = Date.now() + PATIENCE; ; await pause(100)) {
    report = (await engine.evaluate('globalThis.report ?? { findings: [], doing: "loading", errors: [] }')) as Report;
    if (report.doing === null) break;
    if (Date.now() > end) expect.fail(`${engine.name} is not done after ${PATIENCE / 1000} s: ${JSON.stringify(report)}`);
  }
  const { findings, errors } = report;
  const faulty = findings.filter(({ fault }) => fault !== null);
  expect(faulty.map(({ transport, codec, check, fault }) => `${transport}, ${codec}: ${check}: ${fault!}`)).toEqual([]);
  expect(errors).toEqual([]);
  expect(findings).toHaveLength(transports.length * CODECS * CHECKS.length);
  for (const kind of transports.flatMap((name) => SEEN[name])) expect(realtime.asked.get(kind), kind).toBeGreaterThan(0);
  // Each client of that check began with a first token, and went on with a second one.
  const count = (token: string): number => tokens.filter((one) => one === token).length;
  expect(count('ada 2')).toBeGreaterThanOrEqual(transports.length * CODECS);
  await expect.poll(() => realtime.held, { timeout: 10_000 }).toBe(0);
  await expect.poll(() => realtime.server.metrics.get()['connections'], { timeout: 10_000 }).toBe(0);
  expect(realtime.server.metrics.get()).toMatchObject({ faults: 0, turnedAway: 0, slowConsumers: 0 });
}
