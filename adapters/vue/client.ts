import type { Client, OutboxEntry, OutboxStatus, Status, UiStatus } from 'holdfast';
import { outboxOf, statusOf, uiStatusOf } from '../shared/client-views.ts';
import { type Ref, useSource } from './source.ts';

export const useStatus = (client: Client): Ref<Status> => useSource(() => client.status, statusOf(client).initial);

export const useUiStatus = (client: Client): Ref<UiStatus> => useSource(() => client.uiStatus, uiStatusOf(client).initial);

export interface OutboxRefs {
  readonly status: Ref<OutboxStatus>;
  /** What is pending or failed, of every tab of this user, oldest first. */
  readonly entries: Ref<readonly OutboxEntry[]>;
}

export function useOutbox(client: Client): OutboxRefs {
  const { entries, ...status } = outboxOf(client).initial;
  return { status: useSource(() => client.outbox.status, status), entries: useSource(() => client.outbox.entries, entries) };
}
