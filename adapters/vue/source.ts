import {
  type MaybeRefOrGetter,
  type ShallowRef,
  computed,
  getCurrentInstance,
  inject,
  shallowReadonly,
  shallowRef,
  ssrContextKey,
  toValue,
  watch,
  watchPostEffect,
} from 'vue';
import type { Source } from '../shared/source.ts';

export type Ref<T> = Readonly<ShallowRef<T>>;
export type Refs<T> = { readonly [K in keyof T]: Ref<T[K]> };
/** Null: no channel. */
export type Name = MaybeRefOrGetter<string | null>;

/**
 * Runs `start` for what `given` is, anew whenever that is another; what it returns ends it, then and with the scope. The first
 * time once the component is mounted, so never on the server. A change starts before the component renders, so that it never
 * shows what belongs to the name before.
 */
export function useStarted<T>(given: () => T, start: (now: T) => (() => void) | undefined): void {
  const mounted = shallowRef(false);
  // Of all effects only a post effect and a lazy watcher stay away from the server.
  watchPostEffect(() => void (mounted.value = true));
  watch([mounted, given] as const, ([isMounted, now], _, onCleanup) => {
    const stop = isMounted ? start(now) : undefined;
    if (stop !== undefined) onCleanup(stop);
  });
}

/** @param initial where there is no source, on the server, and while the page takes over what the server rendered */
export function useSource<T>(source: () => Pick<Source<T>, 'get' | 'subscribe'> | null, initial: T): Ref<T> {
  // What makes its source anew is asked once for each change.
  const current = computed(source);
  const present = (): T => (current.value === null ? initial : current.value.get());
  const ref = shallowRef(isSent() ? initial : present());
  const show = (): void => void (ref.value = present());
  useStarted(
    () => current.value,
    (readable) => {
      const stop = readable?.subscribe(show);
      // Subscribing may have started it.
      show();
      return stop;
    },
  );
  return shallowReadonly(ref);
}

/** Of the channel of this name. */
export function useNamed<T>(name: Name, make: (name: string) => Source<T>, initial: T): Ref<T> {
  return useSource(() => {
    const given = toValue(name);
    return given === null ? null : make(given);
  }, initial);
}

/** Each part in a ref of its own, which changes when that part does. */
export function toParts<T extends object>(whole: Ref<T>, like: T): Refs<T> {
  const parts = Object.keys(like).map((key) => [key, computed(() => whole.value[key as keyof T])]);
  return Object.fromEntries(parts) as Refs<T>;
}

/** On the server, or on the page that takes over: only then a component that is set up has an element already. */
function isSent(): boolean {
  return inject(ssrContextKey, null) !== null || (getCurrentInstance()?.vnode.el ?? null) !== null;
}
