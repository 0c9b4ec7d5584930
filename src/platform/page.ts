import type { Violation } from './violations.ts';

/** What the page lives through. A hint causes a check, never a verdict (rule R9). */
export type Hint =
  | 'online'
  | 'offline'
  | 'visible'
  | 'hidden'
  /** The network is another one, as from Wi-Fi to mobile (Network Information API). */
  | 'network'
  /** The user wants data to be saved, or does not any more (Save Data API). */
  | 'save-data'
  /** The browser stops the page, and lets it go on (Page Lifecycle). Between the two nothing of it runs. */
  | 'freeze'
  | 'resume'
  /** The page is left, perhaps for the back/forward cache (WHATWG HTML, section 7.4.6), from which `pageshow` brings it back. */
  | 'pagehide'
  | 'pageshow';

export interface Page {
  /** False only when the browser is sure that there is no network. */
  readonly online: () => boolean;
  readonly visible: () => boolean;
  /** Which kind of network it is, as far as the browser tells: `wifi`, `cellular`, `4g` … */
  readonly network: () => string;
  /** Whether the user has asked the browser to save data. undefined: it does not tell. */
  readonly saveData?: () => boolean;
  /** @returns a function that ends it. */
  readonly watch: (listener: (hint: Hint) => void) => () => void;
  /** Has the user asked before the page is closed (`beforeunload`), until the returned function is called. */
  readonly guard?: () => () => void;
  /** What its Content Security Policy forbids, for `diagnose()`. @default the document's `securitypolicyviolation` */
  readonly violations?: (listener: (violation: Violation) => void) => () => void;
}

/** Not in TypeScript's DOM types; Chromium has it. */
interface Connection extends EventTarget {
  readonly type?: string;
  readonly effectiveType?: string;
  readonly saveData?: boolean;
}

/** The browser's page; in a worker only online, offline and the network, elsewhere always online and visible. */
export function browserPage(): Page {
  return {
    // Node 21 and later have a `navigator` without `onLine`.
    online: () => globalThis.navigator?.onLine !== false,
    visible: () => globalThis.document?.visibilityState !== 'hidden',
    network: () => kindOf(connectionOf(globalThis.navigator)) ?? 'unknown',
    saveData: () => connectionOf(globalThis.navigator)?.saveData === true,
    guard() {
      const ask = (event: Event): void => event.preventDefault();
      globalThis.addEventListener?.('beforeunload', ask);
      return () => globalThis.removeEventListener?.('beforeunload', ask);
    },
    watch(listener) {
      const { document, navigator } = globalThis;
      const stops: (() => void)[] = [];
      const on = (target: EventTarget | undefined, type: string, run: (event: Event) => void): void => {
        // Node has `addEventListener` nowhere, workers have it on the global alone.
        target?.addEventListener?.(type, run);
        stops.push(() => target?.removeEventListener?.(type, run));
      };
      // Never `unload`, which alone keeps a page out of the back/forward cache.
      for (const hint of ['online', 'offline', 'pagehide'] as const) on(globalThis, hint, () => listener(hint));
      for (const hint of ['freeze', 'resume'] as const) on(document, hint, () => listener(hint));
      on(document, 'visibilitychange', () => listener(document.visibilityState === 'hidden' ? 'hidden' : 'visible'));
      // It also fires when a page is first shown, when nothing has been left.
      on(globalThis, 'pageshow', (event) => (event as PageTransitionEvent).persisted && listener('pageshow'));
      const connection = connectionOf(navigator);
      let kind = kindOf(connection);
      let saves = connection?.saveData;
      on(connection, 'change', () => {
        // The event also tells each new estimate of speed, many times a minute.
        const before = kind;
        kind = kindOf(connection);
        if (kind !== before) listener('network');
        if (saves !== connection?.saveData) listener('save-data');
        saves = connection?.saveData;
      });
      return () => stops.forEach((stop) => stop());
    },
  };
}

function connectionOf(navigator: object | undefined): Connection | undefined {
  return (navigator as { readonly connection?: Connection } | undefined)?.connection;
}

/** Desktop browsers hide the `type`. */
function kindOf(connection: Connection | undefined): string | undefined {
  return connection?.type ?? connection?.effectiveType;
}
