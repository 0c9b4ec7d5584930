/** What every adapter's stores do. */
import { describe, expect, it } from 'vitest';
import type { StoreDefinition } from '../../../src/types.ts';
import type { useWorld } from '../channel/traffic.ts';
import type { Driver } from './driver.ts';
import { framesOf, say } from './wire.ts';

export function describeStores(driver: Driver, createWorld: ReturnType<typeof useWorld>): void {
  const stage = () => {
    const world = createWorld();
    const page = world.open();
    const wait = (ms = 100): Promise<void> => driver.act(() => world.clock.advance(ms));
    const mount = (...args: readonly unknown[]) => driver.mount(page.client, 'useStore', ...args);
    return { world, page, wait, mount };
  };

  describe(`${driver.name}: stores`, () => {
    const LIST: StoreDefinition<readonly string[]> = {
      initial: [],
      reduce: (list, { data, pending }) => [...list, pending ? `(${String(data)})` : String(data)],
    };

    it('show own publications at once, to every component of that definition, with one reducer', async () => {
      let reduced = 0;
      const counting: StoreDefinition<readonly string[]> = {
        ...LIST,
        reduce(...args) {
          reduced += 1;
          return LIST.reduce(...args);
        },
      };
      const { page, mount, wait } = stage();
      const one = await mount('room', counting);
      expect(one.read()).toMatchObject({ state: [], status: 'loading', pending: 0, error: null });
      const two = await mount('room', counting);
      await wait();
      expect(one.read()).toMatchObject({ state: [], status: 'live' });
      await driver.act(() => page.client.channel('room').publish('e', 'a'));
      expect([one.read().state, one.read().pending]).toEqual([['(a)'], 1]);
      await wait();
      expect([one.read().state, one.read().pending]).toEqual([['a'], 0]);
      expect(two.read().state).toBe(one.read().state);
      expect(reduced).toBe(2);
      const { renders } = one;
      await wait(60_000);
      expect(one.renders).toBe(renders);
    });

    it('keep their state for a remount, and not for ever', async () => {
      const { world, mount, wait } = stage();
      const first = await mount('room', LIST);
      await wait();
      await say(world, 'room', 'a');
      await wait();
      await first.unmount();
      await say(world, 'room', 'b');
      await wait();
      const second = await mount('room', LIST);
      expect(second.read()).toMatchObject({ state: ['a', 'b'], status: 'live' });
      await second.set(null, LIST);
      expect(second.read()).toMatchObject({ state: [], status: 'loading' });
      await wait(5000);
      await second.set('room', LIST);
      expect(second.read()).toMatchObject({ state: [], status: 'loading' });
    });

    it('stay what they are if the definition is written in the component, as a new object in each render', async () => {
      const { world, page, mount, wait } = stage();
      const written = (): StoreDefinition<readonly string[]> => ({
        initial: [],
        reduce: (list, { data }) => [...list, `${data}`],
      });
      const store = await mount('room', written());
      await wait();
      await say(world, 'room', 'a');
      await wait();
      const before: unknown = store.read();
      expect(before).toMatchObject({ state: ['a'], status: 'live' });
      await store.set('room', written());
      await wait(5000);
      expect(store.read()).toBe(before);
      await say(world, 'room', 'b');
      await wait();
      expect(store.read().state).toEqual(['a', 'b']);
      expect(framesOf(page, 'sub', 'unsub')).toEqual(['sub']);
    });
  });
}
