/**
 * The network of one page, connection by connection. Order is kept within a connection and nowhere else: what an old one
 * still carries may arrive after what a new one brought.
 */
import type { ServerCore } from '../../server/types.ts';
import type { Fetch, SocketConstructor } from '../../src/platform/environment.ts';
import type { Codec } from '../../src/protocol/codec.ts';
import type { ServerFrame } from '../../src/protocol/frame.ts';
import type { VirtualClock } from '../support/virtual-clock.ts';
import type { Chronicle } from './chronicle.ts';
import { type Block, type Blocks, CALM_HTTP, type HttpMiddle, type TransportName, isPassable } from './http-middle.ts';
import type { Oracle } from './oracle.ts';
import type { Weather } from './pipe.ts';
import { Requests, framesOf } from './requests.ts';
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
  readonly http: HttpMiddle;
  /** By network; the page begins on the first. */
  readonly networks: readonly Blocks[];
  /** What the page may use: if its network lets any of it pass, what is blocked stays so in quiet times. */
  readonly transports: readonly TransportName[];
  /** Requests at a time. */
  readonly connections: number;
  /** Bytes that wait beyond what the network itself holds. */
  readonly holds: number;
  /** The page opens a socket. */
  onAttempt(): void;
  /** The page says hello. @param gen of the connection */
  onHello(gen: number): void;
  /** Where the next connection goes; null if nobody listens. @param any also one that drains */
  server(any?: boolean): ServerCore | null;
  /** Whether it neither drains nor is closed. */
  letsIn(server: ServerCore): boolean;
  readonly chronicle: Chronicle;
  count(name: string): void;
  /** Runs what arrives at the page: at once, or when it thaws. */
  arrive(run: () => void): void;
}

export interface Network {
  readonly mode: Mode;
  readonly blocks: Blocks;
  readonly http: HttpMiddle;
  weather(): Weather;
  middle(): Middle;
}

/** Whatever goes between two ends: a socket, or a request. */
interface Connected {
  readonly server: ServerCore;
  cut(who: 'client' | 'server' | 'both'): void;
  vanish(way: Way | 'both'): void;
  orphan(told: boolean): void;
  stall(way: Way): void;
  heal(): void;
}

/** Nothing stands between. */
export const CALM: Middle = { garbles: 0, repeats: 0, idle: null, tells: true };

const FAIR: Weather = { latency: [1, 20], rate: Infinity, holds: 65_536 };
const NOWHERE: Line = { send() {}, close() {}, bufferedAmount: 0 };

export class Cable {
  readonly WebSocket: SocketConstructor;
  readonly fetch: Fetch;
  /** The codec of the page, with an ear in it: what it decodes of a socket has come. */
  readonly codec: Codec;
  readonly #options: CableOptions;
  readonly #requests: Requests;
  readonly #connected = new Map<Connected, TransportName | 'send'>();
  readonly #sockets = new Set<SimSocket>();
  readonly #networks: Blocks[];
  #at = 0;
  #middle: Middle;
  #http: HttpMiddle;
  #weather: Weather;
  #mode: Mode = 'open';
  #opened = 0;
  #receiving: number | null = null;

  constructor(options: CableOptions) {
    const { codec, holds, middle, http, networks } = options;
    this.#options = options;
    this.#middle = middle;
    this.#http = http;
    this.#networks = [...networks];
    this.#weather = { latency: [1, 5], rate: Infinity, holds };
    this.WebSocket = socketClass((_protocol, socket) => this.#open(socket));
    this.#requests = new Requests(options, {
      network: () => this.#network(),
      add: (request, way) => void this.#connected.set(request, way),
      remove: (request) => void this.#connected.delete(request),
    });
    this.fetch = this.#requests.fetch;
    this.codec = {
      ...codec,
      decode: (data) => {
        const value = codec.decode(data);
        this.#decoded(value);
        return value;
      },
    };
  }

  /** Connections that at least one end believes in. */
  get open(): number {
    return this.#connected.size;
  }

  /** Sockets that the page has not closed. */
  get openSockets(): number {
    return [...this.#sockets].filter(({ readyState }) => readyState < 2).length;
  }

  /** Requests that the page has not given up. */
  get openRequests(): number {
    return this.#requests.open;
  }

  set(mode: Mode): void {
    this.#mode = mode;
  }

  /** @param at which of the networks the page is on */
  move(at: number): void {
    this.#at = at;
  }

  /** @param block null: it is let through again */
  block(way: TransportName | 'send', block: Block | null): void {
    const { [way]: _, ...others } = this.#networks[this.#at]!;
    this.#networks[this.#at] = block === null ? others : { ...others, [way]: block };
  }

  /** @param rate bytes in a ms */
  latency(min: number, max: number, rate = Infinity): void {
    this.#weather = { ...this.#weather, latency: [min, max], rate };
  }

  /** The connections are gone, and one end or both learn of it. */
  cut(who: 'client' | 'server' | 'both'): void {
    for (const one of [...this.#connected.keys()]) one.cut(who);
  }

  /** Nothing arrives on the present connections any more, and nobody is told: another network, a sleeping device. */
  vanish(way: Way | 'both', only?: TransportName | 'send'): void {
    for (const [one, name] of [...this.#connected]) if (only === undefined || name === only) one.vanish(way);
  }

  /** A server died: its ends of all connections are gone at once. */
  crashed(server: ServerCore): void {
    for (const one of [...this.#connected.keys()]) if (one.server === server) one.cut('both');
  }

  /** The page's process died. */
  orphan(told: boolean): void {
    for (const one of [...this.#connected.keys()]) one.orphan(told);
    this.#sockets.clear();
    this.#requests.forget();
  }

  stall(way: Way): void {
    for (const one of this.#connected.keys()) one.stall(way);
  }

  heal(): void {
    for (const one of [...this.#connected.keys()]) one.heal();
  }

  /** Nothing goes wrong any more. What a network blocks it blocks on good days too. */
  calm(): void {
    this.#middle = CALM;
    this.#http = CALM_HTTP;
    this.#mode = 'open';
    this.#weather = FAIR;
    if (!isPassable(this.#networks[this.#at]!, this.#options.transports)) this.#networks[this.#at] = {};
    this.heal();
  }

  #network(): Network {
    const blocks = this.#networks[this.#at]!;
    return { mode: this.#mode, blocks, http: this.#http, weather: () => this.#weather, middle: () => this.#middle };
  }

  #open(socket: SimSocket): Line {
    const { page, oracle, clock, random, codec, chronicle, arrive, count, server, onAttempt, onHello } = this.#options;
    const block = this.#networks[this.#at]!.websocket;
    this.#opened += 1;
    const number = `${page}#${this.#opened}`;
    let gen = 0;
    this.#sockets.add(socket);
    onAttempt();
    const isOut = block === 'hangs' || block === 'swallows';
    const to = this.#mode === 'refusing' || (block !== undefined && !isOut) ? null : server();
    if (to === null || isOut) {
      const [, late] = this.#weather.latency;
      if (block === 'hangs') return this.#nowhere(socket);
      clock.setTimeout(() => arrive(() => (isOut ? socket.opened() : this.#refuse(socket))), random() * late);
      return isOut ? this.#nowhere(socket) : NOWHERE;
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
        chronicle.message(`page ${number}`, '>', codec, data);
        const frames = framesOf(codec.decode(data));
        if (frames[0]?.t === 'hello') onHello((gen = frames[0].gen));
        oracle.sentUp(page, gen, frames);
      },
      onReceive: (data, spoiled, run) => {
        chronicle.message(`page ${number}`, spoiled ? '< garbled' : '<', codec, data);
        this.#receiving = spoiled ? null : gen;
        run();
        this.#receiving = null;
      },
      onQueued: (bytes) => oracle.queued(page, bytes, to.limits.queue),
      onFault: (sentence) => oracle.fail('I15', `page ${number}: ${sentence}`),
      count,
      onOver: (over) => {
        this.#connected.delete(over);
        this.#sockets.delete(socket);
      },
    });
    this.#connected.set(wire, 'websocket');
    if (this.#mode === 'mute') wire.vanish('both');
    return wire;
  }

  /** Something between took it, or nothing did, and that is all that ever happens. */
  #nowhere(socket: SimSocket): Line {
    const { clock, arrive } = this.#options;
    return { ...NOWHERE, close: () => void clock.setTimeout(() => arrive(() => this.#refuse(socket)), 0) };
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
