import { composeClient } from './client.ts';
import type { Contract, Untyped } from './contract/contract.ts';
import { indexedDBOutbox } from './outbox/indexeddb-store.ts';
import { longPolling } from './transports/long-polling.ts';
import { sse } from './transports/sse.ts';
import { webSocket } from './transports/websocket.ts';
import type { ClientOptions } from './options.ts';
import type { Client } from './types.ts';

/**
 * The client with everything on: WebSocket, then SSE, then long polling; what is published waits in IndexedDB. Touches
 * nothing until the first subscription, publication or `connect()`.
 *
 * @param url where the server is mounted, e.g. `https://api.example.com/realtime`, or a path of the page's own host
 * @throws HoldfastError `invalid-option`
 */
export function createClient<C extends Contract<C> = Untyped>(url: string | URL, options: ClientOptions<C> = {}): Client<C> {
  const { transports = [webSocket(), sse(), longPolling()], outbox } = options;
  return composeClient<C>({ ...options, url, transports, outbox: { ...outbox, store: outbox?.store ?? indexedDBOutbox() } });
}
