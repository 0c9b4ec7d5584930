/** One app with one contract: its server on a free port, and clients that come to it as users. */
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Client, type ClientOptions, createClient } from 'holdfast';
import { type Server, createServer, memoryBroker, reject } from 'holdfast/server';
import { afterEach } from 'vitest';
import { WebSocket as WsSocket } from 'ws';
import { until } from '../../support/until.ts';
import type { App, Task } from '../../types/app.ts';

/** Node 20 has none, and that of jsdom is not what these tests are about. */
export const WebSocket = WsSocket as unknown as typeof globalThis.WebSocket;

export interface RunningApp {
  readonly server: Server<App>;
  readonly url: string;
  /** What the app's own database holds. */
  readonly tasks: Map<string, Task>;
  /** Keys of the orders that were made. */
  readonly orders: string[];
  /** As the app itself would call `createClient`. Destroyed after the test. */
  open(user: string, options?: Partial<ClientOptions<App>>): Client<App>;
}

const disposers: (() => unknown)[] = [];
afterEach(async () => {
  for (const dispose of disposers.splice(0).reverse()) await dispose();
});

/** Fails with what it waited for, instead of with the time limit of the test. */
export const soon = (holds: () => boolean, what: string): Promise<void> => until(holds, 10_000, what);

export async function startApp(): Promise<RunningApp> {
  const tasks = new Map<string, Task>();
  const orders: string[] = [];
  let stock: 'delivered tomorrow' | 'there' = 'delivered tomorrow';
  const server = createServer<App>({
    authenticate: ({ token }) =>
      token === null || token.startsWith('old ') ? null : { user: { id: token, role: token === 'root' ? 'admin' : 'member' } },
    origins: '*',
    broker: memoryBroker(),
    channels: {
      'room:{id}': {
        subscribe: ({ user, params }) => user !== null && params.id !== 'secret',
        publish: {
          message(data, { user }) {
            if (data.text.length > 100) throw reject('too-long', 'At most 100 characters.');
            return user !== null;
          },
          typing: true,
          cleared: (_, { user }) => user?.role === 'admin',
        },
        history: { entries: 500 },
      },
      'board:{id}': {
        subscribe: true,
        presence: true,
        publish: {
          moved({ id, column }) {
            const task = tasks.get(id);
            if (task === undefined) throw reject('no-task', 'There is no such task.');
            tasks.set(id, { ...task, column });
            return true;
          },
        },
      },
      'upload:{id}': { subscribe: true },
      'user:{userId}:inbox': {
        subscribe: ({ user, params }) => user?.id === params.userId,
        publish: ({ user }) => user !== null,
      },
      prices: { subscribe: true, mode: 'latest' },
      forms: { publish: ({ user }) => user !== null },
    },
    requests: {
      'orders.create'({ sku, quantity }, { key, user }) {
        if (user === null) throw reject('login', 'Log in first.');
        if (quantity > 10) throw reject('sold-out', 'There are not as many.');
        if (stock === 'delivered tomorrow') {
          stock = 'there';
          throw reject('busy', 'Ask again.', { retryable: true, retryAfter: 10 });
        }
        orders.push(key ?? 'none');
        return { orderId: `${sku}×${quantity} of ${user.id}` };
      },
      'session.get': (_, { user }) => ({ user: user?.id ?? 'guest', expires: 0 }),
      'rooms.list': (params) => (params?.archived === true ? [] : [{ id: '1', title: 'Lobby' }]),
    },
  });
  const http = createHttpServer((request, response) => {
    if (!request.url!.startsWith('/boards/')) return;
    // Before the data: what is published meanwhile comes twice rather than not at all.
    void server
      .cursor(`board:${request.url!.slice(8)}`)
      .then((cursor) => response.end(JSON.stringify({ cursor, data: [...tasks.values()] })));
  });
  server.attach(http, { path: '/realtime' });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  disposers.push(async () => {
    await server.close();
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  });
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  return {
    ...{ server, tasks, orders, url },
    open(user, options = {}) {
      const client = createClient<App>(`${url}/realtime`, { user, getToken: () => user, environment: { WebSocket }, ...options });
      disposers.push(() => client.destroy());
      return client;
    },
  };
}
