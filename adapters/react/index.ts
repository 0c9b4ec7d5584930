/** `holdfast/react`: hooks over the client's Readables. */
import { createHooks } from './hooks.ts';

export { createHooks };
/** Without a contract, for scripts and first steps. */
export const {
  Provider,
  useChannel,
  useClient,
  useLatest,
  useLatestBy,
  useMessages,
  useOutbox,
  usePublish,
  useStatus,
  useStore,
  useSubscription,
  useUiStatus,
} = createHooks();
export type { Hooks, MessagesHookOptions, PublishHook } from './types.ts';
export type { Flow } from '../shared/latest.ts';
export type { MessageList } from '../shared/messages.ts';
export type { OutboxView } from '../shared/client-views.ts';
export type { StoreView } from '../shared/store.ts';
