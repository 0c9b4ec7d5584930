import type { Client, StoreDefinition, StoreStatus } from 'holdfast';
import { createStoreView, initialView } from '../shared/store.ts';
import { type Name, type Ref, useNamed, usePart } from './source.ts';

export interface StoreRefs<S> {
  readonly state: Ref<S>;
  /** loading: also while switched off, and on a server. */
  readonly status: Ref<StoreStatus['state']>;
  /** Own publications that are shown and not confirmed. */
  readonly pending: Ref<number>;
  readonly error: Ref<StoreStatus['error']>;
}

export function useStore<S>(client: Client, name: Name, definition: StoreDefinition<S>): StoreRefs<S> {
  const view = useNamed(name, (given) => createStoreView(client, given, definition), initialView(definition));
  return {
    state: usePart(view, 'state'),
    status: usePart(view, 'status'),
    pending: usePart(view, 'pending'),
    error: usePart(view, 'error'),
  };
}
