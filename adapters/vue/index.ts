/** `holdfast/vue`: composables over the client's Readables. */
export { createHooks } from './hooks.ts';
export type { Composables, Publisher } from './composables.ts';
export type { MessageRefs } from './messages.ts';
export type { OutboxRefs } from './client.ts';
export type { StoreRefs } from './store.ts';
