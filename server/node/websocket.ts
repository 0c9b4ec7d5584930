import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Codec, Encoded } from '../../src/protocol/codec.ts';
import { json } from '../../src/protocol/json.ts';
import { msgpack } from '../../src/protocol/msgpack.ts';
import type { ServerCore, ServerSocket, SocketInfo } from '../types.ts';

const OPEN = 1;
/** RFC 6455, section 5.5: a control frame carries 125 bytes, two of them the code. */
const REASON_BYTES = 123;

/** By subprotocol. Without one a client speaks JSON. */
export function codecs(): ReadonlyMap<string, Codec> {
  const [text, bytes] = [json(), msgpack()];
  return new Map([
    ['', text],
    ['holdfast.1.json', text],
    ['holdfast.1.msgpack', bytes],
  ]);
}

/** The client's first choice that is known. */
export function chooseProtocol(offered: ReadonlySet<string>): string | false {
  for (const protocol of offered) if (protocol === 'holdfast.1.json' || protocol === 'holdfast.1.msgpack') return protocol;
  return false;
}

/** Bytes of the memory in which frames are made that leave at once. */
const SCRATCH = 16_384;

/**
 * Makes whole WebSocket frames (RFC 6455, section 5.2), unmasked as a server's are. The last one is kept, because a batch
 * mostly goes to many sockets one after the other: it is then encoded and framed once, and each socket gets one write
 * instead of a header and a payload.
 */
export class FrameWriter {
  #data: Encoded = '';
  #frame: Buffer = Buffer.alloc(0);
  /** The frame is in the scratch memory, where the next one will overwrite it. */
  #passing = false;
  #scratch: Buffer | null = null;

  write(socket: Duplex, data: Encoded): void {
    // What the system takes at once it copies. Only of a socket is it known that nobody holds the memory after that.
    const idle = socket instanceof Socket && socket.writableLength === 0;
    socket.write(this.frame(data, idle));
    if (!this.#passing || socket.writableLength === 0) return;
    // It waits for the peer: this memory is the socket's now.
    this.#passing = false;
    this.#scratch = null;
  }

  /** @param passing it will be used up before the next one is made */
  frame(data: Encoded, passing = false): Buffer {
    if (data === this.#data && this.#frame.length > 0 && (passing || !this.#passing)) return this.#frame;
    const length = typeof data === 'string' ? Buffer.byteLength(data) : data.byteLength;
    const size = length + (length < 126 ? 2 : length < 65_536 ? 4 : 10);
    this.#passing = passing && size <= SCRATCH;
    this.#data = data;
    // Not pooled: one short frame that waits for a slow peer would keep a whole pool.
    this.#frame = this.#passing
      ? (this.#scratch ??= Buffer.allocUnsafeSlow(SCRATCH)).subarray(0, size)
      : Buffer.allocUnsafeSlow(size);
    fill(this.#frame, data, size - length);
    return this.#frame;
  }
}

function fill(frame: Buffer, data: Encoded, header: number): void {
  const text = typeof data === 'string';
  const length = frame.length - header;
  frame[0] = text ? 0x81 : 0x82;
  if (header === 2) frame[1] = length;
  else if (header === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeUInt32BE(0, 2);
    frame.writeUInt32BE(length, 6);
  }
  if (text) frame.write(data, header);
  else frame.set(data, header);
}

/** Binds an open socket to the core, until it closes. */
export function serveWebSocket(core: ServerCore, webSocket: WebSocket, raw: Duplex, writer: FrameWriter, info: SocketInfo): void {
  const socket: ServerSocket = {
    send(data) {
      // Written beside `ws`, which is safe between frames: without compression it writes each of its own in one go.
      if (webSocket.readyState === OPEN) writer.write(raw, data);
    },
    close: (code, reason) => webSocket.close(code, clip(reason)),
    get buffered() {
      return raw.writableLength;
    },
  };
  const line = core.accept(socket, info);
  webSocket.on('message', (data, binary) => {
    line.onMessage(binary ? plain(data as Buffer) : (data as Buffer).toString());
  });
  // `close` follows; a peer that breaks the WebSocket protocol or vanishes is no fault of ours.
  webSocket.on('error', () => undefined);
  webSocket.on('close', () => line.onClose());
  raw.on('drain', () => line.onDrain());
}

/** A Buffer's slice() and subarray() are views: a payload taken out of it would keep the whole message alive. */
function plain({ buffer, byteOffset, byteLength }: Buffer): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}

function clip(reason: string): string {
  return new TextDecoder().decode(new TextEncoder().encode(reason).subarray(0, REASON_BYTES - 2)).replace(/\uFFFD+$/, '');
}
