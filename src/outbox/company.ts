/** Where there are no locks several pages may work at what one has left. */
import type { Journal } from './journal.ts';
import type { Lane } from './lane.ts';
import { PERHAPS } from './record.ts';
import { attemptedUnder, everything } from './rows.ts';
import type { Owner } from './shelf.ts';
import { byChannel, readMark } from './stored-rows.ts';

export interface CompanyContext {
  readonly journal: Journal;
  isOwn(producer: string): boolean;
  /** Lanes that waited may go on. */
  onChange(): void;
}

/**
 * Reads anew what others have sent of what was taken over: they mark it before, and remove it when it has ended. Until then
 * nothing of it is sent, for that it was never sent would be a false claim to a server that has lost its memory since.
 */
export class Company {
  readonly #context: CompanyContext;
  readonly #asking = new Map<string, symbol>();

  constructor(context: CompanyContext) {
    this.#context = context;
  }

  /** Whether nothing of this producer may be sent yet. */
  holdsUp(producer: string): boolean {
    return this.#asking.has(producer);
  }

  /** What was taken over is not any more. */
  forget(): void {
    this.#asking.clear();
  }

  /** @param lanes what was taken over from it, by channel */
  async ask(producer: string, lanes: ReadonlyMap<string, Lane<Owner>>): Promise<void> {
    const { journal, isOwn, onChange } = this.#context;
    const turn = Symbol();
    this.#asking.set(producer, turn);
    const rows = await journal.read([everything('entry', producer), everything('mark', producer)]);
    if (this.#asking.get(producer) !== turn) return;
    const [entries = [], marks = []] = rows ?? [];
    const found = byChannel(entries);
    for (const [channel, lane] of lanes) {
      const rowsOf = new Map(found.get(channel)?.list.map(({ sequence, row }) => [sequence, row]));
      const marksOf = marks.filter(([key]) => key[2] === channel && !isOwn(String(key[3]))).map(([, mark]) => readMark(mark));
      for (const record of lane.pending()) {
        const row = rowsOf.get(record.sequence);
        record.attempted ??= row === undefined ? PERHAPS : attemptedUnder(row, record.sequence, marksOf);
      }
    }
    this.#asking.delete(producer);
    onChange();
  }
}
