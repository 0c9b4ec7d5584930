/** One memory broker for several server processes: it lives in one of them, and the others call it over loopback TCP. */
import { once } from 'node:events';
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { deserialize, serialize } from 'node:v8';
import type { Broker, Follower, Notice, Volatile } from '../../server/brokers/broker.ts';
import type { PresenceChange } from '../../server/brokers/presence.ts';

type Called =
  | 'memory'
  | 'append'
  | 'publish'
  | 'read'
  | 'history'
  | 'tell'
  | 'claim'
  | 'complete'
  | 'release'
  | 'follow'
  | 'leave'
  | 'presence';
type Call = { readonly id: number; readonly method: Called; readonly args: readonly unknown[] };
type News =
  | { readonly about: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly about: 'fault'; readonly id: number; readonly message: string }
  | { readonly about: 'notice'; readonly follower: number; readonly notice: Notice }
  | { readonly about: 'volatile'; readonly follower: number; readonly message: Volatile; readonly origin: string | null }
  | { readonly about: 'change'; readonly follower: number; readonly change: PresenceChange }
  | { readonly about: 'recheck' };

/** Structured clones, since JSON knows neither bytes nor absent values; base64, so that a line is a message. */
const write = (socket: Socket, message: Call | News): unknown => socket.write(`${serialize(message).toString('base64')}\n`);
function read(socket: Socket, take: (message: unknown) => void): void {
  const lines = createInterface({ input: socket });
  lines.on('line', (line) => take(deserialize(Buffer.from(line, 'base64'))));
  // The socket's own error, told again.
  lines.on('error', () => {});
}

export interface BrokerHost {
  readonly port: number;
  /** Breaks every connection; those who call come back by themselves. */
  cut(): void;
  /** Leaves the broker as it is. */
  close(): Promise<void>;
}

/** Lends `broker` to other processes. What one of them is told, and what it is answered, keeps its order. */
export async function hostBroker(broker: Broker): Promise<BrokerHost> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const leaves = new Map<number, () => void>();
    const tell = (news: News): void => {
      if (!socket.destroyed) write(socket, news);
    };
    const follow = async (follower: number, channel: string): Promise<void> => {
      const leave = await broker.follow(channel, {
        onNotice: (notice) => tell({ about: 'notice', follower, notice }),
        onVolatile: (message, origin) => tell({ about: 'volatile', follower, message, origin }),
        onPresence: (change) => tell({ about: 'change', follower, change }),
        onDoubt: () => socket.destroy(),
      });
      if (socket.destroyed) leave();
      else leaves.set(follower, leave);
    };
    const run = ({ method, args }: Call): unknown => {
      if (method === 'follow') return follow(...(args as [number, string]));
      if (method === 'leave') return leaves.get(args[0] as number)?.();
      if (method === 'presence') {
        const [name, ...given] = args as [keyof Broker['presence'], ...unknown[]];
        return (broker.presence[name] as (...given: readonly unknown[]) => unknown).apply(broker.presence, given);
      }
      return (broker[method] as (...given: readonly unknown[]) => unknown)(...args);
    };
    const stopRechecks = broker.onRecheck(() => tell({ about: 'recheck' }));
    sockets.add(socket.setNoDelay(true));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      sockets.delete(socket);
      stopRechecks();
      for (const leave of leaves.values()) leave();
    });
    read(socket, (message) => {
      const call = message as Call;
      const fault = (error: unknown): void => tell({ about: 'fault', id: call.id, message: String(error) });
      // Called now and not in a promise's time: the calls of one process must not overtake one another.
      Promise.resolve(run(call)).then((value) => tell({ about: 'answer', id: call.id, value }), fault);
    });
  });
  const cut = (): void => sockets.forEach((socket) => socket.resetAndDestroy());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    async close() {
      const closed = once(server, 'close');
      server.close();
      cut();
      await closed;
    },
  };
}

const RETRY = 20;

interface Following {
  readonly channel: string;
  readonly follower: Follower;
  joined: boolean;
}

/** @param port of a {@link hostBroker}, which is there already */
export async function sharedBroker(port: number): Promise<Broker> {
  const calls = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  const followers = new Map<number, Following>();
  const rechecks = new Set<() => void>();
  let ids = 0;
  let socket: Socket | null = null;
  let life: 'alive' | 'closed' = 'alive';
  let retry: NodeJS.Timeout | undefined;

  const call = <T>(method: Called, ...args: readonly unknown[]): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      if (socket === null) return reject(new Error('the store is out of reach'));
      const id = (ids += 1);
      calls.set(id, { resolve: (value) => resolve(value as T), reject });
      write(socket, { id, method, args });
    });

  const take = (news: News): void => {
    if (news.about === 'recheck') return rechecks.forEach((listener) => listener());
    if (news.about === 'notice') return followers.get(news.follower)?.follower.onNotice(news.notice);
    if (news.about === 'change') return followers.get(news.follower)?.follower.onPresence?.(news.change);
    if (news.about === 'volatile') return followers.get(news.follower)?.follower.onVolatile(news.message, news.origin);
    const waiting = calls.get(news.id);
    calls.delete(news.id);
    if (news.about === 'answer') waiting?.resolve(news.value);
    else waiting?.reject(new Error(news.message));
  };

  const lost = (): void => {
    socket = null;
    for (const { reject } of calls.values()) reject(new Error('the store was lost'));
    calls.clear();
    if (life === 'alive') retry = setTimeout(() => void comeBack().catch(lost), RETRY);
  };
  const reach = async (): Promise<void> => {
    const opened = connect(port, '127.0.0.1');
    await once(opened, 'connect');
    if (life === 'closed') return void opened.destroy();
    socket = opened.setNoDelay(true);
    opened.on('error', () => opened.destroy());
    opened.on('close', lost);
    read(opened, (news) => take(news as News));
  };
  const rejoin = async (id: number, { channel, follower }: Following): Promise<void> => {
    await call('follow', id, channel);
    follower.onDoubt();
  };
  const comeBack = async (): Promise<void> => {
    await reach();
    // One that fails was lost again, and is joined with the rest when the store is back.
    for (const [id, following] of followers) if (following.joined) rejoin(id, following).catch(() => {});
    for (const listener of rechecks) listener();
  };

  await reach();
  return {
    name: 'shared',
    memory: () => call('memory'),
    append: (request) => call('append', request),
    publish: (...args) => call('publish', ...args),
    read: (...args) => call('read', ...args),
    history: (...args) => call('history', ...args),
    tell: (...args) => call('tell', ...args),
    claim: (claim) => call('claim', claim),
    complete: (completion) => call('complete', completion),
    release: (lanes) => call('release', lanes),
    async follow(channel, follower) {
      const id = (ids += 1);
      const following = { channel, follower, joined: false };
      followers.set(id, following);
      try {
        await call('follow', id, channel);
      } catch (error) {
        followers.delete(id);
        throw error;
      }
      following.joined = true;
      return () => {
        if (followers.delete(id)) call('leave', id).catch(() => {});
      };
    },
    presence: {
      enter: (...args) => call('presence', 'enter', ...args),
      leave: (...args) => call('presence', 'leave', ...args),
      renew: (...args) => call('presence', 'renew', ...args),
      drop: (...args) => call('presence', 'drop', ...args),
      members: (...args) => call('presence', 'members', ...args),
      expire: (...args) => call('presence', 'expire', ...args),
    },
    onRecheck(listener) {
      rechecks.add(listener);
      return () => void rechecks.delete(listener);
    },
    async close() {
      life = 'closed';
      clearTimeout(retry);
      followers.clear();
      if (socket === null) return;
      const closed = once(socket, 'close');
      socket.destroy();
      await closed;
    },
  };
}
