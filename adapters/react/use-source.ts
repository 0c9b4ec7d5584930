import { useInsertionEffect, useRef, useSyncExternalStore } from 'react';
import type { Source } from '../shared/source.ts';

/** What the server rendered is taken over with `initial`, whatever the client knows by then. */
export function useSource<T>({ subscribe, get, initial }: Source<T>): T {
  return useSyncExternalStore(subscribe, get, () => initial);
}

/** Of the last render that was shown; one that came to nothing leaves no trace. */
export function useCurrent<T>(value: T): { readonly current: T } {
  const ref = useRef(value);
  useInsertionEffect(() => {
    ref.current = value;
  });
  return ref;
}
