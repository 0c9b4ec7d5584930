/** What the page lives through. A hint causes a check, never a verdict (rule R9). */
export type Hint = 'online' | 'offline' | 'visible' | 'hidden';

export interface Page {
  /** False only when the browser is sure that there is no network. */
  readonly online: () => boolean;
  readonly visible: () => boolean;
  /** @returns a function that ends it. */
  readonly watch: (listener: (hint: Hint) => void) => () => void;
}

/** The browser's page; in a worker only online and offline, elsewhere always online and visible. */
export function browserPage(): Page {
  return {
    // Node 21 and later have a `navigator` without `onLine`.
    online: () => globalThis.navigator?.onLine !== false,
    visible: () => globalThis.document?.visibilityState !== 'hidden',
    watch(listener) {
      const { document } = globalThis;
      const onOnline = (): void => listener('online');
      const onOffline = (): void => listener('offline');
      const onVisibility = (): void => listener(document.visibilityState === 'hidden' ? 'hidden' : 'visible');
      globalThis.addEventListener?.('online', onOnline);
      globalThis.addEventListener?.('offline', onOffline);
      document?.addEventListener('visibilitychange', onVisibility);
      return () => {
        globalThis.removeEventListener?.('online', onOnline);
        globalThis.removeEventListener?.('offline', onOffline);
        document?.removeEventListener('visibilitychange', onVisibility);
      };
    },
  };
}
