import { HoldfastError, check } from '../errors.ts';
import type { PendingPublication, Pendings } from '../outbox/pendings.ts';
import type { ChannelStatus, Message, Readable, Store, StoreDefinition, StoreStatus } from '../types.ts';
import { createDerived, createReadable } from '../util/readable.ts';
import { createStop, disposable } from '../util/stop.ts';
import type { Follower } from './listeners.ts';
import { type Overlay, type Place, change, doubt, pass, pendingMessage, restart, without } from './optimistic.ts';

export interface StoreContext {
  readonly status: Readable<ChannelStatus>;
  readonly pendings: Pendings;
  report(error: unknown): void;
  /** Holds the channel, and has its snapshot loaded. @returns lets it go */
  follow(follower: Follower): () => void;
}

/** Confirmed state, and own publications on top of it. With none of them a message costs one call of `reduce`. */
export function createStore<S>(name: string, definition: StoreDefinition<S>, context: StoreContext): Store<S> {
  const { initial, load = (data: unknown) => data as S, reduce } = definition;
  check(typeof reduce === 'function', '`reduce` must be a function.');
  const { pendings, report, status: channel } = context;
  let confirmed = initial;
  let overlay: Overlay = pendings.pendingIn(name).map((publication) => ({ publication, at: null, echo: 'doubtful' }));
  let place: Place;
  let failure: HoldfastError | null = null;
  let life: 'new' | 'seen live' | 'over' = 'new';
  /** undefined: to be made when it is next asked for. */
  let shown: { readonly state: S } | undefined;
  /** Told of already: a pending one is applied again and again. */
  const faulty = new WeakSet<PendingPublication>();

  const threw = (cause: unknown): HoldfastError => {
    const error = new HoldfastError('handler-threw', `A store of channel '${name}' threw.`, { cause });
    report(error);
    return error;
  };
  const get = (): S => {
    shown ??= { state: overlay.reduce(applyPending, confirmed) };
    return shown.state;
  };
  const applyPending = (state: S, { publication }: Overlay[number]): S => {
    try {
      return reduce(state, pendingMessage(name, publication));
    } catch (cause) {
      if (!faulty.has(publication)) threw(cause);
      faulty.add(publication);
      return state;
    }
  };
  const value = createDerived(get, report);
  const presentStatus = (): StoreStatus => {
    const now = channel.get();
    const isLive = now.state === 'live';
    // On a channel that is live already the state that it needs may have to be loaded first.
    if (isLive && life === 'new' && place !== undefined) life = 'seen live';
    const open = life === 'new' ? 'loading' : isLive ? 'live' : 'stale';
    const state = life === 'over' || now.state === 'closed' ? 'closed' : open;
    return { state, pending: overlay.length, error: now.state === 'closed' ? now.error : failure };
  };
  const told = createReadable(presentStatus(), report);
  const status: Readable<StoreStatus> = {
    // The channel tells of its own status in a microtask.
    get() {
      told.set(presentStatus());
      return told.get();
    },
    subscribe: told.subscribe,
  };
  const update = (next: Overlay, state: S = confirmed): void => {
    const same = state === confirmed && next.length === overlay.length;
    confirmed = state;
    overlay = next;
    status.get();
    if (same) return;
    shown = undefined;
    value.changed();
  };

  // First, for a loader may publish.
  const unwatch = pendings.watchPending(name, (news) => {
    update(change(overlay, news, place, channel.get().state === 'live' ? 'comes' : 'doubtful'));
  });
  const letGo = context.follow({
    deliver(message: Message) {
      let state = confirmed;
      try {
        state = reduce(confirmed, { ...message, pending: false });
      } catch (cause) {
        threw(cause);
      }
      update(without(overlay, message.id), state);
    },
    pass(cursor) {
      const known = place;
      place = cursor;
      if (overlay.length > 0 && cursor !== null) {
        update(pass(known?.epoch === cursor.epoch ? overlay : restart(overlay, cursor), cursor));
      } else if (known === undefined) update(overlay);
    },
    restart(cursor, loaded) {
      let state = confirmed;
      place = cursor;
      failure = null;
      try {
        if (loaded !== null) state = load(loaded.data);
      } catch (cause) {
        failure = threw(cause);
      }
      update(pass(restart(overlay, cursor), cursor), state);
    },
    fail(error) {
      failure = error;
      update(overlay);
    },
  });
  const unsubscribe = channel.subscribe(() =>
    update(place === null && channel.get().state !== 'live' ? doubt(overlay) : overlay),
  );
  const dispose = createStop(() => {
    unwatch();
    unsubscribe();
    letGo();
    life = 'over';
    update(overlay);
  });
  return disposable({ get, subscribe: value.subscribe, status }, dispose);
}
