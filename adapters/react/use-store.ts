import { useInsertionEffect, useMemo } from 'react';
import type { Client, StoreDefinition } from 'holdfast';
import { createIdle } from '../shared/source.ts';
import { type StoreView, createStoreView, initialView } from '../shared/store.ts';
import { useCurrent, useSource } from './use-source.ts';

/** How many components that are mounted have this definition now. */
const users = new WeakMap<object, number>();

/**
 * Written in the component, a definition is a new object at each render: a new store each time, whose first state is the next
 * render, without end. So with the same code it counts as the one before, and only its functions are the latest; but not for
 * another component that has the one before still, and shares its store.
 */
export function useStore<S>(client: Client, name: string | null, definition: StoreDefinition<S>): StoreView<S> {
  const current = useCurrent(definition);
  useInsertionEffect(() => {
    users.set(definition, (users.get(definition) ?? 0) + 1);
    return () => void users.set(definition, users.get(definition)! - 1);
  }, [definition]);
  const { load, reduce } = definition;
  return useSource(
    useMemo(() => {
      if (name === null) return createIdle(initialView(definition));
      const now = (): StoreDefinition<S> => (users.get(definition) ? definition : current.current);
      return createStoreView(client, name, definition, {
        ...definition,
        ...(load && { load: (data) => now().load!(data) }),
        // What is no function is for the store to refuse.
        ...(typeof reduce === 'function' && { reduce: (...args) => now().reduce(...args) }),
      });
    }, [client, name, String(load), String(reduce)]),
  );
}
