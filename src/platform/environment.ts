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
  readonly WebSocket?: typeof WebSocket | undefined;
}

/** The platform's own; reads no global before it is called. */
export function defaultEnvironment(): Environment {
  return {
    now: () => Date.now(),
    setTimeout: (run, ms) => setTimeout(run, ms),
    clearTimeout: (id) => clearTimeout(id as ReturnType<typeof setTimeout>),
    random: () => Math.random(),
    // Not crypto.randomUUID: browsers hide it on plain http.
    createId: () => toBase64url(crypto.getRandomValues(new Uint8Array(16))),
    page: browserPage(),
    WebSocket: globalThis.WebSocket,
  };
}
