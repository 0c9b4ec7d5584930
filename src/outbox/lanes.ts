import { Lane, type LaneRecord } from './lane.ts';

type Item<R> = Pick<LaneRecord<R>, 'id' | 'event' | 'data' | 'size' | 'owner'>;

/** The lanes of one page: one for each channel it publishes to, under a producer that lives as long as the page (rule R5). */
export class Lanes<R> {
  /** Every lane is kept: its numbers must never be used twice. */
  readonly #lanes = new Map<string, Lane<R>>();
  #found: Lane<R> | undefined;
  /** Lanes that may have something to send. */
  readonly active = new Set<Lane<R>>();
  readonly #createId: () => string;
  /** Made late: some platforms forbid randomness while modules load, when clients are made. */
  #producer: string | null = null;

  constructor(createId: () => string) {
    this.#createId = createId;
  }

  [Symbol.iterator](): Iterator<Lane<R>> {
    return this.#lanes.values();
  }

  find(channel: string, producer: string): Lane<R> | undefined {
    // Mostly the same again, and a key made for nothing costs more than the look.
    if (this.#found?.channel !== channel || this.#found.producer !== producer) {
      this.#found = this.#lanes.get(`${channel} ${producer}`);
    }
    return this.#found;
  }

  append(channel: string, item: Item<R>): { readonly lane: Lane<R>; readonly record: LaneRecord<R> } {
    this.#producer ??= this.#createId();
    let lane = this.find(channel, this.#producer);
    if (lane === undefined) {
      lane = new Lane(channel, this.#producer);
      this.#lanes.set(`${channel} ${this.#producer}`, lane);
    }
    this.active.add(lane);
    return { lane, record: lane.append(item) };
  }

  /** Whose items were under way when the connection ended, and which one it was if a lane had only one. */
  accuse(): readonly { readonly lane: Lane<R>; readonly record: LaneRecord<R> | null }[] {
    const accused = [...this].filter(({ inFlight }) => inFlight > 0).map((lane) => ({ lane, record: lane.accuse() }));
    // A tombstone ends no connection: then it was something else.
    return accused.filter(({ record }) => record === null || record.tombstone === null);
  }

  /** Another page goes by the same name (a duplicated tab, a restored image): what follows goes under a new one. */
  rename(conflicting: Lane<R>): void {
    if (conflicting.producer === this.#producer) this.#producer = null;
  }

  /** Everything that may still be withdrawn. */
  *waiting(): Generator<{ readonly lane: Lane<R>; readonly record: LaneRecord<R> }> {
    for (const lane of this) {
      for (const record of lane.pending()) if (record.tombstone === null) yield { lane, record };
    }
  }
}
