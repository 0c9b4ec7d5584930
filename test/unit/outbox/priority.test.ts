/** Publications of low priority wait for company. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Channel } from '../../../src/types.ts';
import type { TestPage } from '../../support/world.ts';
import { type WatchedWorld, crossed, logOf, useWorld } from '../channel/traffic.ts';

const createWorld = useWorld();
const LOW = { priority: 'low' } as const;

async function connected(world: WatchedWorld): Promise<TestPage & { readonly room: Channel }> {
  const page = world.open();
  page.client.connect();
  await world.clock.advance(1000);
  return { ...page, room: page.client.channel('room') };
}
const sent = ({ network }: TestPage): readonly number[] => crossed(network, 'up', 'pub').map(({ items }) => items.length);

describe('priority', () => {
  it('low is gathered for 100 ms, counted from the first', async () => {
    const world = createWorld();
    const page = await connected(world);
    page.room.publish('e', 1, LOW);
    await world.clock.advance(60);
    page.room.publish('e', 2, LOW);
    await world.clock.advance(39);
    expect(sent(page)).toEqual([]);
    await world.clock.advance(1);
    page.room.publish('e', 3, LOW);
    await world.clock.advance(99);
    expect(sent(page)).toEqual([2]);
    await world.clock.advance(1);
    expect(sent(page)).toEqual([2, 1]);
    await world.clock.advance(100);
    expect(await logOf(world)).toEqual([1, 2, 3]);
  });

  it('a normal one takes along what waits, in order, also in other channels', async () => {
    const world = createWorld();
    const page = await connected(world);
    page.room.publish('e', 1, LOW);
    page.client.channel('other').publish('e', 'x', LOW);
    await world.clock.advance(50);
    page.room.publish('e', 2);
    await world.clock.settle();
    expect(sent(page)).toEqual([2, 1]);
    await world.clock.advance(100);
    expect([await logOf(world), await logOf(world, 'other')]).toEqual([[1, 2], ['x']]);
  });

  it('answers to earlier ones do not send it early', async () => {
    const world = createWorld();
    const page = await connected(world);
    for (let index = 0; index < 50; index += 1) {
      page.room.publish('e', index, LOW);
      await world.clock.advance(10);
    }
    await world.clock.advance(200);
    expect(sent(page)).toEqual([10, 10, 10, 10, 10]);
  });

  it('behind one that waits for its turn it does not wait', async () => {
    const world = createWorld();
    const page = await connected(world);
    for (let index = 0; index < 200; index += 1) page.room.publish('e', index);
    await world.clock.settle();
    page.room.publish('e', 200, LOW);
    await world.clock.advance(90);
    expect(await logOf(world)).toHaveLength(201);
  });

  it('offline goes with the next connection', async () => {
    const world = createWorld();
    const page = world.open();
    page.network.set('refusing');
    const receipt = page.client.channel('room').publish('e', 1, LOW);
    await world.clock.advance(5000);
    page.network.set('open');
    await world.clock.advance(60_000);
    await expect(receipt.accepted).resolves.toMatchObject({ cursor: { offset: 1 } });
  });

  it('is stored, can be withdrawn, and ends with the client like any other', async () => {
    const world = createWorld();
    const page = await connected(world);
    const first = page.room.publish('e', 1, LOW);
    await expect(first.cancel()).resolves.toMatchObject({ result: 'cancelled' });
    const second = page.room.publish('e', 2, LOW);
    page.client.destroy();
    await expect(second.accepted).rejects.toMatchObject({ code: 'destroyed' });
    await world.clock.advance(1000);
    expect(await logOf(world)).toEqual([]);
  });

  it.each(['high', '', null, 1])('%j is refused at once', (priority) => {
    const { client } = createWorld().open();
    const publish = (): unknown => client.channel('room').publish('e', 1, { priority: priority as never });
    expect(publish).toThrow(expect.objectContaining({ code: 'invalid-option' }) as Error);
    expect(client.outbox.status.get().pending).toBe(0);
  });

  it('keeps the order, whatever is mixed', async () => {
    const step = fc.record({ low: fc.boolean(), wait: fc.integer({ min: 0, max: 120 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        const world = createWorld();
        const { room } = await connected(world);
        for (const [index, { low, wait }] of steps.entries()) {
          room.publish('e', index, low ? LOW : {});
          await world.clock.advance(wait);
        }
        await world.clock.advance(300);
        expect(await logOf(world)).toEqual(steps.map((_, index) => index));
      }),
      { numRuns: 30 },
    );
  });
});
