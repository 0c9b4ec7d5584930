/** The hooks without a contract, for scripts and first steps. */
import { createHooks } from './hooks.ts';
import type { Hooks } from './types.ts';

const plain: Hooks = createHooks();

export const Provider: Hooks['Provider'] = plain.Provider;
export const useChannel: Hooks['useChannel'] = plain.useChannel;
export const useClient: Hooks['useClient'] = plain.useClient;
export const useLatest: Hooks['useLatest'] = plain.useLatest;
export const useLatestBy: Hooks['useLatestBy'] = plain.useLatestBy;
export const useMessages: Hooks['useMessages'] = plain.useMessages;
export const useOutbox: Hooks['useOutbox'] = plain.useOutbox;
export const usePublish: Hooks['usePublish'] = plain.usePublish;
export const useRequest: Hooks['useRequest'] = plain.useRequest;
export const useStatus: Hooks['useStatus'] = plain.useStatus;
export const useStore: Hooks['useStore'] = plain.useStore;
export const useSubscription: Hooks['useSubscription'] = plain.useSubscription;
export const useUiStatus: Hooks['useUiStatus'] = plain.useUiStatus;
