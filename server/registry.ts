import type { ServerEnvironment } from './environment.ts';

/** A connection after its `welcome`, as the registry sees it. */
export interface Member {
  /** Empty for an anonymous visitor. */
  readonly userId: string;
  readonly client: string;
  readonly gen: number;
  /** A newer connection of the same page is there: end now (4009). */
  supersede(): void;
}

/** A page has two connections while it changes over; more than these are a fault of it. */
const SAME_PAGE = 4;

/** Who is connected, by user and page. */
export class Registry {
  readonly #limit: number;
  readonly #environment: ServerEnvironment;
  readonly #supersedeAfter: number;
  readonly #users = new Map<string, Map<string, Set<Member>>>();
  /** Timers of those that will end. */
  readonly #superseding = new Map<Member, unknown>();

  constructor(limit: number, environment: ServerEnvironment, supersedeAfter: number) {
    this.#limit = limit;
    this.#environment = environment;
    this.#supersedeAfter = supersedeAfter;
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
    for (const other of page) this.#supersede(other.gen <= member.gen ? other : member);
    page.add(member);
    for (const oldest of page) {
      if (page.size <= SAME_PAGE) break;
      this.remove(oldest);
      oldest.supersede();
    }
    return true;
  }

  /**
   * The newest of those that are left lives on. A page that doubts its connection opens another beside it and keeps
   * whichever shows life: where that is the older one, ending it would cost the page both.
   */
  remove(member: Member): void {
    this.#keep(member);
    const pages = this.#users.get(member.userId);
    const page = pages?.get(member.client);
    if (pages === undefined || page === undefined) return;
    page.delete(member);
    if (page.size > 0) return this.#keep(newest(page));
    pages.delete(member.client);
    if (pages.size === 0) this.#users.delete(member.userId);
  }

  #supersede(member: Member): void {
    if (this.#superseding.has(member)) return;
    const end = (): void => {
      this.#superseding.delete(member);
      member.supersede();
    };
    this.#superseding.set(member, this.#environment.setTimeout(end, this.#supersedeAfter));
  }

  #keep(member: Member): void {
    this.#environment.clearTimeout(this.#superseding.get(member));
    this.#superseding.delete(member);
  }
}

/** Of equals the later one, as they supersede each other. */
function newest(page: ReadonlySet<Member>): Member {
  let found: Member | null = null;
  for (const member of page) if (found === null || member.gen >= found.gen) found = member;
  return found!;
}
