import { useMemo } from 'react';
import type { Client } from 'holdfast';
import { type MessageList, type MessageListOptions, NO_MESSAGES, createMessageList } from '../shared/messages.ts';
import { createIdle } from '../shared/source.ts';
import { useSource } from './use-source.ts';

export function useMessages(client: Client, name: string | null, options?: MessageListOptions): MessageList {
  return useSource(
    useMemo(
      () => (name === null ? createIdle(NO_MESSAGES) : createMessageList(client, name, options)),
      // By content: most callers write them in the call.
      [client, name, JSON.stringify(options)],
    ),
  );
}
