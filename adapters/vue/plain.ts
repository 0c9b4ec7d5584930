/** The composables without a contract, each by itself: a bundler leaves out those that an app does not import. */
import * as channel from './channel.ts';
import * as client from './client.ts';
import type { Composables } from './composables.ts';
import { type ClientKey, createBind, createPlugin } from './context.ts';
import * as latest from './latest.ts';
import * as messages from './messages.ts';
import * as presence from './presence.ts';
import * as publish from './publish.ts';
import * as request from './request.ts';
import * as store from './store.ts';

const key: ClientKey = /* @__PURE__ */ Symbol('holdfast');
const bind = /* @__PURE__ */ createBind(key);

export const plugin: Composables['plugin'] = /* @__PURE__ */ createPlugin(key);
export const useChannel: Composables['useChannel'] = /* @__PURE__ */ bind(channel.useChannel);
export const useClient: Composables['useClient'] = /* @__PURE__ */ bind((client) => client);
export const useLatest: Composables['useLatest'] = /* @__PURE__ */ bind(latest.useLatest) as Composables['useLatest'];
export const useLatestBy: Composables['useLatestBy'] = /* @__PURE__ */ bind(latest.useLatestBy) as Composables['useLatestBy'];
export const useMessages: Composables['useMessages'] = /* @__PURE__ */ bind(messages.useMessages) as Composables['useMessages'];
export const useOutbox: Composables['useOutbox'] = /* @__PURE__ */ bind(client.useOutbox);
export const usePresence: Composables['usePresence'] = /* @__PURE__ */ bind(presence.usePresence);
export const usePublish: Composables['usePublish'] = /* @__PURE__ */ bind(publish.usePublish);
export const useRequest: Composables['useRequest'] = /* @__PURE__ */ bind(request.useRequest) as Composables['useRequest'];
export const useStatus: Composables['useStatus'] = /* @__PURE__ */ bind(client.useStatus);
export const useStore: Composables['useStore'] = /* @__PURE__ */ bind(store.useStore<unknown>) as Composables['useStore'];
export const useSubscription: Composables['useSubscription'] = /* @__PURE__ */ bind(
  channel.useSubscription,
) as Composables['useSubscription'];
export const useUiStatus: Composables['useUiStatus'] = /* @__PURE__ */ bind(client.useUiStatus);
