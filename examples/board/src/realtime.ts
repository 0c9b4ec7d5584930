import { createClient } from 'holdfast';
import { createHooks } from 'holdfast/react';

export const COLUMNS = ['todo', 'doing', 'done'] as const;
export type Column = (typeof COLUMNS)[number];

export interface App {
  channels: {
    'board:{id}': {
      events: {
        /** The id of this message is that of the task. */
        added: { readonly title: string; readonly column: Column };
        moved: { readonly id: string; readonly column: Column };
        removed: { readonly id: string };
      };
      presence: { readonly name: string };
    };
  };
}

/** The board is what its log says: whoever opens it reads that from the beginning. */
export const client = createClient<App>('/realtime', { channels: { 'board:{id}': { rewind: 1000 } } });
export const { Provider, useOutbox, usePresence, usePublish, useStore, useUiStatus } = createHooks<App>();
