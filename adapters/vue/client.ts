import type { Client, Status, UiStatus } from 'holdfast';
import { type OutboxView, outboxOf, statusOf, uiStatusOf } from '../shared/client-views.ts';
import { type Ref, type Refs, toParts, useSource } from './source.ts';

export const useStatus = (client: Client): Ref<Status> => useSource(() => statusOf(client), statusOf(client).initial);

export const useUiStatus = (client: Client): Ref<UiStatus> => useSource(() => uiStatusOf(client), uiStatusOf(client).initial);

export function useOutbox(client: Client): Refs<OutboxView> {
  const { initial } = outboxOf(client);
  return toParts(
    useSource(() => outboxOf(client), initial),
    initial,
  );
}
