import type { Encoded } from '../../src/protocol/codec.ts';

/**
 * One HTTP request and its response, whatever platform carries them. A response is either whole ({@link answer}) or comes
 * in pieces ({@link begin}, {@link write}, {@link end}). Nothing here throws because the peer has gone.
 */
export interface Exchange {
  readonly method: string;
  /** Below the mount: `/poll`. */
  readonly path: string;
  /** Of the peer, which may be a proxy. */
  readonly ip: string;
  /** @param name in lower case */
  header(name: string): string | null;
  /**
   * The body; null if it is longer than `most` bytes, the rest is then thrown away. Called once at most; rejects if the
   * peer goes away first.
   */
  read(most: number): Promise<Uint8Array<ArrayBuffer> | null>;
  /** All of the response. */
  answer(status: number, headers: HeaderTable, body: Encoded | null): void;
  /** Sends the head at once. */
  begin(status: number, headers: HeaderTable): void;
  write(text: string): void;
  /** `onClose` must follow, soon, even if the peer takes no more of what was written. */
  end(): void;
  /** Bytes written and not yet handed to the network. */
  readonly buffered: number;
  /** Called once at most. */
  listen(listener: ExchangeListener): void;
}

export interface ExchangeListener {
  /** `buffered` fell. */
  onDrain(): void;
  /** Once: the response is over, or the peer has gone; also if that was before {@link Exchange.listen}. */
  onClose(): void;
}

export type HeaderTable = Readonly<Record<string, string>>;
