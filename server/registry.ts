/** A connection after its `welcome`, as the registry sees it. */
export interface Member {
  /** Empty for an anonymous visitor. */
  readonly userId: string;
  readonly client: string;
  readonly gen: number;
  /** A newer connection of the same page is there: end soon (4009). */
  supersede(): void;
  /** The same, at once. */
  supersedeNow(): void;
}

/** A page has two connections while it changes over; more than these are a fault of it. */
const SAME_PAGE = 4;

/** Who is connected, by user and page. */
export class Registry {
  readonly #limit: number;
  readonly #users = new Map<string, Map<string, Set<Member>>>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * The older connections of the page will end, never be muted: a muted one that stays open would look alive to the client.
   *
   * @returns false if the user has too many pages; one that is connected already counts once
   */
  admit(member: Member): boolean {
    let pages = this.#users.get(member.userId);
    const page = pages?.get(member.client);
    if (page === undefined && member.userId !== '' && (pages?.size ?? 0) >= this.#limit) return false;
    if (pages === undefined) this.#users.set(member.userId, (pages = new Map()));
    if (page === undefined) {
      pages.set(member.client, new Set([member]));
      return true;
    }
    for (const other of page) {
      if (other.gen <= member.gen) other.supersede();
      else member.supersede();
    }
    page.add(member);
    for (const oldest of page) {
      if (page.size <= SAME_PAGE) break;
      page.delete(oldest);
      oldest.supersedeNow();
    }
    return true;
  }

  remove(member: Member): void {
    const pages = this.#users.get(member.userId);
    const page = pages?.get(member.client);
    if (pages === undefined || page === undefined) return;
    page.delete(member);
    if (page.size > 0) return;
    pages.delete(member.client);
    if (pages.size === 0) this.#users.delete(member.userId);
  }
}
