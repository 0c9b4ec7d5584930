/**
 * Sees everything and forgives nothing: holds what pages were told against what stands in the logs.
 *
 * Who calls what. The store: `appended`, `branch`, `lostStore`. The fleet: `published`, `calm`. The storm: `outcome`,
 * `joined`, `delivered`, `reset`, `reloaded`, `left`, `settle`, `caughtUp`, `fail`; `status` at each change of a client's status, with
 * the page's own time; at the end it adds `notes()` to its counts. Pages with an outbox on disk: `offered` and `stored`; their
 * profiles: `powerLost` and `evicted`. The cable: `attempted` for each connection that a page
 * opens, `greeted` for each hello and `requested` for each request, and for each connection, by its `gen`: `sentUp` when the page hands frames to
 * it, `cameDown` when frames reach the page, and `queued` when bytes begin to wait on the server's side.
 */
import type { Notice } from '../../server/brokers/broker.ts';
import type { ClientFrame, ServerFrame } from '../../src/protocol/frame.ts';
import type { HoldfastError } from '../../src/errors.ts';
import type { Cursor, Message, Outcome, Receipt, Reset, Status } from '../../src/types.ts';
import { Connections } from './oracle-connections.ts';
import { Logs, type Said } from './oracle-logs.ts';
import { Numbers } from './oracle-numbers.ts';
import { Outcomes } from './oracle-outcomes.ts';
import { checkPast, checkWhole } from './oracle-past.ts';
import { PresenceOracle } from './oracle-presence.ts';
import { Readers } from './oracle-readers.ts';
import { Requests } from './oracle-requests.ts';
import { type Offered, Stored } from './oracle-stored.ts';

export type { Said } from './oracle-logs.ts';

export class Oracle {
  readonly violations: string[] = [];
  readonly presence: PresenceOracle;
  readonly #now: () => number;
  readonly #logs: Logs;
  readonly #readers: Readers;
  readonly #outcomes: Outcomes;
  readonly #connections: Connections;
  readonly #stored: Stored;
  readonly #numbers: Numbers;
  /** Told by the pages' apps, and by their handlers. */
  readonly requests: Requests;

  constructor(now: () => number) {
    const fail = this.fail.bind(this);
    this.#now = now;
    this.presence = new PresenceOracle(now, fail);
    this.#logs = new Logs(now, fail);
    this.#readers = new Readers(now, fail, this.#logs);
    this.#outcomes = new Outcomes(fail, this.#logs);
    this.#connections = new Connections(now, fail);
    this.#stored = new Stored(now, fail, this.#logs);
    this.#numbers = new Numbers(
      fail,
      (id) => this.#stored.endOf(id),
      (channel, id) => this.#logs.find(channel, id) !== null,
    );
    this.requests = new Requests(now, fail);
  }

  fail(invariant: string, sentence: string): void {
    this.violations.push(`${invariant} at ${this.#now()}: ${sentence}`);
  }

  // ---- the store and the servers ---------------------------------------------------------------------------------------

  appended(branch: number, channel: string, notice: Notice, operation: number): void {
    this.#logs.appended(branch, channel, notice, operation);
  }

  /** A replica took over that holds the first `operations` of the old primary. */
  branch(from: number, to: number, operations: number): void {
    this.#logs.branch(from, to, operations);
  }

  lostStore(): void {
    this.#logs.lostStore();
    this.requests.lostStore();
  }

  published(user: string | null, { user: said }: Said): void {
    if ((user ?? 'anonymous') !== said) this.fail('I12', `what ${said} published was sent as ${user}`);
  }

  /**
   * The faults have stopped.
   * @param patience how long a message may take from here on, ms (invariant I7)
   */
  calm(patience: number): void {
    this.#readers.calm(patience);
  }

  // ---- readers -----------------------------------------------------------------------------------------------------------

  delivered(page: number, channel: string, message: Message): void {
    this.#readers.delivered(page, channel, message);
  }

  /** The app is called: nothing may be delivered until {@link reloaded}. */
  reset(page: number, reset: Reset): void {
    this.#readers.reset(page, reset);
  }

  /** @param cursor what the handler returned, if it did */
  reloaded(page: number, channel: string, cursor?: Cursor): void {
    this.#readers.reloaded(page, channel, cursor);
  }

  /** The app begins to listen: continuity begins here. */
  joined(page: number, channel: string): void {
    this.#readers.joined(page, channel);
  }

  /** The page gave the channel up, or takes it up anew: continuity begins again. */
  left(page: number, channel: string): void {
    this.#readers.left(page, channel);
  }

  /** After a quiet time: the reader is at the top. */
  caughtUp(page: number, channel: string, top: Cursor, listens: boolean): void {
    this.#readers.caughtUp(page, channel, top, listens);
  }

  /** All that stands in a log at the moment. */
  tagsOf(channel: string): readonly string[] {
    return this.#logs.tagsOf(channel);
  }

  /** Read of the past, the newest first, as far as it got. */
  past(page: number, channel: string, messages: readonly Message[]): void {
    checkPast(this.#logs, this.fail.bind(this), page, channel, messages);
  }

  /** After a quiet time: all of the past. @param trimmed whether the page was told that older ones are gone */
  wholePast(page: number, channel: string, messages: readonly Message[], top: Cursor, trimmed: boolean): void {
    checkWhole(this.fail.bind(this), page, channel, messages, top, trimmed);
  }

  // ---- publications --------------------------------------------------------------------------------------------------------

  outcome(page: number, outcome: Outcome): void {
    this.#outcomes.ended(page, outcome);
    this.#stored.ended(page, outcome);
  }

  /** A page with an outbox on disk has published this. */
  offered(receipt: Receipt, publication: Omit<Offered, 'id'>): void {
    this.#stored.offered({ ...publication, id: receipt.id });
    this.#numbers.given(receipt);
  }

  /** The page was told of an error: perhaps that it missed a publication of an earlier page. */
  erred(page: number, { code, message, details }: HoldfastError): void {
    const [, sequence] = /number (\d+)/.exec(message) ?? [];
    if (code === 'lost' && sequence !== undefined) this.#numbers.missing(page, String(details['channel']), Number(sequence));
  }

  /** Whether another page published it. */
  isAnothers(page: number, id: string): boolean {
    return this.#stored.isAnothers(page, id);
  }

  /** The page was told that it is on disk. */
  stored(id: string): void {
    this.#stored.stored(id);
  }

  powerLost(profile: string, durability: 'relaxed' | 'strict'): void {
    this.#stored.powerLost(profile, durability);
  }

  evicted(profile: string): void {
    this.#stored.evicted(profile);
  }

  /** An app publishes what failed once more: under a new id, and in whatever place. */
  again(said: Said): void {
    this.#logs.again(said);
  }

  /** After a quiet time: what was stored has ended, whichever page it was that stored it. */
  settleStored(): void {
    this.#stored.settle();
  }

  /** After a quiet time: everything that was published has ended, and as the log says. */
  settle(page: number, ids: ReadonlyMap<string, string>): void {
    this.#outcomes.settle(page, ids);
  }

  /** Some store holds less than it was given, or is there twice. */
  diskFailed(): void {
    this.#outcomes.excuse();
  }

  // ---- connections -----------------------------------------------------------------------------------------------------------

  attempted(page: number): void {
    this.#connections.attempted(page);
  }

  /** The page said hello on a connection, perhaps not for the first time. */
  greeted(page: number, gen: number, ways: number): void {
    this.#connections.greeted(page, gen, ways);
  }

  /** The page made a request. */
  requested(page: number): void {
    this.#connections.requested(page);
  }

  /**
   * The client's status changed.
   * @param now by the page's clock, which may have been set
   */
  status(page: number, status: Status, now = this.#now()): void {
    this.#connections.status(page, status, now);
  }

  /** The page handed these to one of its connections. */
  sentUp(page: number, connection: number, frames: readonly ClientFrame[]): void {
    this.#connections.sentUp(page, connection, frames);
    this.#outcomes.sent(page, frames);
    this.#numbers.sent(page, frames);
  }

  /** These reached the page, on a connection that it has not closed. */
  cameDown(page: number, connection: number, frames: readonly ServerFrame[]): void {
    this.#connections.cameDown(page, connection, frames);
    for (const frame of frames) {
      if (frame.t === 'subbed' && frame.ok !== false) {
        this.#readers.based(page, frame.c, { epoch: frame.cur[0], offset: frame.cur[1], tag: frame.cur[2] });
      }
    }
  }

  /**
   * Bytes that wait on the server's side of one connection.
   * @param limit the server's `limits.queue`
   */
  queued(page: number, bytes: number, limit: number): void {
    this.#connections.queued(page, bytes, limit);
  }

  // ---- what was measured -------------------------------------------------------------------------------------------------------

  /** For the counts of the run: each is added up over the seeds. */
  notes(): Readonly<Record<string, number>> {
    const { slowest } = this.#readers;
    const within = [1, 10, 30, 60, 90, 120].find((seconds) => slowest <= seconds * 1000) ?? 240;
    const [first = 0, second = 0, third = 0, fourth = 0, beyond = 0] = this.#connections.arrivals;
    return {
      [`calm within ${String(within).padStart(3)} s`]: 1,
      'drained, back in quarter 1': first,
      'drained, back in quarter 2': second,
      'drained, back in quarter 3': third,
      'drained, back in quarter 4': fourth,
      'drained, back later': beyond,
    };
  }
}
