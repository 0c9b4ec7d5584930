import type { Codec, Encoded } from '../../src/protocol/codec.ts';
import { Assembler, PACKET, PART } from '../../src/protocol/fragment.ts';
import type { ServerLine, ServerSocket } from '../types.ts';
import type { DataChannel, PeerConnection, RtcConfig, RtcLibrary } from './rtc-library.ts';
import { codecs } from './websocket.ts';

export interface PeerHost {
  /** Bytes of a message. */
  readonly limit: number;
  accept(socket: ServerSocket, codec: Codec): ServerLine;
  /** Of what is sent to many, made once. */
  partsOf(data: Encoded): readonly Uint8Array<ArrayBuffer>[];
  /** Its first message came, which is `hello` or wrong. */
  onHeard(): void;
  /** Once. */
  onGone(): void;
  onFault(error: unknown): void;
}

/** No candidate can follow, so what is known by then is what the client gets. */
const GATHER = { first: 1000, all: 3000 } as const;
const OPEN_TIMEOUT = 10_000;
/** A client leaves when it has read `bye`. For one that does not, the channel is closed, and at last the connection. */
const CLOSE = { channel: 1000, connection: 2000 } as const;
/** Queued bytes below which the core is told that there is room. */
const LOW = 262_144;
/** Channels that nobody asked for. */
const STRAY = 8;

/**
 * One peer connection and its channels, from the offer to the end. The library's callbacks run on the main thread, but an
 * exception that leaves one of them ends the process, and so does a call to a channel that it has ended meanwhile.
 */
export class Peer implements ServerSocket {
  readonly #host: PeerHost;
  readonly #connection: PeerConnection;
  readonly #timers = new Set<NodeJS.Timeout>();
  #state: 'opening' | 'open' | 'closing' | 'gone' = 'opening';
  /** Held here: a channel that is collected as garbage is closed. */
  #frames: DataChannel | null = null;
  #tells: DataChannel | null = null;
  #line: ServerLine | null = null;
  #heard = false;
  #stray = 0;
  /** Of the offer: with what is known by now, or not at all if the connection is gone. */
  #settle: (() => void) | null = null;

  /** @throws Error for a configuration that the library does not take */
  constructor({ PeerConnection }: RtcLibrary, config: RtcConfig, host: PeerHost) {
    this.#host = host;
    this.#connection = new PeerConnection('holdfast', config);
    this.#after(OPEN_TIMEOUT, () => {
      if (this.#state === 'opening') this.end();
    });
  }

  /**
   * Takes the offer.
   *
   * @returns the answer, with its candidates
   * @throws Error (as a rejection) for an offer that cannot be read, or if the connection ends first
   */
  answer(offer: string): Promise<string> {
    const connection = this.#connection;
    return new Promise((resolve, reject) => {
      let first = true;
      const settle = (): void => {
        const description = this.#state === 'gone' ? null : connection.localDescription();
        if (description === null) reject(new Error('there is no answer'));
        else resolve(description.sdp);
      };
      this.#settle = settle;
      connection.onGatheringStateChange((state) => this.#safely(() => state === 'complete' && settle()));
      connection.onLocalCandidate(() => {
        if (first) this.#after(GATHER.first, settle);
        first = false;
      });
      this.#after(GATHER.all, settle);
      connection.onStateChange((state) => {
        if (state === 'closed' || state === 'failed' || state === 'disconnected') this.end();
      });
      connection.onDataChannel((channel) => this.#safely(() => this.#take(channel)));
      try {
        connection.setRemoteDescription(offer, 'offer');
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
  }

  /** Whether the core has it. */
  get open(): boolean {
    return this.#line !== null;
  }

  /** Idempotent. */
  end(): void {
    if (this.#state === 'gone') return;
    this.#state = 'gone';
    for (const timer of this.#timers) clearTimeout(timer);
    this.#safely(() => this.#connection.close());
    this.#settle?.();
    this.#line?.onClose();
    this.#host.onGone();
  }

  #take(channel: DataChannel): void {
    const codec = codecs().get(channel.getProtocol() || 'none');
    const label = channel.getLabel();
    if (this.#state === 'opening' && label === 'frames' && codec !== undefined) this.#open(channel, codec);
    else if (this.#tells === null && label === 'tells' && codec !== undefined) {
      this.#tells = channel;
      // A client that sends anything else on it is at fault on `frames` too.
      this.#listen(channel, new Assembler(PART, 'one'), () => this.end());
      channel.onClosed(() => {
        this.#tells = null;
      });
    } else {
      channel.close();
      this.#stray += 1;
      if (this.#stray > STRAY) this.end();
    }
  }

  #open(channel: DataChannel, codec: Codec): void {
    this.#state = 'open';
    this.#frames = channel;
    channel.setBufferedAmountLowThreshold(LOW);
    channel.onBufferedAmountLow(() => this.#safely(() => this.#line?.onDrain()));
    channel.onClosed(() => {
      // By this side it is closed as soon as that is asked for, with what was queued still on its way.
      if (this.#state === 'open') this.end();
    });
    this.#line = this.#host.accept(this, codec);
    this.#listen(channel, new Assembler(this.#host.limit), (code, why) => {
      this.send(codec.encode({ t: 'bye', code, why }));
      this.close();
    });
  }

  #listen(channel: DataChannel, assembler: Assembler, refuse: (code: number, why: string) => void): void {
    channel.onMessage((data) =>
      this.#safely(() => {
        if (this.#state !== 'open' || this.#line === null) return;
        const taken = assembler.take(typeof data === 'string' ? data : plain(data));
        if (taken.state === 'partial') return;
        if (!this.#heard) this.#host.onHeard();
        this.#heard = true;
        if (taken.state === 'whole') this.#line.onMessage(taken.message);
        else refuse(taken.code, taken.why);
      }),
    );
  }

  // ---- from the core ---------------------------------------------------------------------------------------------

  send(data: Encoded): void {
    if (this.#state !== 'open') return;
    try {
      for (const part of this.#host.partsOf(data)) this.#frames!.sendMessageBinary(part);
    } catch {
      // It broke a moment ago, and its end is on the way to this thread. Not now: the core is sending.
      setImmediate(() => this.end());
    }
  }

  sendVolatile(data: Encoded): boolean {
    const parts = this.#host.partsOf(data);
    if (this.#state !== 'open' || this.#tells === null || parts[0]!.length > PACKET) return false;
    try {
      if (!this.#tells.isOpen()) return false;
      this.#tells.sendMessageBinary(parts[0]!);
      return true;
    } catch {
      this.#tells = null;
      return false;
    }
  }

  get buffered(): number {
    if (this.#state !== 'open') return 0;
    try {
      return this.#frames!.bufferedAmount() + (this.#tells?.bufferedAmount() ?? 0);
    } catch {
      return 0;
    }
  }

  close(): void {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    // Not yet: some clients are told of a closed channel before its last messages, and the connection drops what is queued.
    this.#after(CLOSE.channel, () => this.#frames!.close());
    this.#after(CLOSE.connection, () => this.end());
  }

  #after(ms: number, run: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#safely(run);
    }, ms);
    this.#timers.add(timer);
  }

  #safely(run: () => unknown): void {
    try {
      run();
    } catch (error) {
      this.#host.onFault(error);
      this.end();
    }
  }
}

/** Memory of its own, as a view would keep alive what it was cut from. */
function plain(data: Buffer | ArrayBuffer): Uint8Array<ArrayBuffer> {
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  return new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
}
