import { Lane } from './lane.ts';
import type { LaneRecord, NewItem } from './record.ts';

/** The lanes of one page: its own, one for each channel it publishes to, and those that it has taken over (rule R5). */
export class Lanes<R> {
  /** Its own are all kept: their numbers must never be used twice. */
  readonly #lanes = new Map<string, Lane<R>>();
  #found: Lane<R> | undefined;
  /** Lanes that may have something to send. */
  readonly active = new Set<Lane<R>>();
  readonly #createId: () => string;
  /** Made late: some platforms forbid randomness while modules load, when clients are made. */
  #producer: string | null = null;
  readonly #producers = new Set<string>();

  constructor(createId: () => string) {
    this.#createId = createId;
  }

  [Symbol.iterator](): Iterator<Lane<R>> {
    return this.#lanes.values();
  }

  /** Under which this page publishes now. */
  get producer(): string {
    this.#producer ??= this.#createId();
    this.#producers.add(this.#producer);
    return this.#producer;
  }

  /** Whether this page numbered what goes by this name. */
  isOwn(producer: string): boolean {
    return this.#producers.has(producer);
  }

  find(channel: string, producer: string): Lane<R> | undefined {
    // Mostly the same again, and a key made for nothing costs more than the look.
    if (this.#found?.channel !== channel || this.#found.producer !== producer) {
      this.#found = this.#lanes.get(`${channel} ${producer}`);
    }
    return this.#found;
  }

  has(lane: Lane<R>): boolean {
    return this.find(lane.channel, lane.producer) === lane;
  }

  /** Makes it if there is none. */
  get(channel: string, producer: string): Lane<R> {
    let lane = this.find(channel, producer);
    if (lane === undefined) {
      lane = new Lane(channel, producer);
      this.#lanes.set(`${channel} ${producer}`, lane);
    }
    return lane;
  }

  append(channel: string, item: NewItem<R>): { readonly lane: Lane<R>; readonly record: LaneRecord<R> } {
    const lane = this.get(channel, this.#producer ?? this.producer);
    this.active.add(lane);
    return { lane, record: lane.append(item) };
  }

  /** It is another page's. */
  drop(lane: Lane<R>): void {
    this.active.delete(lane);
    this.#lanes.delete(`${lane.channel} ${lane.producer}`);
    if (this.#found === lane) this.#found = undefined;
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
