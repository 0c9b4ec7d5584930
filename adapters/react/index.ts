/** `holdfast/react`: hooks over the client's Readables. */
export { createHooks } from './hooks.ts';
export {
  Provider,
  useChannel,
  useClient,
  useLatest,
  useLatestBy,
  useMessages,
  useOutbox,
  usePublish,
  useRequest,
  useStatus,
  useStore,
  useSubscription,
  useUiStatus,
} from './plain.ts';
export type { Hooks, MessagesHookOptions, PublishHook, RequestHook } from './types.ts';
export type { Flow } from '../shared/latest.ts';
export type { MessageList } from '../shared/messages.ts';
export type { OutboxView } from '../shared/client-views.ts';
export type { StoreView } from '../shared/store.ts';
