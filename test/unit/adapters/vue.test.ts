// @vitest-environment jsdom
import { describe, expect, it, vi } from 'vitest';
import { computed, isReadonly, nextTick, ref, shallowRef } from 'vue';
import { mount } from '@vue/test-utils';
import { crossed } from '../channel/traffic.ts';
import { createProbe, hooks, useStage } from './vue-mount.ts';

const createStage = useStage();

const { useChannel, useLatest, useLatestBy, useMessages, useOutbox, usePublish, useStatus, useStore, useSubscription } = hooks;

describe('a component', () => {
  it('of an app without the plugin throws', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    expect(() =>
      mount(
        createProbe(() => {
          hooks.useClient();
          return () => null;
        }).component,
      ),
    ).toThrow('app.use(plugin, client)');
    warn.mockRestore();
  });

  it('shows the status of the client, and renders only when it changes', async () => {
    const world = createStage();
    const { client } = world.open();
    const probe = createProbe(() => {
      const status = useStatus();
      return () => status.value.state;
    });
    const wrapper = world.mount(client, probe.component);
    expect(wrapper.text()).toBe('"idle"');
    await world.clock.advance(1000);
    expect(probe.renders).toBe(1);
    client.connect();
    await world.clock.advance(1000);
    expect(wrapper.text()).toBe('"connected"');
    const { renders } = probe;
    await world.clock.advance(10_000);
    expect(probe.renders).toBe(renders);
  });
});

describe('a name', () => {
  const forms: readonly (readonly [string, (name: { readonly value: string | null }) => unknown])[] = [
    ['a ref', (name) => name],
    ['a computed ref', (name) => computed(() => name.value)],
    ['a getter', (name) => () => name.value],
  ];

  it.each(forms)('that is %s is followed, and null leaves', async (_, form) => {
    const world = createStage();
    const { client, network } = world.open();
    const name = ref<string | null>('a');
    const seen: unknown[] = [];
    const probe = createProbe(() => {
      useSubscription(form(name) as string, 'e', (data) => seen.push(data));
      return () => null;
    });
    world.mount(client, probe.component);
    await world.clock.advance(100);
    await world.server.publish('a', 'e', 1);
    await world.clock.advance(100);
    name.value = 'b';
    await world.clock.advance(100);
    await world.server.publish('a', 'e', 2);
    await world.server.publish('b', 'e', 3);
    await world.clock.advance(2000);
    name.value = null;
    await world.clock.advance(2000);
    expect(seen).toEqual([1, 3]);
    expect(crossed(network, 'up', 'sub').map(({ c }) => c)).toEqual(['a', 'b']);
    expect(crossed(network, 'up', 'unsub').map(({ c }) => c)).toEqual(['a', 'b']);
  });

  it('that changes never shows what belongs to the one before', async () => {
    const world = createStage();
    const { client } = world.open();
    const name = shallowRef('a');
    const shown: string[] = [];
    const probe = createProbe(() => {
      const { messages } = useMessages(name);
      return () => shown.push(`${name.value}: ${messages.value.map(({ data }) => data).join()}`);
    });
    world.mount(client, probe.component);
    await world.clock.advance(100);
    await world.server.publish('a', 'e', 'of a');
    await world.clock.advance(100);
    name.value = 'b';
    await world.clock.advance(100);
    await world.server.publish('b', 'e', 'of b');
    await world.clock.advance(100);
    expect([...new Set(shown)]).toEqual(['a: ', 'a: of a', 'b: ', 'b: of b']);
  });

  it('gives its channel, and the one that is published on', async () => {
    const world = createStage();
    const { client, network } = world.open();
    const name = shallowRef('a');
    let publish = (_event: string): unknown => null;
    const probe = createProbe(() => {
      const channel = useChannel(name);
      publish = usePublish(name).publish;
      return () => channel.value.name;
    });
    const wrapper = world.mount(client, probe.component);
    publish('e');
    name.value = 'b';
    await nextTick();
    publish('f');
    await world.clock.advance(1000);
    expect(wrapper.text()).toBe('"b"');
    expect(crossed(network, 'up', 'pub').map(({ c }) => c)).toEqual(['a', 'b']);
  });
});

describe('what a composable returns', () => {
  it('is read-only and shallow', async () => {
    const world = createStage();
    const { client } = world.open();
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const data = { deep: {} };
    let refs: readonly { readonly value: unknown }[] = [];
    let latest: { readonly value: unknown } = ref(null);
    let state: { readonly value: unknown } = ref(null);
    const probe = createProbe(() => {
      latest = useLatest('a', 'e');
      ({ state } = useStore('a', { initial: data, reduce: (all) => all }));
      const lists = [useMessages('a'), useOutbox(), usePublish('a')].flatMap((all) => Object.values(all) as never[]);
      refs = [useStatus(), latest, useLatestBy('a', 'e', () => 1), state, ...lists].filter((each) => typeof each === 'object');
      return () => null;
    });
    world.mount(client, probe.component);
    await world.clock.advance(100);
    await world.server.publish('a', 'e', data);
    await world.clock.advance(2000);
    expect(refs).toHaveLength(18);
    expect(refs.filter((each) => !isReadonly(each))).toEqual([]);
    (latest as { value: unknown }).value = 'mine';
    expect(latest.value).toEqual(data);
    expect(state.value).toBe(data);
    expect(warn).toHaveBeenCalled();
    warn.mockRestore();
  });
});
