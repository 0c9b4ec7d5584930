import { HoldfastError } from '../errors.ts';
import type { OutboxStatus, Readable } from '../types.ts';
import { type Writable, createReadable } from '../util/readable.ts';
import { soon } from '../util/soon.ts';
import type { LaneRecord } from './lane.ts';
import type { Ticket } from './receipt.ts';
import type { OutboxStore, RecordKey, StoredRecord } from './store.ts';

/** What the lane keeps beside each record. */
export interface Owner {
  readonly ticket: Ticket;
  readonly createdAt: number;
  readonly expiresAt: number;
}
export type OutboxRecord = LaneRecord<Owner>;
type LaneName = Pick<StoredRecord, 'channel' | 'producer'>;

const RENEWED_AFTER = 1024;

/** What is pending, counted and kept in the store: one transaction a tick, whatever the number of publications. */
export class Shelf {
  readonly #store: OutboxStore;
  readonly #user: string;
  readonly #report: (error: unknown) => void;
  readonly #status: Writable<OutboxStatus>;
  #pending: Set<OutboxRecord> = new Set();
  #bytes = 0;
  #puts = new Map<OutboxRecord, LaneName>();
  #removes: RecordKey[] = [];
  /** Handed to the store at least once. */
  #written: Set<OutboxRecord> = new Set();
  #added = 0;
  #opened: Promise<void> | null = null;
  #broken = false;
  #ticking = false;
  #work: 'none' | 'committing' | 'closed' = 'none';

  constructor(store: OutboxStore, user: string, report: (error: unknown) => void) {
    this.#store = store;
    this.#user = user;
    this.#report = report;
    this.#status = createReadable(this.#present(), report);
  }

  get status(): Readable<OutboxStatus> {
    return this.#status;
  }

  get pending(): ReadonlySet<OutboxRecord> {
    return this.#pending;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(lane: LaneName, record: OutboxRecord): void {
    this.#pending.add(record);
    this.#bytes += record.size;
    this.#added += 1;
    if (this.#added % RENEWED_AFTER === 0) this.#renew();
    this.keep(lane, record);
  }

  /**
   * V8 links each table that a set outgrows to the next one. Once an old table is in old space, all that came after it stays
   * until a full collection, which made one third of the cost of a publication.
   */
  #renew(): void {
    this.#pending = new Set(this.#pending);
    this.#written = new Set(this.#written);
  }

  /** The mark is for the next page, which finds nothing in a store that is not durable. */
  attempted(lane: LaneName, record: OutboxRecord): void {
    if (this.#store.durable) this.keep(lane, record);
  }

  /** Its tombstone changed. */
  keep(lane: LaneName, record: OutboxRecord): void {
    this.#puts.set(record, lane);
    this.#schedule();
  }

  /** Its outcome is known; the record itself may still be needed to close its sequence. */
  settled(record: OutboxRecord): void {
    if (this.#pending.delete(record)) this.#bytes -= record.size;
    this.#schedule();
  }

  /** The server has answered: nothing of it is needed after a reload. */
  drop({ channel, producer }: LaneName, record: OutboxRecord): void {
    // Answered before it was written: the write is needless.
    this.#puts.delete(record);
    if (this.#written.delete(record)) this.#removes.push({ channel, producer, sequence: record.sequence });
    this.#schedule();
  }

  close(): void {
    this.#work = 'closed';
    this.#puts.clear();
    this.#removes = [];
    this.#store.close();
  }

  #schedule(): void {
    if (this.#ticking) return;
    this.#ticking = true;
    soon(this.#afterSending);
  }

  /** What this tick has to send goes first. */
  readonly #afterSending = (): void => soon(this.#tick);

  /** The counters do not wait for the store, which may be slow, or never answer. */
  readonly #tick = (): void => {
    this.#ticking = false;
    this.#status.set(this.#present());
    if (this.#work === 'none' && this.#puts.size + this.#removes.length > 0) void this.#commit();
  };

  async #commit(): Promise<void> {
    this.#work = 'committing';
    const puts = [...this.#puts];
    const removes = this.#removes;
    this.#puts = new Map();
    this.#removes = [];
    for (const [record] of puts) this.#written.add(record);
    try {
      this.#opened ??= this.#store.open(this.#user);
      await this.#opened;
      if (this.#closed) return;
      if (puts.length > 0) await this.#store.put(puts.map(([record, lane]) => stored(lane, record)));
      for (const [{ owner }] of puts) owner.ticket.markStored(null);
      if (this.#closed) return;
      if (removes.length > 0) await this.#store.remove(removes);
    } catch (cause) {
      if (this.#closed) return;
      this.#fail(new HoldfastError('storage-failed', `The outbox store '${this.#store.name}' failed.`, { cause }), puts);
    }
    if (this.#closed) return;
    this.#work = 'none';
    if (this.#puts.size + this.#removes.length > 0) this.#schedule();
  }

  get #closed(): boolean {
    return this.#work === 'closed';
  }

  /** What could not be written goes on from memory; nothing accepted by `publish` is lost by it while the page lives. */
  #fail(error: HoldfastError, puts: readonly (readonly [OutboxRecord, LaneName])[]): void {
    for (const [{ owner }] of puts) owner.ticket.markStored(error);
    if (this.#broken) return;
    this.#broken = true;
    this.#report(error);
    this.#status.set(this.#present());
  }

  #present(): OutboxStatus {
    const [oldest] = this.#pending;
    const durable = this.#store.durable && !this.#broken;
    return {
      pending: this.#pending.size,
      bytes: this.#bytes,
      durable,
      problem: this.#broken ? 'broken' : durable ? 'none' : 'memory-store',
      oldest: oldest?.owner.createdAt ?? null,
    };
  }
}

function stored(
  { channel, producer }: LaneName,
  { sequence, id, event, data, tombstone, attempted, owner }: OutboxRecord,
): StoredRecord {
  const item = tombstone === null ? { id, e: event, d: data } : { id, x: tombstone };
  return { channel, producer, sequence, item, createdAt: owner.createdAt, expiresAt: owner.expiresAt, attempted };
}
