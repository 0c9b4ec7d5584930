import { type Context, type ReactNode, createContext, createElement, useContext, useSyncExternalStore } from 'react';
import type { Client, Contract, Status, Untyped } from 'holdfast';

export interface Hooks<C extends Contract<C> = Untyped> {
  readonly Provider: (props: { readonly client: Client<C>; readonly children?: ReactNode }) => ReactNode;
  readonly context: Context<Client<C> | null>;
  /** @throws Error outside of a Provider */
  useClient(): Client<C>;
  useStatus(): Status;
}

/** The hooks for one contract. Call once in a module: `export const { Provider, useStatus } = createHooks<App>()`. */
export function createHooks<C extends Contract<C> = Untyped>(): Hooks<C> {
  const context = createContext<Client<C> | null>(null);
  const useClient = (): Client<C> => {
    const client = useContext(context);
    if (client === null) throw new Error('There is no <Provider client={…}> around this component.');
    return client;
  };
  return {
    context,
    Provider: ({ client, children }) => createElement(context.Provider, { value: client }, children),
    useClient,
    useStatus() {
      const { status } = useClient();
      return useSyncExternalStore(status.subscribe, status.get, status.get);
    },
  };
}
