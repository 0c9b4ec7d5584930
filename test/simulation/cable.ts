/**
 * The network of one page, connection by connection. Order is kept within a connection and nowhere else: what an old one
 * still carries may arrive after what a new one brought.
 */
import type { ServerCore } from '../../server/types.ts';
import type { SocketConstructor } from '../../src/platform/environment.ts';
import type { Codec } from '../../src/protocol/codec.ts';
import type { ClientFrame, ServerFrame } from '../../src/protocol/frame.ts';
import type { VirtualClock } from '../support/virtual-clock.ts';
import type { Chronicle } from './chronicle.ts';
import type { Oracle } from './oracle.ts';
import type { Weather } from './pipe.ts';
import { ABNORMAL, type Line, type SimSocket, socketClass } from './sim-socket.ts';
import { type Middle, type Way, Wire } from './wire.ts';

/** refusing: there is nobody. mute: somebody, who never answers. */
export type Mode = 'open' | 'refusing' | 'mute';

export interface CableOptions {
  /** Number of the page, for the oracle. */
  readonly page: number;
  readonly clock: VirtualClock;
  readonly random: () => number;
  readonly codec: Codec;
  readonly oracle: Oracle;
  readonly middle: Middle;
  /** Bytes that wait beyond what the network itself holds. */
  readonly holds: number;
  /** The page opens a connection. */
  onAttempt(): void;
  /** Where the next connection goes; null if nobody listens. */
  server(): ServerCore | null;
  readonly chronicle: Chronicle;
  count(name: string): void;
  /** Runs what arrives at the page: at once, or when it thaws. */
  arrive(run: () => void): void;
}

/** Nothing stands between. */
export const CALM: Middle = { garbles: 0, repeats: 0, idle: null, tells: true };

const FAIR: Weather = { latency: [1, 20], rate: Infinity, holds: 65_536 };

export class Cable {
  readonly WebSocket: SocketConstructor;
  /** The codec of the page, with an ear in it: what it encodes it sends, what it decodes has come. */
  readonly codec: Codec;
  readonly #options: CableOptions;
  readonly #wires = new Set<Wire>();
  readonly #sockets = new Set<SimSocket>();
  #middle: Middle;
  #weather: Weather;
  #mode: Mode = 'open';
  #opened = 0;
  #encoded: ClientFrame[] = [];
  #receiving: number | null = null;

  constructor(options: CableOptions) {
    const { codec, holds, middle } = options;
    this.#options = options;
    this.#middle = middle;
    this.#weather = { latency: [1, 5], rate: Infinity, holds };
    this.WebSocket = socketClass((_protocol, socket) => this.#open(socket));
    this.codec = {
      ...codec,
      encode: (frame) => {
        this.#encoded.push(frame as ClientFrame);
        return codec.encode(frame);
      },
      decode: (data) => {
        const value = codec.decode(data);
        this.#decoded(value);
        return value;
      },
    };
  }

  /** Connections that at least one end believes in. */
  get open(): number {
    return this.#wires.size;
  }

  /** Sockets that the page has not closed. */
  get openSockets(): number {
    return [...this.#sockets].filter(({ readyState }) => readyState < 2).length;
  }

  set(mode: Mode): void {
    this.#mode = mode;
  }

  /** @param rate bytes in a ms */
  latency(min: number, max: number, rate = Infinity): void {
    this.#weather = { ...this.#weather, latency: [min, max], rate };
  }

  /** The connections are gone, and one end or both learn of it. */
  cut(who: 'client' | 'server' | 'both'): void {
    for (const wire of [...this.#wires]) wire.cut(who);
  }

  /** Nothing arrives on the present connections any more, and nobody is told: another network, a sleeping device. */
  vanish(way: Way | 'both'): void {
    for (const wire of this.#wires) wire.vanish(way);
  }

  /** A server died: its ends of all connections are gone at once. */
  crashed(server: ServerCore): void {
    for (const wire of [...this.#wires]) if (wire.server === server) wire.cut('both');
  }

  /** The page's process died. */
  orphan(told: boolean): void {
    for (const wire of [...this.#wires]) wire.orphan(told);
    this.#sockets.clear();
  }

  stall(way: Way): void {
    for (const wire of this.#wires) wire.stall(way);
  }

  heal(): void {
    for (const wire of [...this.#wires]) wire.heal();
  }

  /** Nothing goes wrong any more. */
  calm(): void {
    this.#middle = CALM;
    this.#mode = 'open';
    this.#weather = FAIR;
    this.heal();
  }

  #open(socket: SimSocket): Line {
    const { page, oracle, clock, random, codec, chronicle, arrive, count, server, onAttempt } = this.#options;
    this.#opened += 1;
    const number = this.#opened;
    this.#sockets.add(socket);
    onAttempt();
    const to = this.#mode === 'refusing' ? null : server();
    if (to === null) {
      const [, late] = this.#weather.latency;
      clock.setTimeout(() => arrive(() => this.#refuse(socket)), random() * late);
      return { send() {}, close() {}, bufferedAmount: 0 };
    }
    const wire = new Wire({
      clock,
      random,
      server: to,
      codec,
      socket,
      weather: () => this.#weather,
      middle: () => this.#middle,
      arrive,
      onSend: (data) => {
        chronicle.message(`page ${page}:${number}`, '>', codec, data);
        oracle.sentUp(page, number, this.#encoded.splice(0));
      },
      onReceive: (data, spoiled, run) => {
        chronicle.message(`page ${page}:${number}`, spoiled ? '< garbled' : '<', codec, data);
        this.#receiving = spoiled ? null : number;
        run();
        this.#receiving = null;
      },
      onQueued: (bytes) => oracle.queued(page, bytes, to.limits.queue),
      onFault: (sentence) => oracle.fail('I15', `page ${page}, connection ${number}: ${sentence}`),
      count,
      onOver: (over) => {
        this.#wires.delete(over);
        this.#sockets.delete(socket);
      },
    });
    this.#wires.add(wire);
    if (this.#mode === 'mute') wire.vanish('both');
    return wire;
  }

  #refuse(socket: SimSocket): void {
    this.#sockets.delete(socket);
    socket.ended(ABNORMAL);
  }

  #decoded(value: unknown): void {
    if (this.#receiving === null) return;
    const frames = (Array.isArray(value) ? value : [value]) as readonly ServerFrame[];
    this.#options.oracle.cameDown(this.#options.page, this.#receiving, frames);
  }
}
