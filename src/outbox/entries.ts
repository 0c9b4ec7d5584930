/** What waits and what failed, of all pages of the user, for the app to show. */
import type { Environment } from '../platform/environment.ts';
import type { OutboxEntry, Readable } from '../types.ts';
import { createReadable } from '../util/readable.ts';
import { type Alarm, createAlarm } from '../util/timer.ts';
import type { Journal } from './journal.ts';
import type { Letters } from './letters.ts';
import { attemptedUnder, everything } from './rows.ts';
import type { OutboxRecord } from './shelf.ts';
import { type StoredEntry, readEntries, readMark } from './stored-rows.ts';
import type { StoreRow } from './store.ts';

export interface EntriesContext {
  readonly environment: Environment;
  readonly journal: Journal;
  readonly letters: Letters;
  /** Of this page, and taken over. */
  pending(): Iterable<OutboxRecord>;
  /** Whose rows are in memory already. */
  holds(producer: string, channel: string): boolean;
  /** Somebody looks: the store is needed. */
  wake(): void;
  /** The failures are other ones. */
  onLetters(): void;
  report(error: unknown): void;
}

interface Foreign {
  readonly producer: string;
  readonly entry: OutboxEntry;
}

/** How soon after a notice of another page the store is read again, ms: many come together. */
const SOON = 100;

export class Entries {
  readonly #context: EntriesContext;
  readonly #version;
  readonly #alarm: Alarm;
  #foreign: readonly Foreign[] = [];
  #built: readonly OutboxEntry[] | null = null;
  #count = 0;
  /** Nobody may ever look. */
  #watched: 'no' | 'yes' = 'no';

  constructor(context: EntriesContext) {
    this.#context = context;
    this.#version = createReadable(0, context.report);
    this.#alarm = createAlarm(context.environment, () => void this.refresh());
  }

  readonly readable: Readable<readonly OutboxEntry[]> = {
    get: () => {
      this.#watch();
      return (this.#built ??= this.#build());
    },
    subscribe: (listener) => {
      this.#watch();
      return this.#version.subscribe(listener);
    },
  };

  changed(): void {
    if (this.#watched === 'no') return;
    this.#built = null;
    this.#version.set((this.#count += 1));
  }

  /** Another page has written something. */
  noticed(): void {
    this.#alarm.note(this.#context.environment.now() + SOON);
  }

  /** Reads what other pages hold, and what failed. */
  async refresh(): Promise<void> {
    const { journal, letters, onLetters } = this.#context;
    const known = letters.ids;
    // So that what of this page is not there has been taken away by another.
    if (!(await journal.flush())) return;
    const wanted = this.#watched === 'yes' ? [everything('entry'), everything('mark')] : [];
    const rows = await journal.read([everything('failed'), ...wanted]);
    if (rows === null) return;
    const [failed = [], entries = [], marks = []] = rows;
    letters.load(failed, known);
    onLetters();
    this.#foreign = entries.flatMap(readEntries).flatMap((entry) => foreignEntry(entry, marks));
    this.changed();
  }

  clear(): void {
    this.#alarm.clear();
  }

  #watch(): void {
    if (this.#watched === 'yes') return;
    this.#watched = 'yes';
    this.#context.wake();
    void this.refresh();
  }

  #build(): readonly OutboxEntry[] {
    const { journal, letters, pending, holds } = this.#context;
    // Taken over since they were read: then they are among the pending, or have ended.
    const others = this.#foreign.filter(({ producer, entry }) => !holds(producer, entry.channel));
    const list: OutboxEntry[] = others.map(({ entry }) => entry);
    for (const { owner, event, data, attempted, shelved } of pending()) {
      const { ticket, createdAt, expiresAt, own } = owner;
      if (ticket === null) continue;
      const { id, channel } = ticket;
      const state = attempted === null ? 'queued' : 'sent';
      const stored = shelved !== 'no' && journal.durable;
      list.push({ id, channel, event, data, createdAt, expiresAt, state, stored, own, error: null });
    }
    for (const letter of letters) list.push({ ...letter, state: 'failed', stored: journal.durable });
    return list.sort((a, b) => a.createdAt - b.createdAt);
  }
}

function foreignEntry({ producer, channel, sequence, row }: StoredEntry, marks: readonly StoreRow[]): readonly Foreign[] {
  if (!('id' in row) || row.x !== undefined) return [];
  const marksOf = marks.filter(([key]) => key[1] === producer && key[2] === channel).map(([, mark]) => readMark(mark));
  const sent = attemptedUnder(row, sequence, marksOf) !== null;
  const { id, e: event, d: data, createdAt, expiresAt } = row;
  const state = sent ? 'sent' : 'queued';
  const times = { createdAt, expiresAt };
  const entry = { id, channel, event, data, ...times, state, stored: true, own: false, error: null } as const;
  return [{ producer, entry }];
}
