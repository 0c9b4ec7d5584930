/** What the checks of a page are made of. Runs in the page, with the script tag's `Holdfast` and nothing of the engine's own. */
import type { Holdings } from '../watched-page.ts';
import { msgpack } from '../../../src/protocol/msgpack.ts';
import type { Channel, Client, ClientOptions, Message, Transport } from '../../../src/types.ts';
import { type PageClock, createPageClock } from './clock.ts';

export interface Where {
  /** Where the server is mounted; of another origin than the page. */
  readonly url: string;
  /** Of the page's own origin: makes the back end publish. */
  readonly publish: string;
}

export type CodecName = 'json' | 'msgpack';
export type TransportName = 'websocket' | 'sse' | 'long-polling' | 'webrtc';

export interface Scene {
  readonly client: Client;
  readonly room: Channel;
  readonly got: Message[];
  readonly clock: PageClock;
  /** The names of what the connection did, with the reasons of ends. */
  readonly steps: string[];
  /** Goes on until the transport of the scene carries. */
  begin(): Promise<void>;
  /** Destroys the client. @throws Error if it holds anything of the browser then */
  end(): void;
  /** The back end publishes 0 to `count` - 1. */
  publishes(count: number, channel?: string): Promise<void>;
}

let lastRoom = 0;
const clients = new Set<Client>();

/** Destroys what a check that failed has left, which the next one would count as its own. */
export function clear(): void {
  for (const client of clients) client.destroy();
  clients.clear();
}

export function createScene(where: Where, name: TransportName, codec: CodecName, options: Partial<ClientOptions> = {}): Scene {
  const clock = createPageClock();
  // Not the page's own timers: a driver that asks the page something sets some too.
  const held = (): Holdings => ({ ...holdings(), timers: clock.pending });
  const before = held();
  const { composeClient, json, longPolling, sse, webRTC, webSocket } = Holdfast;
  const makers = { websocket: webSocket, sse, 'long-polling': longPolling, webrtc: webRTC };
  const alone = makers[name]();
  // It takes over from another one, and cannot begin.
  const transports: readonly [Transport, ...Transport[]] = name === 'webrtc' ? [alone, webSocket()] : [alone];
  let hint = (): void => {};
  const client = composeClient({
    url: where.url,
    transports,
    codec: codec === 'json' ? json() : msgpack(),
    // By a clock that runs faster nothing is to be late.
    timing: { raceAfter: 3_600_000, openTimeout: 3_600_000 },
    ...options,
    environment: {
      now: clock.now,
      setTimeout: clock.setTimeout,
      clearTimeout: clock.clearTimeout,
      page: {
        online: () => true,
        visible: () => true,
        network: () => 'unknown',
        watch(listener) {
          hint = () => listener('network');
          return () => void (hint = () => {});
        },
      },
    },
  });
  clients.add(client);
  lastRoom += 1;
  const room = client.channel(`room-${Date.now().toString(36)}-${lastRoom}`);
  const got: Message[] = [];
  const steps: string[] = [];
  client.on('trace', ({ name: step, detail }) => {
    steps.push(/ended|fatal/.test(step) ? `${step} ${String(detail['code'])} ${String(detail['name'])}` : step);
  });
  const carries = (): boolean => {
    const status = client.status.get();
    return status.state === 'connected' && status.transport === name;
  };
  return {
    ...{ client, room, got, clock, steps },
    async begin() {
      room.subscribe('message', (_, message) => got.push(message));
      if (name === 'webrtc') {
        await until(() => client.status.get().state === 'connected', 'connected at all');
        clock.run(20);
        hint();
      }
      await until(
        () => carries() && room.status.get().state === 'live',
        `live over ${name}`,
        () => steps.join(),
      );
      clock.run(1);
    },
    end() {
      client.destroy();
      same(held(), before, 'what is held after destroy()');
    },
    async publishes(count, channel = room.name) {
      const response = await fetch(`${where.publish}?channel=${channel}&count=${count}`);
      if (!response.ok) throw new Error(`the back end did not publish: ${await response.text()}`);
    },
  };
}

const PATIENCE = 15_000;

export async function until(holds: () => boolean, what: string, said = (): string => ''): Promise<void> {
  for (const end = Date.now() + PATIENCE; !holds(); await new Promise((resolve) => setTimeout(resolve, 10))) {
    if (Date.now() > end) throw new Error(`not ${what} after ${PATIENCE / 1000} s ${said()}`);
  }
}

export function same(actual: unknown, wanted: unknown, what: string): void {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(wanted)];
  if (a !== b) throw new Error(`${what}: ${a?.slice(0, 300)} is not ${b?.slice(0, 300)}`);
}
