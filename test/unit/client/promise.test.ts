/** How soon a page that was cut off without a word has its messages again, in a world with a real server. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Hint } from '../../../src/platform/page.ts';
import { createRandom } from '../../support/random.ts';
import { type TestPage, type World, createWorld } from '../../support/world.ts';

/** As the server of the world announces it. */
const PING = 25_000;
const SEEDS = Array.from({ length: 200 }, (_, index) => index + 1);
/** Another page says something this often, ms. */
const EVERY = 200;
let world: World;
afterEach(() => world.end());

interface Run {
  readonly page: TestPage;
  readonly random: () => number;
  /** One way, ms. */
  readonly latency: number;
  /** What was said, and what the page was told, in order. */
  readonly said: number[];
  readonly seen: number[];
  /** States of the connection that the app was told of since the cut. */
  readonly states: string[];
  /** When the first message after the cut was delivered; null before. */
  resumedAt: number | null;
  say(ms: number): Promise<void>;
}

/** Two pages that have been connected for up to a minute, and the way between one of them and the server hangs. */
async function cut(seed: number): Promise<Run> {
  world = createWorld({ seed });
  const random = createRandom(seed + 1_000_000);
  const [page, other] = [world.open(), world.open()];
  const latency = 1 + Math.floor(random() * 150);
  page.network.delay(latency);
  const run: Run = {
    ...{ page, random, latency, said: [], seen: [], states: [], resumedAt: null },
    async say(ms) {
      for (const end = world.clock.now() + Math.ceil(ms); world.clock.now() < end;) {
        run.said.push(run.said.length);
        other.client.channel('room').publish('message', run.said.length - 1);
        await world.clock.advance(Math.min(EVERY, end - world.clock.now()));
      }
    },
  };
  page.client.channel('room').subscribe('message', (data) => {
    run.seen.push(data as number);
    if (hangs) run.resumedAt ??= world.clock.now();
  });
  let hangs = false;
  await world.clock.advance(1000 + random() * 50_000);
  await run.say(1000 + random() * 1000);
  // In both directions, or so that the server still hears the page.
  page.network.hang('down', ...(random() < 0.5 ? (['up'] as const) : []));
  // What had arrived by then is delivered in this millisecond.
  await world.clock.advance(0);
  hangs = true;
  page.client.status.subscribe(() => run.states.push(page.client.status.get().state));
  return run;
}

async function expectAll({ page, said, seen, say }: Run): Promise<void> {
  await say(1000);
  await world.clock.advance(1000);
  expect(seen).toEqual(said);
  expect(page.errors).toEqual([]);
  expect(page.network.open).toBe(1);
}

describe('from a half-open connection to delivered messages', () => {
  const HINTS: readonly Hint[] = ['network', 'online', 'visible', 'resume'];

  it.each(SEEDS)('at most 2.5 s after a hint, and no gap in the status (seed %i)', async (seed) => {
    const run = await cut(seed);
    await run.say(run.random() * 20_000);
    const hinted = world.clock.now();
    run.page.page.tell(HINTS[Math.floor(run.random() * HINTS.length)]!);
    await run.say(2500);
    expect(run.resumedAt ?? Infinity).toBeLessThanOrEqual(hinted + 2500);
    expect(new Set(run.states)).toEqual(new Set(['connected']));
    await expectAll(run);
  });

  it.each(SEEDS)('at most ping + 10 s and the way there and back without one (seed %i)', async (seed) => {
    const run = await cut(seed);
    const from = world.clock.now();
    // Two round trips: the handshake, and `hello` with its answer.
    const within = PING + 10_000 + 4 * run.latency;
    await run.say(within);
    expect(run.resumedAt ?? Infinity).toBeLessThanOrEqual(from + within);
    await expectAll(run);
  });
});
