/**
 * One lane: what this page publishes to one channel, numbered without holes (rule R4). No clock and no network here: times
 * and the connection's facts come in, frames and verdicts come out.
 */
import type { Item, Nack, Pub, Result, Tombstone } from '../protocol/frame.ts';
import type { Answer, Batch, Room, Taken } from './lane-types.ts';
import { closers, isOfAnother, mayStart, remember, stands, unsentFrom } from './lane-rules.ts';
import { type LaneRecord, type NewItem, createRecord, onWire, sizeOnWire } from './record.ts';

export type { Answer, LaneRecord, Room, Taken };

/** Unanswered items of one lane. */
export const WINDOW = 64;
/** Answered records kept for repair. */
const RETAINED = 256;

export class Lane<R> {
  readonly channel: string;
  readonly producer: string;
  /** By sequence, without a hole: answered ones first. */
  #records: LaneRecord<R>[] = [];
  #answered = 0;
  #next = 1;
  #sendFrom = 1;
  #round = 0;
  #batches: Batch[] = [];
  /** The server knows nothing of this lane: start it here, whatever was attempted before. */
  #restartAt: number | null = null;
  #suspectsUntil = 0;
  #paused = false;
  /**
   * What is shown again to learn of a loss. The newest speaks for all before it, unless another page may have closed some of
   * them, or begun the lane behind them.
   */
  shows: 'newest' | 'all' = 'newest';
  /** The memory of the server under which it was begun anew. */
  doubted: string | null = null;
  /**
   * The lowest sequence that was answered and is still in the store; null if there is none. Nothing is sent that would put it
   * out of the server's memory: who finds it there asks again how it ended.
   */
  oldestRow: number | null = null;

  constructor(channel: string, producer: string) {
    this.channel = channel;
    this.producer = producer;
  }

  get waiting(): number {
    return this.#records.length - this.#answered;
  }

  get retained(): number {
    return this.#answered;
  }

  /** Unanswered items on the present connection, also of batches that came too early to be taken. */
  get inFlight(): number {
    const from = this.#firstWaiting();
    return this.#batches.reduce((sum, { sequence, count }) => sum + Math.max(0, count - Math.max(0, from - sequence)), 0);
  }

  get inFlightBytes(): number {
    return this.#batches.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** A transient refusal: nothing is sent until {@link resume}. */
  get paused(): boolean {
    return this.#paused;
  }

  /** A batch ended the connection: its items go one by one until the guilty one is known. */
  get suspect(): boolean {
    return this.#firstWaiting() <= this.#suspectsUntil;
  }

  /** Those not yet answered, oldest first. */
  pending(): readonly LaneRecord<R>[] {
    return this.#records.slice(this.#answered);
  }

  /** The one before it, if that waits too. */
  before({ sequence }: LaneRecord<R>): LaneRecord<R> | undefined {
    return sequence > this.#firstWaiting() ? this.#records[this.#indexOf(sequence) - 1] : undefined;
  }

  append(item: NewItem<R>): LaneRecord<R> {
    const record = createRecord(this.#next, item);
    this.#next += 1;
    this.#records.push(record);
    return record;
  }

  /** Takes over what another page left: in order, and without a hole. */
  restore(records: readonly LaneRecord<R>[]): void {
    const [first] = records;
    if (this.#records.length === 0 && first !== undefined) this.#sendFrom = this.#next = first.sequence;
    for (const record of records) {
      if (record.sequence !== this.#next) continue;
      this.#records.push(record);
      this.#next += 1;
    }
  }

  /** Takes back the newest, which nobody has seen: its number is used again. @returns false if it is another one */
  retract(record: LaneRecord<R>): boolean {
    if (this.#records.at(-1) !== record || record.attempted !== null || record.pack !== null) return false;
    this.#records.pop();
    this.#next -= 1;
    return true;
  }

  /** Of what is appended next. */
  get next(): number {
    return this.#next;
  }

  /** Something has been sent. */
  get begun(): boolean {
    return this.#sendFrom > 1;
  }

  /** Everything it holds has been sent once. */
  get sent(): boolean {
    return this.#sendFrom >= this.#next;
  }

  /** Of the next `most` to be sent, those that the store takes for never sent; none while the first `near` are no such. */
  unsentAhead(near: number, most: number): readonly LaneRecord<R>[] {
    return unsentFrom(this.#records, Math.max(this.#answered, this.#indexOf(this.#sendFrom)), near, most);
  }

  /** The next `pub`, or null if nothing can go now. Marks what it carries as attempted under `mem`. */
  take(room: Room, mem: string): Taken<R> | null {
    // With nothing under way no answer can come. A message that came twice was answered twice, once for another batch.
    if (this.#batches.length === 0 && this.#sendFrom > this.#firstWaiting()) this.#sendAgainFrom(this.#firstWaiting());
    const free = WINDOW - this.inFlight - this.#batches.reduce((sum, { shown }) => sum + shown, 0);
    const most = Math.min(room.items, this.suspect ? 1 - this.inFlight : free, this.#reach());
    if (this.#paused || most <= 0 || this.#sendFrom >= this.#next) return null;
    // Two batches with the same sequences under way, and no answer could be told from the other's.
    if (this.#batches[0] !== undefined && this.#batches[0].round !== this.#round) return null;
    const sequence = this.#sendFrom;
    const first = this.#restartAt === sequence || (this.#answered === 0 && mayStart(this.#records, sequence, mem));
    const items: (Item | Tombstone)[] = [...closers(sequence, Math.min(sequence + most, this.#lowest()))];
    const records: LaneRecord<R>[] = [];
    let bytes = 0;
    for (let at = this.#indexOf(this.#sendFrom + items.length); items.length < most && at < this.#records.length; at += 1) {
      const record = this.#records[at]!;
      // Its successor would believe that it was never sent.
      if (record.shelved === 'unsent' && record.answeredAt === null) break;
      // The first always goes, or a large one would wait for ever.
      const size = sizeOnWire(record);
      if (items.length > 0 && bytes + size > room.bytes) break;
      bytes += size;
      record.attempted ??= mem;
      records.push(record);
      items.push(onWire(record));
    }
    if (items.length === 0) return null;
    this.#sendFrom += items.length;
    this.#restartAt = null;
    const shown = records.filter(({ answeredAt }) => answeredAt !== null).length;
    this.#batches.push({ sequence, count: items.length, bytes, round: this.#round, first, shown });
    const frame: Pub = { t: 'pub', c: this.channel, p: this.producer, s: sequence, items, ...(first && { first }) };
    return { frame, records };
  }

  /** `ack`: the verdicts, in order of sequence. */
  answer(sequence: number, results: readonly Result[], now: number): readonly Answer<R>[] {
    const batch = this.#batches[0];
    if (batch?.sequence !== sequence) return [];
    if (results.length >= batch.count) this.#batches.shift();
    const answers: Answer<R>[] = [];
    let gone = false;
    results.slice(0, batch.count).forEach((result, offset) => {
      const index = this.#indexOf(sequence + offset);
      const record = this.#records[index];
      // Answered ones come first and without a hole, so an answer out of turn means nothing.
      if (record === undefined || index > this.#answered) return;
      gone ||= stands(record) && isOfAnother(result);
      answers.push(this.#settle(record, result, now));
    });
    // So may be what was accepted before it: only another page can have done this.
    if (gone && this.shows === 'newest') {
      this.shows = 'all';
      this.recheck();
    }
    this.forget(now, Infinity);
    return answers;
  }

  /**
   * `nack`: where the server stopped. @returns what the owner must see to: a pause, the records that are in doubt, or
   * nothing.
   */
  refuse(nack: Nack, mem: string): 'pause' | 'doubt' | 'none' {
    const index = this.#batches.findIndex(({ sequence, count }) => nack.s >= sequence && nack.s < sequence + count);
    const batch = this.#batches[index];
    // Nobody stops where nothing was sent: going on from there would be out of reach for ever.
    if (batch === undefined) return 'none';
    // A server may refuse a batch at its door while an earlier one is still being written.
    this.#batches.splice(index, 1);
    // Also of an earlier round: nothing was sent since, and without this the lane would be refused for ever.
    if (nack.code === 'unknown-producer' && !batch.first) {
      const lowest = this.#lowest();
      if (this.#restartAt === lowest) return 'none';
      this.#sendAgainFrom(lowest);
      this.#restartAt = lowest;
      return this.pending().some((record) => record.attempted !== null && record.attempted !== mem) ? 'doubt' : 'none';
    }
    if (batch.round !== this.#round) {
      // Answers may overtake one another: the server wants what it stopped at first.
      this.#sendFrom = Math.min(this.#sendFrom, nack.s, nack.expected ?? nack.s);
      return 'none';
    }
    if (nack.code === 'out-of-order' && nack.expected !== undefined && nack.expected < nack.s) {
      this.#sendAgainFrom(Math.min(nack.expected, this.#firstWaiting()));
      return 'none';
    }
    // Not beyond what of it is unanswered: it may be an older copy of the batch that was stopped here.
    this.#sendAgainFrom(Math.min(nack.s, Math.max(batch.sequence, this.#firstWaiting())));
    this.#paused = true;
    return 'pause';
  }

  resume(): void {
    this.#paused = false;
  }

  /** A new connection: what is unanswered goes again, after what shows a store's loss. */
  rewind(): void {
    this.#batches = [];
    this.#paused = false;
    this.recheck();
  }

  /** What is retained stays for its full time from now on. */
  renew(now: number): void {
    for (let at = 0; at < this.#answered; at += 1) this.#records[at]!.answeredAt = now;
  }

  /** Show what was answered again. */
  recheck(): void {
    const newest = this.#firstWaiting() - (this.#answered > 0 ? 1 : 0);
    this.#sendAgainFrom(this.shows === 'all' ? this.#lowest() : newest);
  }

  /** The connection ended because of what was sent on it. @returns the one guilty record, or null if there are several */
  accuse(): LaneRecord<R> | null {
    const inFlight = this.pending().filter((record) =>
      this.#batches.some(({ sequence, count }) => record.sequence >= sequence && record.sequence < sequence + count),
    );
    this.#suspectsUntil = inFlight.at(-1)?.sequence ?? 0;
    return inFlight.length === 1 ? inFlight[0]! : null;
  }

  /** Drops answered records older than `before`, and beyond the bound. */
  forget(now: number, age: number): void {
    let drop = Math.max(0, this.#answered - RETAINED);
    // What is shown again may be gone with all those before it: they stay until it is answered, however long that takes.
    const shown = this.#sendFrom < this.#firstWaiting() || this.#batches.some(({ shown }) => shown > 0);
    while (!shown && drop < this.#answered && this.#records[drop]!.answeredAt! <= now - age) drop += 1;
    // One that is on its way again is still needed.
    drop = Math.min(drop, Math.max(0, this.#sendFrom - (this.#records[0]?.sequence ?? 0)));
    if (drop === 0) return;
    this.#answered -= drop;
    // One by one and in place: engines only move the start then, and what is left still has room to grow.
    for (; drop > 0; drop -= 1) this.#records.shift();
  }

  #settle(record: LaneRecord<R>, result: Result, now: number): Answer<R> {
    const again = record.answeredAt !== null;
    if (!again) this.#answered += 1;
    record.answeredAt = now;
    return { record, result: remember(record, result, again), again };
  }

  #sendAgainFrom(sequence: number): void {
    this.#sendFrom = sequence;
    this.#round += 1;
    this.#restartAt = null;
  }

  #reach(): number {
    return this.oldestRow === null ? WINDOW : this.oldestRow + WINDOW - this.#sendFrom;
  }

  #lowest(): number {
    return this.#records[0]?.sequence ?? this.#next;
  }

  #firstWaiting(): number {
    return this.#records[this.#answered]?.sequence ?? this.#next;
  }

  #indexOf(sequence: number): number {
    return sequence - this.#lowest();
  }
}
