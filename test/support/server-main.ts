/** A server as a process of its own, on a broker that it shares with others. Started by server-process.ts. */
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer } from '../../server/index.ts';
import type { ServerProcessOptions } from './server-process.ts';
import { sharedBroker } from './shared-broker.ts';

const { broker, timing = {} } = JSON.parse(process.argv[2]!) as ServerProcessOptions;

const http = createHttpServer((_request, response) => void response.writeHead(404).end('nothing is here\n'));
const server = createServer({
  authenticate: () => ({ user: null }),
  channels: { '{room}': { subscribe: true, publish: true } },
  limits: { publishRate: Infinity },
  timing,
  broker: await sharedBroker(broker),
});
server.attach(http);
http.listen(0, '127.0.0.1', () => process.send!({ port: (http.address() as AddressInfo).port }));

process.on('message', () => process.send!({ metrics: server.metrics.get() }));
// Whoever started it is gone, and nobody else would end it.
process.on('disconnect', () => process.exit());
