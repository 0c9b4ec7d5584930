import { HoldfastError } from '../errors.ts';
import { isEventName } from '../protocol/names.ts';
import type {
  Abortable,
  Channel,
  ChannelStatus,
  Cursor,
  HistoryOptions,
  HistoryPage,
  Message,
  MessagesOptions,
  Presence,
  PublishOptions,
  Readable,
  Receipt,
  Reset,
  Stop,
  Store,
  StoreDefinition,
  SubscribeOptions,
} from '../types.ts';
import { onAbort } from '../util/stop.ts';
import { createMessageQueue } from './iterator.ts';
import type { Handler, Listeners } from './listeners.ts';
import { type StoreContext, createStore } from './store.ts';

/** What a handle asks of the client it belongs to. */
export interface ChannelContext extends StoreContext {
  readonly listeners: Listeners;
  /** Keeps the channel subscribed until the returned function is called. */
  hold(): () => void;
  /** @throws HoldfastError `destroyed` */
  assertAlive(): void;
  publish(event: string, data: unknown, options: PublishOptions): Receipt;
  publishVolatile(event: string, data: unknown): boolean;
  history(options: HistoryOptions): Promise<HistoryPage>;
  readonly presence: Presence;
}

/** The handle that `client.channel(name)` returns. It holds nothing by itself. */
export class ChannelHandle implements Channel {
  readonly name: string;
  readonly status: Readable<ChannelStatus>;
  readonly presence: Presence;
  readonly #context: ChannelContext;

  constructor(name: string, context: ChannelContext) {
    this.name = name;
    this.status = context.status;
    this.presence = context.presence;
    this.#context = context;
  }

  subscribe(event: string, handler: (data: never, message: never) => void, options: SubscribeOptions = {}): Stop {
    const { listeners, hold } = this.#named(event);
    return listeners.add('event', event, handler as Handler, options, hold);
  }

  subscribeAll(handler: (message: Message) => void, options: SubscribeOptions = {}): Stop {
    const { listeners, hold } = this.#ready();
    return listeners.add('all', '', (_, message) => handler(message), options, hold);
  }

  messages({ events, throwOnReset = false, signal }: MessagesOptions = {}): AsyncIterableIterator<Message> {
    const { listeners, hold } = this.#ready();
    const options: Abortable = signal === undefined ? {} : { signal };
    const queue = createMessageQueue(this.name, () => {
      unabort();
      stop();
      stopResets();
      stopStatus();
    });
    // Refused, or the client is over: a loop that waits for what cannot come would hang for ever.
    const onStatus = (): void => {
      const status = this.status.get();
      if (status.state === 'closed') queue.end(status.error);
    };
    const push = (message: Message): void => {
      if (events === undefined || events.includes(message.event)) queue.push(message);
    };
    const stop = listeners.add('iterator', '', (_, message) => push(message), options, hold);
    const stopResets = throwOnReset ? listeners.addReset((reset) => queue.end(lostContinuity(reset)), options, 'end') : () => {};
    const stopStatus = this.status.subscribe(onStatus);
    const unabort = onAbort(signal, () => queue.end());
    if (signal?.aborted) queue.end();
    onStatus();
    return queue;
  }

  publish(event: string, data?: unknown, options: PublishOptions = {}): Receipt {
    return this.#named(event).publish(event, data, options);
  }

  publishVolatile(event: string, data?: unknown): boolean {
    return this.#named(event).publishVolatile(event, data);
  }

  onReset(handler: (reset: Reset) => void | Cursor | Promise<void | Cursor>, options: Abortable = {}): Stop {
    return this.#ready().listeners.addReset(handler, options);
  }

  store<S>(definition: StoreDefinition<S>): Store<S> {
    return createStore(this.name, definition, this.#ready());
  }

  history(options: HistoryOptions = {}): Promise<HistoryPage> {
    return this.#ready().history(options);
  }

  #ready(): ChannelContext {
    this.#context.assertAlive();
    return this.#context;
  }

  #named(event: string): ChannelContext {
    const context = this.#ready();
    if (!isEventName(event)) throw new HoldfastError('invalid-name', `${JSON.stringify(event)} is no event name.`);
    return context;
  }
}

function lostContinuity({ channel, why }: Reset): HoldfastError {
  return new HoldfastError('continuity-lost', `Channel '${channel}' lost continuity (${why}).`, { details: { why } });
}
