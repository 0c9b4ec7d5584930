/** One lane, one connection and a server that keeps the rules of protocol section 5, with every fault there is between them. */
import { expect } from 'vitest';
import { Lane } from '../../../src/outbox/lane.ts';
import type { Item, Pub, Refusal, Result, Tombstone } from '../../../src/protocol/frame.ts';

export type Act =
  | { readonly do: 'publish' | 'cancel' | 'transient' | 'rollback' | 'pump'; readonly count: number }
  | { readonly do: 'serve' | 'hear' | 'open' | 'cut' | 'resume' | 'recheck' | 'forget' | 'turn-away' | 'lose-memory' };

type Answer =
  | { readonly t: 'ack'; readonly s: number; readonly r: readonly Result[] }
  | { readonly t: 'nack'; readonly s: number; readonly code: string; readonly expected?: number }
  | { readonly t: 'recheck' };

interface Kept {
  readonly id: string;
  readonly result: Result;
}

/** Results that the server still knows, and the most that a page retains. */
const RING = 64;
const RETAINED = 256;
const FAULTS: ReadonlySet<Act['do']> = new Set(['transient', 'turn-away', 'rollback', 'cut', 'recheck', 'lose-memory']);

export class LaneModel {
  readonly lane = new Lane<string>('room', 'producer');
  /** Ids in the order in which the server appended them. */
  log: string[] = [];
  /** How each record ended, by id: the first answer. */
  readonly ends = new Map<string, Result>();
  /** Accepted, and then told to have ended otherwise: the outbox reports these. */
  readonly lost = new Set<string>();
  published = 0;
  /** Items that crossed the network. */
  sent = 0;
  faults = 0;
  #now = 0;
  #memory = 1;
  #start: number | null = null;
  #kept: Kept[] = [];
  #connected = false;
  #up: Pub[] = [];
  #down: Answer[] = [];
  /** Items that the server still takes before it refuses one for the moment. */
  #takes = Infinity;

  act(act: Act): void {
    if (FAULTS.has(act.do)) this.faults += 1;
    switch (act.do) {
      case 'publish':
        return this.#publish(act.count);
      case 'cancel':
        return this.#cancel(act.count);
      case 'pump':
        return void this.#pump(act.count);
      case 'transient':
        return void (this.#takes = act.count);
      case 'serve':
        return void this.#serve();
      case 'hear':
        return void this.#hear();
      case 'open':
        return this.#open();
      case 'cut':
        return this.#cut();
      case 'resume':
        return this.lane.resume();
      case 'recheck':
        return this.#tell({ t: 'recheck' });
      case 'forget':
        this.#now += 100;
        return this.lane.forget(this.#now, 50);
      case 'turn-away':
        return this.#turnAway();
      case 'lose-memory':
        return this.#loseMemory();
      case 'rollback':
        return this.#rollback(act.count);
    }
  }

  /** No more faults: everything is answered, and then nothing moves any more. */
  settle(): void {
    this.#takes = Infinity;
    this.#open();
    for (let rounds = 0; this.#round(); rounds += 1) expect(rounds, 'rounds until nothing moves').toBeLessThan(2000);
    expect(this.lane.waiting, 'unanswered').toBe(0);
    expect(this.ends.size, 'records that ended').toBe(this.published);
    const once = Math.min(this.published, this.lane.retained + RING + RETAINED);
    expect(this.sent, 'items sent').toBeLessThanOrEqual(this.published + (this.faults + 1) * 2 * once);
  }

  #round(): boolean {
    this.lane.resume();
    const pumped = this.#pump(RING);
    const served = this.#serve();
    return this.#hear() || pumped || served;
  }

  #publish(count: number): void {
    for (let made = 0; made < count; made += 1) {
      this.published += 1;
      this.lane.append({ id: `i${this.published}`, event: 'e', data: this.published, size: 1, owner: '' });
    }
  }

  #cancel(which: number): void {
    const record = this.lane.pending()[which];
    if (record !== undefined) record.tombstone ??= 'cancelled';
  }

  #pump(items: number): boolean {
    let sent = false;
    while (this.#connected) {
      const taken = this.lane.take({ items, bytes: 1_000_000 }, `m${this.#memory}`);
      if (taken === null) break;
      this.sent += taken.frame.items.length;
      this.#up.push(taken.frame);
      sent = true;
    }
    return sent;
  }

  #open(): void {
    if (this.#connected) return;
    this.#connected = true;
    this.lane.rewind();
  }

  #cut(): void {
    this.#connected = false;
    this.#up = [];
    this.#down = [];
  }

  #tell(answer: Answer): void {
    if (this.#connected) this.#down.push(answer);
  }

  #hear(): boolean {
    const answer = this.#down.shift();
    if (answer?.t === 'recheck') this.lane.recheck();
    if (answer?.t === 'nack') this.lane.refuse({ c: 'room', p: 'producer', ...answer }, `m${this.#memory}`);
    if (answer?.t === 'ack') {
      for (const { record, result, again } of this.lane.answer(answer.s, answer.r, this.#now)) {
        if (again) {
          const gone = isRefusal(result) && result.code !== 'unknown' && !isRefusal(this.ends.get(record.id)!);
          if (gone) this.lost.add(record.id);
          continue;
        }
        expect(this.ends.has(record.id), `${record.id} ends once`).toBe(false);
        expect(result, `${record.id} is known to the server`).not.toEqual({ code: 'unknown' });
        this.ends.set(record.id, result);
      }
    }
    return answer !== undefined;
  }

  // ---- the server ------------------------------------------------------------------------------------------------------

  get #last(): number {
    return (this.#start ?? 1) - 1 + this.#kept.length;
  }

  #serve(): boolean {
    const pub = this.#up.shift();
    if (pub === undefined) return false;
    const looked = pub.items.slice(0, this.#takes);
    this.#takes = this.#takes < pub.items.length ? Infinity : this.#takes - pub.items.length;
    if (looked.length > 0 && !this.#append(pub, looked)) return true;
    if (looked.length < pub.items.length) this.#tell({ t: 'nack', s: pub.s + looked.length, code: 'unavailable' });
    return true;
  }

  /** Refused at the door while what came before it is still being written. */
  #turnAway(): void {
    const pub = this.#up.pop();
    if (pub !== undefined) this.#tell({ t: 'nack', s: pub.s, code: 'rate-limited' });
  }

  #append({ s, first }: Pub, items: Pub['items']): boolean {
    if (this.#start === null && first !== true) {
      this.#tell({ t: 'nack', s, code: 'unknown-producer' });
      return false;
    }
    this.#start ??= s;
    if (s > this.#last + 1) {
      this.#tell({ t: 'nack', s, code: 'out-of-order', expected: this.#last + 1 });
      return false;
    }
    this.#tell({ t: 'ack', s, r: items.map((item, index) => this.#take(s + index, item)) });
    return true;
  }

  #take(sequence: number, item: Item | Tombstone): Result {
    if (sequence <= this.#last) return this.#repeat(sequence, item.id);
    const result = this.#judge(item);
    this.#kept.push({ id: item.id, result });
    return result;
  }

  #repeat(sequence: number, id: string): Result {
    const kept = this.#kept[sequence - this.#start!];
    if (kept === undefined) return { code: 'unknown' };
    if (!('code' in Object(kept.result)) && sequence <= this.#last - RING) return { code: 'unknown' };
    return kept.id === id ? kept.result : { code: 'conflict' };
  }

  #judge(item: Item | Tombstone): Result {
    if ('x' in item) return { code: item.x };
    if (Number(item.d) % 7 === 0) return { code: 'forbidden' };
    this.log.push(item.id);
    return [this.log.length, `t${this.log.length}`];
  }

  #loseMemory(): void {
    this.#memory += 1;
    this.#forgetLane();
    this.log = [];
    this.#cut();
  }

  /** Log and lane together go back to where they were, as on a replica that lags. */
  #rollback(count: number): void {
    for (const { id, result } of this.#kept.splice(Math.max(0, this.#kept.length - count))) {
      if (!isRefusal(result)) this.log.splice(this.log.lastIndexOf(id), 1);
    }
    if (this.#kept.length === 0) this.#forgetLane();
    this.#tell({ t: 'recheck' });
  }

  #forgetLane(): void {
    this.#start = null;
    this.#kept = [];
  }
}

export function isRefusal(result: Result): result is Refusal {
  return result !== 0 && 'code' in result;
}
