import type { Environment } from '../platform/environment.ts';

/**
 * Keys sort as those of IndexedDB do (W3C "Indexed Database API", section 2.5): part by part, numbers before texts, texts by
 * UTF-16 units, and the shorter of two that begin alike first.
 */
export type StoreKey = readonly (string | number)[];

/** Values are plain data, bytes among them: what a structured clone carries. */
export type StoreRow = readonly [key: StoreKey, value: unknown];

/** Both ends belong to it. */
export type KeyRange = readonly [from: StoreKey, to: StoreKey];

export interface StoreWrite {
  /** Forgotten first; what is not there is no error. */
  readonly remove: readonly KeyRange[];
  /** Then inserted, or put in place of what was there. */
  readonly put: readonly StoreRow[];
  /** Then put in place of what stands there; where nothing stands, another page has removed it, and it stays so. @default none */
  readonly update?: readonly StoreRow[];
  /** It must survive the loss of power once `write` resolves, whatever the store's own durability is. */
  readonly strict: boolean;
}

export interface StoreContext {
  readonly environment: Environment;
  /** Whose rows these are: nothing of one user may be seen by another (invariant I12). */
  readonly user: string;
  /** Absolute address of the server that they are meant for. */
  readonly url: string;
  /** What it held may be gone, as when somebody clears the data of the site: what still matters is written again. */
  readonly onLost?: () => void;
}

/** Port of the place where publications wait: a sorted table that every page of one user shares. */
export interface OutboxStore {
  readonly name: string;
  /** Whether what it holds survives the page. Nothing is written to one that does not. */
  readonly durable: boolean;
  /**
   * @throws HoldfastError `storage-failed`, with `details.problem`: `unsupported` (this platform has none), `denied` (it
   * may not be used), `blocked` (another page of another version does not let go), or `broken`
   */
  open(context: StoreContext): Promise<OpenStore>;
}

export interface OpenStore {
  /** Names what is shared, for locks and broadcasts: the same in every page that sees these rows. */
  readonly scope: string;
  /** All ranges in one transaction; the rows of each in order of their keys. */
  read(ranges: readonly KeyRange[]): Promise<readonly (readonly StoreRow[])[]>;
  /**
   * One transaction, all or nothing (`update` may be another one); calls take effect in their order, and before a later `read`.
   * @throws HoldfastError `storage-failed`, with `details.problem`: `quota` (there is no room; it may succeed later) or
   * `broken` (the store is gone, and could not be opened again)
   */
  write(write: StoreWrite): Promise<void>;
  /** Idempotent. Resolves when what was being written is done, and no handle is left. */
  close(): Promise<void>;
}
