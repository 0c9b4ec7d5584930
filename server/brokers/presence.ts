/** One page of one user. Never shown to others. */
export interface PageKey {
  /** Empty for an anonymous visitor. */
  readonly user: string;
  readonly client: string;
}

/** What a page shows of itself, as one of its connections says. */
export interface Showing extends PageKey {
  /** Counts the changes of the page. */
  readonly k: number;
  /** Under which others know it. */
  readonly id: string;
  readonly by?: string;
  readonly data?: unknown;
  /** Who keeps it there; null: this is said by the way, and whoever keeps it does. */
  readonly holder: string | null;
}

export type Held = PageKey & { readonly holder: string };

/** `k`: of the newest that this holder was told. */
export type Holding = Held & Pick<Showing, 'k'>;

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
 * Who is in a channel: at most one entry for each page. It is there while one of those who hold it has a lease that has not
 * ended: a page that changes its connection has two for a while, and either may be the one that stays. Each method is one
 * atomic step. Of two things said of a page the one with the higher `k` is the newer.
 */
export interface PresenceStore {
  /**
   * shown: it is there now, or was already, and the holder holds it. stale: something newer was said of the page; where it is
   * there the holder holds it. taken: another page has that id. full: too many are there.
   *
   * @param lease ms
   */
  enter(channel: string, showing: Showing, lease: number): Promise<'shown' | 'stale' | 'taken' | 'full'>;
  /** Whoever holds it. What has no higher `k` does not bring it back for `lease` ms. */
  leave(channel: string, page: PageKey & Pick<Showing, 'k'>, lease: number): Promise<void>;
  /**
   * @returns for each: held; left; or missing, and it should enter again: nothing is known of it, or only that it left before
   *   the holder was told what it holds (a store that failed over)
   */
  renew(channel: string, held: readonly Holding[], lease: number): Promise<readonly ('held' | 'left' | 'missing')[]>;
  /** The holder is gone: its lease ends in `grace` ms. */
  drop(channel: string, held: Held, grace: number): Promise<void>;
  /** Everybody, the longest there first. Whoever's lease has ended is gone. */
  members(channel: string): Promise<{ readonly version: string; readonly members: readonly Present[] }>;
  /** Whoever's lease has ended is gone, and those who follow are told. @returns the version */
  expire(channel: string): Promise<string>;
}
