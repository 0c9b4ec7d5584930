/** A sorted table as IndexedDB has it, as a value: each change makes another one. */
import type { KeyRange, StoreKey, StoreRow, StoreWrite } from '../../src/outbox/store.ts';

export type Table = readonly StoreRow[];

/** W3C "Indexed Database API", section 2.5: numbers before texts, and the shorter of two that begin alike first. */
export function compareKeys(a: StoreKey, b: StoreKey): number {
  for (let at = 0; at < Math.min(a.length, b.length); at += 1) {
    const left = a[at]!;
    const right = b[at]!;
    if (typeof left !== typeof right) return typeof left === 'number' ? -1 : 1;
    if (left < right) return -1;
    if (left > right) return 1;
  }
  return a.length - b.length;
}

export function rowsWithin(table: Table, [from, to]: KeyRange): Table {
  const end = lowest(table, to);
  const last = end < table.length && compareKeys(table[end]![0], to) === 0 ? end + 1 : end;
  return table.slice(lowest(table, from), last);
}

/** The rows that it puts are the caller's no more: what a page changes later must not change the disk. */
export function changed(table: Table, { remove, put, update = [] }: Omit<StoreWrite, 'strict'>): Table {
  const next = [...table];
  for (const range of remove) {
    const gone = rowsWithin(next, range).length;
    next.splice(lowest(next, range[0]), gone);
  }
  for (const row of put) {
    const at = lowest(next, row[0]);
    const isThere = at < next.length && compareKeys(next[at]![0], row[0]) === 0;
    next.splice(at, isThere ? 1 : 0, row);
  }
  for (const row of update) {
    const at = lowest(next, row[0]);
    if (at < next.length && compareKeys(next[at]![0], row[0]) === 0) next[at] = row;
  }
  return next;
}

/** Where the first row stands whose key is not below this one. */
function lowest(table: Table, key: StoreKey): number {
  let low = 0;
  let high = table.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareKeys(table[middle]![0], key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
