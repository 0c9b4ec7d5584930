import { type ShallowRef, onMounted, onUnmounted, shallowRef } from 'vue';

export interface Rate {
  readonly total: number;
  readonly perSecond: number;
}

export interface Counter {
  /** Changes once a second. */
  readonly rate: Readonly<ShallowRef<Rate>>;
  count(): void;
}

/** Counts in a plain variable: a ref would draw the page for each message. */
export function useCounter(): Counter {
  const rate = shallowRef<Rate>({ total: 0, perSecond: 0 });
  let total = 0;
  let at = performance.now();
  let timer: ReturnType<typeof setInterval> | undefined;
  const look = (): void => {
    const now = performance.now();
    // Not a second while the page is hidden.
    rate.value = { total, perSecond: Math.round(((total - rate.value.total) / (now - at)) * 1000) };
    at = now;
  };
  onMounted(() => (timer = setInterval(look, 1000)));
  onUnmounted(() => clearInterval(timer));
  return { rate, count: () => void (total += 1) };
}
