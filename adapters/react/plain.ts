/** The hooks without a contract, each by itself: a bundler leaves out those that an app does not import. */
import { createContext } from 'react';
import type { Client } from 'holdfast';
import { createBind, createProvider } from './context.ts';
import type { Hooks } from './types.ts';
import * as views from './use-client-views.ts';
import * as latest from './use-latest.ts';
import { useMessages as useMessagesOf } from './use-messages.ts';
import { usePresence as usePresenceOf } from './use-presence.ts';
import { usePublish as usePublishOf } from './use-publish.ts';
import { useRequest as useRequestOf } from './use-request.ts';
import { useStore as useStoreOf } from './use-store.ts';
import { useSubscription as useSubscriptionOf } from './use-subscription.ts';

const context = /* @__PURE__ */ createContext<Client | null>(null);
const bind = /* @__PURE__ */ createBind(context);

export const Provider: Hooks['Provider'] = /* @__PURE__ */ createProvider(context);
export const useChannel: Hooks['useChannel'] = /* @__PURE__ */ bind(views.useChannel);
export const useClient: Hooks['useClient'] = /* @__PURE__ */ bind((client) => client);
export const useLatest: Hooks['useLatest'] = /* @__PURE__ */ bind(latest.useLatest) as Hooks['useLatest'];
export const useLatestBy: Hooks['useLatestBy'] = /* @__PURE__ */ bind(latest.useLatestBy) as Hooks['useLatestBy'];
export const useMessages: Hooks['useMessages'] = /* @__PURE__ */ bind(useMessagesOf) as Hooks['useMessages'];
export const useOutbox: Hooks['useOutbox'] = /* @__PURE__ */ bind(views.useOutbox);
export const usePresence: Hooks['usePresence'] = /* @__PURE__ */ bind(usePresenceOf);
export const usePublish: Hooks['usePublish'] = /* @__PURE__ */ bind(usePublishOf);
export const useRequest: Hooks['useRequest'] = /* @__PURE__ */ bind(useRequestOf) as Hooks['useRequest'];
export const useStatus: Hooks['useStatus'] = /* @__PURE__ */ bind(views.useStatus);
export const useStore: Hooks['useStore'] = /* @__PURE__ */ bind(useStoreOf<unknown>) as Hooks['useStore'];
export const useSubscription: Hooks['useSubscription'] = /* @__PURE__ */ bind(useSubscriptionOf);
export const useUiStatus: Hooks['useUiStatus'] = /* @__PURE__ */ bind(views.useUiStatus);
