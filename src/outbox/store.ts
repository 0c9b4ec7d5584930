import type { Item, Tombstone } from '../protocol/frame.ts';

/** One publication as the outbox keeps it. */
export interface StoredRecord {
  readonly channel: string;
  readonly producer: string;
  readonly sequence: number;
  readonly item: Item | Tombstone;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** Lane memory (`welcome.mem`) under which it was first sent; null if it never was. */
  readonly attempted: string | null;
}

/** Names one record; a sequence is never used twice (rule R5). */
export type RecordKey = Pick<StoredRecord, 'channel' | 'producer' | 'sequence'>;

/** Port of the place where publications wait. The outbox calls it at most once a tick, with all that gathered. */
export interface OutboxStore {
  readonly name: string;
  /** Whether what it holds survives the page. */
  readonly durable: boolean;
  /** Called once, before anything else. `user` names whose records these are (invariant I12). */
  open(user: string): Promise<void>;
  /** Inserts or replaces; resolves when committed, all or none. */
  put(records: readonly StoredRecord[]): Promise<void>;
  /** Forgets; unknown keys are no error. */
  remove(keys: readonly RecordKey[]): Promise<void>;
  /** Everything it holds, by channel, producer and sequence. */
  list(): Promise<readonly StoredRecord[]>;
  close(): void;
}
