/** Invariant I4: for how long a page can repair a store that lost what it had acknowledged. */
import { describe, expect, it } from 'vitest';
import type { TestPage, World } from '../../support/world.ts';
import { logOf, useWorld } from '../channel/traffic.ts';

const createWorld = useWorld();

/** Three publications, accepted. */
async function accepted(world: World): Promise<TestPage> {
  const page = world.open();
  const receipts = [1, 2, 3].map((data) => page.client.channel('room').publish('e', data));
  await world.clock.advance(100);
  await Promise.all(receipts.map((receipt) => receipt.accepted));
  return page;
}

describe('the minute for which answered publications are retained', () => {
  it('ends while the page is connected', async () => {
    const world = createWorld();
    await accepted(world);
    await world.clock.advance(120_000);
    world.restart({ keepStore: false });
    await world.clock.advance(20_000);
    expect(await logOf(world)).toEqual([]);
  });

  it('stands still while the page is disconnected, for then it cannot hear of a loss', async () => {
    const world = createWorld();
    const { client } = await accepted(world);
    client.disconnect();
    await world.clock.advance(600_000);
    world.restart({ keepStore: false });
    client.connect();
    await world.clock.advance(20_000);
    expect(await logOf(world)).toEqual([1, 2, 3]);
  });

  it('stands still on a line that is open and dead, which tells of no loss either', async () => {
    const world = createWorld({ server: { timing: { ping: 60_000 } } });
    const { client, network } = await accepted(world);
    network.hang('up', 'down');
    // The minute has passed, and the silence is not long enough yet.
    await world.clock.advance(64_000);
    expect(client.status.get()).toMatchObject({ state: 'connected' });
    world.restart({ keepStore: false });
    await world.clock.advance(60_000);
    expect(await logOf(world)).toEqual([1, 2, 3]);
  });

  it('begins again with a connection, which may be one to a server that has not heard of the loss either', async () => {
    const world = createWorld();
    const { client } = await accepted(world);
    await world.clock.advance(50_000);
    client.disconnect();
    await world.clock.advance(100_000);
    client.connect();
    await world.clock.advance(50_000);
    world.restart({ keepStore: false });
    await world.clock.advance(20_000);
    expect(await logOf(world)).toEqual([1, 2, 3]);
  });

  it('begins again after the page stood still, for what came meanwhile has not been read', async () => {
    const world = createWorld();
    await accepted(world);
    world.clock.sleep(600_000);
    // Every timer that fell due runs now, before anything that the network has to say.
    await world.clock.advance(0);
    world.restart({ keepStore: false });
    await world.clock.advance(20_000);
    expect(await logOf(world)).toEqual([1, 2, 3]);
  });
});
