import { HoldfastError } from '../errors.ts';
import type { OutboxStatus, Readable } from '../types.ts';
import { type Writable, createReadable } from '../util/readable.ts';
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

/** What is pending, counted and kept in the store: one transaction a tick, whatever the number of publications. */
export class Shelf {
  readonly #store: OutboxStore;
  readonly #user: string;
  readonly #report: (error: unknown) => void;
  readonly #status: Writable<OutboxStatus>;
  readonly #pending = new Set<OutboxRecord>();
  #bytes = 0;
  #puts = new Map<OutboxRecord, LaneName>();
  #removes: RecordKey[] = [];
  #opened: Promise<void> | null = null;
  #broken = false;
  #work: 'none' | 'scheduled' | 'committing' = 'none';

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
    this.keep(lane, record);
  }

  /** Its mark or its tombstone changed. */
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
    if (!this.#puts.delete(record)) this.#removes.push({ channel, producer, sequence: record.sequence });
    this.#schedule();
  }

  close(): void {
    this.#puts.clear();
    this.#removes = [];
    this.#store.close();
  }

  #schedule(): void {
    if (this.#work !== 'none') return;
    this.#work = 'scheduled';
    queueMicrotask(() => void this.#commit());
  }

  async #commit(): Promise<void> {
    this.#status.set(this.#present());
    this.#work = 'committing';
    const puts = [...this.#puts];
    const removes = this.#removes;
    this.#puts = new Map();
    this.#removes = [];
    try {
      this.#opened ??= this.#store.open(this.#user);
      await this.#opened;
      if (puts.length > 0) await this.#store.put(puts.map(([record, lane]) => stored(lane, record)));
      if (removes.length > 0) await this.#store.remove(removes);
      for (const [{ owner }] of puts) owner.ticket.markStored(null);
    } catch (cause) {
      this.#fail(new HoldfastError('storage-failed', `The outbox store '${this.#store.name}' failed.`, { cause }), puts);
    }
    this.#work = 'none';
    if (this.#puts.size > 0 || this.#removes.length > 0 || this.#pending.size !== this.#status.get().pending) this.#schedule();
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
