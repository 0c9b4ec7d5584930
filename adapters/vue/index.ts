/** `holdfast/vue`: composables over the client's Readables. */
export { createHooks } from './hooks.ts';
export type { Composables } from './hooks.ts';
