import type { Journal } from './journal.ts';
import type { Lane } from './lane.ts';
import { type MarkRow, extendMark, markKey } from './rows.ts';
import { PERHAPS } from './record.ts';
import type { Owner } from './shelf.ts';

/** Marked ahead of what is sent, so that a long queue goes out without waiting for each mark. */
const AHEAD = 512;
/** Before so many are left. */
const NEAR = 128;

/**
 * What the store takes for never sent is marked before it is sent: its successor may start a lane with what was never sent,
 * and with nothing else. One row for all marks of a lane: to write each entry again would take longer than to send it.
 */
export class Marks {
  readonly #journal: Journal;
  /** Names who writes the mark: others may have marks of their own for the same lane. */
  readonly #writer: () => string;
  readonly #onMarked: (lane: Lane<Owner>) => void;
  readonly #marks = new WeakMap<Lane<Owner>, MarkRow>();
  readonly #marking = new Set<Lane<Owner>>();

  constructor(journal: Journal, writer: () => string, onMarked: (lane: Lane<Owner>) => void) {
    this.#journal = journal;
    this.#writer = writer;
    this.#onMarked = onMarked;
  }

  /** Sees to it that the lane can go on. */
  ahead(lane: Lane<Owner>, mem: string): void {
    if (this.#marking.has(lane)) return;
    const records = lane.unsentAhead(NEAR, AHEAD);
    const last = records.at(-1);
    if (last === undefined) return;
    const mark = extendMark(this.#marks.get(lane) ?? [], last.sequence, mem);
    this.#marks.set(lane, mark);
    this.#marking.add(lane);
    this.#journal.put([markKey(lane, this.#writer()), mark]);
    void this.#journal.flush().then((written) => {
      this.#marking.delete(lane);
      for (const record of records) {
        record.shelved = 'marked';
        // The store still says that it was never sent; to begin a lane with it would be a false claim.
        if (!written) record.attempted ??= PERHAPS;
      }
      this.#onMarked(lane);
    });
  }
}
