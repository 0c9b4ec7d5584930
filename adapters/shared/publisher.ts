/** Publishes on one channel and counts what has no outcome yet. */
import type { Client, Outcome, Receipt } from 'holdfast';
import { createSource, type Source } from './source.ts';

export interface Publishing {
  /** Publications of this component without an outcome. */
  readonly pending: number;
  /** The last of them that did not end as accepted. */
  readonly failed: Outcome | null;
}

export interface Publisher {
  readonly publishing: Source<Publishing>;
  publish(...args: readonly [event: string, data?: unknown, options?: object]): Receipt;
  publishVolatile(event: string, data?: unknown): boolean;
}

export const NONE_PUBLISHED: Publishing = { pending: 0, failed: null };

export function createPublisher(client: Client, name: string): Publisher {
  let present = NONE_PUBLISHED;
  const tellers = new Set<() => void>();
  const change = (next: Publishing): void => {
    present = next;
    for (const tell of tellers) tell();
  };
  return {
    publishing: createSource({
      initial: NONE_PUBLISHED,
      start(give) {
        const tell = (): void => give(() => present);
        tellers.add(tell);
        tell();
        return () => tellers.delete(tell);
      },
    }),
    publish(event, data, options) {
      const receipt = client.channel(name).publish(event, data, options);
      change({ ...present, pending: present.pending + 1 });
      let counted = 1;
      const look = (): void => {
        const now = receipt.state.get();
        if (now.state === 'pending') return;
        const { outcome } = now;
        const failed = outcome.result === 'accepted' ? without(present.failed, receipt.id) : outcome;
        change({ pending: present.pending - counted, failed });
        counted = 0;
        // Another outcome may replace this one.
        if (outcome.result !== 'uncertain') stop();
      };
      const stop = receipt.state.subscribe(look);
      look();
      return receipt;
    },
    publishVolatile: (event, data) => client.channel(name).publishVolatile(event, data),
  };
}

/** It was in doubt, and has arrived. */
function without(failed: Outcome | null, id: string): Outcome | null {
  return failed?.id === id ? null : failed;
}
