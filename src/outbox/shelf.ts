import type { OutboxStatus, Readable } from '../types.ts';
import { type Writable, createReadable } from '../util/readable.ts';
import { soon } from '../util/soon.ts';
import type { LaneRecord } from './record.ts';
import type { Ticket } from './receipt.ts';

/** What the lane keeps beside each record. */
export interface Owner {
  /** Null: it only fills a hole in what an earlier page left. */
  readonly ticket: Ticket | null;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** Of the app's payloads. */
  readonly version: number;
  /** Of those with this key only the newest is kept. */
  readonly replace: string | null;
  /** Published by this page. */
  readonly own: boolean;
}
export type OutboxRecord = LaneRecord<Owner>;

const RENEWED_AFTER = 1024;

type Facts = Pick<OutboxStatus, 'durable' | 'problem' | 'failed'>;

/** What is pending, counted. */
export class Shelf {
  readonly #facts: () => Facts;
  readonly #onTick: () => void;
  readonly #status: Writable<OutboxStatus>;
  #pending: Set<OutboxRecord> = new Set();
  #bytes = 0;
  #added = 0;
  #ticking = false;

  constructor(facts: () => Facts, onTick: () => void, report: (error: unknown) => void) {
    this.#facts = facts;
    this.#onTick = onTick;
    this.#status = createReadable(this.#present({ durable: false, problem: 'none', failed: 0 }), report);
  }

  readonly status: Readable<OutboxStatus> = {
    get: () => {
      // Its facts are asked for late: a server that renders makes clients too.
      this.#status.set(this.#present(this.#facts()));
      return this.#status.get();
    },
    subscribe: (listener) => this.#status.subscribe(listener),
  };

  get pending(): ReadonlySet<OutboxRecord> {
    return this.#pending;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(record: OutboxRecord): void {
    this.#pending.add(record);
    this.#bytes += record.size;
    this.#added += 1;
    // V8 links each table that a set outgrows to the next one. Once an old table is in old space, all that came after it stays
    // until a full collection, which made one third of the cost of a publication.
    if (this.#added % RENEWED_AFTER === 0) this.#pending = new Set(this.#pending);
    this.changed();
  }

  /** Its outcome is known; the record itself may still be needed to close its sequence. */
  settled(record: OutboxRecord): void {
    if (this.#pending.delete(record)) this.#bytes -= record.size;
    this.changed();
  }

  /** Listeners of the status are told when this tick has been sent. */
  changed(): void {
    if (this.#ticking) return;
    this.#ticking = true;
    soon(this.#afterSending);
  }

  readonly #afterSending = (): void => soon(this.#tick);

  readonly #tick = (): void => {
    this.#ticking = false;
    this.#status.set(this.#present(this.#facts()));
    this.#onTick();
  };

  #present(facts: Facts): OutboxStatus {
    const [oldest] = this.#pending;
    return { pending: this.#pending.size, bytes: this.#bytes, oldest: oldest?.owner.createdAt ?? null, ...facts };
  }
}
