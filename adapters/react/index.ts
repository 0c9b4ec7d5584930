/** `holdfast/react`: hooks over the client's Readables. */
export { createHooks } from './hooks.ts';
export type { Hooks } from './hooks.ts';
