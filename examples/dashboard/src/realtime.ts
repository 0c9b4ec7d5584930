import { composeClient, json, longPolling, sse, webSocket } from 'holdfast';
import { createHooks } from 'holdfast/vue';
import type { Reading } from './reading.ts';

export interface App {
  channels: { hall: { volatile: { reading: Reading } } };
}

export const WAYS = { sse: 'Server-Sent Events', websocket: 'WebSocket' } as const;
export type Way = keyof typeof WAYS;

/** A page that only listens needs plain HTTP and no more: a stream, or polls where a proxy gathers it. */
const TRANSPORTS = {
  sse: [sse(), longPolling()],
  websocket: [webSocket()],
} as const;

/** Composed, because a page that publishes nothing needs no outbox on the disk. */
export function createHallClient(way: Way) {
  return composeClient<App>({
    url: '/realtime',
    transports: TRANSPORTS[way],
    codec: json(),
    channels: { hall: { mode: 'live' } },
  });
}

export const { plugin, useLatestBy, useStatus, useSubscription, useUiStatus } = createHooks<App>();
