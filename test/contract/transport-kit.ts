import type { AddressInfo } from 'node:net';
import { createServer as createHttpServer } from 'node:http';
import { onTestFinished } from 'vitest';
import { WebSocket as WsSocket } from 'ws';
import { type AttachOptions, type Server, type ServerOptions, createServer, memoryBroker } from '../../server/index.ts';
import { composeClient } from '../../src/index.ts';
import { type Environment, createEnvironment } from '../../src/platform/environment.ts';
import type { Hint } from '../../src/platform/page.ts';
import type { Transport } from '../../src/transports/transport.ts';
import type { Channel, Client, ClientOptions, Status } from '../../src/types.ts';
import { createTcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';

export interface TransportUnderTest {
  readonly make: () => Transport;
  /** How many servers there are. */
  readonly servers: number;
  /** Of each server. @default none */
  readonly attach?: AttachOptions;
  /** What stands before them. @returns its port; what it starts ends with the test */
  front(ports: readonly number[], servers: readonly Server[]): Promise<number>;
  /** A way to `port` that the test can break, for what is opened after it. @default over TCP */
  way?(port: number): Promise<Way>;
  /** What the client is given beside fetch and WebSocket. @default nothing */
  equip?(): Equipment;
  /** What it cannot have, and so not the cases for it, each with the reason. @default none */
  readonly lacks?: Readonly<Partial<Record<Lack, string>>>;
}

/** What a transport may lack, and nothing else: bytes that it holds, subscriptions that are not one request for all. */
export const LACKS = ['buffer', 'ownSubscriptions'] as const;
export type Lack = (typeof LACKS)[number];

/** Between the client and the front. */
export interface Way extends AsyncDisposable {
  readonly port: number;
  /** What is open now goes dead for good, and nobody is told; new connections work. @returns how many there were */
  halfOpen(): number;
  /** Nothing arrives in this direction until {@link heal}. */
  stall(direction: 'up'): void;
  heal(): void;
}

/** A part of the environment, and what was taken through it. */
export interface Equipment {
  readonly environment: Partial<Environment>;
  /** Connections that are not closed, under a name. */
  held(): Readonly<Record<string, number>>;
  /** Messages so far. */
  sent(): number;
}

export interface Ground {
  readonly servers: readonly Server[];
  /** From the back end, by one server after the other. */
  publish(channel: string, data: unknown): Promise<void>;
  /** @param port of a {@link Way} @default that of the front */
  visit(options?: Partial<ClientOptions>, port?: number): Visitor;
  way(): Promise<Way>;
}

/** Real servers on one broker, which end with the test. */
export async function startGround(subject: TransportUnderTest, options: Partial<ServerOptions> = {}): Promise<Ground> {
  const { servers: count, attach, way = (port) => createTcpProxy(() => port) } = subject;
  const broker = memoryBroker();
  const started = await Promise.all(Array.from({ length: count }, () => startServer({ broker, ...options }, attach)));
  const servers = started.map(({ server }) => server);
  let turn = 0;
  const port = await subject.front(
    started.map((one) => one.port),
    servers,
  );
  return {
    servers,
    way: () => way(port),
    visit: (given, through = port) => visit(subject, through, given),
    async publish(channel, data) {
      await servers[(turn += 1) % count]!.publish(channel, 'n', data);
    },
  };
}

async function startServer(
  options: Partial<ServerOptions>,
  attach?: AttachOptions,
): Promise<{ readonly server: Server; readonly port: number }> {
  const http = createHttpServer();
  const server = createServer({
    authenticate: () => ({ user: null }),
    channels: { '{room}': { subscribe: true, publish: true } },
    ...options,
    limits: { publishRate: Infinity, ...options.limits },
  });
  server.attach(http, attach);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    await server.close();
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  });
  return { server, port: (http.address() as AddressInfo).port };
}

/** What a client has taken from the world and not given back, and how often it used it. */
export interface Watched {
  readonly environment: Environment;
  /** Timers that are set, requests under way and connections that are not closed. */
  held(): Readonly<Record<string, number>>;
  /** Messages and requests so far. */
  sent(): number;
  hint(hint: Hint): void;
}

const PLAIN: Equipment = { environment: {}, held: () => ({}), sent: () => 0 };

export function watchedEnvironment({ equip = () => PLAIN }: Pick<TransportUnderTest, 'equip'> = {}): Watched {
  const equipment = equip();
  const real = createEnvironment({});
  const timers = new Set<unknown>();
  const sockets = new Set<WsSocket>();
  const watchers = new Set<(hint: Hint) => void>();
  let [requests, sent] = [0, 0];
  class Socket extends WsSocket {
    constructor(url: string, protocols: string[]) {
      super(url, protocols);
      sockets.add(this);
      this.on('close', () => sockets.delete(this));
    }

    override send(...args: unknown[]): void {
      sent += 1;
      Reflect.apply(super.send, this, args);
    }
  }
  return {
    environment: createEnvironment({
      ...equipment.environment,
      setTimeout(run, ms) {
        const id = real.setTimeout(() => {
          timers.delete(id);
          run();
        }, ms);
        timers.add(id);
        return id;
      },
      clearTimeout(id) {
        timers.delete(id);
        real.clearTimeout(id);
      },
      async fetch(url, init) {
        sent += 1;
        requests += 1;
        const over = (): void => void (requests -= 1);
        try {
          const response = await fetch(url, init);
          // Under way until its body is: of a stream that is when it is cut off.
          response.clone().arrayBuffer().then(over, over);
          return response;
        } catch (error) {
          over();
          throw error;
        }
      },
      WebSocket: Socket,
      page: {
        online: () => true,
        visible: () => true,
        network: () => 'wired',
        watch(listener) {
          watchers.add(listener);
          return () => void watchers.delete(listener);
        },
      },
    }),
    held: () => ({ timers: timers.size, requests, sockets: sockets.size, ...equipment.held() }),
    sent: () => sent + equipment.sent(),
    hint: (hint) => watchers.forEach((listener) => listener(hint)),
  };
}

export interface Visitor extends Watched {
  readonly client: Client;
  /** Each different state with its reason, as `waiting server going-away`. */
  readonly states: readonly string[];
  /** All that came, by channel. */
  heard(channel: string): readonly unknown[];
  /** Subscribes, and waits until it is live. */
  join(channel: string): Promise<Channel>;
}

function visit(subject: TransportUnderTest, port: number, options: Partial<ClientOptions> = {}): Visitor {
  const watched = watchedEnvironment(subject);
  const client = composeClient({
    url: `http://127.0.0.1:${port}/realtime`,
    transports: [subject.make()],
    environment: watched.environment,
    ...options,
    timing: { backoffBase: 50, backoffCap: 200, ...options.timing },
  });
  onTestFinished(() => client.destroy());
  const states: string[] = [];
  client.status.subscribe(() => states.push(nameOf(client.status.get())));
  const heard = new Map<string, unknown[]>();
  return {
    ...watched,
    client,
    states,
    heard: (channel) => heard.get(channel) ?? [],
    async join(name) {
      const channel = client.channel(name);
      const list: unknown[] = [];
      heard.set(name, list);
      channel.subscribeAll(({ data }) => list.push(data));
      await isLive(channel);
      return channel;
    },
  };
}

export const WAIT = 10_000;

export const isLive = (channel: Channel): Promise<void> =>
  until(
    () => channel.status.get().state === 'live',
    WAIT,
    () => `${channel.name} is live, and not ${JSON.stringify(channel.status.get())}`,
  );

function nameOf(status: Status): string {
  return status.state === 'waiting' || status.state === 'closed'
    ? `${status.state} ${status.reason.by} ${status.reason.name}`
    : status.state;
}
