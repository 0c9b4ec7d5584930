/** What every adapter's list of messages does. */
import { describe, expect, it } from 'vitest';
import type { Message } from '../../../src/types.ts';
import type { useWorld } from '../channel/traffic.ts';
import { type Driver, type Mounted, withoutReports } from './driver.ts';
import { framesOf, say } from './wire.ts';

export function describeMessages(driver: Driver, createWorld: ReturnType<typeof useWorld>): void {
  const stage = (options?: Parameters<typeof createWorld>[0]) => {
    const world = createWorld(options);
    const page = world.open();
    const wait = (ms = 100): Promise<void> => driver.act(() => world.clock.advance(ms));
    return {
      world,
      page,
      wait,
      /** `from` to `to`, by the server itself. */
      async fill(from: number, to: number, channel = 'room') {
        for (let n = from; n <= to; n += 1) await say(world, channel, n);
        await wait();
      },
      mount: (...args: readonly unknown[]) => driver.mount(page.client, 'useMessages', ...args),
    };
  };
  const numbers = (list: Mounted): unknown[] => list.read().messages.map(({ data }: Message) => data);
  const range = (from: number, to: number): unknown[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);

  describe(`${driver.name}: a list of messages`, () => {
    it('begins with the past, oldest first, and goes on with what comes, one render for a batch', async () => {
      const { page, mount, fill, wait } = stage();
      await fill(1, 80);
      const list = await mount('room');
      expect(list.read()).toMatchObject({ messages: [], status: 'loading', hasOlder: false, loadingOlder: false, error: null });
      await wait();
      expect(numbers(list)).toEqual(range(31, 80));
      expect(list.read()).toMatchObject({ status: 'live', hasOlder: true });
      const { renders } = list;
      page.network.stall('down');
      await fill(81, 83);
      await driver.act(() => page.network.heal());
      expect(numbers(list)).toEqual(range(31, 83));
      expect(list.renders - renders).toBe(1);
    });

    it('is the same list until it changes', async () => {
      const { world, page, mount, fill, wait } = stage();
      await fill(1, 3);
      const list = await mount('room', { events: ['e'] });
      await wait();
      const [shown, { messages }, { renders }] = [list.read(), list.read(), list];
      await say(world, 'room', 'another', 'f');
      await list.set('room', { events: ['e'] });
      page.client.channel('room').subscribe('e', () => {});
      await wait(60_000);
      expect([list.read() === shown, list.read().messages === messages]).toEqual([true, true]);
      expect(list.renders).toBe(renders);
    });

    it('lets the oldest go beyond its limit, and finds them again', async () => {
      const { mount, fill, wait } = stage();
      const list = await mount('room', { limit: 5, rewind: 3 });
      await wait();
      await fill(1, 9);
      expect(numbers(list)).toEqual(range(5, 9));
      expect(list.read().hasOlder).toBe(true);
      await driver.act(() => list.read().loadOlder());
      expect(list.read().loadingOlder).toBe(true);
      await wait();
      expect(numbers(list)).toEqual(range(2, 9));
      expect(list.read()).toMatchObject({ loadingOlder: false, hasOlder: true });
      await driver.act(() => list.read().loadOlder());
      await wait();
      expect(numbers(list)).toEqual(range(1, 9));
      expect(list.read().hasOlder).toBe(false);
      // What was asked for stays, and the bound still holds.
      await fill(10, 12);
      expect(numbers(list)).toEqual(range(4, 12));
      expect(list.read().hasOlder).toBe(true);
    });

    it('joins on without a gap although messages come while the older ones are on their way', async () => {
      const { mount, fill, wait } = stage();
      await fill(1, 30);
      const list = await mount('room', { limit: 5, rewind: 5 });
      await wait();
      await driver.act(() => list.read().loadOlder());
      await fill(31, 37);
      expect(numbers(list)).toEqual(range(28, 37));
      await driver.act(() => list.read().loadOlder());
      await wait();
      expect(numbers(list)).toEqual(range(23, 37));
    });

    it('looks through pages of other events for older ones', async () => {
      const { world, mount, wait } = stage();
      await say(world, 'room', 'rare', 'rare');
      for (let n = 0; n < 200; n += 1) await say(world, 'room', n);
      const list = await mount('room', { events: ['rare'], rewind: 10 });
      await wait();
      expect([numbers(list), list.read().hasOlder]).toEqual([[], true]);
      await driver.act(() => list.read().loadOlder());
      await wait(1000);
      expect([numbers(list), list.read().hasOlder]).toEqual([['rare'], false]);
    });

    it('reads nothing before it is asked to, with a rewind of 0', async () => {
      const { page, mount, fill, wait } = stage();
      await fill(1, 3);
      const list = await mount('room', { rewind: 0 });
      await wait();
      await fill(4, 5);
      expect([numbers(list), list.read().hasOlder, framesOf(page, 'hist')]).toEqual([[4, 5], true, []]);
      await driver.act(() => list.read().loadOlder());
      await wait();
      expect([numbers(list), list.read().hasOlder]).toEqual([[1, 2, 3, 4, 5], false]);
    });

    it('leaves out what is volatile, unless it is named', async () => {
      const { world, mount, wait } = stage();
      const all = await mount('room');
      const named = await mount('room', { events: ['v'] });
      await wait();
      world.server.publishVolatile('room', 'v', 'gone');
      await say(world, 'room', 'kept');
      await wait();
      expect([numbers(all), numbers(named)]).toEqual([['kept'], ['gone']]);
    });

    it('follows its name, shows nothing of the one before, and is off without one', async () => {
      const { mount, fill, wait } = stage();
      await fill(1, 2, 'a');
      await fill(3, 4, 'b');
      const list = await mount('a');
      await wait();
      expect(numbers(list)).toEqual([1, 2]);
      await list.set('b');
      expect(list.read()).toMatchObject({ messages: [], status: 'loading' });
      await wait();
      expect(numbers(list)).toEqual([3, 4]);
      await list.set(null);
      expect(list.read()).toMatchObject({ messages: [], status: 'idle', hasOlder: false, error: null });
      await wait(5000);
      // Anew, for much may have been said meanwhile.
      await fill(5, 5, 'b');
      await list.set('b');
      await wait();
      expect(numbers(list)).toEqual([3, 4, 5]);
    });

    it('misses nothing while the connection is away', async () => {
      const { page, mount, fill, wait } = stage();
      const list = await mount('room');
      await fill(1, 2);
      page.network.set('refusing');
      await driver.act(() => page.network.cut());
      await fill(3, 9);
      expect([numbers(list), list.read().status]).toEqual([[1, 2], 'recovering']);
      page.network.set('open');
      await wait(30_000);
      expect([numbers(list), list.read().status]).toEqual([range(1, 9), 'live']);
    });

    it('reads the newest again after a loss of continuity, and shows the old until they are there', async () => {
      const { page, mount, fill, wait } = stage({
        server: { channels: { '{room}': { subscribe: true, history: { entries: 20 } } } },
      });
      const list = await mount('room', { rewind: 5 });
      await fill(1, 3);
      page.network.set('refusing');
      await driver.act(() => page.network.cut());
      await fill(4, 60);
      page.network.set('open');
      await wait(30_000);
      expect(numbers(list)).toEqual(range(56, 60));
      expect(list.read()).toMatchObject({ status: 'live', hasOlder: true, error: null });
      await driver.act(() => list.read().loadOlder());
      await fill(61, 61);
      expect(numbers(list)).toEqual(range(51, 61));
      expect(page.errors).toEqual([]);
    });

    it('says why its channel is closed', async () => {
      const { mount, wait } = stage({ server: { channels: { open: { subscribe: true } } } });
      const list = await mount('room');
      await wait();
      expect(list.read()).toMatchObject({ messages: [], status: 'closed', error: { code: 'forbidden' } });
    });

    it('does without a past where the server keeps none', async () => {
      const world = createWorld({ server: { channels: { room: { subscribe: true, mode: 'live' } } } });
      const { client } = world.open({ channels: { room: { mode: 'live' } } });
      const list = await driver.mount(client, 'useMessages', 'room', { events: ['v'] });
      const wait = (): Promise<void> => driver.act(() => world.clock.advance(100));
      await wait();
      world.server.publishVolatile('room', 'v', 1);
      await wait();
      expect(list.read()).toMatchObject({ messages: [{ data: 1 }], status: 'live', hasOlder: false, error: null });
    });

    it.each([[{ limit: 0 }], [{ limit: 1.5 }], [{ rewind: -1 }], [{ rewind: 500 }]])('%o is refused at once', async (options) => {
      const { mount } = stage();
      await withoutReports(() => expect(mount('room', options)).rejects.toMatchObject({ code: 'invalid-option' }));
    });
  });
}
