import { composeClient } from '../../../src/client.ts';
import type { HoldfastError } from '../../../src/errors.ts';
import type { Client, ComposeOptions, Status } from '../../../src/types.ts';
import { type FakePage, createFakePage } from '../../support/page.ts';
import { createIds, createRandom } from '../../support/random.ts';
import { type Opening, type Script, type ScriptedTransport, createScriptedTransport } from '../../support/scripted-transport.ts';
import { type VirtualClock, createVirtualClock } from '../../support/virtual-clock.ts';

/** One client, alone with transports that the test plays. */
export interface Scene {
  readonly client: Client;
  readonly clock: VirtualClock;
  readonly page: FakePage;
  /** The preferred one. */
  readonly transport: ScriptedTransport;
  /** All, the most preferred first. */
  readonly transports: readonly ScriptedTransport[];
  /** What reached `on('error')`. */
  readonly errors: readonly HoldfastError[];
  /** What a subscriber of `status` read, each time it was told. */
  readonly statuses: readonly Status[];
  /** The newest opening. */
  readonly line: Opening;
  readonly status: Status;
  /** Connects and welcomes, so that the connection is proving. */
  enter(): Promise<void>;
  /** Lives for 10 s more, so that the connection is stable. */
  stabilise(): Promise<void>;
  /** Waits until the next opening, at most `within` ms. @throws Error if there is none by then */
  reopened(within?: number): Promise<Opening>;
  /** Destroys the client and checks that nothing of it is left (invariant I16). @throws Error naming what is left */
  end(): Promise<void>;
}

export interface SceneOptions extends Partial<Omit<ComposeOptions, 'transports'>> {
  readonly script?: Script;
  /** Of the other transports, in order of preference. @default none */
  readonly lesser?: readonly Script[];
  /** 0 ≤ x < 1, for every draw. @default from seed 1 */
  readonly random?: () => number;
}

export function createScene({ script = {}, lesser = [], random = createRandom(1), ...options }: SceneOptions = {}): Scene {
  const clock = createVirtualClock();
  const page = createFakePage();
  const transport = createScriptedTransport(script);
  const transports = [transport, ...lesser.map(createScriptedTransport)] as const;
  const errors: HoldfastError[] = [];
  const statuses: Status[] = [];
  const { now, setTimeout, clearTimeout } = clock;
  const client = composeClient({
    url: 'https://test.example/realtime',
    transports,
    ...options,
    environment: {
      ...{ now, setTimeout, clearTimeout, page, random },
      createId: createIds(createRandom(2)),
      baseUrl: undefined,
      WebSocket: undefined,
      logError: (error) => {
        throw error;
      },
      ...options.environment,
    },
  });
  client.on('error', (error) => errors.push(error));
  client.status.subscribe(() => statuses.push(client.status.get()));

  return {
    client,
    clock,
    page,
    transport,
    transports,
    errors,
    statuses,
    get line() {
      return transport.latest;
    },
    get status() {
      return client.status.get();
    },
    async enter() {
      client.connect();
      await clock.settle();
      transport.latest.welcome();
      await clock.settle();
      if (client.status.get().state !== 'connected') throw new Error(`still ${client.status.get().state}`);
    },
    async stabilise() {
      await clock.advance(10_000);
    },
    async reopened(within = 60_000) {
      const before = transport.openings.length;
      for (const end = clock.now() + within; transport.openings.length === before;) {
        const left = end - clock.now();
        if (left <= 0) throw new Error(`no new opening within ${within} ms`);
        const status = client.status.get();
        const next = 'retryAt' in status ? Math.max(1, Math.ceil(status.retryAt) - clock.now()) : 1;
        await clock.advance(Math.min(left, next));
      }
      return transport.latest;
    },
    async end() {
      client.destroy();
      await clock.settle();
      const left = {
        timers: clock.pending,
        watchers: page.watchers,
        links: transports.reduce((sum, { links }) => sum + links, 0),
      };
      if (Object.values(left).some((count) => count !== 0)) throw new Error(`left behind: ${JSON.stringify(left)}`);
    },
  };
}
