// @vitest-environment jsdom
/** What a server renders, and how a page takes it over. */
import { renderToString } from '@vue/server-renderer';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type App, type Component, createSSRApp } from 'vue';
import { composeClient, json, memoryOutbox, webSocket } from 'holdfast';
import { crossed } from '../channel/traffic.ts';
import { createProbe, hooks, useStage } from './vue-mount.ts';

const createStage = useStage();
const {
  useChannel,
  useLatest,
  useLatestBy,
  useMessages,
  useOutbox,
  usePublish,
  useRequest,
  useStatus,
  useStore,
  useSubscription,
  useUiStatus,
} = hooks;

const LIST = { initial: ['nothing yet'], reduce: (all: string[], { data }: { readonly data: string }) => [...all, data] };

/** Every composable at once. */
const probe = createProbe(() => {
  const all = {
    status: useStatus(),
    uiStatus: useUiStatus(),
    channel: useChannel('room'),
    messages: useMessages('room'),
    latest: useLatest('room', 'e'),
    latestBy: useLatestBy('room', 'e', (data) => data),
    publish: usePublish('room'),
    outbox: useOutbox(),
    store: useStore('room', LIST),
    request: useRequest('method'),
  };
  useSubscription('room', 'e', () => {});
  return () => [
    ...[all.status.value.state, all.uiStatus.value.banner, all.channel.value.name, all.messages.messages.value.length],
    ...[all.messages.status.value, all.latest.value, all.latestBy.value.size, all.publish.pending.value],
    ...[
      all.outbox.pending.value,
      all.outbox.entries.value.length,
      all.store.state.value,
      all.store.status.value,
      all.request.state.value,
    ],
  ];
});
const SENT = JSON.stringify(['idle', 'hidden', 'room', 0, 'idle', null, 0, 0, 0, 0, ['nothing yet'], 'loading', 'idle']);

let app: App | null = null;
afterEach(() => {
  app?.unmount();
  app = null;
});

function hydrate(html: string, component: Component, install: (app: App) => unknown): Element {
  const root = document.createElement('div');
  root.innerHTML = html;
  app = createSSRApp(component);
  install(app);
  app.mount(root);
  return root;
}

describe('on the server', () => {
  it('every composable shows where it begins, and nothing is touched', async () => {
    const touched = vi.fn();
    const touching = new Proxy({}, { get: touched, has: touched });
    const client = composeClient({
      url: '/realtime',
      transports: [webSocket()],
      codec: json(),
      outbox: { store: memoryOutbox() },
      environment: { setTimeout: touched, fetch: touched, WebSocket: touching as never },
    });
    const html = await renderToString(createSSRApp(probe.component).use(hooks.plugin, client));
    await new Promise((resolve) => setImmediate(resolve));
    expect(html).toBe(`<p>${SENT.replaceAll('"', '&quot;')}</p>`);
    expect(touched).not.toHaveBeenCalled();
    expect(client.status.get()).toEqual({ state: 'idle' });
  });

  it('a client that is connected already is rendered as any other', async () => {
    const stage = createStage();
    const { client, network } = stage.open();
    client.channel('room').publish('e', 'there already');
    client.channel('room').subscribe('e', () => {});
    await stage.clock.advance(1000);
    const { length } = network.wire;
    const html = await renderToString(createSSRApp(probe.component).use(hooks.plugin, client));
    await stage.clock.advance(100);
    expect(html).toBe(`<p>${SENT.replaceAll('"', '&quot;')}</p>`);
    expect(network.wire).toHaveLength(length);
  });
});

describe('the page that takes over', () => {
  it.each(['begins as the server did', 'with a client that is connected, with a store that is live'])('%s', async (already) => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const error = vi.spyOn(console, 'error').mockImplementation(() => {});
    const stage = createStage();
    const { client, network } = stage.open();
    const install = (made: App): unknown => made.use(hooks.plugin, client);
    const html = await renderToString(createSSRApp(probe.component).use(hooks.plugin, client));
    if (already.startsWith('with')) {
      const { component } = createProbe(() => {
        const { state } = useStore('room', LIST);
        const { messages } = useMessages('room');
        return () => [state.value, messages.value];
      });
      stage.mount(client, component);
      await stage.clock.advance(1000);
      await stage.server.publish('room', 'e', 'news');
      await stage.clock.advance(1000);
    }
    const root = hydrate(html, probe.component, install);
    const node = root.firstElementChild;
    expect(root.textContent).toBe(SENT);
    await stage.clock.advance(1000);
    expect(root.firstElementChild).toBe(node);
    expect(root.textContent).toContain('"connected"');
    await stage.server.publish('room', 'e', 'later');
    await stage.clock.advance(1000);
    expect(root.textContent).toContain('"later"');
    expect(crossed(network, 'up', 'sub')).toHaveLength(1);
    app?.unmount();
    app = null;
    expect([warn.mock.calls, error.mock.calls]).toEqual([[], []]);
    vi.restoreAllMocks();
  });
});
