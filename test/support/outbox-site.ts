/** A site whose server is reached through a line that can be cut, and whose log the test reads. */
import { memoryBroker } from '../../server/index.ts';
import type { Channel, Client } from '../../src/types.ts';
import { type Extra, type Site, createSite } from './site.ts';
import { type TcpProxy, createTcpProxy } from './tcp-proxy.ts';

export interface OutboxSite extends AsyncDisposable {
  /** Of the page, which is served whatever the line is like. */
  readonly url: string;
  /** Where the server is mounted, behind the line. */
  readonly realtime: string;
  readonly line: TcpProxy;
  readonly site: Site;
  /** What every page has published, in order of the log. */
  log(channel?: string): Promise<readonly unknown[]>;
}

declare global {
  // What `connect` leaves in the page.
  var own: { readonly client: Client; readonly room: Channel };
  // Given to the page by `hear`.
  var tell: (said: string) => void;
}

const KEEP = { entries: 100_000, age: 3_600_000 };

/**
 * A token is the name of a user.
 *
 * @param answer awaited between what stands in the log and the word of it
 */
export async function createOutboxSite(extra?: Extra, answer: () => Promise<void> | void = () => {}): Promise<OutboxSite> {
  const broker = memoryBroker();
  const append = broker.append.bind(broker);
  broker.append = async (request) => {
    const appended = await append(request);
    await answer();
    return appended;
  };
  const rule = { subscribe: true, publish: true, history: KEEP };
  const options = {
    broker,
    authenticate: ({ token }: { readonly token: string | null }) => ({ user: token === null ? null : { id: token } }),
    channels: { '{room}': rule, 'room:{id}': rule },
    limits: { publishRate: Infinity, connections: 1000 },
  } as const;
  const site = await createSite(options, {}, extra);
  const line = await createTcpProxy(() => site.port);
  return {
    url: site.url,
    realtime: `http://127.0.0.1:${line.port}/realtime`,
    line,
    site,
    async log(channel = 'room') {
      const read = await broker.read(channel, { latest: KEEP.entries }, { entries: KEEP.entries, bytes: 1e9 }, KEEP);
      return read.ok ? read.entries.map(({ d }) => d) : [];
    },
    async [Symbol.asyncDispose]() {
      await site[Symbol.asyncDispose]();
      await line[Symbol.asyncDispose]();
    },
  };
}

/** Runs in the page: a client that tries again soon. */
export function connect(url: string): void {
  const client = Holdfast.createClient(url, {
    transports: [Holdfast.webSocket()],
    timing: { backoffBase: 20, backoffCap: 200, backoffCapHidden: 200 },
  });
  globalThis.own = { client, room: client.channel('room') };
  client.connect();
}
