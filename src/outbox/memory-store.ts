import type { KeyRange, OutboxStore, StoreKey, StoreRow } from './store.ts';

/** Nothing on disk: what waits dies with the tab, and `outbox.status` says `durable: false`. */
export function memoryOutbox(): OutboxStore {
  return {
    name: 'memory',
    durable: false,
    open: ({ user, url }) => {
      let rows: readonly StoreRow[] = [];
      return Promise.resolve({
        scope: `memory ${url} ${user}`,
        read: (ranges) => Promise.resolve(ranges.map((range) => rows.filter(([key]) => within(key, range)))),
        write({ remove, put, update = [] }) {
          const replaced = [...remove, ...put.map(([key]): KeyRange => [key, key])];
          const kept = rows.filter(([key]) => !replaced.some((range) => within(key, range)));
          // Of two rows with one key the last counts.
          const added = put.filter(([key], at) => !put.slice(at + 1).some(([later]) => compare(key, later) === 0));
          const newest = ([key]: StoreRow): StoreRow | undefined => update.findLast(([later]) => compare(key, later) === 0);
          rows = [...kept, ...added].map((row) => newest(row) ?? row).sort(([a], [b]) => compare(a, b));
          return Promise.resolve();
        },
        close: () => Promise.resolve(),
      });
    },
  };
}

function within(key: StoreKey, [from, to]: KeyRange): boolean {
  return compare(from, key) <= 0 && compare(key, to) <= 0;
}

function compare(a: StoreKey, b: StoreKey): number {
  for (let at = 0; at < a.length && at < b.length; at += 1) {
    const left = a[at]!;
    const right = b[at]!;
    if (typeof left !== typeof right) return typeof left === 'number' ? -1 : 1;
    if (left !== right) return left < right ? -1 : 1;
  }
  return a.length - b.length;
}
