/** A server with WebRTC in a process of its own, to be killed or to end by itself. Prints its address. */
import { createServer as createHttpServer } from 'node:http';
import { createServer } from '../../dist/server.js';

const http = createHttpServer();
const realtime = createServer({
  authenticate: () => ({ user: null }),
  channels: { '{room}': { subscribe: true, publish: true } },
  origins: '*',
  timing: { ping: 3000 },
});
realtime.attach(http, { webRTC: { bindAddress: '127.0.0.1' } });
http.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${http.address().port}/realtime`));
process.on('SIGTERM', async () => {
  await realtime.close();
  http.closeAllConnections();
  http.close();
});
