import { createContext, createElement, useContext, useMemo } from 'react';
import type { Client, Contract, Untyped } from 'holdfast';
import { outboxOf, statusOf, uiStatusOf } from '../shared/client-views.ts';
import type { MessageList } from '../shared/messages.ts';
import type { Hooks } from './types.ts';
import { useLatest, useLatestBy } from './use-latest.ts';
import { useMessages } from './use-messages.ts';
import { usePublish } from './use-publish.ts';
import { useRequest } from './use-request.ts';
import { useSource } from './use-source.ts';
import { useStore } from './use-store.ts';
import { useSubscription } from './use-subscription.ts';

/** The hooks for one contract. Call once in a module: `export const { Provider, useMessages } = createHooks<App>()`. */
export function createHooks<C extends Contract<C> = Untyped>(): Hooks<C> {
  const context = createContext<Client | null>(null);
  const useClient = (): Client => {
    const client = useContext(context);
    if (client === null) throw new Error('There is no <Provider client={…}> around this component.');
    return client;
  };
  const hooks: Hooks = {
    context,
    Provider: ({ client, children }) => createElement(context.Provider, { value: client }, children),
    useClient,
    useStatus: () => useSource(statusOf(useClient())),
    useUiStatus: () => useSource(uiStatusOf(useClient())),
    useChannel(name) {
      const client = useClient();
      return useMemo(() => client.channel(name), [client, name]);
    },
    useSubscription: (...args) => useSubscription(useClient(), ...args),
    useMessages: (...args) => useMessages(useClient(), ...args) as MessageList<never>,
    useLatest: (...args) => useLatest(useClient(), ...args),
    useLatestBy: (...args) => useLatestBy(useClient(), ...args),
    usePublish: (name) => usePublish(useClient(), name),
    useOutbox: () => useSource(outboxOf(useClient())),
    useRequest: (method) => useRequest(useClient(), method),
    useStore: (...args) => useStore(useClient(), ...args),
  };
  // What is inside knows names and payloads only as they come.
  return hooks as unknown as Hooks<C>;
}
