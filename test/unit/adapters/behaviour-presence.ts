/** What every adapter shows of who is there. */
import { describe, expect, it } from 'vitest';
import type { useWorld } from '../channel/traffic.ts';
import type { Driver } from './driver.ts';
import { framesOf } from './wire.ts';

const namesOf = (members: readonly { readonly data: { readonly name: string } }[]): readonly string[] =>
  members.map(({ data }) => data.name);

export function describePresence(driver: Driver, createWorld: ReturnType<typeof useWorld>): void {
  const stage = () => {
    const world = createWorld();
    const [ada, bob] = [world.open(), world.open()];
    const wait = (ms = 1000): Promise<void> => driver.act(() => world.clock.advance(ms));
    const mount = (page: typeof ada, name: string | null, options?: object) =>
      driver.mount(page.client, 'usePresence', name, options);
    return { world, ada, bob, wait, mount };
  };

  describe(`${driver.name}: presence`, () => {
    it('shows who is there, and this page while it is mounted', async () => {
      const { ada, bob, wait, mount } = stage();
      const watching = await mount(bob, 'room');
      expect(watching.read()).toEqual([]);
      const entered = await mount(ada, 'room', { enter: { name: 'Ada' } });
      await wait();
      expect(watching.read()).toMatchObject([{ self: false, data: { name: 'Ada' } }]);
      expect(entered.read()).toMatchObject([{ self: true, data: { name: 'Ada' } }]);
      await entered.set('room', { enter: { name: 'Ada L.' } });
      await wait();
      expect(namesOf(watching.read())).toEqual(['Ada L.']);
      await entered.unmount();
      await wait(5000);
      expect(watching.read()).toEqual([]);
      await watching.unmount();
    });

    it('changes nothing while nobody comes or goes, though the data is made anew in each render', async () => {
      const { ada, wait, mount } = stage();
      const entered = await mount(ada, 'room', { enter: { name: 'Ada' } });
      await wait();
      const [before, renders, sent] = [entered.read(), entered.renders, ada.network.wire.length];
      await entered.set('room', { enter: { name: 'Ada' } });
      await wait(500);
      expect(entered.read()).toBe(before);
      expect(entered.renders).toBe(renders);
      expect(ada.network.wire.length).toBe(sent);
      await entered.unmount();
      await wait(5000);
    });

    it('does not leave where a component goes and comes back at once', async () => {
      const { ada, wait, mount } = stage();
      const first = await mount(ada, 'room', { enter: { name: 'Ada' } });
      await wait();
      const before = framesOf(ada, 'pres').length;
      await first.unmount();
      await wait(50);
      const second = await mount(ada, 'room', { enter: { name: 'Ada' } });
      await wait(5000);
      expect(framesOf(ada, 'pres').length).toBe(before);
      await second.unmount();
      await wait(5000);
      expect(framesOf(ada, 'pres').length).toBe(before + 1);
    });

    it('is off without a name, and shows nobody without entering', async () => {
      const { ada, wait, mount } = stage();
      const off = await mount(ada, null, { enter: { name: 'Ada' } });
      await wait();
      expect([off.read(), ada.network.opened]).toEqual([[], 0]);
      await off.set('room', { enter: null });
      await wait();
      expect(off.read()).toEqual([]);
      expect(framesOf(ada, 'pres')).toEqual([]);
      await off.unmount();
      await wait(5000);
    });
  });
}
