import type { ClientFrame, ServerFrame } from './frame.ts';

/** What a codec makes: text, or bytes. */
export type Encoded = string | Uint8Array<ArrayBuffer>;

/**
 * Port of the wire format. Frames are encoded one by one and joined afterwards, so that a server encodes a message once
 * for a thousand subscribers and still sends each of them one batch.
 */
export interface Codec {
  /** Last part of the WebSocket subprotocol, `holdfast.1.<name>`. */
  readonly name: string;
  readonly binary: boolean;
  /** One frame. */
  encode(frame: ClientFrame | ServerFrame): Encoded;
  /** A batch of what {@link encode} made; never empty. */
  join(pieces: readonly Encoded[]): Encoded;
  /** One frame or an array of frames, not yet checked. May throw on garbage. */
  decode(data: Encoded): unknown;
}
