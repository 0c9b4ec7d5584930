/** `holdfast/vue`: composables over the client's Readables. */
export { createHooks } from './hooks.ts';
export {
  plugin,
  useChannel,
  useClient,
  useLatest,
  useLatestBy,
  useMessages,
  useOutbox,
  usePresence,
  usePublish,
  useRequest,
  useStatus,
  useStore,
  useSubscription,
  useUiStatus,
} from './plain.ts';
export type { Composables, Publisher, RequestRefs } from './composables.ts';
export type { MessageRefs } from './messages.ts';
export type { Ref, Refs } from './source.ts';
export type { OutboxView } from '../shared/client-views.ts';
export type { Flow } from '../shared/latest.ts';
export type { MessageList, MessageListOptions } from '../shared/messages.ts';
export type { Asking } from '../shared/requester.ts';
export type { StoreView } from '../shared/store.ts';
