import { useMemo } from 'react';
import type { Client, StoreDefinition } from 'holdfast';
import { createIdle } from '../shared/source.ts';
import { type StoreView, createStoreView, initialView } from '../shared/store.ts';
import { useSource } from './use-source.ts';

export function useStore<S>(client: Client, name: string | null, definition: StoreDefinition<S>): StoreView<S> {
  return useSource(
    useMemo(
      () => (name === null ? createIdle(initialView(definition)) : createStoreView(client, name, definition)),
      [client, name, definition],
    ),
  );
}
