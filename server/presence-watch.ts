import type { Codec } from '../src/protocol/codec.ts';
import type { Outgoing } from './outgoing.ts';
import type { Roster, Watcher } from './presence-roster.ts';

/** What a watch needs of its connection. */
export interface WatchHost {
  readonly codec: Codec;
  readonly outgoing: Outgoing;
  /** Calls {@link PresenceWatch.push} when there is room. */
  want(watch: PresenceWatch): void;
  /** Perhaps nothing is left that waits for an answer. */
  onSettled(): void;
}

/** One channel that one connection watches. All it keeps is the version that the page knows. */
export class PresenceWatch implements Watcher {
  readonly #roster: Roster;
  readonly #host: WatchHost;
  #known: string;
  #owed: 'owed' | 'answered' = 'owed';

  constructor(roster: Roster, host: WatchHost, known: string) {
    this.#roster = roster;
    this.#host = host;
    this.#known = known;
  }

  /** What the page is told first has not been. */
  get owed(): boolean {
    return this.#owed === 'owed';
  }

  /** The page asks again. */
  ask(known: string): void {
    this.#known = known;
    this.push();
  }

  onRoster(): void {
    this.push();
  }

  push(): void {
    const { version } = this.#roster;
    if (version === '') return;
    if (version !== this.#known) {
      const { outgoing, codec } = this.#host;
      // Above its bound a reader gets later, in one piece, what it lacks by then.
      if (outgoing.busy) return this.#host.want(this);
      for (const shared of this.#roster.since(this.#known)) outgoing.push(shared.piece(codec));
      this.#known = version;
    }
    if (this.#owed === 'answered') return;
    this.#owed = 'answered';
    this.#host.onSettled();
  }

  end(): void {
    this.#roster.leave(this);
  }
}
