/**
 * The network of one page, connection by connection. Order is kept within a connection and nowhere else: what an old one
 * still carries may arrive after what a new one brought.
 */
import type { ServerCore, ServerLine } from '../../server/types.ts';
import type { Encoded } from '../../src/protocol/codec.ts';
import type { ServerFrame } from '../../src/protocol/frame.ts';
import { parseMessage } from '../../src/protocol/parse.ts';
import { SERVER_FRAMES } from '../../src/protocol/server-frames.ts';
import type { End, Link, Sink, Target, Transport } from '../../src/transports/transport.ts';
import type { VirtualClock } from '../support/virtual-clock.ts';

export interface CableOptions {
  readonly clock: VirtualClock;
  readonly random: () => number;
  /** Where the next connection goes; null if nobody listens. */
  server(): ServerCore | null;
  /** Every message that is sent or arrives, for the trace. */
  record(event: string, data: Encoded): void;
  /** Runs what arrives at the page: at once, or when it thaws. */
  arrive(run: () => void): void;
}

type Way = 'up' | 'down';

/** One connection. Its two ends may disagree about whether it is open, as real ones do. */
interface Wire {
  readonly server: ServerCore;
  readonly stalled: Set<Way>;
  endClient(): void;
  endServer(): void;
  release(): void;
}

export class Cable {
  readonly transport: Transport;
  readonly #options: CableOptions;
  readonly #wires = new Set<Wire>();
  #mode: 'open' | 'refusing' | 'mute' = 'open';
  #latency: readonly [min: number, max: number] = [1, 5];
  opened = 0;

  constructor(options: CableOptions) {
    this.#options = options;
    this.transport = { name: 'cable', isSupported: () => true, open: (target, sink) => this.#open(target, sink) };
  }

  /** Connections that at least one end believes in. */
  get open(): number {
    return this.#wires.size;
  }

  set(mode: 'open' | 'refusing' | 'mute'): void {
    this.#mode = mode;
  }

  /** One way, ms; drawn anew for each message. */
  latency(min: number, max: number): void {
    this.#latency = [min, max];
  }

  /** The connection is gone, and one end or both learn of it. What is under way to an end that knows is lost. */
  cut(who: 'client' | 'server' | 'both'): void {
    for (const wire of [...this.#wires]) {
      if (who !== 'server') wire.endClient();
      if (who !== 'client') wire.endServer();
    }
  }

  /** A server died: its ends of all connections are gone at once. */
  crashed(server: ServerCore): void {
    for (const wire of [...this.#wires]) {
      if (wire.server !== server) continue;
      wire.endServer();
      wire.endClient();
    }
  }

  stall(way: Way): void {
    for (const { stalled } of this.#wires) stalled.add(way);
  }

  heal(): void {
    for (const wire of [...this.#wires]) {
      wire.stalled.clear();
      wire.release();
    }
  }

  #delay(): number {
    const [min, max] = this.#latency;
    return Math.round(min + this.#options.random() * (max - min));
  }

  #open(target: Target, sink: Sink): Link {
    const { clock, arrive } = this.#options;
    this.opened += 1;
    const server = this.#mode === 'refusing' ? null : this.#options.server();
    if (server === null) {
      let silent = false;
      const refused: End = { code: 1006, why: 'refused', by: 'network', opened: false };
      clock.setTimeout(() => arrive(() => silent || sink.onEnd(refused)), this.#delay());
      return { send() {}, close: () => void (silent = true), buffered: 0 };
    }
    return this.#connect(server, target, sink);
  }

  #connect(server: ServerCore, { codec, opening }: Target, sink: Sink): Link {
    const { clock, record, arrive } = this.#options;
    const stalled = new Set<Way>();
    const up = this.#way(() => stalled.has('up'));
    const down = this.#way(() => stalled.has('down'));
    let line: ServerLine | null = null;
    let client: 'open' | 'ended' = 'open';
    let server_: 'open' | 'ended' = 'open';
    const forget = (): void => {
      if (client === 'ended' && server_ === 'ended') this.#wires.delete(wire);
    };

    const endServer = (): void => {
      if (server_ === 'ended') return;
      server_ = 'ended';
      line?.onClose();
      forget();
    };
    const endClient = (end: End): void => {
      if (client === 'ended') return;
      client = 'ended';
      forget();
      sink.onEnd(end);
    };
    const lost: End = { code: 1006, why: 'cut', by: 'network', opened: true };
    const wire: Wire = {
      server,
      stalled,
      endServer,
      // What the page had sent is still on its way; the other end learns of the cut behind it.
      endClient: () => arrive(() => (endClient(lost), up.carry(endServer))),
      release() {
        up.release();
        down.release();
      },
    };
    this.#wires.add(wire);

    const receive = (data: Encoded): void => {
      if (client === 'ended') return;
      record('<', data);
      const parsed = parseMessage<ServerFrame>(codec, data, SERVER_FRAMES);
      if (!parsed.ok) throw new Error(`the server sent a bad message: ${parsed.why}`);
      sink.onFrames(parsed.frames);
    };
    const send = (frames: Parameters<Link['send']>[0]): void => {
      const data = codec.join(frames.map((frame) => codec.encode(frame)));
      up.carry(() => {
        if (server_ === 'ended') return;
        record('>', data);
        line?.onMessage(data);
      });
    };
    const accept = (): void => {
      if (this.#mode === 'mute' || server_ === 'ended' || client === 'ended') return;
      line = server.accept(
        {
          send: (data) => down.carry(() => arrive(() => receive(data))),
          close(code, reason) {
            down.carry(() => arrive(() => endClient({ code, why: reason, by: 'server', opened: true })));
            // Not at once: a server may close what it has not even returned from accepting.
            clock.setTimeout(endServer, 0);
          },
          buffered: 0,
        },
        { codec, origin: null, ip: '127.0.0.1' },
      );
      arrive(() => {
        if (client === 'open') send(opening());
      });
    };
    up.carry(accept);
    return {
      send,
      close() {
        client = 'ended';
        up.carry(endServer);
        forget();
      },
      buffered: 0,
    };
  }

  /** One direction of one connection. */
  #way(isStalled: () => boolean): { carry(run: () => void): void; release(): void } {
    const { clock } = this.#options;
    const waiting: (() => void)[] = [];
    let last = 0;
    return {
      carry: (run) => {
        last = Math.max(last, clock.now() + this.#delay());
        clock.setTimeout(() => {
          if (isStalled() || waiting.length > 0) waiting.push(run);
          else run();
        }, last - clock.now());
      },
      release() {
        for (const run of waiting.splice(0)) run();
      },
    };
  }
}
