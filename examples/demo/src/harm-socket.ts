/** What the line does to the frames of every socket. Changed by the harm panel, read by each socket. */
export interface Weather {
  /** New sockets fail at once. */
  offline: boolean;
  /** Nothing moves in either direction, nothing is lost: a half-open connection. */
  held: boolean;
  /** ms added in each direction. */
  delay: number;
}

export type Direction = 'out' | 'in';

/** A socket, a peer connection, or a request under way. */
export interface Passage {
  /** Frames on their way, each direction. */
  readonly waiting: Readonly<Record<Direction, number>>;
  cut(): void;
  /** Lets go what may go now. */
  pump(): void;
}

/** How the harm reaches what passes over the line, and how that reports. */
export interface Line {
  readonly weather: Weather;
  readonly passages: Set<Passage>;
  /** The number of waiting frames changed. */
  onQueue(): void;
  onFrame(direction: Direction): void;
}

/** A direction of one passage. Keeps order whatever the delay is changed to. */
export class Pipe {
  readonly #line: Line;
  readonly #queue: { readonly due: number; readonly frame: boolean; readonly run: () => void }[] = [];
  #timer: number | undefined;
  frames = 0;

  constructor(line: Line) {
    this.#line = line;
  }

  push(run: () => void, frame: boolean): void {
    const due = Math.max(performance.now() + this.#line.weather.delay, this.#queue.at(-1)?.due ?? 0);
    this.#queue.push({ due, frame, run });
    if (frame) this.frames += 1;
    this.pump();
  }

  pump(): void {
    clearTimeout(this.#timer);
    while (!this.#line.weather.held) {
      const next = this.#queue[0];
      if (next === undefined) break;
      const wait = next.due - performance.now();
      if (wait > 0) {
        this.#timer = window.setTimeout(() => this.pump(), wait);
        break;
      }
      this.#queue.shift();
      if (next.frame) this.frames -= 1;
      next.run();
    }
    this.#line.onQueue();
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#queue.length = 0;
    this.frames = 0;
    this.#line.onQueue();
  }
}

type Handler = ((event: Event) => void) | null;

/**
 * A WebSocket over a bad line. It wraps a real one and speaks the same interface, so the client cannot tell: what it does
 * about the harm is what it does in the world.
 */
export class HarmSocket extends EventTarget implements Passage {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSING = 2;
  static readonly CLOSED = 3;
  readonly CONNECTING = 0;
  readonly OPEN = 1;
  readonly CLOSING = 2;
  readonly CLOSED = 3;
  onopen: Handler = null;
  onmessage: Handler = null;
  onerror: Handler = null;
  onclose: Handler = null;
  readonly url: string;
  readyState = 0;
  readonly #line: Line;
  readonly #outward: Pipe;
  readonly #inward: Pipe;
  readonly #real: WebSocket | null;
  #heldBytes = 0;

  constructor(line: Line, url: string | URL, protocols: string | string[] = []) {
    super();
    this.#line = line;
    this.#outward = new Pipe(line);
    this.#inward = new Pipe(line);
    this.url = String(url);
    line.passages.add(this);
    if (line.weather.offline) {
      this.#real = null;
      // A socket never fails inside its constructor.
      window.setTimeout(() => this.cut(), 0);
      return;
    }
    const real = new WebSocket(url, protocols);
    this.#real = real;
    real.onopen = () => this.#inward.push(() => this.#opened(), false);
    real.onmessage = (event: MessageEvent) => this.#inward.push(() => this.#received(event), true);
    real.onerror = () => this.#inward.push(() => this.#emit(new Event('error')), false);
    real.onclose = ({ code, reason, wasClean }: CloseEvent) =>
      this.#inward.push(() => this.#closed({ code, reason, wasClean }), false);
  }

  get protocol(): string {
    return this.#real?.protocol ?? '';
  }
  get extensions(): string {
    return this.#real?.extensions ?? '';
  }
  /** Frames that the harm holds back count as not yet sent. */
  get bufferedAmount(): number {
    return this.#heldBytes + (this.#real?.bufferedAmount ?? 0);
  }
  get binaryType(): BinaryType {
    return this.#real?.binaryType ?? 'blob';
  }
  set binaryType(type: BinaryType) {
    if (this.#real !== null) this.#real.binaryType = type;
  }
  /** Frames on their way, each direction. */
  get waiting(): Readonly<Record<Direction, number>> {
    return { out: this.#outward.frames, in: this.#inward.frames };
  }

  send(data: string | ArrayBuffer | ArrayBufferView<ArrayBuffer>): void {
    if (this.readyState === this.CONNECTING) throw new DOMException('Still connecting.', 'InvalidStateError');
    if (this.readyState !== this.OPEN) return;
    const size = typeof data === 'string' ? data.length : data.byteLength;
    this.#heldBytes += size;
    this.#outward.push(() => {
      this.#heldBytes -= size;
      if (this.#real?.readyState === WebSocket.OPEN) this.#real.send(data);
      this.#line.onFrame('out');
    }, true);
  }

  /** Goes behind the held frames: on a stalled line even a farewell does not arrive, and old frames may come very late. */
  close(code?: number, reason?: string): void {
    if (this.readyState >= this.CLOSING) return;
    this.readyState = this.CLOSING;
    this.#outward.push(() => this.#real?.close(code, reason), false);
  }

  pump(): void {
    this.#outward.pump();
    this.#inward.pump();
  }

  /** As when the cable is pulled: what is under way in either direction is lost, and nobody says goodbye. */
  cut(): void {
    if (this.readyState === this.CLOSED) return;
    const silent = this.readyState === this.CLOSING;
    this.#outward.clear();
    this.#inward.clear();
    const real = this.#real;
    if (real !== null) {
      real.onopen = real.onmessage = real.onerror = real.onclose = null;
      real.close();
    }
    if (!silent) this.#emit(new Event('error'));
    this.#closed({ code: 1006, reason: '', wasClean: false });
  }

  #opened(): void {
    if (this.readyState !== this.CONNECTING) return;
    this.readyState = this.OPEN;
    this.#emit(new Event('open'));
  }

  #received(event: MessageEvent): void {
    if (this.readyState !== this.OPEN) return;
    this.#line.onFrame('in');
    this.#emit(new MessageEvent('message', { data: event.data as unknown }));
  }

  #closed(end: CloseEventInit): void {
    if (this.readyState === this.CLOSED) return;
    this.readyState = this.CLOSED;
    this.#heldBytes = 0;
    this.#line.passages.delete(this);
    this.#line.onQueue();
    this.#emit(new CloseEvent('close', end));
  }

  #emit(event: Event): void {
    this.dispatchEvent(event);
    const handlers = { open: this.onopen, message: this.onmessage, error: this.onerror, close: this.onclose };
    handlers[event.type as keyof typeof handlers]?.call(this, event);
  }
}
