/** What a component shows of the client itself, and what a server renders in its place: it connects to nothing. */
import type { Client, OutboxEntry, OutboxStatus, Readable, Status, UiStatus } from 'holdfast';
import { createKept, keepSame } from './kept.ts';
import { type Source, createSource, follow } from './source.ts';

export interface OutboxView extends OutboxStatus {
  /** What is pending or failed, of every tab of this user, oldest first. */
  readonly entries: readonly OutboxEntry[];
}

const IDLE: Status = { state: 'idle' };
const HIDDEN: UiStatus = { banner: 'hidden' };
const EMPTY: OutboxView = { pending: 0, failed: 0, bytes: 0, durable: false, problem: 'none', oldest: null, entries: [] };

export const statusOf = ({ status }: Client): Source<Status> => withInitial(status, IDLE);
export const uiStatusOf = ({ uiStatus }: Client): Source<UiStatus> => withInitial(uiStatus, HIDDEN);

export const outboxOf = /* @__PURE__ */ createKept<Client, Source<OutboxView>>(({ outbox: { status, entries } }) =>
  createSource({
    initial: EMPTY,
    start(give) {
      const present = (before: OutboxView): OutboxView => keepSame(before, { ...status.get(), entries: entries.get() });
      return follow([status, entries], () => give(present));
    },
  }),
);

function withInitial<T>({ get, subscribe }: Readable<T>, initial: T): Source<T> {
  return { initial, get, subscribe };
}
