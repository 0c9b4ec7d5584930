/** A store with the channel and the outbox played by the test. */
import type { Follower } from '../../../src/channel/listeners.ts';
import { createStore } from '../../../src/channel/store.ts';
import type { PendingChange, PendingPublication } from '../../../src/outbox/pendings.ts';
import type { ChannelStatus, Cursor, Message, Outcome, Store, StoreDefinition } from '../../../src/types.ts';
import { createReadable } from '../../../src/util/readable.ts';

export const at = (offset: number, epoch = 'E'): Cursor => ({ epoch, offset, tag: `${epoch}${offset}` });
export const publication = (id: string, data: unknown = id): PendingPublication => ({ id, event: 'e', data });
export const message = (id: string, cursor: Cursor | null, data: unknown = id): Message => ({
  channel: 'room',
  event: 'e',
  data,
  id,
  sentAt: 0,
  by: null,
  own: false,
  cursor,
});

type Result = Outcome['result'];

export interface Play<S> {
  readonly store: Store<S>;
  readonly follower: Follower;
  readonly errors: unknown[];
  readonly holders: number;
  readonly watchers: number;
  tell(status: ChannelStatus): void;
  publish(id: string, data?: unknown): void;
  /** @param cursor of an accepted one */
  end(id: string, result: Result, cursor?: Cursor | null): void;
}

export function createPlay<S>(definition: StoreDefinition<S>, waiting: readonly PendingPublication[] = []): Play<S> {
  const errors: unknown[] = [];
  const status = createReadable<ChannelStatus>({ state: 'subscribing' }, (error) => errors.push(error));
  const watchers = new Set<(change: PendingChange) => void>();
  const followers = new Set<Follower>();
  const store = createStore('room', definition, {
    status,
    report: (error) => errors.push(error),
    follow(given) {
      followers.add(given);
      return () => followers.delete(given);
    },
    pendings: {
      pendingIn: () => waiting,
      watchPending(_, listener) {
        watchers.add(listener);
        return () => watchers.delete(listener);
      },
    },
  });
  const [follower] = followers;
  const say = (change: PendingChange): void => watchers.forEach((listener) => listener(change));
  return {
    store,
    follower: follower!,
    errors,
    get holders() {
      return followers.size;
    },
    get watchers() {
      return watchers.size;
    },
    tell: (next) => status.set(next),
    publish: (id, data = id) => say({ type: 'added', publication: publication(id, data) }),
    end(id, result, cursor = null) {
      const outcome = { id, channel: 'room', event: 'e', result, cursor, maybeDuplicate: false } as Outcome;
      say({ type: 'ended', outcome });
    },
  };
}

/** Ids in order, those on top in brackets. */
export const LIST: StoreDefinition<readonly string[]> = {
  initial: [],
  reduce: (list, { data, pending }) => [...list, pending ? `(${String(data)})` : String(data)],
};
