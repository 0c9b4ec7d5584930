import type { PendingChange, PendingPublication } from './pendings.ts';
import type { Lanes } from './lanes.ts';
import type { Owner } from './shelf.ts';

type Listener = (change: PendingChange) => void;

/** Who wants to know what is pending in a channel. */
export class Watchers {
  readonly #listeners = new Map<string, Set<Listener>>();

  watch(channel: string, listener: Listener): () => void {
    const listeners = (this.#listeners.get(channel) ?? new Set()).add(listener);
    this.#listeners.set(channel, listeners);
    return () => {
      if (listeners.delete(listener) && listeners.size === 0) this.#listeners.delete(channel);
    };
  }

  tell(channel: string, change: PendingChange): void {
    for (const listener of this.#listeners.get(channel) ?? []) listener(change);
  }
}

/** In the order in which they were published, over all pages whose lanes are here. */
export function pendingIn(lanes: Iterable<ReturnType<Lanes<Owner>['get']>>, channel: string): readonly PendingPublication[] {
  return [...lanes]
    .flatMap((lane) => (lane.channel === channel ? lane.pending() : []))
    .filter(({ owner, payload }) => owner.ticket?.outcome === null && payload === 'kept')
    .sort((a, b) => a.owner.createdAt - b.owner.createdAt);
}
