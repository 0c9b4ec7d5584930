/** Publications that ended badly, until the app has seen to them. */
import { type HoldfastError, refusalOf } from '../errors.ts';
import type { OutboxEntry } from '../types.ts';
import { Recent } from '../util/recent.ts';
import type { Journal } from './journal.ts';
import { type FailedRow, failedKey } from './rows.ts';
import type { StoreRow } from './store.ts';
import { readFailed } from './stored-rows.ts';

export type Letter = Omit<OutboxEntry, 'stored' | 'state' | 'error'> & { readonly error: HoldfastError };

/** The oldest make room for more. */
const MOST = 256;

export class Letters {
  readonly #journal: Journal;
  readonly #letters = new Map<string, Letter>();
  /** A read that began before may still bring them. */
  readonly #removed = new Recent(4 * MOST);

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  get size(): number {
    return this.#letters.size;
  }

  [Symbol.iterator](): Iterator<Letter> {
    return this.#letters.values();
  }

  get ids(): readonly string[] {
    return [...this.#letters.keys()];
  }

  get(id: string): Letter | undefined {
    return this.#letters.get(id);
  }

  add(letter: Letter): void {
    this.#letters.set(letter.id, letter);
    const { channel, event, data, createdAt, expiresAt, error } = letter;
    const { appCode } = error.details;
    const row: FailedRow = {
      ...{ channel, event, data, expiresAt, code: error.code, message: error.message },
      ...(appCode !== undefined && { appCode }),
    };
    this.#journal.put([failedKey(createdAt, letter.id), row]);
    const [oldest] = this.#letters.values();
    if (this.#letters.size > MOST) this.remove(oldest!);
  }

  remove({ id, createdAt }: Letter): void {
    this.#letters.delete(id);
    this.#removed.add(id);
    const key = failedKey(createdAt, id);
    this.#journal.remove([key, key]);
  }

  /**
   * What the store has of all pages.
   * @param written those of which it must have known when it was read
   */
  load(rows: readonly StoreRow[], written: readonly string[]): void {
    const found = new Set<string>();
    for (const stored of rows) {
      const failed = readFailed(stored);
      if (failed === null) continue;
      const { code, message, appCode, ...row } = failed;
      found.add(row.id);
      if (this.#letters.has(row.id) || this.#removed.has(row.id)) continue;
      this.#letters.set(row.id, { ...row, own: false, error: refusalOf({ code, app: appCode }, message, 'app') });
    }
    // Another page has seen to them.
    for (const id of written) if (!found.has(id)) this.#letters.delete(id);
  }
}
