import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';

/** Stands between a real client and a real server, and does to the bytes what networks do. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** Ends every connection at once, without a goodbye. @returns how many there were */
  cut(): number;
  /** Takes bytes and passes none on, in one direction or both; nobody is told. */
  stall(...directions: readonly ('up' | 'down')[]): void;
  /** Those that are open now go dead for good, and nobody is told; new ones are not touched. @returns how many there were */
  halfOpen(): number;
  /** Ends every connection, and from now on each new one at once. */
  refuse(): void;
  /** Passes on again, with all that was held. */
  heal(): void;
  readonly open: number;
  /** How many were cut because they were idle. */
  readonly idled: number;
}

export interface TcpProxyOptions {
  /** ms; a connection on which nothing went either way for so long is cut. @default never */
  readonly idle?: number;
}

export async function createTcpProxy(target: () => number, { idle = 0 }: TcpProxyOptions = {}): Promise<TcpProxy> {
  const pairs = new Set<readonly [client: Socket, server: Socket]>();
  const stalled = new Set<'up' | 'down'>();
  const dead = new WeakSet<readonly [Socket, Socket]>();
  let idled = 0;
  let refusing = false;

  const proxy: Server = createServer((client) => {
    if (refusing) return void client.resetAndDestroy();
    const server = connect(target(), '127.0.0.1');
    const pair = [client, server] as const;
    pairs.add(pair);
    const end = (): void => {
      pairs.delete(pair);
      client.destroy();
      server.destroy();
    };
    for (const socket of pair) {
      socket.setNoDelay(true);
      socket.on('error', end);
      socket.on('close', end);
    }
    // Counts what is read and what is written, so one side is enough.
    client.setTimeout(idle, () => {
      idled += 1;
      end();
    });
    client.on('data', (bytes) => server.write(bytes));
    server.on('data', (bytes) => client.write(bytes));
    apply(pair);
  });
  const apply = (pair: readonly [Socket, Socket]): void => {
    const [client, server] = pair;
    if (stalled.has('up') || dead.has(pair)) client.pause();
    else client.resume();
    if (stalled.has('down') || dead.has(pair)) server.pause();
    else server.resume();
  };
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));

  const cut = (): number => {
    const count = pairs.size;
    for (const [client, server] of pairs) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
    return count;
  };

  return {
    port: (proxy.address() as AddressInfo).port,
    cut,
    refuse() {
      refusing = true;
      cut();
    },
    stall(...directions) {
      directions.forEach((direction) => stalled.add(direction));
      pairs.forEach(apply);
    },
    halfOpen() {
      pairs.forEach((pair) => dead.add(pair));
      pairs.forEach(apply);
      return pairs.size;
    },
    heal() {
      refusing = false;
      stalled.clear();
      pairs.forEach(apply);
    },
    get open() {
      return pairs.size;
    },
    get idled() {
      return idled;
    },
    async [Symbol.asyncDispose]() {
      for (const pair of pairs) pair.forEach((socket) => socket.destroy());
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}
