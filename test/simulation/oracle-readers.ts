/** What pages are given to read: I5, I6, I7, I8 and I17. */
import type { Cursor, Message, Reset } from '../../src/types.ts';
import type { Logs } from './oracle-logs.ts';

interface Reading {
  last: Cursor | null;
  /** Where the server last said that this page begins: it may never have had a message. */
  base: Cursor | null;
  resetting: boolean;
}

type Fail = (invariant: string, sentence: string) => void;

export class Readers {
  readonly #now: () => number;
  readonly #fail: Fail;
  readonly #logs: Logs;
  readonly #readings = new Map<string, Reading>();
  readonly #tells = new Set<string>();
  /** Came later, perhaps to a subscription that the client still had: nothing need be said to it. */
  readonly #late = new Set<string>();
  #calmSince: number | null = null;
  #patience = Infinity;
  /** How long a message took to its slowest reader after the faults had stopped, ms. */
  slowest = 0;

  constructor(now: () => number, fail: Fail, logs: Logs) {
    this.#now = now;
    this.#fail = fail;
    this.#logs = logs;
  }

  /** @param patience how long a message may take from here on, ms */
  calm(patience: number): void {
    this.#calmSince = this.#now();
    this.#patience = patience;
  }

  delivered(page: number, channel: string, message: Message): void {
    const reading = this.#reading(page, channel);
    if (reading.resetting) this.#fail('I8', `page ${page} got ${message.id} of ${channel} during a reset`);
    const { cursor } = message;
    if (cursor === null) return this.#told(page, message);
    const { last } = reading;
    const at = `${channel} ${cursor.epoch}:${cursor.offset}`;
    if (last !== null && (cursor.epoch !== last.epoch || cursor.offset !== last.offset + 1)) {
      this.#fail('I5', `page ${page} got ${at} after ${last.epoch}:${last.offset}`);
    }
    reading.last = cursor;
    const standing = this.#logs.at(channel, cursor);
    if (standing?.id !== message.id) {
      return this.#fail('I6', `page ${page} got ${message.id} as ${at}, where it stands in no branch`);
    }
    if (last !== null && standing.previous !== last.tag) {
      this.#fail('I6', `page ${page} got ${message.id} as ${at}, which does not follow the entry that it had before`);
    }
    this.#time(page, at, standing.at);
  }

  /** The app is called: nothing may be delivered until {@link reloaded}. */
  reset(page: number, { channel, cursor }: Reset): void {
    const reading = this.#reading(page, channel);
    if (reading.resetting) this.#fail('I8', `page ${page} was told of a reset of ${channel} during another`);
    reading.resetting = true;
    reading.last = cursor;
  }

  reloaded(page: number, channel: string, cursor: Cursor | undefined): void {
    const reading = this.#reading(page, channel);
    reading.resetting = false;
    if (cursor !== undefined) reading.last = cursor;
  }

  based(page: number, channel: string, base: Cursor): void {
    this.#reading(page, channel).base = base;
  }

  /** What the server said before, while the app listened to nothing, is of a subscription that the client still has. */
  joined(page: number, channel: string): void {
    const key = `${page} ${channel}`;
    if (this.#readings.delete(key)) this.#late.add(key);
  }

  left(page: number, channel: string): void {
    this.#readings.delete(`${page} ${channel}`);
    this.#late.add(`${page} ${channel}`);
  }

  caughtUp(page: number, channel: string, top: Cursor, listens: boolean): void {
    const reading = this.#readings.get(`${page} ${channel}`);
    const last = reading?.last ?? reading?.base ?? null;
    if (!listens || (last === null && (top.offset === 0 || this.#late.has(`${page} ${channel}`)))) return;
    if (last?.epoch === top.epoch && last.offset === top.offset && last.tag === top.tag) return;
    const place = last === null ? 'nowhere' : `${last.epoch}:${last.offset}`;
    this.#fail('I7', `page ${page} stands at ${place} of ${channel}, the top is ${top.epoch}:${top.offset}`);
  }

  #told(page: number, { id }: Message): void {
    const key = `${page} ${id}`;
    if (this.#tells.has(key)) this.#fail('I17', `page ${page} got the volatile ${id} twice`);
    this.#tells.add(key);
  }

  #time(page: number, place: string, appendedAt: number): void {
    if (this.#calmSince === null) return;
    const took = this.#now() - Math.max(this.#calmSince, appendedAt);
    this.slowest = Math.max(this.slowest, took);
    if (took > this.#patience) this.#fail('I7', `page ${page} got ${place} ${took} ms after the last fault`);
  }

  #reading(page: number, channel: string): Reading {
    const key = `${page} ${channel}`;
    let reading = this.#readings.get(key);
    if (reading === undefined) this.#readings.set(key, (reading = { last: null, base: null, resetting: false }));
    return reading;
  }
}
