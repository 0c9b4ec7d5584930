/** One connection of a page to a server. Its two ends may disagree about whether it is open, as real ones do. */
import type { ServerCore, ServerLine, ServerSocket } from '../../server/types.ts';
import { CLIENT_FRAMES } from '../../src/protocol/client-frames.ts';
import type { Codec, Encoded } from '../../src/protocol/codec.ts';
import { END } from '../../src/protocol/end-codes.ts';
import { SERVER_FRAMES } from '../../src/protocol/server-frames.ts';
import type { VirtualClock } from '../support/virtual-clock.ts';
import { garble } from './garble.ts';
import { Pipe, type Weather } from './pipe.ts';
import { ABNORMAL, type Closing, type Line, type SimSocket } from './sim-socket.ts';

export type Way = 'up' | 'down';

/** What stands between page and server, and does it harm message by message. */
export interface Middle {
  /** Chance that a message arrives garbled. */
  readonly garbles: number;
  /** Chance that a message that only publishes arrives twice, as when a request is made again over HTTP. */
  readonly repeats: number;
  /** A proxy that ends a connection on which nothing passes for so long, ms; null: there is none. */
  readonly idle: number | null;
  /** Whether the ends are told of that. */
  readonly tells: boolean;
}

export interface WireOptions {
  readonly clock: VirtualClock;
  readonly random: () => number;
  readonly server: ServerCore;
  readonly codec: Codec;
  readonly socket: SimSocket;
  weather(): Weather;
  middle(): Middle;
  /** Runs what happens in the page. */
  arrive(run: () => void): void;
  onSend(data: Encoded): void;
  /** Around what a message does in the page. */
  onReceive(data: Encoded, spoiled: boolean, run: () => void): void;
  /** Bytes wait at the server. */
  onQueued(bytes: number): void;
  /** Something went as it must not. */
  onFault(sentence: string): void;
  count(name: string): void;
  /** Both ends are done with it. */
  onOver(wire: Wire): void;
}

/** Bytes of a request and of the answer to it. */
const HANDSHAKE = 500;
/** The reference server's binding waits so long for the answer to a close frame. */
const CLOSE_TIMEOUT = 2000;
/** A repeat comes at most so much later, ms. */
const REPEATED_WITHIN = 5000;
/** Nothing that a client of this protocol does may end with these. */
export const NEVER_EARNED: readonly number[] = [END.badFrame, END.forbidden, END.noCommonVersion, END.tooBig, END.tooLarge];

export class Wire implements Line {
  readonly #options: WireOptions;
  readonly #up: Pipe;
  readonly #down: Pipe;
  #line: ServerLine | null = null;
  #server: 'connecting' | 'open' | 'closing' | 'ended' = 'connecting';
  #client: 'connecting' | 'open' | 'ended' = 'connecting';
  /** A garbled message reached the server. */
  #spoiled = false;
  /** The page is being told of a garbled message. */
  #receivesSpoiled = false;
  #closing: unknown = null;
  #leaving: unknown = null;
  #proxy: unknown = null;
  #passedAt: number;

  constructor(options: WireOptions) {
    const { clock, random, weather } = options;
    this.#options = options;
    this.#up = new Pipe({ clock, random, weather, onDrain: () => {} });
    this.#down = new Pipe({ clock, random, weather, onDrain: () => this.#line?.onDrain() });
    this.#passedAt = clock.now();
    this.#up.carry(HANDSHAKE, () => this.#accept());
    const { idle } = options.middle();
    if (idle !== null) this.#awaitSilence(idle);
  }

  get server(): ServerCore {
    return this.#options.server;
  }

  // ---- the page's end ------------------------------------------------------------------------------------------------

  get bufferedAmount(): number {
    return this.#up.waiting;
  }

  send(data: Encoded): void {
    const { codec, random, count, onSend, middle } = this.#options;
    onSend(data);
    this.#pass();
    const { garbles, repeats } = middle();
    if (garbles > 0 && random() < garbles) {
      count('garbled up');
      const spoiled = garble(codec, data, CLIENT_FRAMES, random);
      return this.#up.carry(data.length, () => this.#spoil(spoiled));
    }
    this.#up.carry(data.length, () => this.#line?.onMessage(data));
    if (repeats > 0 && random() < repeats && publishes(codec, data)) this.#repeat(data);
  }

  close(code: number): void {
    const { clock, random, onFault } = this.#options;
    if (code === END.badFrame && !this.#receivesSpoiled) onFault('a page could not read what the server sent');
    this.#up.carry(0, () => this.#onCloseFrame(code));
    // A browser waits for the answer, and then for the network to end: a minute, if that is gone.
    const patience = this.#client === 'open' ? 2000 + random() * 58_000 : 0;
    this.#leaving = clock.setTimeout(() => this.#tell(ABNORMAL), patience);
  }

  #repeat(data: Encoded): void {
    const { clock, random, count } = this.#options;
    count('repeated');
    const again = (): void => this.#up.carry(data.length, () => this.#line?.onMessage(data));
    if (random() < 0.5) again();
    else clock.setTimeout(again, random() * REPEATED_WITHIN);
  }

  #deliver(data: Encoded, spoiled: boolean): void {
    const { socket, onReceive, onFault } = this.#options;
    onReceive(data, spoiled, () => {
      this.#receivesSpoiled = spoiled;
      const told = socket.received(data);
      this.#receivesSpoiled = false;
      if (spoiled && told && socket.closedWith !== END.badFrame) onFault('a page took a garbled message');
    });
  }

  /** Its own end, which it learns of as a task of its own. */
  #tell(closing: Closing): void {
    this.#options.arrive(() => {
      if (this.#client === 'ended') return;
      this.#client = 'ended';
      this.#options.clock.clearTimeout(this.#leaving);
      this.#down.end();
      this.#options.socket.ended(closing);
      this.#settle();
    });
  }

  // ---- the server's end ----------------------------------------------------------------------------------------------

  #accept(): void {
    const { server, codec, arrive, socket } = this.#options;
    if (server.turnAway({ origin: null, host: null }) !== null) {
      this.#down.carry(HANDSHAKE, () => this.#tell(ABNORMAL));
      return this.#endServer();
    }
    this.#server = 'open';
    this.#down.carry(HANDSHAKE, () =>
      arrive(() => {
        if (this.#client === 'connecting') this.#client = 'open';
        socket.opened();
      }),
    );
    this.#line = server.accept(this.#socket(), { codec, origin: null, ip: '127.0.0.1' });
  }

  #socket(): ServerSocket {
    const down = this.#down;
    return {
      send: (data) => this.#sendDown(data),
      close: (code, reason) => this.#closeDown(code, reason),
      get buffered() {
        return down.waiting;
      },
    };
  }

  #sendDown(data: Encoded): void {
    const { codec, random, arrive, count, middle, onQueued } = this.#options;
    if (this.#server !== 'open') return;
    this.#pass();
    const { garbles } = middle();
    const spoiled = garbles > 0 && random() < garbles;
    if (spoiled) count('garbled down');
    const sent = spoiled ? garble(codec, data, SERVER_FRAMES, random) : data;
    this.#down.carry(data.length, () => arrive(() => this.#deliver(sent, spoiled)));
    const { waiting } = this.#down;
    if (waiting > 0) onQueued(waiting);
  }

  #closeDown(code: number, reason: string): void {
    const { clock, onFault } = this.#options;
    if (this.#server !== 'open') return;
    this.#server = 'closing';
    if (NEVER_EARNED.includes(code) && !this.#spoiled) onFault(`a server ended a connection with ${code}: ${reason}`);
    this.#down.carry(0, () => {
      // The browser itself answers, whatever its page is doing.
      this.#up.carry(0, () => this.#endServer());
      this.#tell({ code, reason, wasClean: true });
    });
    this.#closing = clock.setTimeout(() => this.#endServer(), CLOSE_TIMEOUT);
  }

  #onCloseFrame(code: number): void {
    if (this.#server === 'open') this.#down.carry(0, () => this.#tell({ code, reason: '', wasClean: true }));
    this.#endServer();
  }

  #spoil(data: Encoded): void {
    if (this.#line === null || this.#server !== 'open') return;
    this.#spoiled = true;
    this.#line.onMessage(data);
    // The method may have changed it: narrowing does not know.
    if ((this.#server as string) === 'open') this.#options.onFault('a server took a garbled message');
  }

  #endServer(): void {
    if (this.#server === 'ended') return;
    this.#server = 'ended';
    this.#options.clock.clearTimeout(this.#closing);
    this.#up.kill();
    this.#line?.onClose();
    this.#line = null;
    this.#settle();
  }

  // ---- what happens to it ----------------------------------------------------------------------------------------------

  /** It is gone, and one end or both learn of it. What is under way to an end that knows is lost. */
  cut(who: 'client' | 'server' | 'both'): void {
    if (who === 'server') return this.#endServer();
    this.#down.kill();
    if (who === 'both') this.#endServer();
    // What the page had sent is still on its way; the other end learns of the cut behind it.
    else this.#up.carry(0, () => this.#endServer());
    this.#tell(ABNORMAL);
  }

  /** From now on nothing arrives, and nobody is told. */
  vanish(way: Way | 'both'): void {
    if (way !== 'down') this.#up.kill();
    if (way !== 'up') this.#down.kill();
    // A request that never arrives has no other end.
    if (way !== 'down' && this.#server === 'connecting') this.#endServer();
  }

  /** The page's process is gone. Its system says so to the server, or went with it. */
  orphan(told: boolean): void {
    if (told) this.#up.carry(0, () => this.#endServer());
    else this.vanish('both');
    this.#client = 'ended';
    this.#options.clock.clearTimeout(this.#leaving);
    this.#settle();
  }

  stall(way: Way): void {
    if (way === 'up') this.#up.stall();
    else this.#down.stall();
  }

  heal(): void {
    this.#up.heal();
    this.#down.heal();
    if (this.#options.middle().idle === null) this.#options.clock.clearTimeout(this.#proxy);
  }

  #pass(): void {
    this.#passedAt = this.#options.clock.now();
  }

  #awaitSilence(idle: number): void {
    const { clock, middle, count } = this.#options;
    this.#proxy = clock.setTimeout(
      () => {
        if (clock.now() < this.#passedAt + idle) return this.#awaitSilence(idle);
        count('ended by a proxy');
        if (middle().tells) this.cut('both');
        else this.vanish('both');
      },
      this.#passedAt + idle - clock.now(),
    );
  }

  #settle(): void {
    if (this.#client !== 'ended' || this.#server !== 'ended') return;
    this.#options.clock.clearTimeout(this.#proxy);
    this.#options.onOver(this);
  }
}

function publishes(codec: Codec, data: Encoded): boolean {
  const value = codec.decode(data);
  const frames = (Array.isArray(value) ? value : [value]) as readonly { readonly t: string }[];
  return frames.every(({ t }) => t === 'pub' || t === 'tell');
}
