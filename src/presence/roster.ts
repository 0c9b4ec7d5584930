/** Who is there, as far as this page was told. */
import type { ServerPres } from '../protocol/presence-frame.ts';
import type { Member, PresenceEvent } from '../types.ts';

export type Change = readonly [event: PresenceEvent, member: Member];

interface Known {
  readonly k: number;
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

  /** @param self the id of this page. @returns what has changed */
  apply({ v = '', pv, set = [], gone = [] }: ServerPres, self: string | null): readonly Change[] {
    const before = this.#known;
    const next = new Map(pv === undefined ? null : before);
    for (const id of gone) next.delete(id);
    for (const { id, k, by = null, d } of set) {
      const old = before?.get(id);
      const isSelf = id === self;
      const same = old?.k === k && old.member.self === isSelf;
      next.set(id, same ? old : { k, member: { id, user: by, self: isSelf, data: d } });
    }
    this.version = v;
    this.#known = next;
    const changes: Change[] = [];
    for (const [id, { member }] of before ?? []) if (!next.has(id)) changes.push(['leave', member]);
    for (const [id, known] of next) {
      const old = before?.get(id);
      if (known !== old) changes.push([old === undefined ? 'join' : 'update', known.member]);
    }
    if (changes.length > 0) this.list = [...next.values()].map(({ member }) => member);
    // Who was there already does not join.
    return before === null ? [] : changes;
  }
}
