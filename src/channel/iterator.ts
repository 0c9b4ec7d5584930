import { HoldfastError } from '../errors.ts';
import type { Message } from '../types.ts';
import { type Deferred, createDeferred } from '../util/deferred.ts';

/** More than this many unread messages, and the reader is too slow. */
const LIMIT = 1000;

/** Pushed to by the channel, pulled from by `for await`. */
export interface MessageQueue extends AsyncIterableIterator<Message> {
  push(message: Message): void;
  /** What was pushed before is still read; then it ends, or throws. */
  end(error?: HoldfastError): void;
}

/** `onEnd` is called once, when nothing more will be taken. */
export function createMessageQueue(channel: string, onEnd: () => void): MessageQueue {
  const unread: Message[] = [];
  const readers: Deferred<IteratorResult<Message>>[] = [];
  let state: 'open' | 'ended' = 'open';
  let failure: HoldfastError | null = null;

  const end = (error?: HoldfastError): void => {
    if (state === 'ended') return;
    state = 'ended';
    failure = error ?? null;
    for (const reader of readers.splice(0)) settle(reader);
    onEnd();
  };
  const settle = (reader: Deferred<IteratorResult<Message>>): void => {
    if (failure === null) return reader.resolve({ done: true, value: undefined });
    reader.reject(failure);
    failure = null;
  };

  return {
    push(message) {
      if (state === 'ended') return;
      const reader = readers.shift();
      if (reader !== undefined) return reader.resolve({ done: false, value: message });
      if (unread.length < LIMIT) unread.push(message);
      else end(new HoldfastError('too-slow', `A reader of channel '${channel}' left more than ${LIMIT} messages unread.`));
    },
    end,
    next() {
      const reader = createDeferred<IteratorResult<Message>>();
      const message = unread.shift();
      if (message !== undefined) reader.resolve({ done: false, value: message });
      else if (state === 'ended') settle(reader);
      else readers.push(reader);
      return reader.promise;
    },
    return() {
      unread.length = 0;
      end();
      return Promise.resolve({ done: true, value: undefined });
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
