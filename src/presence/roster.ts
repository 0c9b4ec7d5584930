/** Who is there, as far as this page was told. */
import type { ServerPres } from '../protocol/presence-frame.ts';
import type { Member, PresenceEvent } from '../types.ts';

export type Change = readonly [event: PresenceEvent, member: Member];

interface Known {
  /** All that was told of it: where users are not shown, `k` alone could be that of another page. */
  readonly as: string;
  readonly member: Member;
}

export class Roster {
  /** Of the list; empty: another one must be asked for. */
  version = '';
  list: readonly Member[] = [];
  #known: ReadonlyMap<string, Known> | null = null;

  /** Forgets everybody. */
  clear(): void {
    this.version = '';
    this.list = [];
    this.#known = null;
  }

  /**
   * @param self the id of this page
   * @param read what is shown of a member's data; null leaves the member out
   * @returns what has changed
   */
  apply(
    { v = '', pv, set = [], gone = [] }: ServerPres,
    self: string | null,
    read: (data: unknown) => { readonly value: unknown } | null = (value) => ({ value }),
  ): readonly Change[] {
    const before = this.#known;
    const next = new Map(pv === undefined ? null : before);
    // The page of such an id is gone, and perhaps another has it.
    const left = new Set(gone);
    for (const id of gone) next.delete(id);
    for (const { id, k, by = null, d } of set) {
      const old = before?.get(id);
      const isSelf = id === self;
      const as = JSON.stringify([k, isSelf, d]);
      if (old !== undefined && old.member.user !== by) left.add(id);
      const same = old?.as === as && !left.has(id);
      const shown = same ? null : read(d);
      if (same) next.set(id, old);
      else if (shown === null) next.delete(id);
      else next.set(id, { as, member: { id, user: by, self: isSelf, data: shown.value } });
    }
    this.version = v;
    this.#known = next;
    const changes: Change[] = [];
    for (const [id, { member }] of before ?? []) if (!next.has(id) || left.has(id)) changes.push(['leave', member]);
    for (const [id, known] of next) {
      const old = before?.get(id);
      if (known !== old) changes.push([old === undefined || left.has(id) ? 'join' : 'update', known.member]);
    }
    if (changes.length > 0) this.list = [...next.values()].map(({ member }) => member);
    // Who was there already does not join.
    return before === null ? [] : changes;
  }
}
