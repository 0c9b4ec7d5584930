import type { Client, StoreDefinition } from 'holdfast';
import { type StoreView, createStoreView, initialView } from '../shared/store.ts';
import { type Name, type Refs, toParts, useNamed } from './source.ts';

export function useStore<S>(client: Client, name: Name, definition: StoreDefinition<S>): Refs<StoreView<S>> {
  const initial = initialView(definition);
  const view = useNamed(name, (given) => createStoreView(client, given, definition), initial);
  return toParts(view, initial);
}
