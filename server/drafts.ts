import type { Item, Limits, Refusal, Tombstone } from '../src/protocol/frame.ts';
import { isTombstone } from '../src/protocol/frame.ts';
import { toPlain } from '../src/protocol/payload.ts';

/** An item as it will stand in the log, or why it will not. */
export interface Draft {
  readonly item: Item | Tombstone;
  refusal?: Refusal;
  readonly by?: string;
}

/** @param by whose they are, empty if readers are not to know */
export function draftsOf(
  items: readonly (Item | Tombstone)[],
  by: string,
  limits: Limits,
): { readonly drafts: readonly Draft[]; readonly bytes: number } {
  const author = by === '' ? undefined : { by };
  const drafts: Draft[] = [];
  let bytes = 0;
  for (const item of items) {
    if (isTombstone(item)) {
      drafts.push({ item: { id: item.id, x: item.x } });
      continue;
    }
    const plain = toPlain(item.d, limits);
    if (plain.ok) {
      bytes += plain.size;
      drafts.push({ item: { id: item.id, e: item.e, d: plain.data }, ...author });
    } else drafts.push({ item: { id: item.id, e: item.e }, refusal: { code: plain.code, message: plain.why } });
  }
  return { drafts, bytes };
}
