import type { Client, HoldfastError, Message } from 'holdfast';
import { type MessageList, type MessageListOptions, NO_MESSAGES, createMessageList } from '../shared/messages.ts';
import { type Name, type Ref, useNamed, usePart } from './source.ts';

export interface MessageRefs<M = Message> {
  /** Oldest first. */
  readonly messages: Ref<readonly M[]>;
  /** idle: switched off, or rendered by a server. recovering: live before; what was missed is being read. */
  readonly status: Ref<MessageList['status']>;
  readonly hasOlder: Ref<boolean>;
  readonly loadingOlder: Ref<boolean>;
  /** Why the channel is closed, or the past could not be read. */
  readonly error: Ref<HoldfastError | null>;
  /** No effect while a page is on its way, or if there is none. */
  loadOlder(): void;
}

export function useMessages(client: Client, name: Name, options?: MessageListOptions): MessageRefs {
  const list = useNamed(name, (given) => createMessageList(client, given, options), NO_MESSAGES);
  return {
    messages: usePart(list, 'messages'),
    status: usePart(list, 'status'),
    hasOlder: usePart(list, 'hasOlder'),
    loadingOlder: usePart(list, 'loadingOlder'),
    error: usePart(list, 'error'),
    loadOlder: () => list.value.loadOlder(),
  };
}
