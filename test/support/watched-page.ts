/** What a page of the life tests runs: a client, what it was told, and a count of everything it holds of the browser. */
import type { Channel, Client } from '../../src/types.ts';

export interface WatchedPage {
  readonly client: Client;
  readonly room: Channel;
  readonly got: unknown[];
  readonly resets: string[];
  /** ms since 1970, of each step of the connection. */
  readonly steps: { readonly at: number; readonly name: string; readonly to: unknown }[];
  readonly reasons: (string | undefined)[];
  readonly arrivals: number[];
  readonly returns: boolean[];
}

export interface Holdings {
  readonly timers: number;
  readonly listeners: number;
  readonly sockets: number;
  /** Requests that were neither answered nor given up. */
  readonly requests: number;
  readonly peers: number;
}

declare global {
  // The page's own, for `evaluate`.
  var watched: WatchedPage;
  var holdings: () => Holdings;
}

/** Runs in the page before everything else: counts timers, sockets and what is attached to the page itself. */
function count(): void {
  const timers = new Set<unknown>();
  const sockets = new Set<WebSocket>();
  const requests = new Set<AbortSignal>();
  const peers = new Set<RTCPeerConnection>();
  const listeners = new Map<EventTarget, Set<string>>();
  const { setTimeout, clearTimeout, WebSocket, fetch, RTCPeerConnection } = globalThis;
  const { addEventListener, removeEventListener } = EventTarget.prototype;
  const names = new WeakMap<object, number>();
  let lastName = 0;
  const key = (type: string, listener: object): string => {
    if (!names.has(listener)) names.set(listener, (lastName += 1));
    return `${type} ${names.get(listener)}`;
  };
  Object.assign(globalThis, {
    setTimeout(run: () => void, ms: number) {
      const id = setTimeout(() => {
        timers.delete(id);
        run();
      }, ms);
      timers.add(id);
      return id;
    },
    clearTimeout(id: number) {
      timers.delete(id);
      clearTimeout(id);
    },
    WebSocket: class extends WebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols);
        sockets.add(this);
      }
    },
    // The client ends each of its requests by its signal, also one that was answered.
    fetch(url: string, init?: RequestInit) {
      if (init?.signal) requests.add(init.signal);
      return fetch(url, init);
    },
    // WebKitGTK has none.
    RTCPeerConnection:
      RTCPeerConnection &&
      class extends RTCPeerConnection {
        constructor(configuration?: RTCConfiguration) {
          super(configuration);
          peers.add(this);
        }
      },
    holdings: (): Holdings => ({
      timers: timers.size,
      listeners: [...listeners.values()].reduce((sum, held) => sum + held.size, 0),
      // CONNECTING or OPEN: one that was closed may take the browser a minute to let go of.
      sockets: [...sockets].filter(({ readyState }) => readyState < 2).length,
      requests: [...requests].filter(({ aborted }) => !aborted).length,
      peers: [...peers].filter(({ connectionState }) => connectionState !== 'closed').length,
    }),
  });
  EventTarget.prototype.addEventListener = function add(this: EventTarget | undefined, ...args) {
    const target = this ?? globalThis;
    const [type, listener] = args;
    // A signal goes with what it belongs to.
    const counts = listener !== null && !(target instanceof AbortSignal);
    if (counts) listeners.set(target, (listeners.get(target) ?? new Set()).add(key(type, listener)));
    addEventListener.apply(target, args);
  };
  EventTarget.prototype.removeEventListener = function remove(this: EventTarget | undefined, ...args) {
    const target = this ?? globalThis;
    const [type, listener] = args;
    if (listener !== null) listeners.get(target)?.delete(key(type, listener));
    removeEventListener.apply(target, args);
  };
}

export const COUNTING = `(${count.toString()})()`;

/** Runs in the page. */
export function watch(url: string, speed: number, transport: 'webSocket' | 'sse' | 'longPolling'): void {
  const before = holdings();
  const begun = Date.now();
  const client = Holdfast.createClient(url, {
    transports: [Holdfast[transport]()],
    environment: {
      now: () => begun + (Date.now() - begun) * speed,
      setTimeout: (run, ms) => setTimeout(run, ms / speed),
    },
  });
  const room = client.channel('room');
  const state: WatchedPage = { client, room, got: [], resets: [], steps: [], reasons: [], arrivals: [], returns: [] };
  room.subscribe('message', (data) => {
    state.got.push(data);
    state.arrivals.push(Date.now());
  });
  room.onReset(({ why }) => void state.resets.push(why));
  client.on('trace', ({ name, detail }) => state.steps.push({ at: Date.now(), name, to: detail['to'] }));
  client.status.subscribe(() => {
    const status = client.status.get();
    if (status.state === 'connecting') state.reasons.push(status.reason?.page);
  });
  addEventListener('pageshow', ({ persisted }) => state.returns.push(persisted));
  const now = holdings;
  // The test's own listener is not the client's.
  const own = { ...before, listeners: before.listeners + 1 };
  Object.assign(globalThis, {
    watched: state,
    holdings: () => {
      const held = Object.entries(now()) as [keyof Holdings, number][];
      return Object.fromEntries(held.map(([what, count]) => [what, count - own[what]]));
    },
  });
}
