import type { Contract, Untyped } from 'holdfast';
import { useChannel, useSubscription } from './channel.ts';
import { useOutbox, useStatus, useUiStatus } from './client.ts';
import type { Composables } from './composables.ts';
import { type ClientKey, createBind, createPlugin } from './context.ts';
import { useLatest, useLatestBy } from './latest.ts';
import { useMessages } from './messages.ts';
import { usePresence } from './presence.ts';
import { usePublish } from './publish.ts';
import { useRequest } from './request.ts';
import { useStore } from './store.ts';

/** The composables for one contract. Call once in a module: `export const { plugin, useMessages } = createHooks<App>()`. */
export function createHooks<C extends Contract<C> = Untyped>(): Composables<C> {
  const key: ClientKey = Symbol('holdfast');
  const bind = createBind(key);
  const composables = {
    plugin: createPlugin(key),
    useClient: bind((client) => client),
    useStatus: bind(useStatus),
    useUiStatus: bind(useUiStatus),
    useChannel: bind(useChannel),
    useSubscription: bind(useSubscription),
    useMessages: bind(useMessages),
    useLatest: bind(useLatest),
    useLatestBy: bind(useLatestBy),
    usePresence: bind(usePresence),
    usePublish: bind(usePublish),
    useOutbox: bind(useOutbox),
    useStore: bind(useStore),
    useRequest: bind(useRequest),
  };
  // What is inside knows names and payloads only as they come.
  return composables as unknown as Composables<C>;
}
