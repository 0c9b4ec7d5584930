import { composeClient, webSocket } from 'holdfast';
import { createHooks } from 'holdfast/vue';

export const client = composeClient({ url: '/realtime', transports: [webSocket()] });
export const { plugin, useMessages, useOutbox, usePublish, useStatus } = createHooks();
