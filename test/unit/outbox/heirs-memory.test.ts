// Holds I1 (docs/guarantees.md).
/** The server forgets while a page is away, and another page begins the lane anew. */
import { expect, it } from 'vitest';
import type { TestPage, World } from '../../support/world.ts';
import { logOf, useWorld } from '../channel/traffic.ts';
import { createDiskScene, outcomesOf } from './disk-scene.ts';

const createWorld = useWorld();

it('says to the page that comes back too that its publications may be there twice', async () => {
  const { world, profile } = createDiskScene(createWorld());
  const owner = world.open({ profile });
  const toldByOwner = outcomesOf(owner);
  owner.client.connect();
  await world.clock.advance(100);
  owner.network.stall('down');
  for (const data of [1, 2]) owner.client.channel('room').publish('e', data);
  await world.clock.advance(1000);
  expect(await logOf(world)).toEqual([1, 2]);
  owner.page.tell('pagehide');
  world.restart({ keepStore: false });

  const heir = world.open({ profile });
  const toldByHeir = outcomesOf(heir);
  heir.client.connect();
  await world.clock.advance(30_000);
  const doubted = [1, 2].map(() => expect.objectContaining({ result: 'accepted', maybeDuplicate: true }) as unknown);
  expect([await logOf(world), toldByHeir]).toEqual([[1, 2], doubted]);

  owner.network.cut();
  owner.network.heal();
  owner.page.tell('pageshow');
  await world.clock.advance(30_000);
  expect([await logOf(world), toldByOwner]).toEqual([[1, 2], doubted]);
});

it('says so of what the owner sent since, where the heir has begun the lane anew', async () => {
  const { world, profile } = createDiskScene(createWorld());
  const owner = world.open({ profile });
  owner.client.connect();
  await world.clock.advance(100);
  owner.network.stall('down');
  owner.client.channel('room').publish('e', 1);
  await world.clock.advance(1000);
  owner.page.tell('pagehide');

  const heir = world.open({ profile });
  const toldByHeir = outcomesOf(heir);
  heir.network.set('refusing');
  heir.client.connect();
  await world.clock.advance(1000);
  owner.network.cut();
  owner.network.heal();
  owner.page.tell('pageshow');
  await world.clock.advance(5000);
  owner.network.stall('down');
  owner.client.channel('room').publish('e', 2);
  await world.clock.advance(1000);
  expect(await logOf(world)).toEqual([1, 2]);
  owner.crash();
  world.restart({ keepStore: false });

  heir.network.set('open');
  await world.clock.advance(120_000);
  const doubted = [1, 2].map(() => expect.objectContaining({ result: 'accepted', maybeDuplicate: true }) as unknown);
  expect([await logOf(world), toldByHeir]).toEqual([[1, 2], doubted]);
});

/** The lane is begun anew, and who did it is gone before it has heard so. */
async function crashOnceItHasSent(world: World, page: TestPage, count: number): Promise<void> {
  for (let waited = 0; (await logOf(world)).length < count; waited += 1) {
    expect(waited).toBeLessThan(10_000);
    await world.clock.advance(1);
  }
  page.crash();
}

it.each(['opens after it', 'is connected already'])(
  'says so where a first heir began the lane anew and is gone, and the next one %s',
  async (when) => {
    const { world, profile } = createDiskScene(createWorld());
    const owner = world.open({ profile });
    owner.client.connect();
    await world.clock.advance(100);
    owner.network.stall('down');
    for (const data of [1, 2]) owner.client.channel('room').publish('e', data);
    await world.clock.advance(1000);
    owner.crash();
    world.restart({ keepStore: false });

    const first = world.open({ profile });
    first.client.connect();
    const early = when === 'is connected already' ? world.open({ profile }) : null;
    early?.client.connect();
    await crashOnceItHasSent(world, first, 2);

    const second = early ?? world.open({ profile });
    const told = outcomesOf(second);
    second.client.connect();
    await world.clock.advance(120_000);
    const doubted = [1, 2].map(() => expect.objectContaining({ result: 'accepted', maybeDuplicate: true }) as unknown);
    expect([await logOf(world), told]).toEqual([[1, 2], doubted]);
  },
);

it('says so of what an heir sent before the loss, and of which its owner has said since that it would send it', async () => {
  const { world, profile } = createDiskScene(createWorld());
  const numbers = Array.from({ length: 64 }, (_, index) => index + 1);
  const owner = world.open({ profile });
  for (const data of numbers) owner.client.channel('room').publish('e', data);
  await world.clock.advance(1000);
  owner.network.set('refusing');
  owner.network.cut();
  owner.client.channel('room').publish('e', 65);
  await world.clock.advance(100);
  owner.page.tell('pagehide');

  const first = world.open({ profile });
  first.client.connect();
  await crashOnceItHasSent(world, first, 65);
  world.restart({ keepStore: false });

  owner.network.set('open');
  owner.page.tell('pageshow');
  // More than one batch: the last one was marked as perhaps sent, and was not.
  await crashOnceItHasSent(world, owner, 64);
  expect(await logOf(world)).toEqual(numbers);

  const second = world.open({ profile });
  const told = outcomesOf(second);
  second.client.connect();
  await world.clock.advance(30_000);
  const doubted = expect.objectContaining({ result: 'accepted', maybeDuplicate: true }) as unknown;
  expect([await logOf(world), told]).toEqual([[...numbers, 65], [doubted]]);
});
