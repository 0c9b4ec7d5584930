/** Who is shown, and who should be: I10. */
import type { Member, PresenceEvent } from '../../src/types.ts';

export interface Shown {
  readonly page: number;
  /** Counts what the page shows of itself. */
  readonly n: number;
}

interface Page {
  readonly user: string | null;
  /** By channel, what it shows last; null: it has left. */
  readonly shows: Map<string, number | null>;
  /** When it was connected again; null: it is not. */
  connectedAt: number | null;
}

type Fail = (invariant: string, sentence: string) => void;

/** A server lets a page go 10 s after its connection has ended; less what the store and the way to it may take, ms. */
const BACK_WITHIN = 6000;

export class PresenceOracle {
  readonly #now: () => number;
  readonly #fail: Fail;
  readonly #pages = new Map<number, Page>();
  /** Since when every connection was cut; null: who is told as gone may be. */
  #cutAt: number | null = null;
  /** Who was told as gone since then. */
  #gone: { readonly watcher: number; readonly channel: string; readonly page: number }[] = [];

  constructor(now: () => number, fail: Fail) {
    this.#now = now;
    this.#fail = fail;
  }

  came(page: number, user: string): void {
    this.#pages.set(page, { user: user === 'anonymous' ? null : user, shows: new Map(), connectedAt: null });
  }

  /** The page is over, however it ended. */
  over(page: number): void {
    this.#pages.delete(page);
  }

  shows(page: number, channel: string, n: number | null): void {
    this.#pages.get(page)?.shows.set(channel, n);
  }

  connected(page: number, isConnected: boolean): void {
    const known = this.#pages.get(page);
    if (known === undefined) return;
    if (!isConnected) known.connectedAt = null;
    else known.connectedAt ??= this.#now();
  }

  /** ms; 0: it is not connected. */
  connectedFor(page: number): number {
    const now = this.#now();
    return now - (this.#pages.get(page)?.connectedAt ?? now);
  }

  told(watcher: number, channel: string, event: PresenceEvent, { data }: Member): void {
    if (event === 'leave' && this.#cutAt !== null) this.#gone.push({ watcher, channel, page: (data as Shown).page });
  }

  /** All is calm, and now every connection is cut. */
  cut(): void {
    this.#cutAt = this.#now();
    this.#gone = [];
  }

  /** Those who came back in time must not have been told as gone. */
  settleCut(): void {
    const cutAt = this.#cutAt ?? 0;
    this.#cutAt = null;
    for (const { watcher, channel, page } of this.#gone) {
      const known = this.#pages.get(page);
      const back = known?.connectedAt ?? Infinity;
      if ((known?.shows.get(channel) ?? null) === null || back - cutAt > BACK_WITHIN) continue;
      this.#fail(
        'I10',
        `page ${watcher} was told that page ${page} has left ${channel}, which was back after ${back - cutAt} ms`,
      );
    }
  }

  /** When all is quiet: everybody is shown who is there and was for `connected` ms, and nobody else. */
  check(watcher: number, channel: string, members: readonly Member[], connected = 0): void {
    const seen = new Map<number, Shown>();
    for (const { id, user, self, data } of members) {
      const shown = data as Shown;
      const known = this.#pages.get(shown.page);
      const about = `page ${watcher} sees page ${shown.page} in ${channel}`;
      if (seen.has(shown.page)) this.#fail('I10', `${about} twice`);
      seen.set(shown.page, shown);
      const n = known?.shows.get(channel) ?? null;
      if (n === null) this.#fail('I10', `${about}, where it is not${known === undefined ? ': it is over' : ''}`);
      else if (n !== shown.n) this.#fail('I10', `${about} as ${shown.n}, and it shows ${n}`);
      if (self !== (shown.page === watcher)) this.#fail('I10', `${about}, and takes ${id} for ${self ? 'itself' : 'another'}`);
      if (known !== undefined && user !== known.user) this.#fail('I12', `${about} as user ${user}`);
    }
    for (const [page, { shows, connectedAt }] of this.#pages) {
      const isThere = (shows.get(channel) ?? null) !== null && connectedAt !== null && this.#now() - connectedAt >= connected;
      if (isThere && !seen.has(page)) this.#fail('I10', `page ${watcher} does not see page ${page} in ${channel}`);
    }
  }
}
