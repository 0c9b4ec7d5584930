// @vitest-environment jsdom
import { describe, expect, it } from 'vitest';
import { KeepAlive, Suspense, createApp, defineComponent, effectScope, h, ref } from 'vue';
import { crossed } from '../channel/traffic.ts';
import { createProbe, hooks, useStage } from './vue-mount.ts';

const createStage = useStage();

const { plugin, useLatest, useMessages, useStore, useSubscription } = hooks;
const SUM = { initial: 0, reduce: (sum: number, { data }: { readonly data: number }) => sum + data };

/** One composable each, and what it shows of the messages 1, 2 that come while it is there. */
const COMPOSABLES: readonly (readonly [name: string, setup: () => () => unknown, shows: unknown])[] = [
  [
    'useSubscription',
    () => {
      const seen = ref<readonly unknown[]>([]);
      useSubscription('room', 'e', (data) => (seen.value = [...seen.value, data]));
      return () => seen.value;
    },
    [1, 2],
  ],
  [
    'useMessages',
    () => {
      const { messages } = useMessages('room');
      return () => messages.value.map(({ data }) => data);
    },
    [1, 2],
  ],
  [
    'useLatest',
    () => {
      const latest = useLatest('room', 'e');
      return () => latest.value;
    },
    2,
  ],
  [
    'useLatestBy',
    () => {
      const latest = hooks.useLatestBy('room', 'e', (data) => data % 2);
      return () => [...latest.value];
    },
    [
      [1, 1],
      [0, 2],
    ],
  ],
  [
    'useStore',
    () => {
      const { state } = useStore('room', SUM);
      return () => state.value;
    },
    3,
  ],
];

describe.each(COMPOSABLES)('%s', (_, setup, shows) => {
  it('of twenty components on one channel is one subscription', async () => {
    const stage = createStage();
    const { client, network } = stage.open();
    const { component } = createProbe(setup);
    const all = stage.mount(client, { render: () => Array.from({ length: 20 }, () => h(component)) });
    await stage.clock.advance(100);
    for (const data of [1, 2]) await stage.server.publish('room', 'e', data);
    await stage.clock.advance(100);
    expect(all.findAll('p').map((each) => each.text())).toEqual(Array(20).fill(JSON.stringify(shows)));
    expect(crossed(network, 'up', 'sub')).toHaveLength(1);
    all.unmount();
    expect(crossed(network, 'up', 'unsub')).toHaveLength(0);
    await stage.clock.advance(3000);
    expect(crossed(network, 'up', 'unsub')).toHaveLength(1);
  });

  it('that is unmounted and mounted again in 100 ms sends no frame', async () => {
    const stage = createStage();
    const { client, network } = stage.open();
    const { component } = createProbe(setup);
    const shown = ref(true);
    stage.mount(client, () => (shown.value ? h(component) : null));
    await stage.clock.advance(1000);
    const frames = network.wire.filter(({ direction }) => direction === 'up').length;
    shown.value = false;
    await stage.clock.advance(100);
    shown.value = true;
    await stage.clock.advance(1500);
    expect(network.wire.filter(({ direction }) => direction === 'up')).toHaveLength(frames);
  });

  it('renders again only when what it shows changes', async () => {
    const stage = createStage();
    const { client } = stage.open();
    const probe = createProbe(setup);
    const outer = ref(0);
    const wrapper = stage.mount(client, () => [outer.value, h(probe.component)]);
    await stage.clock.advance(1000);
    const before = probe.renders;
    expect(before).toBe(1);
    for (const data of [1, 2]) await stage.server.publish('room', 'e', data);
    await stage.clock.advance(100);
    expect(wrapper.find('p').text()).toBe(JSON.stringify(shows));
    const { renders } = probe;
    expect(renders).toBeLessThanOrEqual(before + 2);
    outer.value += 1;
    client.channel('other').subscribe('e', () => {});
    client.channel('room').publishVolatile('other');
    await stage.clock.advance(10_000);
    expect(probe.renders).toBe(renders);
  });

  it('in KeepAlive goes on while its component is put away', async () => {
    const stage = createStage();
    const { client, network } = stage.open();
    const { component } = createProbe(setup);
    const shown = ref(true);
    const wrapper = stage.mount(client, () => h(KeepAlive, () => (shown.value ? h(component) : null)));
    await stage.clock.advance(1000);
    shown.value = false;
    await stage.clock.advance(5000);
    expect(wrapper.find('p').exists()).toBe(false);
    for (const data of [1, 2]) await stage.server.publish('room', 'e', data);
    await stage.clock.advance(1000);
    shown.value = true;
    await stage.clock.advance(0);
    expect(wrapper.find('p').text()).toBe(JSON.stringify(shows));
    expect(crossed(network, 'up', 'sub')).toHaveLength(1);
    wrapper.unmount();
    await stage.clock.advance(3000);
    expect(crossed(network, 'up', 'unsub')).toHaveLength(1);
  });

  it('in a scope of the app ends with it', async () => {
    const stage = createStage();
    const { client, network } = stage.open();
    const app = createApp({}).use(plugin, client);
    const scope = effectScope(true);
    const show = app.runWithContext(() => scope.run(setup))!;
    await stage.clock.advance(100);
    for (const data of [1, 2]) await stage.server.publish('room', 'e', data);
    await stage.clock.advance(100);
    expect(show()).toEqual(shows);
    scope.stop();
    await stage.clock.advance(3000);
    expect(crossed(network, 'up', 'unsub')).toHaveLength(1);
  });

  it('of a component that is taken away before Suspense showed it subscribes to nothing', async () => {
    const stage = createStage();
    const { client, network } = stage.open();
    const shown = ref(true);
    const Waiting = defineComponent({
      async setup() {
        setup();
        await new Promise(() => {});
        return () => null;
      },
    });
    stage.mount(client, () => (shown.value ? h(Suspense, () => h(Waiting)) : null));
    await stage.clock.advance(1000);
    shown.value = false;
    await stage.clock.advance(1000);
    expect(network.opened).toBe(0);
  });
});
