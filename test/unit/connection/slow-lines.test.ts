/** A line whose answers take long is alive all the same: what is asked of it must leave time for an answer. */
import { afterEach, describe, expect, it } from 'vitest';
import { type World, createWorld } from '../../support/world.ts';

let world: World;
afterEach(() => world.end());

describe.each([10, 300, 450, 600, 750, 900, 1050])('a line of %i ms one way', (ms) => {
  it('keeps its connection however often the tab is shown, and opens no other beside it', async () => {
    world = createWorld();
    const { client, network, page } = world.open();
    const ends: string[] = [];
    client.on('trace', ({ name }) => name.endsWith('ended') && ends.push(name));
    network.delay(ms);
    client.connect();
    await world.clock.advance(20_000);
    const { since } = client.status.get() as { readonly since: number };
    for (let shown = 0; shown < 10; shown += 1) {
      page.set({ visible: false });
      await world.clock.advance(15_000);
      page.set({ visible: true });
      await world.clock.advance(15_000);
    }
    expect(client.status.get()).toMatchObject({ state: 'connected', since, roundTrip: 2 * ms });
    expect([network.opened, ends]).toEqual([1, []]);
  });
});

describe('a line that was fast', () => {
  it.each([500, 900])(
    'and takes %i ms one way from now on loses at most one connection, to another one that is up',
    async (ms) => {
      world = createWorld();
      const { client, network, page } = world.open();
      const states: string[] = [];
      client.connect();
      await world.clock.advance(20_000);
      client.status.subscribe(() => states.push(client.status.get().state));
      network.delay(ms);
      for (let shown = 0; shown < 5; shown += 1) {
        page.tell('visible');
        await world.clock.advance(15_000);
      }
      expect(network.opened).toBeLessThanOrEqual(2);
      expect(new Set(states)).toEqual(new Set(['connected']));
    },
  );
});
