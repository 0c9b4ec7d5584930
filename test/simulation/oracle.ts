/**
 * Sees everything and forgives nothing: holds what pages were told against what stands in the log.
 *
 * Who calls what. The fleet: `watch`, `published`, `calm` and what concerns the store. The storm: `outcome`, `delivered`,
 * `reset`, `reloaded`, `left`, `settle`, `caughtUp`, `fail`; `status` at each change of a client's status (in its
 * `subscribe`); at the end it adds `notes()` to its counts. The cable: `attempted` for each connection that a page opens,
 * and for each connection, by a number that grows with each one of that page: `sentUp` when the page hands frames to it,
 * `cameDown` when frames reach the page, and `queued` when bytes begin to wait on the server's side.
 */
import type { Broker } from '../../server/brokers/broker.ts';
import type { ClientFrame, Entry, ServerFrame } from '../../src/protocol/frame.ts';
import type { Message, Outcome, Reset, Status } from '../../src/types.ts';

/** What each publication carries, so that it can be known again without the library's help. */
export interface Said {
  readonly page: number;
  readonly n: number;
  readonly user: string;
}

interface Reading {
  last: { readonly epoch: string; readonly offset: number } | null;
  resetting: boolean;
}

type Log = Entry[];

export class Oracle {
  readonly violations: string[] = [];
  /** By channel and epoch. */
  readonly #logs = new Map<string, Log>();
  readonly #outcomes = new Map<string, Outcome>();
  readonly #readings = new Map<string, Reading>();
  readonly #tells = new Set<string>();
  /** Came after the first entry, so what stands below its first message is not its own to have. */
  readonly #late = new Set<string>();
  readonly #attempts = new Map<number, number[]>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  fail(invariant: string, sentence: string): void {
    this.violations.push(`${invariant} at ${this.#now()}: ${sentence}`);
  }

  /** Follows every channel of a store from its first entry on. */
  async watch(broker: Broker, channels: readonly string[]): Promise<void> {
    for (const channel of channels) {
      await broker.follow(channel, {
        onNotice: ({ epoch, entry }) => this.#appended(channel, epoch, entry),
        onVolatile() {},
        onDoubt() {},
      });
    }
  }

  #appended(channel: string, epoch: string, entry: Entry): void {
    const key = `${channel} ${epoch}`;
    const log = this.#logs.get(key) ?? [];
    this.#logs.set(key, log);
    if (entry.o !== log.length + 1) this.fail('I5', `${key}: offset ${entry.o} was appended after ${log.length}`);
    if (log.some(({ id }) => id === entry.id)) this.fail('I1', `${key}: ${entry.id} stands in the log twice`);
    const { page, n } = entry.d as Said;
    const before = log.findLast(({ d }) => (d as Said).page === page);
    if (before !== undefined && (before.d as Said).n > n) {
      this.fail('I2', `${key}: number ${n} of page ${page} was appended after ${(before.d as Said).n}`);
    }
    log.push(entry);
  }

  published(user: string | null, { user: said }: Said): void {
    if ((user ?? 'anonymous') !== said) this.fail('I12', `what ${said} published was sent as ${user}`);
  }

  outcome(page: number, outcome: Outcome): void {
    const key = `${page} ${outcome.id}`;
    const before = this.#outcomes.get(key);
    this.#outcomes.set(key, outcome);
    if (before !== undefined && before.result !== 'uncertain' && outcome.result !== 'lost') {
      this.fail('I3', `${outcome.id} ended as ${before.result} and then as ${outcome.result}`);
    }
    if (outcome.result !== 'accepted' || outcome.cursor === null) return;
    const { epoch, offset, tag } = outcome.cursor;
    const entry = this.#logs.get(`${outcome.channel} ${epoch}`)?.[offset - 1];
    if (entry?.id !== outcome.id || entry.g !== tag)
      this.fail('I4', `${outcome.id} is not at ${epoch}:${offset}, where it was said to be`);
  }

  delivered(page: number, channel: string, message: Message): void {
    const reading = this.#reading(page, channel);
    if (reading.resetting) this.fail('I8', `page ${page} got ${message.id} of ${channel} during a reset`);
    const { cursor } = message;
    if (cursor === null) {
      const key = `${page} ${message.id}`;
      if (this.#tells.has(key)) this.fail('I17', `page ${page} got the volatile ${message.id} twice`);
      this.#tells.add(key);
      return;
    }
    const { last } = reading;
    if (last !== null && (cursor.epoch !== last.epoch || cursor.offset !== last.offset + 1)) {
      this.fail('I5', `page ${page} got ${channel} ${cursor.epoch}:${cursor.offset} after ${last.epoch}:${last.offset}`);
    }
    reading.last = cursor;
    const entry = this.#logs.get(`${channel} ${cursor.epoch}`)?.[cursor.offset - 1];
    if (entry?.id !== message.id || entry.g !== cursor.tag) {
      this.fail('I6', `page ${page} got ${message.id} as ${channel} ${cursor.epoch}:${cursor.offset}, where another stands`);
    }
  }

  /** The app is called: nothing may be delivered until {@link reloaded}. */
  reset(page: number, { channel, cursor }: Reset): void {
    const reading = this.#reading(page, channel);
    if (reading.resetting) this.fail('I8', `page ${page} was told of a reset of ${channel} during another`);
    reading.resetting = true;
    reading.last = cursor;
  }

  reloaded(page: number, channel: string): void {
    this.#reading(page, channel).resetting = false;
  }

  /** The page gave the channel up, or takes it up anew: continuity begins again. */
  left(page: number, channel: string): void {
    this.#readings.delete(`${page} ${channel}`);
    this.#late.add(`${page} ${channel}`);
  }

  /** The client's status changed. */
  status(_page: number, _status: Status): void {}

  /** The page handed these to one of its connections. */
  sentUp(_page: number, _connection: number, _frames: readonly ClientFrame[]): void {}

  /** These reached the page, on a connection that it has not closed. */
  cameDown(_page: number, _connection: number, _frames: readonly ServerFrame[]): void {}

  /**
   * Bytes that wait on the server's side of one connection.
   * @param limit the server's `limits.queue`
   */
  queued(_page: number, _bytes: number, _limit: number): void {}

  /** What was measured, for the counts of the run. */
  notes(): Readonly<Record<string, number>> {
    return {};
  }

  attempted(page: number): void {
    const attempts = this.#attempts.get(page) ?? [];
    this.#attempts.set(page, attempts);
    attempts.push(this.#now());
    const recent = attempts.filter((at) => at > this.#now() - 60_000);
    if (recent.length > 15) this.fail('I13', `page ${page} made ${recent.length} attempts within a minute`);
  }

  /** After a quiet time: everything that was published has ended, and as the log says. */
  settle(page: number, ids: ReadonlyMap<string, string>, storeLost: boolean): void {
    for (const [id, channel] of ids) {
      const outcome = this.#outcomes.get(`${page} ${id}`);
      if (outcome === undefined) {
        this.fail('I3', `${id} of page ${page} never ended`);
        continue;
      }
      const places = [...this.#logs].filter(
        ([key, log]) => key.startsWith(`${channel} `) && log.some((entry) => entry.id === id),
      );
      if (storeLost) continue;
      const expected = outcome.result === 'accepted' ? 1 : 0;
      if (places.length !== expected)
        this.fail('I1', `${id} ended as ${outcome.result} and stands ${places.length} times in the log`);
    }
  }

  /** After a quiet time: the reader is at the top. */
  caughtUp(page: number, channel: string, top: { readonly epoch: string; readonly offset: number }, listens: boolean): void {
    const last = this.#readings.get(`${page} ${channel}`)?.last ?? null;
    if (!listens || (last === null && (top.offset === 0 || this.#late.has(`${page} ${channel}`)))) return;
    if (last?.epoch !== top.epoch || last.offset !== top.offset) {
      const place = last === null ? 'nowhere' : `${last.epoch}:${last.offset}`;
      this.fail('I7', `page ${page} stands at ${place} of ${channel}, the top is ${top.epoch}:${top.offset}`);
    }
  }

  #reading(page: number, channel: string): Reading {
    const key = `${page} ${channel}`;
    const reading = this.#readings.get(key) ?? { last: null, resetting: false };
    this.#readings.set(key, reading);
    return reading;
  }
}
