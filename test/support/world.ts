/** Clients and the real server core, joined by a memory network, under one virtual clock and one seed. */
import { composeClient } from '../../src/client.ts';
import type { HoldfastError } from '../../src/errors.ts';
import type { Client, ClientOptions } from '../../src/types.ts';
import { createServerCore } from '../../server/server.ts';
import { memoryBroker } from '../../server/brokers/memory.ts';
import type { Broker } from '../../server/brokers/broker.ts';
import type { ServerCore, ServerOptions } from '../../server/types.ts';
import { type MemoryNetwork, createMemoryNetwork } from './memory-network.ts';
import { type FakePage, createFakePage } from './page.ts';
import { createIds, createRandom } from './random.ts';
import { type VirtualClock, createVirtualClock } from './virtual-clock.ts';

export interface TestPage {
  readonly client: Client;
  /** The preferred one. */
  readonly network: MemoryNetwork;
  /** One for each of its transports, the most preferred first. */
  readonly networks: readonly MemoryNetwork[];
  readonly page: FakePage;
  /** What reached `on('error')`. */
  readonly errors: HoldfastError[];
}

export interface World {
  readonly clock: VirtualClock;
  readonly server: ServerCore;
  readonly broker: Broker;
  /** A page with a network of its own, or several: a transport for each. @param names of the transports @default ['memory'] */
  open(options?: Partial<ClientOptions>, ...names: readonly string[]): TestPage;
  /** Every connection of the server dies with it. Without its store its logs are gone too. */
  restart(options?: { readonly keepStore?: boolean; readonly server?: Partial<ServerOptions> }): void;
  /** Destroys what is open. */
  end(): Promise<void>;
}

const OPEN: ServerOptions = {
  authenticate: () => ({ user: null }),
  channels: { '{room}': { subscribe: true, publish: true }, 'latest:{id}': { subscribe: true, publish: true, mode: 'latest' } },
  limits: { publishRate: Infinity },
  origins: '*',
};

export function createWorld({
  seed = 1,
  server: given = {},
}: { readonly seed?: number; readonly server?: Partial<ServerOptions> } = {}): World {
  const clock = createVirtualClock();
  const random = createRandom(seed);
  const createId = createIds(random);
  const environment = {
    now: clock.now,
    setTimeout: clock.setTimeout,
    clearTimeout: clock.clearTimeout,
    random,
    createId,
    defer: (run: () => void) => queueMicrotask(run),
  };
  const pages: TestPage[] = [];
  const makeBroker = (): Broker => memoryBroker({ environment });
  const makeServer = (more: Partial<ServerOptions>): ServerCore =>
    createServerCore({ ...OPEN, ...given, ...more, broker, environment });
  let broker = makeBroker();
  let server = makeServer({});

  return {
    clock,
    get server() {
      return server;
    },
    get broker() {
      return broker;
    },
    open(options = {}, first = 'memory', ...others) {
      const network = createMemoryNetwork(clock, () => server, first);
      const networks = [network, ...others.map((name) => createMemoryNetwork(clock, () => server, name))] as const;
      const page = createFakePage();
      const errors: HoldfastError[] = [];
      const { now, setTimeout, clearTimeout } = clock;
      const own = { now, setTimeout, clearTimeout, random, createId, page, logError: () => {}, WebSocket: undefined };
      const client = composeClient({
        url: 'https://test.example/realtime',
        transports: [network.transport, ...networks.slice(1).map(({ transport }) => transport)],
        ...options,
        environment: { ...own, ...options.environment },
      });
      client.on('error', (error) => errors.push(error));
      const opened: TestPage = { client, network, networks, page, errors };
      pages.push(opened);
      return opened;
    },
    restart({ keepStore = true, server: more = {} } = {}) {
      pages.forEach(({ networks }) => networks.forEach((network) => network.cut()));
      if (!keepStore) broker = makeBroker();
      server = makeServer(more);
    },
    async end() {
      pages.forEach(({ client }) => client.destroy());
      const closed = server.close();
      await clock.advance(5000);
      await closed;
    },
  };
}
