/** Entries of a producer of which no row says that there may be any: no page would ever look for them. */
import type { Journal } from './journal.ts';
import { PERHAPS } from './record.ts';
import { type LaneName, everything, markKey, pageKey } from './rows.ts';
import { readEntries } from './stored-rows.ts';
import type { KeyRange, StoreRow } from './store.ts';

/** Reads what stands between the entries of those who are known: hardly ever anything, so it costs little. */
export async function findOrphans(journal: Journal): Promise<readonly StoreRow[]> {
  const [before] = (await journal.read([everything('page')])) ?? [];
  if (before === undefined) return [];
  const [first, last] = everything('entry');
  const gaps: KeyRange[] = [];
  let from = first;
  for (const producer of producersOf(before)) {
    const [begin, end] = everything('entry', producer);
    // No page gives itself such a name: a range that ends before it begins cannot be read.
    if (producer >= String(last[1])) break;
    gaps.push([from, begin]);
    from = end;
  }
  // With the pages once more: others may have begun since.
  const [pages = [], ...found] = (await journal.read([everything('page'), ...gaps, [from, last]])) ?? [];
  const known = producersOf(pages);
  return found.flat().filter((row) => readEntries(row).some(({ producer }) => !known.has(producer)));
}

/**
 * Whoever looks next takes them over. What was marked of them may be gone.
 * @param at the last sign of life of who wrote them
 */
export function makeFindable(journal: Journal, entries: readonly StoreRow[], at: number): void {
  const lanes = new Map<string, LaneName>();
  for (const [[, producer, channel]] of entries) {
    lanes.set(`${channel} ${producer}`, { producer: String(producer), channel: String(channel) });
  }
  for (const lane of lanes.values()) {
    journal.put([markKey(lane, ''), [[Number.MAX_VALUE, PERHAPS]]]);
    journal.put([pageKey(lane.producer), at]);
  }
}

/** In the order of their keys. */
function producersOf(pages: readonly StoreRow[]): ReadonlySet<string> {
  return new Set(pages.flatMap(([[, producer]]) => (typeof producer === 'string' ? [producer] : [])));
}
