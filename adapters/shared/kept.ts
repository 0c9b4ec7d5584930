import { shallowEqual } from '../../src/util/readable.ts';

/** Of each client, or of each definition: gone with its key. */
export function createKept<K extends WeakKey, V>(make: (key: K) => V): (key: K) => V {
  const all = new WeakMap<K, V>();
  return (key) => {
    const kept = all.get(key) ?? make(key);
    all.set(key, kept);
    return kept;
  };
}

/** The earlier object if nothing in it has changed, so that nothing is rendered again. */
export function keepSame<T extends object>(earlier: T, later: T): T {
  return shallowEqual(earlier, later) ? earlier : later;
}
