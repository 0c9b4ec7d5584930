/** A transport without a network: pipes between clients and the real server core, with every fault a cable has. */
import type { ServerCore, ServerLine } from '../../server/types.ts';
import { batches } from '../../src/protocol/batches.ts';
import type { Encoded } from '../../src/protocol/codec.ts';
import { DEFAULT_LIMITS, type ServerFrame } from '../../src/protocol/frame.ts';
import { parseMessage } from '../../src/protocol/parse.ts';
import { SERVER_FRAMES } from '../../src/protocol/server-frames.ts';
import type { End, Transport } from '../../src/transports/transport.ts';
import type { VirtualClock } from './virtual-clock.ts';

export type Direction = 'up' | 'down';

/** What crossed the network, for assertions such as "one `sub` on the wire". */
export interface Crossing {
  readonly at: number;
  readonly direction: Direction;
  readonly data: Encoded;
}

export interface MemoryNetwork {
  readonly transport: Transport;
  /** Ends every open connection, told to both sides as 1006. What is under way is lost. */
  cut(): void;
  /** Nothing arrives in this direction any more, and nobody is told, until {@link heal}. */
  stall(...directions: readonly Direction[]): void;
  /** The same for the connections that are open now: another one that is opened beside them works. */
  hang(...directions: readonly Direction[]): void;
  /** What was stalled or hung arrives, in order. */
  heal(): void;
  /** The page's process is gone: the server is told, the page is not, and nothing of it connects again. */
  abandon(): void;
  /** New connections fail; `mute`: they open and nothing ever comes. */
  set(mode: 'open' | 'refusing' | 'mute'): void;
  /** One way, ms. A function is asked for each message; order within a connection is kept. */
  delay(ms: number | (() => number)): void;
  readonly wire: readonly Crossing[];
  /** Connections that are open. */
  readonly open: number;
  /** Connections that were ever opened. */
  readonly opened: number;
}

interface Pipe {
  end(end: End): void;
  abandon(): void;
  readonly hung: Set<Direction>;
  flush(): void;
}

export function createMemoryNetwork(
  clock: Pick<VirtualClock, 'now' | 'setTimeout'>,
  server: () => ServerCore,
  name = 'memory',
): MemoryNetwork {
  const pipes = new Set<Pipe>();
  const wire: Crossing[] = [];
  const stalled = new Set<Direction>();
  let mode: 'open' | 'refusing' | 'mute' = 'open';
  let latency: () => number = () => 1;
  let opened = 0;
  let page: 'there' | 'gone' = 'there';
  const lost: End = { code: 1006, why: 'cut', by: 'network', opened: true };

  /** Calls `run` after the delay, never before what was sent earlier the same way. */
  const createWay = (direction: Direction, hung: ReadonlySet<Direction>) => {
    let last = 0;
    const waiting: (() => void)[] = [];
    return {
      carry(run: () => void): void {
        last = Math.max(last, clock.now() + latency());
        const arrive = (): unknown => (stalled.has(direction) || hung.has(direction) ? waiting.push(run) : run());
        clock.setTimeout(arrive, last - clock.now());
      },
      flush: () => waiting.splice(0).forEach((run) => run()),
    };
  };

  const transport: Transport = {
    name,
    isSupported: () => true,
    open({ codec, opening }, sink) {
      if (page === 'gone') return { send() {}, close() {}, buffered: 0 };
      const hung = new Set<Direction>();
      const up = createWay('up', hung);
      const down = createWay('down', hung);
      let line: ServerLine | null = null;
      let client: 'open' | 'closed' = 'open';
      opened += 1;

      const leaveServer = (): void => {
        const left = line;
        line = null;
        left?.onClose();
      };
      const tellClient = (end: End): void => {
        if (client === 'closed') return;
        client = 'closed';
        pipes.delete(pipe);
        sink.onEnd(end);
      };
      const pipe: Pipe = {
        hung,
        end(end) {
          leaveServer();
          tellClient(end);
        },
        abandon() {
          leaveServer();
          client = 'closed';
          pipes.delete(pipe);
        },
        flush() {
          up.flush();
          down.flush();
        },
      };
      const send = (data: Encoded): void => {
        wire.push({ at: clock.now(), direction: 'up', data });
        up.carry(() => line?.onMessage(data));
      };

      if (mode === 'refusing') {
        clock.setTimeout(() => tellClient({ code: 1006, why: 'refused', by: 'network', opened: false }), latency());
      } else {
        pipes.add(pipe);
        up.carry(() => {
          if (client === 'closed' || mode === 'mute') return;
          line = server().accept(
            {
              send(data) {
                wire.push({ at: clock.now(), direction: 'down', data });
                down.carry(() => {
                  const parsed = parseMessage<ServerFrame>(codec, data, SERVER_FRAMES);
                  if (!parsed.ok) throw new Error(`the server sent a bad frame: ${parsed.why} in ${String(data)}`);
                  if (client === 'open') sink.onFrames(parsed.frames);
                });
              },
              close(code, reason) {
                down.carry(() => tellClient({ code, why: reason, by: 'server', opened: true }));
                clock.setTimeout(leaveServer, 0);
              },
              buffered: 0,
            },
            { codec, origin: null, ip: '127.0.0.1' },
          );
          const frames = opening();
          send(codec.join(frames.map((frame) => codec.encode(frame))));
        });
      }
      return {
        send(frames, most = DEFAULT_LIMITS.message) {
          for (const message of batches(codec, frames, most)) send(message);
        },
        close() {
          if (client === 'closed') return;
          client = 'closed';
          pipes.delete(pipe);
          up.carry(leaveServer);
        },
        buffered: 0,
      };
    },
  };

  return {
    transport,
    cut: () => [...pipes].forEach((pipe) => pipe.end(lost)),
    stall: (...directions) => directions.forEach((direction) => stalled.add(direction)),
    hang: (...directions) => pipes.forEach(({ hung }) => directions.forEach((direction) => hung.add(direction))),
    heal() {
      stalled.clear();
      pipes.forEach((pipe) => {
        pipe.hung.clear();
        pipe.flush();
      });
    },
    abandon() {
      page = 'gone';
      for (const pipe of [...pipes]) pipe.abandon();
    },
    set: (next) => void (mode = next),
    delay: (ms) => void (latency = typeof ms === 'number' ? () => ms : ms),
    wire,
    get open() {
      return pipes.size;
    },
    get opened() {
      return opened;
    },
  };
}
