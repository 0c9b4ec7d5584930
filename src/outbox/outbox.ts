/** Everything this page publishes, or has taken over, from `publish()` to its outcome. */
import type { Line } from '../connection/line.ts';
import { HoldfastError } from '../errors.ts';
import type { Ack, Nack } from '../protocol/frame.ts';
import { toPlain } from '../protocol/payload.ts';
import type { Outbox as OutboxFace, PublishOptions } from '../types.ts';
import { Recent } from '../util/recent.ts';
import { soon } from '../util/soon.ts';
import { createAlarm } from '../util/timer.ts';
import type { Estate } from './adoption.ts';
import type { OutboxContext, OutboxSettings } from './context.ts';
import { Drains } from './drains.ts';
import { Endings } from './endings.ts';
import { recordsOf } from './estate.ts';
import { createFace } from './face.ts';
import { Keeper } from './keeper.ts';
import type { Lane } from './lane.ts';
import { Lanes } from './lanes.ts';
import { Migration } from './migration.ts';
import type { PendingChange, PendingPublication, Pendings } from './pendings.ts';
import { checkPublish } from './publish-options.ts';
import { Ticket } from './receipt.ts';
import { type NewItem, type Pack, packOf } from './record.ts';
import { Replacements } from './replacements.ts';
import type { EntryRow } from './rows.ts';
import { Sender } from './sender.ts';
import type { OutboxRecord, Owner } from './shelf.ts';
import { Watchers, pendingIn } from './watchers.ts';

/** Ids by which the page knows its own messages when they come back. */
const REMEMBERED_IDS = 4096;

export class Outbox implements Pendings {
  readonly face: OutboxFace;
  readonly #context: OutboxContext;
  readonly #settings: OutboxSettings;
  readonly #keeper: Keeper;
  readonly #lanes: Lanes<Owner>;
  readonly #sender: Sender;
  readonly #endings: Endings;
  readonly #migration: Migration;
  readonly #ownIds = new Recent(REMEMBERED_IDS);
  readonly #drains = new Drains();
  readonly #watchers = new Watchers();
  readonly #replacements = new Replacements();
  readonly #expiry;
  #flushing = false;
  #over: HoldfastError | null = null;

  constructor(context: OutboxContext, settings: OutboxSettings) {
    const { environment } = context;
    this.#context = context;
    this.#settings = settings;
    this.#expiry = createAlarm(environment, (now) => this.#expire(now));
    this.#lanes = new Lanes(() => environment.createId());
    this.#keeper = new Keeper({
      context,
      settings,
      lanes: this.#lanes,
      adopt: (estate) => this.#adopt(estate),
      // Whoever shows it shows it no more.
      onDropped: (channel, { id, event }) =>
        this.#watchers.tell(channel, { type: 'ended', outcome: { id, channel, event, result: 'closed' } }),
      onChange: () => {
        this.#sender.flush();
        this.#lookWhetherDrained();
      },
      onClear: () => this.#clear(),
    });
    this.#endings = new Endings({
      context,
      settings,
      keeper: this.#keeper,
      onConflict: (lane, record) => this.#anew(lane, record),
      onEnded: (outcome, record) => {
        if (record !== undefined) this.#replacements.forget(outcome.channel, record);
        this.#watchers.tell(outcome.channel, { type: 'ended', outcome });
        this.#lookWhetherDrained();
      },
      isOver: () => this.#over !== null,
    });
    this.#sender = new Sender({
      context,
      lanes: this.#lanes,
      keeper: this.#keeper,
      endings: this.#endings,
      isOver: () => this.#over !== null,
    });
    this.#migration = new Migration(settings, context, {
      publish: (channel, event, data, ttl) => this.publish(channel, event, data, { ttl }, 'at-any-rate'),
      withdraw: (lane, record) => this.#endings.withdraw(lane, record, 'cancelled'),
    });
    this.face = createFace({
      keeper: this.#keeper,
      drains: this.#drains,
      publish: (...given) => this.publish(...given),
      lookWhetherDrained: () => this.#lookWhetherDrained(),
      clear: () => this.#clear(),
      over: () => this.#over,
    });
  }

  pendingIn(channel: string): readonly PendingPublication[] {
    return pendingIn(this.#lanes, channel);
  }

  watchPending(channel: string, listener: (change: PendingChange) => void): () => void {
    return this.#watchers.watch(channel, listener);
  }

  isOwn(id: string): boolean {
    return this.#ownIds.has(id);
  }

  /** Something is to be sent, or waits for an answer. */
  get busy(): boolean {
    return this.#keeper.shelf.pending.size > 0;
  }

  /** The client is wanted: what earlier pages left is wanted too. */
  wake(): void {
    this.#keeper.wake();
  }

  publish(channel: string, event: string, data: unknown, options: PublishOptions, when?: 'at-any-rate'): Ticket {
    const { ttl = this.#settings.ttl, signal, replace = null, priority = 'normal' } = options;
    checkPublish({ ttl, replace, priority });
    const isLow = priority === 'low';
    const { checks, environment, report } = this.#context;
    const plain = toPlain(data, this.#sender.limits);
    // What travels, which is not always what was given: a Date becomes a text.
    const checked = plain.ok ? checks?.event('events', channel, event, plain.data) : undefined;
    if (checked?.ok === false && checked.error.code === 'invalid-option') throw checked.error;
    const ticket = new Ticket({
      id: environment.createId(),
      channel,
      event,
      signal,
      report,
      cancel: (given) => this.#cancel(given),
      onStoredAsked: () => this.#keeper.journal.hurry(),
    });
    if (!plain.ok) return this.#endings.refuse(ticket, new HoldfastError(plain.code, `Not published: ${plain.why}.`));
    if (checked?.ok === false) return this.#endings.refuse(ticket, checked.error);
    const refusal = this.#over ?? (when === undefined ? this.#full(plain.size) : null);
    if (refusal !== null) return this.#endings.refuse(ticket, refusal);
    if (signal?.aborted) {
      this.#endings.settle(ticket, { id: ticket.id, channel, event, result: 'cancelled' });
      return ticket;
    }
    const replaced = replace === null ? null : this.#replacements.find(channel, replace);
    const retracted = replaced !== null && replaced.lane.retract(replaced.record);
    const createdAt = environment.now();
    const expiresAt = createdAt + Math.min(ttl, this.#sender.limits.outboxTtl);
    const owner: Owner = { ticket, createdAt, expiresAt, version: this.#settings.version, replace, own: true };
    this.#enqueue({ id: ticket.id, event, data: plain.data, size: plain.size, owner }, channel, isLow);
    // Now, for who hears of it may publish too, or end the client.
    if (replaced !== null) this.#endings.replaced(replaced.lane, replaced.record, retracted);
    this.#context.need();
    return ticket;
  }

  // ---- the connection ----------------------------------------------------------------------------------------------------

  welcomed(line: Line): void {
    this.#sender.welcomed(line);
  }

  /** @returns true if a batch is to blame for `code`, so that going on without it makes sense */
  lost(code: number): boolean {
    return this.#sender.lost(code);
  }

  acked(ack: Ack): void {
    this.#sender.acked(ack);
  }

  nacked(nack: Nack): void {
    this.#sender.nacked(nack);
  }

  /** The store failed over: what it acknowledged may be gone. */
  recheck(): void {
    this.#sender.recheck();
  }

  /** The client is over: outcomes will not be known here. */
  end(error: HoldfastError): void {
    this.#over = error;
    this.#sender.clear();
    this.#expiry.clear();
    for (const { owner } of this.#keeper.shelf.pending) owner.ticket?.giveUp(error);
    this.#drains.settle(error);
    this.#keeper.end();
  }

  // ---- what waits ------------------------------------------------------------------------------------------------------------

  #enqueue(item: NewItem<Owner>, channel: string, isLow = false): void {
    const gathers = isLow && this.#sender.mayGather(channel);
    const { lane, record } = this.#lanes.append(channel, item);
    if (item.owner.ticket !== null) item.owner.ticket.place = { lane, record };
    this.#ownIds.add(item.id);
    // Before the journal's turn, which then writes each record once, with the mark of its attempt.
    if (gathers) this.#sender.gather(lane);
    else if (!this.#flushing) {
      soon(this.#flushNow);
      this.#flushing = true;
    }
    this.#keeper.touch(lane.producer);
    this.#keeper.shelf.add(record);
    this.#keeper.journal.add(lane, record);
    this.#replacements.note(lane, record);
    this.#expiry.note(item.owner.expiresAt);
    this.#watchers.tell(channel, { type: 'added', publication: record });
  }

  readonly #flushNow = (): void => {
    this.#flushing = false;
    this.#sender.flushAll();
  };

  /** The number is another page's: a duplicated tab, a restored image. */
  #anew(lane: Lane<Owner>, record: OutboxRecord): void {
    this.#lanes.rename(lane);
    this.#keeper.shelf.settled(record);
    this.#enqueue(record, lane.channel);
  }

  #adopt(estate: Estate): Lane<Owner> {
    const { report } = this.#context;
    const { channel, producer } = estate;
    const lane = this.#lanes.get(channel, producer);
    const ownerOf = ({ id, e: event, createdAt, expiresAt, v: version }: EntryRow): Owner => {
      const ticket = new Ticket({ id, channel, event, signal: undefined, report, cancel: (given) => this.#cancel(given) });
      return { ticket, createdAt, expiresAt, version, replace: null, own: false };
    };
    const next = lane.waiting + lane.retained > 0 ? lane.next : null;
    const isKnown = (sequence: number): boolean => next !== null && sequence < next;
    const held = new Map(lane.pending().map((record) => [record.sequence, record]));
    const packs = new Map<number, Pack<Owner>>();
    for (const { pack } of held.values()) if (pack !== null) packs.set(pack.first, pack);
    const entries = estate.entries.filter(({ sequence }) => !isKnown(sequence));
    const records = recordsOf({ ...estate, entries }, next, packs, ownerOf);
    // Its owner wrote it again, though this page has told how it ended.
    for (const { sequence, first, rest } of estate.entries) {
      if (isKnown(sequence) && !held.has(sequence)) this.#keeper.journal.renew(packs.get(first) ?? packOf(lane, first, rest));
    }
    lane.restore(records);
    this.#lanes.active.add(lane);
    for (const record of records) {
      if (record.owner.ticket === null || this.#over !== null) continue;
      record.owner.ticket.place = { lane, record };
      this.#keeper.shelf.add(record);
      if (record.payload === 'kept') this.#watchers.tell(channel, { type: 'added', publication: record });
      record.owner.ticket.adopted(record.attempted !== null);
      this.#migration.look(lane, record);
      this.#expiry.note(record.owner.expiresAt);
    }
    this.#sender.doubt(lane);
    this.#context.need();
    this.#sender.flush();
    return lane;
  }

  #cancel({ place }: Ticket): void {
    if (place === null) return;
    const { lane, record } = place;
    // What was taken over may have been given up since.
    if (this.#lanes.has(lane) && record.tombstone === null && record.answeredAt === null)
      this.#endings.withdraw(lane, record, 'cancelled');
  }

  #clear(): void {
    for (const { lane, record } of [...this.#lanes.waiting()]) {
      if (record.attempted === null) this.#endings.withdraw(lane, record, 'cancelled');
    }
    for (const letter of [...this.#keeper.letters]) this.#keeper.letters.remove(letter);
    this.#keeper.shelf.changed();
  }

  #expire(now: number): void {
    for (const { lane, record } of this.#lanes.waiting()) {
      if (this.#over !== null) return;
      if (record.owner.expiresAt <= now) this.#endings.withdraw(lane, record, 'expired');
      else this.#expiry.note(record.owner.expiresAt);
    }
  }

  #full(size: number): HoldfastError | null {
    const { maxMessages, maxBytes } = this.#settings;
    const { pending, bytes } = this.#keeper.shelf;
    if (pending.size < maxMessages && bytes + size <= maxBytes) return null;
    return new HoldfastError('outbox-full', `The outbox holds ${pending.size} publications, ${bytes} bytes.`);
  }

  #lookWhetherDrained(): void {
    if (this.#keeper.shelf.pending.size === 0 && this.#keeper.adoption.settled) this.#drains.settle(this.#over);
  }
}
