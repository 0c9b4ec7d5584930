/** What every adapter does, whatever the framework. Each calls this with a driver of its own. */
import { describe, expect, it } from 'vitest';
import type { TestPage, World } from '../../support/world.ts';
import { useWorld } from '../channel/traffic.ts';
import { describeMessages } from './behaviour-messages.ts';
import { describePresence } from './behaviour-presence.ts';
import { describeRequests } from './behaviour-requests.ts';
import { describeStores } from './behaviour-stores.ts';
import type { Driver, HookName, Mounted } from './driver.ts';
import { framesOf, say } from './wire.ts';

export function describeBehaviour(driver: Driver): void {
  const createWorld = useWorld();

  interface Stage {
    readonly world: World;
    readonly page: TestPage;
    mount(hook: HookName, ...args: readonly unknown[]): Promise<Mounted>;
    wait(ms?: number): Promise<void>;
  }
  const stage = (options: Parameters<typeof createWorld>[0] = {}): Stage => {
    const world = createWorld(options);
    const page = world.open();
    return {
      world,
      page,
      mount: (hook, ...args) => driver.mount(page.client, hook, ...args),
      wait: (ms = 100) => driver.act(() => world.clock.advance(ms)),
    };
  };

  describe(`${driver.name}: the client`, () => {
    it('shows where the connection is, and renders for nothing else', async () => {
      const { page, mount, wait } = stage();
      const status = await mount('useStatus');
      const banner = await mount('useUiStatus');
      expect([status.read(), banner.read()]).toEqual([{ state: 'idle' }, { banner: 'hidden' }]);
      await driver.act(() => page.client.connect());
      await wait();
      expect(status.read()).toMatchObject({ state: 'connected', transport: 'memory' });
      page.network.set('refusing');
      await driver.act(() => page.network.cut());
      await wait(3000);
      expect(status.read()).toMatchObject({ state: 'waiting' });
      expect(banner.read()).toMatchObject({ banner: 'reconnecting' });
      page.network.set('open');
      await wait(60_000);
      const { renders } = banner;
      expect(banner.read()).toEqual({ banner: 'hidden' });
      await wait(60_000);
      expect(banner.renders).toBe(renders);
    });

    it('gives the handle of a channel, which holds nothing', async () => {
      const { page, mount, wait } = stage();
      const channel = await mount('useChannel', 'room');
      await wait();
      expect(channel.read()).toBe(page.client.channel('room'));
      await channel.set('other');
      expect(channel.read()).toBe(page.client.channel('other'));
      expect(page.network.opened).toBe(0);
    });

    it('shows the outbox and what is in it', async () => {
      const { page, mount, wait } = stage();
      const outbox = await mount('useOutbox');
      page.network.set('refusing');
      await wait();
      expect(outbox.read()).toMatchObject({ pending: 0, entries: [] });
      await driver.act(() => page.client.channel('room').publish('e', 1));
      await wait();
      expect(outbox.read()).toMatchObject({ pending: 1, entries: [{ event: 'e', data: 1, state: 'queued' }] });
      page.network.set('open');
      await wait(60_000);
      expect(outbox.read()).toMatchObject({ pending: 0, entries: [] });
    });
  });

  describe(`${driver.name}: subscriptions`, () => {
    it('call the handler of the latest render, and ask the server once', async () => {
      const { world, page, mount, wait } = stage();
      const heard: string[] = [];
      const handler = (by: string) => (data: number) => heard.push(`${by}${data}`);
      const subscription = await mount('useSubscription', 'room', 'e', handler('first '));
      await wait();
      await driver.act(() => say(world, 'room', 1));
      await wait();
      await subscription.set('room', 'e', handler('second '));
      await driver.act(() => say(world, 'room', 2));
      await wait(5000);
      expect(heard).toEqual(['first 1', 'second 2']);
      expect(framesOf(page, 'sub', 'unsub')).toEqual(['sub']);
    });

    it('follow name and event, and are off without a name', async () => {
      const { world, mount, wait } = stage();
      const heard: unknown[] = [];
      const handler = (data: unknown, { channel, event }: { channel: string; event: string }) =>
        heard.push([channel, event, data]);
      const subscription = await mount('useSubscription', null, 'e', handler);
      const all = async (): Promise<void> => {
        await wait();
        for (const name of ['a', 'b']) for (const event of ['e', 'f']) await say(world, name, 1, event);
        await wait();
      };
      await all();
      expect(heard).toEqual([]);
      await subscription.set('a', 'e', handler);
      await all();
      await subscription.set('b', 'e', handler);
      await all();
      await subscription.set('b', 'f', handler);
      await all();
      await subscription.unmount();
      await all();
      expect(heard).toEqual([['a', 'e', 1], ['b', 'e', 1], ['b', 'f', 1]]); // prettier-ignore
    });
  });

  describe(`${driver.name}: the latest`, () => {
    const now = { frame: false };

    it('is null at first, then the newest', async () => {
      const { world, mount, wait } = stage();
      const latest = await mount('useLatest', 'room', 'e', now);
      await wait();
      expect(latest.read()).toBeNull();
      await say(world, 'room', { price: 1 });
      await say(world, 'room', { price: 2 });
      await wait();
      const shown: unknown = latest.read();
      expect(shown).toEqual({ price: 2 });
      const { renders } = latest;
      await say(world, 'room', 1, 'another');
      await wait(5000);
      expect([latest.read() === shown, latest.renders - renders]).toEqual([true, 0]);
      await latest.set('other', 'e', now);
      expect(latest.read()).toBeNull();
      await latest.set(null, 'e', now);
      expect(latest.read()).toBeNull();
    });

    it('of each key is a map, one render for what comes at once', async () => {
      const { world, page, mount, wait } = stage();
      const byKey = (data: { key: string }): string => data.key;
      const latest = await mount('useLatestBy', 'room', 'e', byKey, now);
      await wait();
      const empty: unknown = latest.read();
      expect([...latest.read()]).toEqual([]);
      const { renders } = latest;
      page.network.stall('down');
      for (const [key, n] of [['a', 1], ['b', 2], ['a', 3]] as const) await say(world, 'room', { key, n }); // prettier-ignore
      await wait();
      await driver.act(() => page.network.heal());
      expect(latest.read()).toEqual(new Map([['a', { key: 'a', n: 3 }], ['b', { key: 'b', n: 2 }]])); // prettier-ignore
      expect([latest.read() !== empty, latest.renders - renders]).toEqual([true, 1]);
    });
  });

  describe(`${driver.name}: publishing`, () => {
    it('counts what has no outcome, and shows the last that failed', async () => {
      const { page, mount, wait } = stage({ server: { channels: { '{room}': { publish: { good: true } } } } });
      const publisher = await mount('usePublish', 'room');
      const { publish } = publisher.read();
      expect(publisher.read()).toMatchObject({ pending: 0, failed: null });
      await driver.act(() => ['good', 'bad', 'good'].map((event) => publish(event, 1)));
      expect(publisher.read().pending).toBe(3);
      await wait();
      expect(publisher.read()).toMatchObject({ pending: 0, failed: { result: 'rejected', event: 'bad', channel: 'room' } });
      expect(publisher.read().publish).toBe(publish);
      await publisher.unmount();
      const receipt = publish('good', 2);
      await wait();
      expect(receipt.state.get()).toMatchObject({ outcome: { result: 'accepted' } });
      expect(page.errors).toEqual([]);
    });

    it('sends volatile messages, and says whether it could', async () => {
      const { world, page, mount, wait } = stage();
      const publisher = await mount('usePublish', 'room');
      expect(publisher.read().publishVolatile('e', 1)).toBe(false);
      const heard: unknown[] = [];
      world.open().client.channel('room').subscribe('e', (data) => heard.push(data)); // prettier-ignore
      page.client.connect();
      await wait();
      expect(publisher.read().publishVolatile('e', 2)).toBe(true);
      await wait();
      expect(heard).toEqual([2]);
    });
  });

  describe(`${driver.name}: on the wire`, () => {
    it('20 components on one channel are one subscription and one look into the past', async () => {
      const { page, wait } = stage();
      const mounted = await driver.mountAll(page.client, 20, 'useMessages', 'room');
      await wait();
      expect(framesOf(page, 'sub', 'unsub', 'hist')).toEqual(['sub', 'hist']);
      expect(mounted.read()).toMatchObject({ status: 'live' });
      await mounted.unmount();
      await wait(5000);
      expect(framesOf(page, 'sub', 'unsub', 'hist')).toEqual(['sub', 'hist', 'unsub']);
    });

    const hooks: readonly (readonly [hook: HookName, args: readonly unknown[]])[] = [
      ['useMessages', ['room']],
      ['useSubscription', ['room', 'e', () => {}]],
      ['useLatest', ['room', 'e']],
      ['useLatestBy', ['room', 'e', String]],
      ['useStore', ['room', { initial: 0, reduce: (n: number) => n + 1 }]],
    ];
    it.each(hooks)('%s: to unmount and mount again within 100 ms is no frame at all', async (hook, args) => {
      const { page, mount, wait } = stage();
      const first = await mount(hook, ...args);
      await wait();
      const before = page.network.wire.length;
      await first.unmount();
      await wait(50);
      const second = await mount(hook, ...args);
      await wait(5000);
      expect(page.network.wire.length).toBe(before);
      await second.unmount();
      await wait(5000);
      expect(framesOf(page, 'sub', 'unsub')).toEqual(['sub', 'unsub']);
    });

    it('nothing is left of a client that ends, nor of a component that outlives it', async () => {
      const { world, page, mount, wait } = stage();
      const staying = await mount('useMessages', 'room');
      const leaving = await mount('useMessages', 'other');
      await wait();
      await leaving.unmount();
      await driver.act(() => page.client.destroy());
      expect(staying.read()).toMatchObject({ status: 'closed', error: { code: 'destroyed' } });
      await staying.unmount();
      await wait();
      await world.end();
      expect(world.clock.pending).toBe(0);
    });
  });

  describeMessages(driver, createWorld);
  describeRequests(driver, createWorld);
  describePresence(driver, createWorld);
  describeStores(driver, createWorld);
}
