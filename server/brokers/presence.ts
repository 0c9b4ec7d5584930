/** One page of one user. Never shown to others. */
export interface PageKey {
  /** Empty for an anonymous visitor. */
  readonly user: string;
  readonly client: string;
}

/** What a page shows of itself, as one of its connections says. */
export interface Showing extends PageKey {
  /** Of the connection. */
  readonly gen: number;
  /** Counts the changes of the page. */
  readonly k: number;
  /** Under which others know it. */
  readonly id: string;
  readonly by?: string;
  readonly data?: unknown;
  /** Who keeps it there; null: whoever does already, this is said by the way. */
  readonly holder: string | null;
}

export type Held = Pick<Showing, 'user' | 'client' | 'gen'> & { readonly holder: string };

/** One page in a channel, as others see it. */
export interface Present {
  readonly id: string;
  readonly k: number;
  readonly by?: string;
  readonly data?: unknown;
}

/** One page came, changed or went. */
export interface PresenceChange {
  /** Drawn anew for each change: who has it has all that was changed before. */
  readonly version: string;
  /** Of the change before. */
  readonly previous: string;
  readonly id: string;
  /** null: it is not there any more. */
  readonly present: Present | null;
}

/**
 * Who is in a channel: at most one entry for each page, each with a lease that ends unless somebody renews it. Each method is
 * one atomic step. Of two things said of a page the one with the higher `k` is the newer, and of those with one `k` the one
 * of the higher `gen`.
 */
export interface PresenceStore {
  /**
   * shown: it is there now, or was already. stale: something newer was said of the page, and nothing has changed but, where it
   * is there, its holder, if this is of no older connection. taken: another page has that id. full: too many are there.
   *
   * @param lease ms
   */
  enter(channel: string, showing: Showing, lease: number): Promise<'shown' | 'stale' | 'taken' | 'full'>;
  /** What was said before does not bring it back for `lease` ms; with this `k` only a higher `gen` does. */
  leave(channel: string, page: PageKey & Pick<Showing, 'gen' | 'k'>, lease: number): Promise<void>;
  /**
   * @returns for each: held, or moved to a newer connection, or to nobody since the page has left; missing if nothing is known
   * of it, and it should enter again
   */
  renew(channel: string, held: readonly Held[], lease: number): Promise<readonly ('held' | 'moved' | 'missing')[]>;
  /** The holder is gone: the page is, too, unless it comes back within `grace` ms, or has another holder already. */
  drop(channel: string, held: Held, grace: number): Promise<void>;
  /** Everybody, the longest there first. Whoever's lease has ended is gone. */
  members(channel: string): Promise<{ readonly version: string; readonly members: readonly Present[] }>;
  /** Whoever's lease has ended is gone, and those who follow are told. @returns the version */
  expire(channel: string): Promise<string>;
}
