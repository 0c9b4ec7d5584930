/** Shows composables of Vue: the name is a getter, functions are the latest, and for anything else the component is made anew. */
import { afterEach } from 'vitest';
import { type App, createApp, defineComponent, h, isRef, shallowRef } from 'vue';
import { createHooks } from 'holdfast/vue';
import { keepSame } from '../../../adapters/shared/kept.ts';
import type { Client } from '../../../src/types.ts';
import type { Driver, HookName, Mounted } from './driver.ts';

const hooks = createHooks();
const NAMELESS: readonly HookName[] = ['useStatus', 'useUiStatus', 'useOutbox'];

let apps: App[] = [];
afterEach(() => {
  apps.forEach((app) => app.unmount());
  apps = [];
});

const rendered = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function mountAll(client: Client, count: number, hook: HookName, ...first: readonly unknown[]): Promise<Mounted> {
  const args = shallowRef(first);
  let value: unknown;
  let renders = 0;
  const One = defineComponent(() => {
    const use = hooks[hook] as unknown as (...args: readonly unknown[]) => unknown;
    const given = args.value.map((arg, at) => {
      if (at === 0 && hook !== 'useRequest') return () => args.value[0];
      return typeof arg === 'function' ? (...of: unknown[]) => (args.value[at] as (...of: unknown[]) => unknown)(...of) : arg;
    });
    const got = NAMELESS.includes(hook) ? use() : use(...given);
    return () => {
      renders += 1;
      value = unwrap(got, value);
      return null;
    };
  });
  const app = createApp(() =>
    Array.from({ length: count }, (_, at) => h(One, { key: `${at} ${JSON.stringify(args.value.slice(1))}` })),
  );
  app.config.warnHandler = (message) => {
    // What a setup throws is thrown on.
    if (!message.startsWith('Unhandled error during execution of setup')) throw new Error(message);
  };
  app.use(hooks.plugin, client);
  app.mount(document.createElement('div'));
  apps.push(app);
  await rendered();
  return {
    read: () => value,
    get renders() {
      return renders;
    },
    async set(...next) {
      args.value = next;
      await rendered();
    },
    async unmount() {
      app.unmount();
      apps = apps.filter((each) => each !== app);
    },
  };
}

function unwrap(got: unknown, before: unknown): unknown {
  if (isRef(got)) return got.value;
  if (typeof got !== 'object' || got === null) return got;
  const now = Object.fromEntries(Object.entries(got).map(([key, part]) => [key, isRef(part) ? part.value : part]));
  return typeof before === 'object' && before !== null ? keepSame(before, now) : now;
}

export const vueDriver: Driver = {
  name: 'Vue',
  mount: (client, hook, ...args) => mountAll(client, 1, hook, ...args),
  mountAll,
  async act(run) {
    await run();
    await rendered();
  },
};
