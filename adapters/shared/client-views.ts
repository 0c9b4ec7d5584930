/** What a component shows of the client itself, and what a server renders in its place: it connects to nothing. */
import type { Client, OutboxEntry, OutboxStatus, Readable, Status, UiStatus } from 'holdfast';
import { createKept, keepSame } from './kept.ts';
import { type Source, createSource } from './source.ts';

export interface OutboxView extends OutboxStatus {
  /** What is pending or failed, of every tab of this user, oldest first. */
  readonly entries: readonly OutboxEntry[];
}

const IDLE: Status = { state: 'idle' };
const HIDDEN: UiStatus = { banner: 'hidden' };
const EMPTY: OutboxView = { pending: 0, failed: 0, bytes: 0, durable: false, problem: 'none', oldest: null, entries: [] };

export const statusOf = createKept<Client, Source<Status>>(({ status }) => withInitial(status, IDLE));
export const uiStatusOf = createKept<Client, Source<UiStatus>>(({ uiStatus }) => withInitial(uiStatus, HIDDEN));

export const outboxOf = createKept<Client, Source<OutboxView>>(({ outbox: { status, entries } }) =>
  createSource({
    initial: EMPTY,
    start(give) {
      let shown = EMPTY;
      const present = (): OutboxView => (shown = keepSame(shown, { ...status.get(), entries: entries.get() }));
      const changed = (): void => give(present);
      const stops = [status.subscribe(changed), entries.subscribe(changed)];
      changed();
      return () => stops.forEach((stop) => stop());
    },
  }),
);

function withInitial<T>({ get, subscribe }: Readable<T>, initial: T): Source<T> {
  return { initial, get, subscribe };
}
