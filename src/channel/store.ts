import { HoldfastError } from '../errors.ts';
import type { PendingPublication, Pendings } from '../outbox/pendings.ts';
import type { ChannelStatus, Cursor, Message, Readable, Store, StoreDefinition, StoreStatus } from '../types.ts';
import { createDerived, createReadable } from '../util/readable.ts';
import { createStop } from '../util/stop.ts';
import type { Follower } from './listeners.ts';
import { type Overlay, change, pass, pendingMessage, restart, without } from './optimistic.ts';

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
  if (typeof reduce !== 'function') throw new HoldfastError('invalid-option', '`reduce` must be a function.');
  const { pendings, report, status: channel } = context;
  let confirmed = initial;
  let overlay: Overlay = pendings.pendingIn(name).map((publication) => ({ publication, at: null }));
  let place: Cursor | null = null;
  let failure: HoldfastError | null = null;
  let life: StoreStatus['state'] = 'loading';
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
    if (now.state === 'closed') life = 'closed';
    else if (life !== 'closed') life = now.state === 'live' ? 'live' : life === 'loading' ? life : 'stale';
    return { state: life, pending: overlay.length, error: now.state === 'closed' ? now.error : failure };
  };
  const status = createReadable(presentStatus(), report);
  const update = (next: Overlay, state: S = confirmed): void => {
    const same = state === confirmed && next.length === overlay.length;
    confirmed = state;
    overlay = next;
    status.set(presentStatus());
    if (same) return;
    shown = undefined;
    value.changed();
  };

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
      place = cursor;
      if (overlay.length > 0) update(pass(overlay, cursor));
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
  const unwatch = pendings.watchPending(name, (told) => update(change(overlay, told, place)));
  const unsubscribe = channel.subscribe(() => {
    // In mode `live` an echo that was missed never comes.
    update(channel.get().state === 'subscribing' ? overlay.filter(({ at }) => at === null) : overlay);
  });
  const dispose = createStop(() => {
    unwatch();
    unsubscribe();
    letGo();
    life = 'closed';
    update(overlay);
  });
  const symbol: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for('Symbol.dispose');
  return { get, subscribe: value.subscribe, status, [symbol]: dispose };
}
