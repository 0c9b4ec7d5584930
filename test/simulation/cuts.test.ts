/**
 * Publications under cuts, stalls, delays and server restarts: nothing lost, nothing twice, nothing out of order. One seed
 * decides everything, and is printed on failure; `HOLDFAST_SEED=n npx vitest run test/simulation` repeats it.
 */
import { describe, expect, it } from 'vitest';
import type { Message } from '../../src/types.ts';
import { createRandom } from '../support/random.ts';
import { type TestPage, createWorld } from '../support/world.ts';

const SEEDS = 60;
const only = process.env['HOLDFAST_SEED'];
const seeds = only === undefined ? Array.from({ length: SEEDS }, (_, index) => index + 1) : [Number(only)];

interface Reader {
  readonly name: string;
  readonly seen: Message[];
  readonly resets: string[];
}

function listen(name: string, { client }: TestPage): Reader {
  const reader: Reader = { name, seen: [], resets: [] };
  client.channel('room').subscribeAll((message) => reader.seen.push(message));
  client.channel('room').onReset(({ why }) => void reader.resets.push(why));
  return reader;
}

describe.each(seeds)('seed %i', (seed) => {
  it('loses and repeats nothing', async () => {
    const random = createRandom(seed * 7919);
    const chance = (share: number): boolean => random() < share;
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
    const world = createWorld({ seed });
    const pages = [world.open(), world.open(), world.open()];
    const readers = pages.map((page, index) => listen(`page ${index}`, page));
    // Each page has a first word with the server before the faults begin: what was said before a first subscription is
    // not a subscriber's to have.
    await world.clock.advance(1000);
    const sent: string[][] = pages.map(() => []);

    for (let round = 0; round < 80; round += 1) {
      const page = pick(pages);
      const { network } = page;
      if (chance(0.6)) {
        const own = sent[pages.indexOf(page)]!;
        for (let burst = Math.ceil(random() * 8); burst > 0; burst -= 1) {
          const id = `${pages.indexOf(page)}:${own.length}`;
          own.push(id);
          page.client.channel('room').publish('message', id);
        }
      }
      if (chance(0.1)) network.cut();
      if (chance(0.05)) network.stall(pick(['up', 'down'] as const));
      if (chance(0.1)) network.heal();
      if (chance(0.05)) network.set(pick(['open', 'refusing', 'mute'] as const));
      if (chance(0.1)) network.delay(() => random() * 400);
      if (chance(0.02)) world.restart();
      await world.clock.advance(random() * 2000);
    }
    for (const { network } of pages) {
      network.set('open');
      network.delay(5);
      network.heal();
    }
    await world.clock.advance(120_000);

    const all = sent.flat();
    for (const { name, seen, resets } of readers) {
      const ids = seen.map(({ data }) => String(data));
      expect(resets, `${name}: resets, seed ${seed}`).toEqual([]);
      expect(
        seen.map(({ cursor }) => cursor!.offset),
        `${name}: offsets, seed ${seed}`,
      ).toEqual(all.map((_, index) => index + 1));
      expect([...ids].sort(), `${name}: messages, seed ${seed}`).toEqual([...all].sort());
      pages.forEach((_, index) => {
        expect(
          ids.filter((id) => id.startsWith(`${index}:`)),
          `${name}: order of page ${index}, seed ${seed}`,
        ).toEqual(sent[index]);
      });
    }
    expect(pages.map(({ client }) => client.outbox.status.get().pending)).toEqual([0, 0, 0]);
    await world.end();
    expect(world.clock.pending).toBe(0);
  });
});
