/** Gives the lanes their turns on the connection, and hears what the server says to them. */
import type { Line } from '../connection/line.ts';
import { END } from '../protocol/end-codes.ts';
import { type Ack, DEFAULT_LIMITS, type Limits, type Nack } from '../protocol/frame.ts';
import { createAlarm } from '../util/timer.ts';
import type { OutboxContext } from './context.ts';
import type { Endings } from './endings.ts';
import type { Keeper } from './keeper.ts';
import type { Lane } from './lane.ts';
import type { Lanes } from './lanes.ts';
import { Marks } from './marks.ts';
import { Pauses } from './pauses.ts';
import { Retention } from './retention.ts';
import { roomFor } from './room.ts';
import type { Owner } from './shelf.ts';

/** How long a publication of low priority may wait for company, ms. */
const GATHER = 100;

export interface SenderOptions {
  readonly context: OutboxContext;
  readonly lanes: Lanes<Owner>;
  readonly keeper: Keeper;
  readonly endings: Endings;
  isOver(): boolean;
}

export class Sender {
  readonly #options: SenderOptions;
  readonly #marks: Marks;
  readonly #pauses: Pauses<Lane<Owner>>;
  readonly #retention: Retention<Owner>;
  /** Lanes of which all that is unsent may wait for company. */
  readonly #gathering = new Set<Lane<Owner>>();
  readonly #company;
  #limits: Limits = DEFAULT_LIMITS;
  #mem: string | null = null;

  constructor(options: SenderOptions) {
    const { context, lanes, keeper } = options;
    const { environment } = context;
    this.#options = options;
    this.#marks = new Marks(
      keeper.journal,
      () => lanes.producer,
      (lane) => this.#goOn(lane),
    );
    this.#retention = new Retention(
      environment,
      lanes,
      () => context.heardAt(),
      (lane) => this.#forget(lane),
    );
    this.#company = createAlarm(environment, () => this.flushAll());
    this.#pauses = new Pauses(environment, (lane) => {
      lane.resume();
      this.#goOn(lane);
    });
  }

  /** As the server announced them. */
  get limits(): Limits {
    return this.#limits;
  }

  clear(): void {
    this.#pauses.clear();
    this.#retention.clear();
    this.#company.clear();
  }

  /** Whether what is published next need not go at once: not if it would hold up what is on its way out already. */
  mayGather(channel: string): boolean {
    const { lanes } = this.#options;
    const lane = lanes.find(channel, lanes.producer);
    return lane === undefined || lane.sent || this.#gathering.has(lane);
  }

  gather(lane: Lane<Owner>): void {
    this.#gathering.add(lane);
    this.#company.note(this.#options.context.environment.now() + GATHER);
  }

  /** Nothing waits for company any more. */
  flushAll(): void {
    this.#gathering.clear();
    this.flush();
  }

  welcomed({ limits, mem }: Line): void {
    this.#limits = limits;
    const { keeper } = this.#options;
    const before = this.#mem;
    if (mem !== before) keeper.renewed();
    this.#mem = mem;
    this.#gathering.clear();
    for (const lane of this.#options.lanes) {
      this.#noteWhetherShared(lane);
      // Where another page has begun it anew meanwhile, nobody tells this one that it was forgotten.
      if (mem !== before) this.doubt(lane, before !== null && (lane.shows === 'all' || keeper.isContested(lane)));
      // What the app is told of may make it end the client.
      if (this.#options.isOver()) return;
      lane.rewind();
      this.#retain(lane);
      if (lane.waiting > 0) this.#options.lanes.active.add(lane);
    }
    this.flush();
  }

  /**
   * What was sent under a memory that is gone, of what is told or has come now: where another page began the lane anew no server
   * tells that it was forgotten.
   * @param anew it was begun anew, or may have been: what was perhaps sent is in doubt too
   */
  doubt(lane: Lane<Owner>, anew = false): void {
    if (anew) lane.doubted = this.#mem;
    if (this.#mem !== null) this.#options.endings.doubt(lane, this.#mem);
  }

  /** @returns true if a batch is to blame for `code`, so that going on without it makes sense */
  lost(code: number): boolean {
    this.#pauses.clear();
    this.#options.keeper.journal.hurry();
    const accused = code === END.tooBig || code === END.tooLarge || code === END.badFrame ? this.#options.lanes.accuse() : [];
    const [only] = accused;
    if (accused.length === 1 && only?.record) {
      const { lane, record } = only;
      // Not told yet: an earlier connection, or another page, may have carried it. The tombstone's answer is the truth, and says
      // to whoever asks why it ended.
      record.tombstone = code === END.badFrame ? 'invalid' : 'too-large';
      this.#options.keeper.journal.keep(lane, record);
    }
    // What was under way here is not so on the next connection, whose end must not be blamed on it.
    for (const lane of this.#options.lanes) lane.rewind();
    return accused.length > 0;
  }

  acked({ c, p, s, ep, r }: Ack): void {
    const lane = this.#options.lanes.find(c, p);
    if (lane === undefined) return;
    const answers = lane.answer(s, r, this.#options.context.environment.now());
    this.#pauses.forgive(lane);
    if (lane.retained > 0) this.#retention.note();
    // With nothing waiting it may still have to repair: a rest of that could not go before this was answered.
    this.#options.lanes.active.add(lane);
    // What is answered here stands in the store until the app has been told: the next batch must not reach too far beyond it.
    const row = this.#options.keeper.journal.usable && answers.find(({ record, again }) => !again && record.pack !== null);
    if (row) lane.oldestRow ??= row.record.sequence;
    // First, so that the server has the next batch while the app is told of this one.
    this.flush();
    // What the app is told of may make it end the client.
    for (const answer of answers) if (!this.#options.isOver()) this.#options.endings.answered(lane, answer, ep);
    if (lane.waiting === 0) this.#options.keeper.adoption.drained(lane.producer);
  }

  nacked(nack: Nack): void {
    const lane = this.#options.lanes.find(nack.c, nack.p);
    const line = this.#options.context.line();
    if (lane === undefined || line === null) return;
    const verdict = lane.refuse(nack, line.mem);
    if (verdict === 'pause') {
      this.#pauses.start(lane, nack.after ?? 0);
      // Those that waited for it need not any more.
      return this.flush();
    }
    if (verdict === 'doubt') this.doubt(lane, true);
    this.#options.lanes.active.add(lane);
    this.flush();
  }

  /** The store failed over: what it acknowledged may be gone. */
  recheck(): void {
    for (const lane of this.#options.lanes) {
      this.#noteWhetherShared(lane);
      if (lane.retained > 0) lane.recheck();
      this.#retain(lane);
    }
    this.flush();
  }

  /** From then on its newest speaks for the others no more. */
  #noteWhetherShared(lane: Lane<Owner>): void {
    if (this.#options.keeper.shares(lane)) lane.shows = 'all';
  }

  /** What is retained is shown again. */
  #retain(lane: Lane<Owner>): void {
    if (lane.retained === 0) return;
    this.#retention.renew(lane);
    this.#options.lanes.active.add(lane);
  }

  /** Its own numbers must never be used twice; another page's are not this one's to use. */
  #forget(lane: Lane<Owner>): void {
    if (this.#options.lanes.isOwn(lane.producer)) return;
    this.#options.lanes.drop(lane);
  }

  // ---- turns ------------------------------------------------------------------------------------------------------------------

  #goOn(lane: Lane<Owner>): void {
    const { lanes } = this.#options;
    // What was taken over may have been given up since: no answer would come to it any more.
    if (!lanes.has(lane)) return;
    lanes.active.add(lane);
    this.flush();
  }

  /** Lanes take turns, and none blocks another. */
  flush(): void {
    const { context, lanes } = this.#options;
    const line = context.line();
    if (line === null || this.#options.isOver()) return;
    let sent = true;
    while (sent) {
      sent = false;
      for (const lane of lanes.active) {
        const room = roomFor(lanes.active, this.#limits, context.buffered());
        if (room.items <= 0 || room.bytes <= 0) return;
        if (this.#waits(lane) || this.#gathering.has(lane)) continue;
        const taken = lane.take(room, line.mem);
        this.#marks.ahead(lane, line.mem);
        if (taken === null) {
          if (lane.waiting === 0) lanes.active.delete(lane);
          continue;
        }
        context.send(taken.frame);
        for (const { owner } of taken.records) owner.ticket?.markAttempted();
        sent = true;
      }
    }
  }

  /** What this page begins to publish waits for what was left there, and that until it is known who has sent of it. */
  #waits(lane: Lane<Owner>): boolean {
    const { lanes, keeper } = this.#options;
    if (!lanes.isOwn(lane.producer)) return keeper.adoption.doubts(lane.producer);
    return !lane.begun && keeper.adoption.holdsUp(lane.channel);
  }
}
