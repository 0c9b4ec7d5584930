import { useMemo } from 'react';
import type { Channel, Client, Status, UiStatus } from 'holdfast';
import { type OutboxView, outboxOf, statusOf, uiStatusOf } from '../shared/client-views.ts';
import { useSource } from './use-source.ts';

export const useStatus = (client: Client): Status => useSource(statusOf(client));
export const useUiStatus = (client: Client): UiStatus => useSource(uiStatusOf(client));
export const useOutbox = (client: Client): OutboxView => useSource(outboxOf(client));

export function useChannel(client: Client, name: string): Channel {
  return useMemo(() => client.channel(name), [client, name]);
}
