/** A change of transport in the middle of a session, before the reference server: nothing is lost, nothing comes twice. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Reset } from '../../../src/types.ts';
import { createRandom } from '../../support/random.ts';
import type { MemoryNetwork } from '../../support/memory-network.ts';
import { type TestPage, type World, createWorld } from '../../support/world.ts';

let world: World;
afterEach(() => world.end());

interface Talk {
  readonly page: TestPage;
  readonly other: TestPage;
  /** What each of them was delivered, in order. */
  readonly heard: Readonly<Record<'page' | 'other', string[]>>;
  readonly resets: Reset[];
  /** Both publish, every so often, for `ms`; `at` runs after a part of it. */
  speak(ms: number, at?: Readonly<Record<number, () => void>>): Promise<void>;
  /** All is quiet: whoever spoke was heard by both, once, each in its own order. */
  check(): Promise<void>;
}

/** @param begin what holds of the better transport when the page begins */
async function talk(seed: number, begin: (better: MemoryNetwork) => void = () => {}): Promise<Talk> {
  world = createWorld({ seed });
  const draw = createRandom(seed);
  const [page, other] = [world.open({}, 'better', 'lesser'), world.open()];
  const heard = { page: [] as string[], other: [] as string[] };
  const resets: Reset[] = [];
  const said = { page: [] as string[], other: [] as string[] };
  // Each message takes a time of its own: publications, answers and entries are in flight at any moment.
  for (const network of [...page.networks, ...other.networks]) network.delay(() => 5 + draw() * 80);
  begin(page.network);
  for (const [who, { client }] of [
    ['page', page],
    ['other', other],
  ] as const) {
    client.channel('room').subscribe('message', (data) => heard[who].push(data as string));
    client.on('reset', (reset) => resets.push(reset));
  }
  await world.clock.advance(2000);
  const publish = (who: 'page' | 'other'): void => {
    const text = `${who}-${said[who].length}`;
    said[who].push(text);
    void { page, other }[who].client.channel('room').publish('message', text);
  };
  return {
    ...{ page, other, heard, resets },
    async speak(ms, at = {}) {
      for (let time = 0; time < ms; time += 10) {
        at[time]?.();
        if (draw() < 0.4) publish('page');
        if (draw() < 0.4) publish('other');
        await world.clock.advance(10);
      }
    },
    async check() {
      // A minute holds 15 attempts: after as many cuts the last one waits.
      await world.clock.advance(70_000);
      for (const reader of ['page', 'other'] as const) {
        for (const speaker of ['page', 'other'] as const) {
          expect(
            heard[reader].filter((text) => text.startsWith(speaker)),
            `${reader} hears ${speaker}`,
          ).toEqual(said[speaker]);
        }
      }
      expect(heard.page).toEqual(heard.other);
      expect(resets).toEqual([]);
      expect(
        [...page.errors, ...other.errors].filter(({ code }) => code !== 'connection-lost' && code !== 'connection-failed'),
      ).toEqual([]);
    },
  };
}

const transportOf = ({ client }: TestPage): unknown => {
  const status = client.status.get();
  return status.state === 'connected' ? status.transport : status.state;
};
const opened = ({ networks }: TestPage): readonly number[] => networks.map((network) => network.open);
const SEEDS = [1, 2, 3, 4];

describe('an upgrade', () => {
  it.each(SEEDS)('in the middle of a conversation, seed %i', async (seed) => {
    const { page, heard, speak, check } = await talk(seed, (network) => network.set('refusing'));
    const [better] = page.networks;
    expect([transportOf(page), opened(page)]).toEqual(['lesser', [0, 1]]);
    await speak(2000);
    better!.set('open');
    // The climb comes 22.5 to 37.5 s after the connection is stable.
    for (let step = 0; transportOf(page) !== 'better' && step < 60; step += 1) await speak(1000);
    expect([transportOf(page), opened(page)]).toEqual(['better', [1, 0]]);
    await speak(3000);
    await check();
    expect(heard.page.length).toBeGreaterThan(500);
  });

  it.each(SEEDS)('by a slow one that is welcomed late, seed %i', async (seed) => {
    const { page, speak, check } = await talk(seed, (network) => network.delay(1300));
    expect(transportOf(page)).toBe('lesser');
    await speak(6000);
    await world.clock.advance(3000);
    expect([transportOf(page), opened(page)]).toEqual(['better', [1, 0]]);
    expect(page.networks.map((network) => network.opened)).toEqual([1, 1]);
    await check();
  });
});

describe('a downgrade', () => {
  it.each(SEEDS)('to the lesser one when the better one is lost and refused, seed %i', async (seed) => {
    const { page, speak, check } = await talk(seed);
    const [better] = page.networks;
    await speak(12_000, {
      6000: () => {
        better!.set('refusing');
        better!.cut();
      },
    });
    expect([transportOf(page), opened(page)]).toEqual(['lesser', [0, 1]]);
    await check();
  });

  it.each(SEEDS)('when the better one hangs and opens no more, seed %i', async (seed) => {
    const { page, speak, check } = await talk(seed);
    const [better] = page.networks;
    await world.clock.advance(15_000);
    await speak(12_000, {
      3000: () => {
        better!.set('mute');
        better!.hang('up', 'down');
        page.page.tell('network');
      },
    });
    await world.clock.advance(15_000);
    expect([transportOf(page), opened(page)]).toEqual(['lesser', [0, 1]]);
    await check();
  });
});

describe('to and fro', () => {
  it.each(SEEDS)('a dozen times, seed %i', async (seed) => {
    const { page, speak, check } = await talk(seed);
    const [better, lesser] = page.networks;
    for (let round = 0; round < 6; round += 1) {
      better!.set('refusing');
      better!.cut();
      await speak(3000);
      better!.set('open');
      lesser!.set('refusing');
      lesser!.cut();
      await speak(3000);
      lesser!.set('open');
    }
    await check();
    expect(page.networks.every((network) => network.opened > 2)).toBe(true);
  });
});
