import type { OutboxStore, RecordKey, StoredRecord } from './store.ts';

/** Nothing on disk: what waits dies with the tab, and `outbox.status` says `durable: false`. */
export function memoryOutbox(): OutboxStore {
  const records = new Map<string, StoredRecord>();
  const keyOf = ({ channel, producer, sequence }: RecordKey): string => `${channel} ${producer} ${sequence}`;
  return {
    name: 'memory',
    durable: false,
    open: () => Promise.resolve(),
    put(list) {
      for (const record of list) records.set(keyOf(record), record);
      return Promise.resolve();
    },
    remove(keys) {
      for (const key of keys) records.delete(keyOf(key));
      return Promise.resolve();
    },
    list: () => Promise.resolve([...records.values()].sort(inOrder)),
    close: () => records.clear(),
  };
}

function inOrder(a: StoredRecord, b: StoredRecord): number {
  if (a.channel !== b.channel) return a.channel < b.channel ? -1 : 1;
  if (a.producer !== b.producer) return a.producer < b.producer ? -1 : 1;
  return a.sequence - b.sequence;
}
