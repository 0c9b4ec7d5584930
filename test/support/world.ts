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
import type { Profile, ProfilePage } from './profile.ts';
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
  /** Its part of the profile, if it was opened in one. */
  readonly inProfile: ProfilePage | null;
  /** Its process is gone, with its timers, connections and locks, and nobody says goodbye. */
  crash(): void;
}

export interface PageOptions extends Partial<ClientOptions> {
  /** Whose disk, locks and broadcasts it has. @default nobody's: its outbox is in memory */
  readonly profile?: Profile;
}

export interface World {
  readonly clock: VirtualClock;
  readonly server: ServerCore;
  readonly broker: Broker;
  /** A page with a network of its own, or several: a transport for each. @param names of the transports @default ['memory'] */
  open(options?: PageOptions, ...names: readonly string[]): TestPage;
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
  const crashed = new Set<TestPage>();
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
    open({ profile, ...options } = {}, first = 'memory', ...others) {
      const network = createMemoryNetwork(clock, () => server, first);
      const networks = [network, ...others.map((name) => createMemoryNetwork(clock, () => server, name))] as const;
      const page = createFakePage();
      const inProfile = profile?.page(String(pages.length)) ?? null;
      const errors: HoldfastError[] = [];
      const timers = createTimers(clock);
      const own = { now: clock.now, ...timers, random, createId, page, logError: () => {}, ...NO_PLATFORM };
      const client = composeClient({
        url: 'https://test.example/realtime',
        transports: [network.transport, ...networks.slice(1).map(({ transport }) => transport)],
        ...options,
        ...(inProfile !== null && { outbox: { store: inProfile.store, ...options.outbox } }),
        environment: { ...own, ...inProfile?.environment, ...options.environment },
      });
      client.on('error', (error) => errors.push(error));
      const opened: TestPage = {
        ...{ client, network, networks, page, errors, inProfile },
        crash() {
          crashed.add(opened);
          timers.stop();
          networks.forEach((each) => each.abandon());
          inProfile?.die();
        },
      };
      pages.push(opened);
      return opened;
    },
    restart({ keepStore = true, server: more = {} } = {}) {
      pages.forEach(({ networks }) => networks.forEach((network) => network.cut()));
      if (!keepStore) broker = makeBroker();
      server = makeServer(more);
    },
    async end() {
      pages.filter((page) => !crashed.has(page)).forEach(({ client }) => client.destroy());
      const closed = server.close();
      await clock.advance(5000);
      await closed;
    },
  };
}

/** What this machine has would not be under the test's control. */
const NO_PLATFORM = {
  WebSocket: undefined,
  indexedDB: undefined,
  locks: undefined,
  BroadcastChannel: undefined,
  frame: undefined,
};

/** Those of one page, which stop with it. */
function createTimers(clock: VirtualClock) {
  const set = new Set<unknown>();
  let state: 'running' | 'stopped' = 'running';
  return {
    setTimeout(run: () => void, ms: number): unknown {
      if (state === 'stopped') return null;
      const id = clock.setTimeout(() => {
        set.delete(id);
        run();
      }, ms);
      set.add(id);
      return id;
    },
    clearTimeout(id: unknown): void {
      set.delete(id);
      clock.clearTimeout(id);
    },
    stop(): void {
      state = 'stopped';
      set.forEach((id) => clock.clearTimeout(id));
    },
  };
}
