// Holds I10 (docs/guarantees.md).
/** Three servers that share a broker over the network, and a client of each transport. */
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { createServer, memoryBroker } from '../../server/index.ts';
import { type Client, composeClient, longPolling, sse, webSocket } from '../../src/index.ts';
import { hostBroker, sharedBroker } from '../support/shared-broker.ts';
import { until } from '../support/until.ts';

const WAIT = 10_000;

it('servers of one broker show the same, whatever the transport', async () => {
  const host = await hostBroker(memoryBroker());
  onTestFinished(() => host.close());
  const clients: Client[] = [];
  const servers = [];
  for (const transport of [webSocket(), sse(), longPolling()]) {
    const broker = await sharedBroker(host.port);
    const server = createServer({
      authenticate: ({ token }) => ({ user: { id: token! } }),
      channels: { '{room}': { subscribe: true } },
      origins: '*',
      broker,
    });
    const http = createHttpServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => http.once('listening', resolve));
    server.attach(http);
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/realtime`;
    const client = composeClient({ url, transports: [transport], user: transport.name, getToken: () => transport.name });
    clients.push(client);
    servers.push(server);
    onTestFinished(async () => {
      client.destroy();
      await server.close();
      http.closeAllConnections();
      http.close();
      await broker.close();
    });
  }
  const presences = clients.map((client) => client.channel('room').presence);
  const shown = (): string[] =>
    presences.map(({ members }) =>
      members
        .get()
        .map(({ user, data, self }) => `${user} ${data}${self ? '*' : ''}`)
        .sort()
        .join(', '),
    );
  const agree = (...texts: readonly string[]): Promise<void> =>
    until(
      () =>
        shown().every(
          (text, at) =>
            text.replace('*', '') === texts.join(', ') && text.split('*').length === (text.includes(`${at}*`) ? 2 : 1),
        ),
      WAIT,
      () => `all show ${texts.join(', ')}, and not ${JSON.stringify(shown())}`,
    );
  presences.forEach(({ members }) => members.subscribe(() => {}));
  const stops = presences.map((presence, at) => presence.enter(at));
  await agree('long-polling 2', 'sse 1', 'websocket 0');
  stops[1]!();
  await agree('long-polling 2', 'websocket 0');
  clients[0]!.destroy();
  await until(
    () => shown()[2] === 'long-polling 2*',
    WAIT,
    () => `one is left: ${shown()[2]}`,
  );
  expect(await servers[1]!.members('room')).toMatchObject([{ user: 'long-polling', data: 2 }]);
});
