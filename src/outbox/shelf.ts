import type { OutboxStatus, Readable } from '../types.ts';
import { type Writable, createReadable } from '../util/readable.ts';
import { soon } from '../util/soon.ts';
import type { LaneRecord } from './lane.ts';
import type { Ticket } from './receipt.ts';

/** What the lane keeps beside each record. */
export interface Owner {
  readonly ticket: Ticket;
  readonly createdAt: number;
  readonly expiresAt: number;
}
export type OutboxRecord = LaneRecord<Owner>;
type LaneName = { readonly channel: string; readonly producer: string };

const RENEWED_AFTER = 1024;

/** What is pending, counted. */
export class Shelf {
  readonly #status: Writable<OutboxStatus>;
  #pending: Set<OutboxRecord> = new Set();
  #bytes = 0;
  #fresh: OutboxRecord[] = [];
  #added = 0;
  #ticking = false;

  constructor(report: (error: unknown) => void) {
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

  add(_lane: LaneName, record: OutboxRecord): void {
    this.#pending.add(record);
    this.#bytes += record.size;
    this.#added += 1;
    if (this.#added % RENEWED_AFTER === 0) this.#pending = new Set(this.#pending);
    this.#fresh.push(record);
    this.#schedule();
  }

  attempted(_lane: LaneName, _record: OutboxRecord): void {}

  keep(_lane: LaneName, _record: OutboxRecord): void {}

  settled(record: OutboxRecord): void {
    if (this.#pending.delete(record)) this.#bytes -= record.size;
    this.#schedule();
  }

  drop(_lane: LaneName, _record: OutboxRecord): void {}

  close(): void {
    this.#fresh = [];
  }

  #schedule(): void {
    if (this.#ticking) return;
    this.#ticking = true;
    soon(this.#afterSending);
  }

  readonly #afterSending = (): void => soon(this.#tick);

  readonly #tick = (): void => {
    this.#ticking = false;
    this.#status.set(this.#present());
    const fresh = this.#fresh;
    this.#fresh = [];
    for (const { owner } of fresh) owner.ticket.markStored(null);
  };

  #present(): OutboxStatus {
    const [oldest] = this.#pending;
    return {
      pending: this.#pending.size,
      failed: 0,
      bytes: this.#bytes,
      durable: false,
      problem: 'memory-store',
      oldest: oldest?.owner.createdAt ?? null,
    };
  }
}
