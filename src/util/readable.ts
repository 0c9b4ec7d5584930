import type { Readable } from '../types.ts';
import { soon } from './soon.ts';
import { createStop } from './stop.ts';

export interface Writable<T> extends Readable<T> {
  set(value: T): void;
}

/** Equal primitives, or objects with the same keys and the same values under them. */
export function shallowEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const left = a as Readonly<Record<string, unknown>>;
  const right = b as Readonly<Record<string, unknown>>;
  let more = 0;
  for (const key in left) {
    if (!(key in right) || left[key] !== right[key]) return false;
    more += 1;
  }
  for (const _ in right) more -= 1;
  return more === 0;
}

/**
 * A value that tells when it changed: at once for `get`, in a microtask for listeners, so that a burst of changes is one
 * render. Setting what is shallowly equal changes nothing. A listener that throws is reported and starves no other.
 */
export function createReadable<T>(initial: T, report: (error: unknown) => void): Writable<T> {
  let value = initial;
  const { subscribe, changed } = createDerived(() => value, report);
  return {
    get: () => value,
    set(next) {
      if (shallowEqual(next, value)) return;
      value = next;
      changed();
    },
    subscribe,
  };
}

/** The telling half: `changed` says that `get` may give another value. */
export function createDerived<T>(
  get: () => T,
  report: (error: unknown) => void,
): { subscribe: Readable<T>['subscribe']; changed(): void } {
  let told = get();
  let telling = false;
  const listeners = new Set<{ readonly listener: () => void }>();

  const tell = (): void => {
    telling = false;
    const value = get();
    if (value === told) return;
    told = value;
    for (const entry of [...listeners]) {
      if (!listeners.has(entry)) continue;
      try {
        entry.listener();
      } catch (error) {
        report(error);
      }
    }
  };

  return {
    changed() {
      if (telling) return;
      telling = true;
      soon(tell);
    },
    subscribe(listener) {
      const entry = { listener };
      listeners.add(entry);
      return createStop(() => listeners.delete(entry));
    },
  };
}
