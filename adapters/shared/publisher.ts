/** Publishes on one channel and counts what has no outcome yet. */
import type { Client, Outcome, Receipt } from 'holdfast';
import { type Source, createCell } from './source.ts';

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
  const publishing = createCell(NONE_PUBLISHED);
  return {
    publishing,
    publish(event, data, options) {
      const receipt = client.channel(name).publish(event, data, options);
      const { pending, failed } = publishing.get();
      publishing.set({ pending: pending + 1, failed });
      let counted = 1;
      const look = (): void => {
        const now = receipt.state.get();
        if (now.state === 'pending') return;
        const { outcome } = now;
        const before = publishing.get();
        const last = outcome.result === 'accepted' ? without(before.failed, receipt.id) : outcome;
        publishing.set({ pending: before.pending - counted, failed: last });
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
