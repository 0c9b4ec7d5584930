/**
 * A browser's WebSocket (WHATWG "WebSockets"), as far as a page can tell: the states, the events, and what it refuses. Its
 * network is a wire of the simulation.
 */
import type { SocketConstructor } from '../../src/platform/environment.ts';
import type { Encoded } from '../../src/protocol/codec.ts';

/** The network under one socket. */
export interface Line {
  send(data: Encoded): void;
  /** The page closes: by a close frame, or before there was a connection. */
  close(code: number): void;
  readonly bufferedAmount: number;
}

/** What browsers tell of the end of a connection. */
export interface Closing {
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;
}

/** No close frame came: RFC 6455, section 7.1.5. */
export const ABNORMAL: Closing = { code: 1006, reason: '', wasClean: false };
const NO_STATUS = 1005;

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;

export class SimSocket {
  readonly #line: Line;
  #readyState = CONNECTING;
  /** Of what was sent after the end: bufferedAmount grows by it and never falls. */
  #wasted = 0;
  /** The code that the page closed with. */
  #code: number | null = null;
  binaryType: 'blob' | 'arraybuffer' = 'blob';
  onopen: ((event: object) => void) | null = null;
  onmessage: ((event: { readonly data: unknown }) => void) | null = null;
  onerror: ((event: object) => void) | null = null;
  onclose: ((event: Closing) => void) | null = null;

  constructor(open: (socket: SimSocket) => Line) {
    this.#line = open(this);
  }

  get readyState(): number {
    return this.#readyState;
  }

  get bufferedAmount(): number {
    return this.#line.bufferedAmount + this.#wasted;
  }

  /** What the page closed it with; null if it did not. */
  get closedWith(): number | null {
    return this.#code;
  }

  send(data: Encoded): void {
    if (this.#readyState === CONNECTING) throw new DOMException('Still in CONNECTING state.', 'InvalidStateError');
    if (this.#readyState === OPEN) this.#line.send(data);
    else this.#wasted += data.length;
  }

  close(code?: number): void {
    if (code !== undefined && code !== 1000 && !(Number.isInteger(code) && code >= 3000 && code <= 4999)) {
      throw new DOMException(`The close code must be 1000 or 3000 to 4999, not ${code}.`, 'InvalidAccessError');
    }
    if (this.#readyState >= CLOSING) return;
    this.#readyState = CLOSING;
    this.#code = code ?? NO_STATUS;
    this.#line.close(this.#code);
  }

  // ---- from the network, as tasks of the page ------------------------------------------------------------------------

  opened(): void {
    if (this.#readyState !== CONNECTING) return;
    this.#readyState = OPEN;
    this.onopen?.({});
  }

  /** @returns whether anybody was told */
  received(data: Encoded): boolean {
    // A socket that is closing takes nothing any more, whatever is still on its way.
    if (this.#readyState !== OPEN || this.onmessage === null) return false;
    if (typeof data !== 'string' && this.binaryType !== 'arraybuffer') throw new Error('a Blob: nobody can read that at once');
    this.onmessage({ data: typeof data === 'string' ? data : data.slice().buffer });
    return true;
  }

  ended(closing: Closing): void {
    if (this.#readyState === CLOSED) return;
    this.#readyState = CLOSED;
    if (!closing.wasClean) this.onerror?.({});
    this.onclose?.(closing);
  }
}

/** What a page finds as `WebSocket`. No class of its own: engines would compile all that meets sockets anew for each page. */
export function socketClass(open: (protocol: string, socket: SimSocket) => Line): SocketConstructor {
  function WebSocket(_url: string, protocols: string[]): SimSocket {
    return new SimSocket((socket) => open(protocols[0] ?? '', socket));
  }
  return WebSocket as unknown as SocketConstructor;
}
