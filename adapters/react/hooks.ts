import { createContext } from 'react';
import type { Client, Contract, Untyped } from 'holdfast';
import { createBind, createProvider } from './context.ts';
import type { Hooks } from './types.ts';
import { useChannel, useOutbox, useStatus, useUiStatus } from './use-client-views.ts';
import { useLatest, useLatestBy } from './use-latest.ts';
import { useMessages } from './use-messages.ts';
import { usePresence } from './use-presence.ts';
import { usePublish } from './use-publish.ts';
import { useRequest } from './use-request.ts';
import { useStore } from './use-store.ts';
import { useSubscription } from './use-subscription.ts';

/** The hooks for one contract. Call once in a module: `export const { Provider, useMessages } = createHooks<App>()`. */
export function createHooks<C extends Contract<C> = Untyped>(): Hooks<C> {
  const context = createContext<Client | null>(null);
  const bind = createBind(context);
  const hooks = {
    context,
    Provider: createProvider(context),
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
    useRequest: bind(useRequest),
    useStore: bind(useStore),
  };
  // What is inside knows names and payloads only as they come.
  return hooks as unknown as Hooks<C>;
}
