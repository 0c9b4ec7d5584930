import type { Environment } from 'holdfast';
import { createHarmFetch } from './harm-fetch.ts';
import { createHarmPeer } from './harm-peer.ts';
import { type Direction, HarmSocket, type Line } from './harm-socket.ts';

type Page = Environment['page'];
type Hint = Parameters<Parameters<Page['watch']>[0]>[0];

export interface HarmState {
  readonly offline: boolean;
  readonly held: boolean;
  /** ms added there and back together. */
  readonly slow: number;
  /** Frames that the line holds back now. */
  readonly waiting: Readonly<Record<Direction, number>>;
}

/** Everything bad that can be done to this tab's line, and the parts of the environment through which it is done. */
export interface Harm {
  readonly environment: Pick<Environment, 'WebSocket' | 'fetch' | 'RTCPeerConnection' | 'page'>;
  get(): HarmState;
  subscribe(listener: () => void): void;
  onFrame(listener: (direction: Direction) => void): void;
  /** @returns how many sockets, peers and requests were cut */
  cut(): number;
  hold(on: boolean): void;
  goOffline(on: boolean): void;
  /** @param ms added to a round trip */
  slowDown(ms: number): void;
  /** Tells the client what a browser might tell it. */
  hint(what: Hint): void;
}

export function createHarm(): Harm {
  const listeners = new Set<() => void>();
  const frameListeners = new Set<(direction: Direction) => void>();
  const pageListeners = new Set<(hint: Hint) => void>();
  const tell = (): void => {
    for (const listener of listeners) listener();
  };
  const line: Line = {
    weather: { offline: false, held: false, delay: 0 },
    passages: new Set(),
    onQueue: tell,
    onFrame(direction) {
      for (const listener of frameListeners) listener(direction);
    },
  };
  const { weather, passages } = line;
  const hint = (what: Hint): void => {
    for (const listener of pageListeners) listener(what);
  };
  const cut = (): number => {
    const all = [...passages];
    for (const passage of all) passage.cut();
    return all.length;
  };

  class Socket extends HarmSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(line, url, protocols);
    }
  }

  return {
    environment: {
      WebSocket: Socket,
      fetch: createHarmFetch(line),
      RTCPeerConnection: createHarmPeer(line),
      page: {
        online: () => !weather.offline && navigator.onLine,
        visible: () => document.visibilityState !== 'hidden',
        network: () => 'unknown',
        watch(listener) {
          const ends = new AbortController();
          const { signal } = ends;
          const net = (what: Hint) => () => {
            if (!weather.offline) listener(what);
          };
          pageListeners.add(listener);
          window.addEventListener('online', net('online'), { signal });
          window.addEventListener('offline', net('offline'), { signal });
          document.addEventListener(
            'visibilitychange',
            () => listener(document.visibilityState === 'hidden' ? 'hidden' : 'visible'),
            { signal },
          );
          return () => {
            pageListeners.delete(listener);
            ends.abort();
          };
        },
      },
    },
    get() {
      const waiting = { out: 0, in: 0 };
      for (const passage of passages) {
        waiting.out += passage.waiting.out;
        waiting.in += passage.waiting.in;
      }
      return { offline: weather.offline, held: weather.held, slow: weather.delay * 2, waiting };
    },
    subscribe(listener) {
      listeners.add(listener);
    },
    onFrame(listener) {
      frameListeners.add(listener);
    },
    cut,
    hint,
    hold(on) {
      weather.held = on;
      for (const passage of [...passages]) passage.pump();
      tell();
    },
    goOffline(on) {
      if (weather.offline === on) return;
      weather.offline = on;
      if (on) cut();
      hint(on ? 'offline' : 'online');
      tell();
    },
    slowDown(ms) {
      weather.delay = ms / 2;
      tell();
    },
  };
}
