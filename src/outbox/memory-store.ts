import type { OutboxStore, RecordKey, StoredRecord } from './store.ts';

const RENEWED_AFTER = 1024;

/** Nothing on disk: what waits dies with the tab, and `outbox.status` says `durable: false`. */
export function memoryOutbox(): OutboxStore {
  // By channel, producer and sequence: one key made of all three would cost more than the rest.
  const channels = new Map<string, Map<string, Map<number, StoredRecord>>>();
  const laneOf = ({ channel, producer }: RecordKey): Map<number, StoredRecord> => {
    let lanes = channels.get(channel);
    if (lanes === undefined) channels.set(channel, (lanes = new Map()));
    let lane = lanes.get(producer);
    if (lane === undefined) lanes.set(producer, (lane = new Map()));
    return lane;
  };
  let count = 0;
  // As in the shelf: tables that were outgrown must not keep what came after them.
  const renew = (): void => {
    count = 0;
    for (const lanes of channels.values()) for (const [producer, lane] of lanes) lanes.set(producer, new Map(lane));
  };
  return {
    name: 'memory',
    durable: false,
    open: () => Promise.resolve(),
    put(list) {
      for (const record of list) laneOf(record).set(record.sequence, record);
      count += list.length;
      if (count >= RENEWED_AFTER) renew();
      return Promise.resolve();
    },
    remove(keys) {
      for (const key of keys) laneOf(key).delete(key.sequence);
      return Promise.resolve();
    },
    list: () => Promise.resolve([...channels.values()].flatMap(recordsOf).sort(inOrder)),
    close: () => channels.clear(),
  };
}

function recordsOf(lanes: ReadonlyMap<string, ReadonlyMap<number, StoredRecord>>): readonly StoredRecord[] {
  return [...lanes.values()].flatMap((lane) => [...lane.values()]);
}

function inOrder(a: StoredRecord, b: StoredRecord): number {
  if (a.channel !== b.channel) return a.channel < b.channel ? -1 : 1;
  if (a.producer !== b.producer) return a.producer < b.producer ? -1 : 1;
  return a.sequence - b.sequence;
}
