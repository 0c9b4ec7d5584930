/** One store for all components with the same channel and definition. */
import type { Client, StoreDefinition, StoreStatus } from 'holdfast';
import { createKept, keepSame } from './kept.ts';
import { type Running, type Source, shareSource } from './source.ts';

export interface StoreView<S> {
  readonly state: S;
  /** loading: also while switched off, and on a server. */
  readonly status: StoreStatus['state'];
  /** Own publications that are shown and not confirmed. */
  readonly pending: number;
  readonly error: StoreStatus['error'];
}

const runningOf = /* @__PURE__ */ createKept<Client, (definition: StoreDefinition<unknown>) => Running<StoreView<unknown>>>(() =>
  createKept(() => new Map()),
);

/** Before the store is there. */
export function initialView<S>(definition: StoreDefinition<S>): StoreView<S> {
  return { state: definition.initial, status: 'loading', pending: 0, error: null };
}

/**
 * @param definition is known by its identity
 * @param run what the store works with, if it is not that object itself
 */
export function createStoreView<S>(
  client: Client,
  name: string,
  definition: StoreDefinition<S>,
  run = definition,
): Source<StoreView<S>> {
  const running = runningOf(client)(definition as StoreDefinition<unknown>) as Running<StoreView<S>>;
  const initial = initialView(definition);
  return shareSource(client, running, name, {
    initial,
    start(give) {
      const store = client.channel(name).store(run);
      let shown = initial;
      const present = (): StoreView<S> => {
        const { state: status, ...rest } = store.status.get();
        return (shown = keepSame(shown, { state: store.get(), status, ...rest }));
      };
      const changed = (): void => give(present);
      const stops = [store.subscribe(changed), store.status.subscribe(changed)];
      changed();
      return () => {
        for (const stop of stops) stop();
        // Under a name that is there where `Symbol.dispose` is not.
        store[Symbol.dispose ?? (Symbol.for('Symbol.dispose') as typeof Symbol.dispose)]();
      };
    },
  });
}
