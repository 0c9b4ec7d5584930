import { toBase64url } from '../protocol/base64url.ts';
import { type Page, browserPage } from './page.ts';

/**
 * All that the client takes from the world. Nothing else in this library reads time, chance, network or storage, so a test
 * that passes its own environment decides everything.
 */
export interface Environment {
  /** ms since 1970. */
  readonly now: () => number;
  readonly setTimeout: (run: () => void, ms: number) => unknown;
  readonly clearTimeout: (id: unknown) => void;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  /** 128 random bits as 22 characters of base64url. */
  readonly createId: () => string;
  readonly page: Page;
  /** Runs it once, before the next paint. undefined: nothing is painted here. @returns a function that takes it back */
  readonly frame?: ((run: () => void) => () => void) | undefined;
  /** What a relative address is relative to; undefined outside a page. */
  readonly baseUrl?: string | undefined;
  /** Where errors go that nobody listens for. */
  readonly logError: (error: unknown) => void;
  /** Small texts that survive a reload. undefined: there are none. */
  readonly storage?: TextStorage | undefined;
  readonly WebSocket?: SocketConstructor | undefined;
  readonly fetch?: Fetch | undefined;
  readonly CompressionStream?: typeof CompressionStream | undefined;
  readonly RTCPeerConnection?: PeerConstructor | undefined;
  /** W3C "Indexed Database API": an `IDBFactory`, which a server's declarations must not need. null: it may not be used. */
  readonly indexedDB?: object | null | undefined;
  /** The interface of that name, whose `bound` makes ranges. */
  readonly IDBKeyRange?: object | undefined;
  readonly locks?: Locks | undefined;
  readonly BroadcastChannel?: BroadcastConstructor | undefined;
  /** Asks the browser not to evict what this site stores (WHATWG "Storage"). Some browsers never answer. */
  readonly persistStorage?: (() => Promise<boolean>) | undefined;
}

/** W3C "Web Locks", as far as the outbox uses it. Only secure contexts have them. */
export interface Locks {
  /** `run` gets null if the lock is not free, and holds it until its promise settles. Rejects if the lock was taken away. */
  readonly request: (
    name: string,
    options: { readonly ifAvailable: true },
    run: (lock: object | null) => Promise<void>,
  ) => Promise<unknown>;
}

/** WHATWG HTML, "Broadcasting to other browsing contexts". */
export type BroadcastConstructor = new (name: string) => {
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  postMessage(message: unknown): void;
  close(): void;
};

/** W3C "WebRTC". Only pages have it, and a server's declarations must not need the DOM. */
export type PeerConstructor = new (configuration?: object) => object;

/** Neither throws: what cannot be stored is forgotten. */
export interface TextStorage {
  readonly get: (key: string) => string | null;
  readonly set: (key: string, value: string) => void;
}

/** WHATWG Fetch, as far as the transports use it: `status`, `ok`, `headers.get`, `body.getReader`, `arrayBuffer`. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** WHATWG "WebSockets": the browser's, Node's from 22 on, that of `ws` or undici. Their full types do not fit one another. */
export type SocketConstructor = new (url: string, protocols: string[]) => Pick<WebSocket, 'bufferedAmount' | 'close'>;

/** The platform's own. Each global is read when it is used, so that making a client on a server touches nothing. */
export function defaultEnvironment(): Environment {
  return {
    now: () => Date.now(),
    setTimeout: (run, ms) => setTimeout(run, ms),
    clearTimeout: (id) => clearTimeout(id as ReturnType<typeof setTimeout>),
    random: () => Math.random(),
    // Not crypto.randomUUID: browsers hide it on plain http.
    createId: createIds(),
    page: browserPage(),
    get frame() {
      const { requestAnimationFrame: request, cancelAnimationFrame: cancel } = globalThis;
      return (
        request &&
        ((run: () => void) => {
          const id = request(() => run());
          return () => cancel(id);
        })
      );
    },
    logError: (error) => console.error(error),
    get baseUrl() {
      return globalThis.location?.href;
    },
    storage: browserStorage(),
    get WebSocket() {
      return globalThis.WebSocket;
    },
    get fetch() {
      // Browsers refuse a fetch that is called as somebody else's method.
      return globalThis.fetch?.bind(globalThis);
    },
    get CompressionStream() {
      return globalThis.CompressionStream;
    },
    get RTCPeerConnection() {
      return globalThis.RTCPeerConnection;
    },
    get indexedDB() {
      // Reading it throws in frames that may store nothing.
      return attemptTo(() => globalThis.indexedDB);
    },
    get IDBKeyRange() {
      return globalThis.IDBKeyRange;
    },
    get locks(): Locks | undefined {
      const locks = globalThis.navigator?.locks;
      return locks && { request: (name, options, run) => locks.request(name, options, run) };
    },
    get BroadcastChannel() {
      return globalThis.BroadcastChannel as BroadcastConstructor | undefined;
    },
    get persistStorage() {
      const storage = globalThis.navigator?.storage;
      return storage?.persist && (() => storage.persist());
    },
  };
}

/** localStorage throws where cookies are blocked, in sandboxed frames, and when it is full; outside pages there is none. */
function browserStorage(): TextStorage {
  // Of pages alone: Node from 25 on has one too, and warns on the console if it was given no file for it.
  const storage = (): Storage | undefined => (globalThis.document ? globalThis.localStorage : undefined);
  return {
    get: (key) => attemptTo(() => storage()?.getItem(key)) ?? null,
    set: (key, value) => void attemptTo(() => storage()?.setItem(key, value)),
  };
}

function attemptTo<T>(run: () => T): T | null {
  try {
    return run();
  } catch {
    return null;
  }
}

/** A call to the system for each id would cost more than all else of a publication. Touches `crypto` when first called. */
function createIds(): () => string {
  let pool = new Uint8Array(0);
  let used = 0;
  return () => {
    if (used === pool.length) {
      pool = crypto.getRandomValues(new Uint8Array(4096));
      used = 0;
    }
    used += 16;
    return toBase64url(pool, used - 16, used);
  };
}

/** The platform's own, with parts of it replaced. */
export function createEnvironment(replaced: Partial<Environment>): Environment {
  // Descriptors, not a spread, which would read every global now.
  return Object.create(defaultEnvironment(), Object.getOwnPropertyDescriptors(replaced)) as Environment;
}
