import { type InjectionKey, type Plugin, type ShallowRef, inject, onScopeDispose, shallowReadonly, shallowRef } from 'vue';
import type { Client, Contract, Readable, Status, Untyped } from 'holdfast';

export type Ref<T> = Readonly<ShallowRef<T>>;

export interface Composables<C extends Contract<C> = Untyped> {
  /** `app.use(plugin, client)` */
  readonly plugin: Plugin<[client: Client<C>]>;
  /** @throws Error where the plugin was not installed */
  useClient(): Client<C>;
  useStatus(): Ref<Status>;
}

/** The composables for one contract. Call once in a module: `export const { plugin, useStatus } = createHooks<App>()`. */
export function createHooks<C extends Contract<C> = Untyped>(): Composables<C> {
  const key: InjectionKey<Client<C>> = Symbol('holdfast');
  const useClient = (): Client<C> => {
    const client = inject(key, null);
    if (client === null) throw new Error('The plugin is missing: app.use(plugin, client).');
    return client;
  };
  return {
    plugin: { install: (app, client) => void app.provide(key, client) },
    useClient,
    useStatus: () => useReadable(useClient().status),
  };
}

function useReadable<T>(readable: Readable<T>): Ref<T> {
  const ref = shallowRef(readable.get());
  onScopeDispose(readable.subscribe(() => (ref.value = readable.get())));
  return shallowReadonly(ref);
}
