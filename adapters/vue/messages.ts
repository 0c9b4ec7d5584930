import type { Client, Message } from 'holdfast';
import { type MessageList, type MessageListOptions, NO_MESSAGES, createMessageList } from '../shared/messages.ts';
import { type Name, type Refs, toParts, useNamed } from './source.ts';

export interface MessageRefs<M = Message> extends Refs<Omit<MessageList<M>, 'loadOlder'>> {
  /** No effect while a page is on its way, or if there is none. */
  loadOlder(): void;
}

export function useMessages(client: Client, name: Name, options?: MessageListOptions): MessageRefs {
  const list = useNamed(name, (given) => createMessageList(client, given, options), NO_MESSAGES);
  return { ...toParts(list, NO_MESSAGES), loadOlder: () => list.value.loadOlder() };
}
