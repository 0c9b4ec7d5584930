/** Everything this page publishes, from `publish()` to its outcome. */
import type { Line } from '../connection/line.ts';
import { HoldfastError } from '../errors.ts';
import { END } from '../protocol/end-codes.ts';
import { type Ack, DEFAULT_LIMITS, type Limits, type Nack, type TombstoneKind } from '../protocol/frame.ts';
import { toPlain } from '../protocol/payload.ts';
import type { Abortable, Outbox as OutboxFace, Outcome, OutboxOptions, PublishOptions, Receipt } from '../types.ts';
import { Recent } from '../util/recent.ts';
import { soon } from '../util/soon.ts';
import { createAlarm } from '../util/timer.ts';
import type { OutboxContext } from './context.ts';
import { Drains } from './drains.ts';
import type { Answer, Lane } from './lane.ts';
import { Lanes } from './lanes.ts';
import { outcomeOf } from './outcome.ts';
import { Pauses } from './pauses.ts';
import type { PendingChange, PendingPublication, Pendings } from './pendings.ts';
import { Ticket, errorOf } from './receipt.ts';
import { Retention } from './retention.ts';
import { roomFor } from './room.ts';
import { type OutboxRecord, type Owner, Shelf } from './shelf.ts';

type PageLane = Lane<Owner>;

/** Ids by which the page knows its own messages when they come back. */
const REMEMBERED_IDS = 4096;

export class Outbox implements Pendings {
  readonly face: OutboxFace;
  readonly #context: OutboxContext;
  readonly #options: Required<Omit<OutboxOptions, 'store' | 'migrate'>>;
  readonly #shelf: Shelf;
  readonly #lanes: Lanes<Owner>;
  readonly #pauses: Pauses<PageLane>;
  readonly #ownIds = new Recent(REMEMBERED_IDS);
  readonly #drains = new Drains();
  readonly #watchers = new Map<string, Set<(change: PendingChange) => void>>();
  readonly #expiry;
  readonly #retention: Retention<Owner>;
  #limits: Limits = DEFAULT_LIMITS;
  #flushing = false;
  #over: HoldfastError | null = null;

  constructor(context: OutboxContext, { store: _, ...options }: Required<Omit<OutboxOptions, 'migrate'>>) {
    const { environment, report } = context;
    this.#context = context;
    this.#options = options;
    this.#shelf = new Shelf(report);
    this.#expiry = createAlarm(environment, (now) => this.#expire(now));
    this.#lanes = new Lanes(() => environment.createId());
    this.#retention = new Retention(environment, this.#lanes, () => context.heardAt());
    this.#pauses = new Pauses(environment, (lane) => {
      lane.resume();
      this.#lanes.active.add(lane);
      this.#flush();
    });
    this.face = { status: this.#shelf.status, drain: (given = {}) => this.#drain(given) };
  }

  pendingIn(channel: string): readonly PendingPublication[] {
    return [...this.#lanes].flatMap((lane) =>
      lane.channel === channel ? lane.pending().filter(({ owner }) => owner.ticket.outcome === null) : [],
    );
  }

  watchPending(channel: string, listener: (change: PendingChange) => void): () => void {
    const watchers = (this.#watchers.get(channel) ?? new Set()).add(listener);
    this.#watchers.set(channel, watchers);
    return () => watchers.delete(listener);
  }

  isOwn(id: string): boolean {
    return this.#ownIds.has(id);
  }

  publish(channel: string, event: string, data: unknown, { ttl = this.#options.ttl, signal }: PublishOptions): Receipt {
    if (!(ttl > 0)) throw new HoldfastError('invalid-option', '`ttl` must be a positive number of milliseconds.');
    const { environment, report } = this.#context;
    const ticket = new Ticket({ id: environment.createId(), channel, event, signal, report, cancel: this.#cancel });
    const plain = toPlain(data, this.#limits);
    if (!plain.ok) return this.#refuse(ticket, new HoldfastError(plain.code, `Not published: ${plain.why}.`));
    const refusal = this.#over ?? this.#full(plain.size);
    if (refusal !== null) return this.#refuse(ticket, refusal);
    if (signal?.aborted) {
      this.#settle(ticket, { id: ticket.id, channel, event, result: 'cancelled' });
      return ticket;
    }
    const createdAt = environment.now();
    const owner: Owner = { ticket, createdAt, expiresAt: createdAt + Math.min(ttl, this.#limits.outboxTtl) };
    this.#enqueue({ id: ticket.id, event, data: plain.data, size: plain.size, owner }, channel);
    this.#context.need();
    return ticket;
  }

  // ---- the connection ----------------------------------------------------------------------------------------------------

  welcomed({ limits }: Line): void {
    this.#limits = limits;
    for (const lane of this.#lanes) {
      lane.rewind();
      this.#retain(lane);
      if (lane.waiting > 0) this.#lanes.active.add(lane);
    }
    this.#flush();
  }

  /** @returns true if a batch is to blame for `code`, so that going on without it makes sense */
  lost(code: number): boolean {
    this.#pauses.clear();
    const accused = code === END.tooBig || code === END.tooLarge || code === END.badFrame ? this.#lanes.accuse() : [];
    const [only] = accused;
    if (accused.length === 1 && only?.record) {
      const { lane, record } = only;
      const why = code === END.badFrame ? 'invalid' : 'too-large';
      // Not told yet: an earlier connection may have carried it and ended unanswered. The tombstone's answer is the truth.
      record.owner.ticket.fault = new HoldfastError(why, `The server ended the connection over this publication (${code}).`);
      record.tombstone = 'closed';
      this.#shelf.keep(lane, record);
    }
    // What was under way here is not so on the next connection, whose end must not be blamed on it.
    for (const lane of this.#lanes) lane.rewind();
    return accused.length > 0;
  }

  acked({ c, p, s, ep, r }: Ack): void {
    const lane = this.#lanes.find(c, p);
    if (lane === undefined) return;
    const answers = lane.answer(s, r, this.#context.environment.now());
    this.#pauses.forgive(lane);
    if (lane.retained > 0) this.#retention.note();
    // With nothing waiting it may still have to repair: a rest of that could not go before this was answered.
    this.#lanes.active.add(lane);
    // First, so that the server has the next batch while the app is told of this one.
    this.#flush();
    // What the app is told of may make it end the client.
    for (const answer of answers) if (this.#over === null) this.#answered(lane, answer, ep);
  }

  nacked(nack: Nack): void {
    const lane = this.#lanes.find(nack.c, nack.p);
    const line = this.#context.line();
    if (lane === undefined || line === null) return;
    const verdict = lane.refuse(nack, line.mem);
    if (verdict === 'pause') return this.#pauses.start(lane, nack.after ?? 0);
    if (verdict === 'doubt') this.#doubt(lane, line.mem);
    this.#lanes.active.add(lane);
    this.#flush();
  }

  /** The store failed over: what it acknowledged may be gone. */
  recheck(): void {
    for (const lane of this.#lanes) {
      if (lane.retained > 0) lane.recheck();
      this.#retain(lane);
    }
    this.#flush();
  }

  /** What is retained is shown again. */
  #retain(lane: PageLane): void {
    if (lane.retained === 0) return;
    this.#retention.renew(lane);
    this.#lanes.active.add(lane);
  }

  /** The client is over: outcomes will not be known here. */
  end(error: HoldfastError): void {
    this.#over = error;
    for (const timed of [this.#pauses, this.#expiry, this.#retention]) timed.clear();
    for (const { owner } of this.#shelf.pending) owner.ticket.giveUp(error);
    this.#drains.settle(error);
    this.#shelf.close();
  }

  // ---- sending -------------------------------------------------------------------------------------------------------------

  #enqueue(item: Pick<OutboxRecord, 'id' | 'event' | 'data' | 'size' | 'owner'>, channel: string): void {
    const { lane, record } = this.#lanes.append(channel, item);
    this.#ownIds.add(item.id);
    // Before the shelf's turn, which then writes each record once, with the mark of its attempt.
    if (!this.#flushing) soon(this.#flushNow);
    this.#flushing = true;
    this.#shelf.add(lane, record);
    this.#expiry.note(item.owner.expiresAt);
    for (const tell of this.#watchers.get(channel) ?? []) tell({ type: 'added', publication: record });
  }

  readonly #flushNow = (): void => {
    this.#flushing = false;
    this.#flush();
  };

  /** Lanes take turns, and none blocks another. */
  #flush(): void {
    const line = this.#context.line();
    if (line === null) return;
    let sent = true;
    while (sent) {
      sent = false;
      for (const lane of this.#lanes.active) {
        const room = roomFor(this.#lanes.active, this.#limits, this.#context.buffered());
        if (room.items <= 0 || room.bytes <= 0) return;
        const taken = lane.take(room, line.mem);
        if (taken === null) {
          if (lane.waiting === 0) this.#lanes.active.delete(lane);
          continue;
        }
        this.#context.send(taken.frame);
        for (const record of taken.records) {
          record.owner.ticket.markAttempted();
          if (record.answeredAt === null) this.#shelf.attempted(lane, record);
        }
        sent = true;
      }
    }
  }

  // ---- outcomes --------------------------------------------------------------------------------------------------------------

  #answered(lane: PageLane, { record, result, again }: Answer<Owner>, epoch: string): void {
    const { ticket } = record.owner;
    if (!again) this.#shelf.drop(lane, record);
    if (typeof result === 'object' && 'code' in result && result.code === 'conflict' && ticket.outcome === null) {
      this.#lanes.rename(lane);
      this.#shelf.settled(record);
      return this.#enqueue(record, lane.channel);
    }
    const outcome = outcomeOf(ticket, result, epoch, record.doubtful);
    const known = ticket.outcome?.result;
    // What stands for a record in doubt is a tombstone, and that it was closed says nothing of the copy that may exist.
    if (known === undefined || (known === 'uncertain' && outcome.result === 'accepted')) this.#settle(ticket, outcome, record);
    else if (known === 'accepted' && outcome.result !== 'accepted' && outcome.result !== 'uncertain') {
      this.#settle(ticket, { ...outcome, result: 'lost' });
    }
  }

  /** What was attempted under a memory that the server has lost may have arrived. */
  #doubt(lane: PageLane, mem: string): void {
    for (const record of lane.pending()) {
      if (this.#over !== null) return;
      if (record.attempted === null || record.attempted === mem || record.tombstone !== null) continue;
      if (this.#options.whenInDoubt === 'resend') record.doubtful = true;
      else this.#bury(lane, record, 'closed', { result: this.#options.whenInDoubt === 'drop' ? 'closed' : 'uncertain' });
    }
  }

  readonly #cancel = (ticket: Ticket): void => {
    for (const { lane, record } of this.#lanes.waiting()) {
      if (record.owner.ticket === ticket) return this.#withdraw(lane, record, 'cancelled');
    }
  };

  #expire(now: number): void {
    for (const { lane, record } of this.#lanes.waiting()) {
      if (this.#over !== null) return;
      if (record.owner.expiresAt <= now) this.#withdraw(lane, record, 'expired');
      else this.#expiry.note(record.owner.expiresAt);
    }
  }

  /** Told at once only if it was never sent; otherwise the server knows the truth, and it may be "accepted". */
  #withdraw(lane: PageLane, record: OutboxRecord, kind: 'cancelled' | 'expired'): void {
    if (record.attempted === null) return this.#bury(lane, record, kind, { result: kind });
    record.tombstone = kind;
    this.#shelf.keep(lane, record);
  }

  #bury(lane: PageLane, record: OutboxRecord, kind: TombstoneKind, end: Ending): void {
    const { ticket } = record.owner;
    const { id, channel, event } = ticket;
    record.tombstone = kind;
    this.#shelf.keep(lane, record);
    this.#settle(ticket, { id, channel, event, ...end }, record);
    if (record.attempted === null) Object.assign(record, WITHDRAWN);
  }

  #refuse(ticket: Ticket, error: HoldfastError): Receipt {
    const { id, channel, event } = ticket;
    this.#settle(ticket, { id, channel, event, result: 'rejected', error });
    return ticket;
  }

  #settle(ticket: Ticket, outcome: Outcome, record?: OutboxRecord): void {
    ticket.settle(outcome);
    if (record !== undefined) this.#shelf.settled(record);
    for (const tell of this.#watchers.get(outcome.channel) ?? []) tell({ type: 'ended', outcome });
    const heard = this.#context.onOutcome(outcome);
    if (!heard && outcome.result !== 'accepted' && outcome.result !== 'cancelled') {
      // The caller gets the rest of this tick to look at its receipt.
      queueMicrotask(() => ticket.awaited || this.#context.report(errorOf(outcome)));
    }
    if (this.#shelf.pending.size === 0) this.#drains.settle(null);
  }

  #full(size: number): HoldfastError | null {
    const { maxMessages, maxBytes } = this.#options;
    if (this.#shelf.pending.size < maxMessages && this.#shelf.bytes + size <= maxBytes) return null;
    const held = `${this.#shelf.pending.size} publications, ${this.#shelf.bytes} bytes`;
    return new HoldfastError('outbox-full', `The outbox holds ${held}.`);
  }

  #drain(options: Abortable): Promise<void> {
    const settled = this.#drains.wait(options);
    if (this.#over !== null || this.#shelf.pending.size === 0) this.#drains.settle(this.#over);
    return settled;
  }
}

/** What was never sent cannot turn out accepted: its payload is not needed again. */
const WITHDRAWN = { data: undefined, size: 0 };

type Ending = { readonly result: TombstoneKind | 'uncertain' };
