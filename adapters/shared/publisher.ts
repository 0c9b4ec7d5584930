/** Publishes on one channel and counts what has no outcome yet. */
import type { Client, Outcome, Receipt } from 'holdfast';
import { type Source, createCell } from './source.ts';

export interface Publishing {
  /** Publications of this component without an outcome. */
  readonly pending: number;
  /** The last of them that did not end as accepted. */
  readonly failed: Outcome | null;
}

export interface Publisher extends Publishing {
  publish(...args: readonly [event: string, data?: unknown, options?: object]): Receipt;
  publishVolatile(event: string, data?: unknown): boolean;
}

export function createPublisher(client: Client, name: string): Source<Publisher> {
  const cell = createCell<Publisher>({
    pending: 0,
    failed: null,
    publish(event, data, options) {
      const receipt = client.channel(name).publish(event, data, options);
      const { id, state } = receipt;
      count(1);
      let counted = 1;
      const stop = state.subscribe(look);
      function look(): void {
        const now = state.get();
        if (now.state === 'pending') return;
        const { outcome } = now;
        const { failed } = cell.get();
        // It may have been in doubt, and has arrived.
        count(-counted, outcome.result !== 'accepted' ? outcome : failed?.id === id ? null : failed);
        counted = 0;
        // Another outcome may replace this one.
        if (outcome.result !== 'uncertain') stop();
      }
      look();
      return receipt;
    },
    publishVolatile: (event, data) => client.channel(name).publishVolatile(event, data),
  });
  const count = (more: number, failed = cell.get().failed): void => {
    const before = cell.get();
    cell.set({ ...before, pending: before.pending + more, failed });
  };
  return cell;
}
