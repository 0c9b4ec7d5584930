import { type App, type InjectionKey, type Plugin, inject } from 'vue';
import type { Client } from 'holdfast';

export type ClientKey = InjectionKey<Client>;

export function createPlugin(key: ClientKey): Plugin<[client: Client]> {
  return { install: (app: App, client: Client) => void app.provide(key, client) };
}

/** Makes a composable of a client one of the client that the plugin was given. */
export function createBind(key: ClientKey) {
  return <A extends readonly unknown[], R>(composable: (client: Client, ...args: A) => R) =>
    (...args: A): R => {
      const client = inject(key, null);
      if (client === null) throw new Error('The plugin is missing: app.use(plugin, client).');
      return composable(client, ...args);
    };
}
