import type { TombstoneKind } from '../protocol/frame.ts';

/** One publication. `R` is whatever the owner keeps beside it. */
export interface LaneRecord<R> {
  readonly sequence: number;
  readonly id: string;
  readonly event: string;
  readonly data: unknown;
  /** bytes */
  readonly size: number;
  readonly owner: R;
  /** What is sent in place of the item. The item is kept: the answer may be that it had been accepted. */
  tombstone: TombstoneKind | null;
  /** Lane memory under which it was first sent; null if it never was. */
  attempted: string | null;
  /** It may have arrived under a memory that the server has lost. */
  doubtful: boolean;
  /** When it was answered; null while it waits. Answered records are retained for a while, to repair a store (I4). */
  answeredAt: number | null;
}
