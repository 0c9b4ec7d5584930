// Holds I10 (docs/guarantees.md).
/** Three servers that share a broker over the network, and a client of each transport. */
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { WebSocket as WsSocket } from 'ws';
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
      // What is still said to the store when it is closed fails.
      onEvent() {},
      broker,
    });
    const http = createHttpServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => http.once('listening', resolve));
    server.attach(http);
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/realtime`;
    const environment = { WebSocket: WsSocket as unknown as typeof WebSocket };
    const client = composeClient({
      url,
      transports: [transport],
      environment,
      user: transport.name,
      getToken: () => transport.name,
    });
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
    presences.map(({ members }, at) => {
      const selves = members.get().filter(({ self }) => self);
      if (selves.some(({ data }) => data !== at)) return 'another one as itself';
      return members.get().map(({ user, data }) => `${user} ${data}`).sort().join(', '); // prettier-ignore
    });
  const agree = (text: string, seen = shown): Promise<void> =>
    until(
      () => seen().every((each) => each === text),
      WAIT,
      () => `all show ${text}, and not ${JSON.stringify(seen())}`,
    );
  presences.forEach(({ members }) => members.subscribe(() => {}));
  const stops = presences.map((presence, at) => presence.enter(at));
  await agree('long-polling 2, sse 1, websocket 0');
  stops[1]!();
  await agree('long-polling 2, websocket 0');
  clients[0]!.destroy();
  await agree('long-polling 2', () => shown().slice(1));
  expect(await servers[1]!.members('room')).toMatchObject([{ user: 'long-polling', data: 2 }]);
});
