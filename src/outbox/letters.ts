/** Publications that ended badly, until the app has seen to them. */
import { HoldfastError, isErrorCode } from '../errors.ts';
import type { OutboxEntry } from '../types.ts';
import { Recent } from '../util/recent.ts';
import type { Journal } from './journal.ts';
import { type FailedRow, failedKey } from './rows.ts';
import type { StoreRow } from './store.ts';

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

  /** What the store has of all pages. */
  load(rows: readonly StoreRow[]): void {
    const found = new Set<string>();
    for (const [[, createdAt, id], value] of rows) {
      const { code, message, appCode, ...row } = value as FailedRow;
      found.add(String(id));
      if (this.#letters.has(String(id)) || this.#removed.has(String(id))) continue;
      const error = new HoldfastError(isErrorCode(code) ? code : 'app', message, {
        details: appCode === undefined ? {} : { appCode },
      });
      this.#letters.set(String(id), { ...row, id: String(id), createdAt: Number(createdAt), own: false, error });
    }
    // Another page has seen to them.
    for (const { id } of this.#letters.values()) if (!found.has(id)) this.#letters.delete(id);
  }
}
