import { useMemo } from 'react';
import type { Client, StoreDefinition } from 'holdfast';
import { createIdle } from '../shared/source.ts';
import { type StoreView, createStoreView, initialView } from '../shared/store.ts';
import { useCurrent, useSource } from './use-source.ts';

/**
 * Written in the component, a definition is a new object at each render: a new store each time, whose first state is the next
 * render, without end. So with the same code it counts as the one before, and only its functions are the latest.
 */
export function useStore<S>(client: Client, name: string | null, definition: StoreDefinition<S>): StoreView<S> {
  const current = useCurrent(definition);
  const { load, reduce } = definition;
  return useSource(
    useMemo(
      () =>
        name === null
          ? createIdle(initialView(definition))
          : createStoreView(client, name, definition, {
              ...definition,
              ...(load && { load: (data) => current.current.load!(data) }),
              // What is no function is for the store to refuse.
              ...(typeof reduce === 'function' && { reduce: (...args) => current.current.reduce(...args) }),
            }),
      [client, name, String(load), String(reduce)],
    ),
  );
}
