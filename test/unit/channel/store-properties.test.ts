/** Publications, answers, echoes and snapshots in any order: what is shown is the log up to the place, and own ones on top. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { StoreDefinition } from '../../../src/types.ts';
import { type Play, at, createPlay, message } from './store-support.ts';

type State = readonly string[];

/** Sets by id, as reducers should. */
const SET: StoreDefinition<State> = {
  initial: [],
  reduce(list, { id, pending }) {
    const name = pending ? `(${id})` : id;
    return list.includes(name) ? list : [...list, name];
  },
};

type Act =
  | { readonly do: 'publish' | 'accept' | 'refuse' | 'answer' | 'hear' }
  | { readonly do: 'other'; readonly hidden: boolean }
  /** As of how many entries ago. */
  | { readonly do: 'snapshot'; readonly ago: number };

interface Own {
  readonly id: string;
  /** In the log; 0: refused. */
  offset: number | null;
  state: 'shown' | 'gone';
  answered: 'no' | 'yes';
}

class Room {
  readonly #play: Play<State> = createPlay(SET);
  readonly #log: { readonly id: string; readonly hidden: boolean }[] = [];
  readonly #own: Own[] = [];
  #place = 0;
  #count = 0;

  act(act: Act): boolean {
    const queued = this.#own.find(({ offset }) => offset === null);
    const decided = this.#own.find(({ offset, answered }) => offset !== null && answered === 'no');
    switch (act.do) {
      case 'publish':
        this.#own.push({ id: this.#next(), offset: null, state: 'shown', answered: 'no' });
        this.#play.publish(this.#own.at(-1)!.id);
        return true;
      case 'accept':
        if (queued === undefined) return false;
        // Every third is not told to this reader.
        queued.offset = this.#log.push({ id: queued.id, hidden: this.#count % 3 === 0 });
        return true;
      case 'refuse':
        if (queued !== undefined) queued.offset = 0;
        return queued !== undefined;
      case 'answer':
        if (decided !== undefined) this.#answer(decided);
        return decided !== undefined;
      case 'other':
        this.#log.push({ id: this.#next(), hidden: act.hidden });
        return true;
      case 'hear':
        return this.#hear();
      case 'snapshot':
        this.#place = Math.max(0, this.#log.length - act.ago);
        this.#play.follower.restart(at(this.#place), { data: this.#visible(), cursor: at(this.#place) });
        return true;
    }
  }

  check(): void {
    for (const own of this.#own) {
      if (own.answered === 'yes' && own.offset! <= this.#place) own.state = 'gone';
    }
    const onTop = this.#own.filter(({ state }) => state === 'shown').map(({ id }) => `(${id})`);
    const shown = this.#play.store.get();
    expect(shown.filter((id) => id.startsWith('('))).toEqual(onTop);
    expect(shown.filter((id) => !id.startsWith('('))).toEqual(this.#visible());
    expect(this.#play.store.status.get().pending).toBe(onTop.length);
  }

  /** Everything is decided, answered and heard. */
  settle(): void {
    for (const what of ['accept', 'answer', 'hear'] as const) while (this.act({ do: what })) this.check();
    expect(this.#play.store.get()).toEqual(this.#log.filter(({ hidden }) => !hidden).map(({ id }) => id));
  }

  #next(): string {
    this.#count += 1;
    return `m${this.#count}`;
  }

  #visible(): State {
    return this.#log.slice(0, this.#place).filter(({ hidden }) => !hidden).map(({ id }) => id); // prettier-ignore
  }

  #answer(own: Own): void {
    own.answered = 'yes';
    if (own.offset === 0) this.#play.end(own.id, 'rejected');
    else this.#play.end(own.id, 'accepted', at(own.offset!));
  }

  #hear(): boolean {
    const entry = this.#log[this.#place];
    if (entry === undefined) return false;
    this.#place += 1;
    if (!entry.hidden) this.#play.follower.deliver(message(entry.id, at(this.#place)));
    this.#play.follower.pass(at(this.#place));
    const echoed = this.#own.find(({ id }) => id === entry.id);
    if (echoed !== undefined && !entry.hidden) echoed.state = 'gone';
    return true;
  }
}

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ do: fc.constantFrom('publish', 'accept', 'answer', 'hear', 'hear') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('refuse') }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('other'), hidden: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('snapshot'), ago: fc.nat(4) }) },
);

it('whatever comes first', () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 80, size: 'max' }), (acts) => {
      const room = new Room();
      for (const each of acts) {
        room.act(each);
        room.check();
      }
      room.settle();
    }),
    { numRuns: 500, includeErrorInReport: true },
  );
});
