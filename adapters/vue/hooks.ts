import { type App, type InjectionKey, inject } from 'vue';
import type { Client, Contract, Untyped } from 'holdfast';
import { useChannel, useSubscription } from './channel.ts';
import { useOutbox, useStatus, useUiStatus } from './client.ts';
import type { Composables } from './composables.ts';
import { useLatest, useLatestBy } from './latest.ts';
import { useMessages } from './messages.ts';
import { usePublish } from './publish.ts';
import { useRequest } from './request.ts';
import { useStore } from './store.ts';

/** The composables for one contract. Call once in a module: `export const { plugin, useMessages } = createHooks<App>()`. */
export function createHooks<C extends Contract<C> = Untyped>(): Composables<C> {
  const key: InjectionKey<Client> = Symbol('holdfast');
  const useClient = (): Client => {
    const client = inject(key, null);
    if (client === null) throw new Error('The plugin is missing: app.use(plugin, client).');
    return client;
  };
  /** What is inside knows names and payloads only as they come. */
  const bind =
    <A extends readonly unknown[], R>(composable: (client: Client, ...args: A) => R) =>
    (...args: A): R =>
      composable(useClient(), ...args);
  const composables = {
    plugin: { install: (app: App, client: Client) => void app.provide(key, client) },
    useClient,
    useStatus: bind(useStatus),
    useUiStatus: bind(useUiStatus),
    useChannel: bind(useChannel),
    useSubscription: bind(useSubscription),
    useMessages: bind(useMessages),
    useLatest: bind(useLatest),
    useLatestBy: bind(useLatestBy),
    usePublish: bind(usePublish),
    useOutbox: bind(useOutbox),
    useStore: bind(useStore),
    useRequest: bind(useRequest),
  };
  return composables as unknown as Composables<C>;
}
