// Holds I9, I12 (docs/guarantees.md).
/** Real sockets, real servers, clients in Node: what one server says, another can go on with. */
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket as WsSocket } from 'ws';
import { type Server, type ServerOptions, createServer, memoryBroker } from '../../server/index.ts';
import { composeClient, json, webSocket } from '../../src/index.ts';
import { msgpack } from '../../src/protocol/msgpack.ts';
import type { Client, ClientOptions } from '../../src/types.ts';
import { createTcpProxy } from '../support/tcp-proxy.ts';
import { told, toldLive } from '../support/told.ts';

const disposers: (() => unknown)[] = [];
afterEach(async () => {
  for (const dispose of disposers.splice(0).reverse()) await dispose();
});

const WebSocket = WsSocket as unknown as typeof globalThis.WebSocket;

async function start(options: Partial<ServerOptions> = {}): Promise<{ readonly server: Server; readonly port: number }> {
  const http = createHttpServer();
  const server = createServer({
    authenticate: () => ({ user: null }),
    channels: { '{room}': { subscribe: true, publish: true } },
    limits: { publishRate: Infinity },
    ...options,
  });
  server.attach(http);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  disposers.push(async () => {
    await server.close();
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  });
  return { server, port: (http.address() as AddressInfo).port };
}

function connect(port: number, options: Partial<ClientOptions> = {}): Client {
  const client = composeClient({
    url: `http://127.0.0.1:${port}/realtime`,
    transports: [webSocket()],
    timing: { backoffBase: 20, backoffCap: 100 },
    environment: { WebSocket },
    ...options,
  });
  disposers.push(() => client.destroy());
  return client;
}

describe('codecs', () => {
  it('lets JSON and MessagePack clients talk in one channel, bytes included', async () => {
    const { port } = await start();
    const text = connect(port, { codec: json() }).channel('room');
    const binary = connect(port, { codec: msgpack() }).channel('room');
    const heard = { text: [] as unknown[], binary: [] as unknown[] };
    let more = (): void => {};
    text.subscribeAll(({ data }) => (heard.text.push(data), more()));
    binary.subscribeAll(({ data }) => (heard.binary.push(data), more()));
    await Promise.all([toldLive(text), toldLive(binary)]);
    const said = [{ a: [1, 'ü', null] }, new Uint8Array([0, 255, 7])];
    await Promise.all([text.publish('a', said[0]).accepted, binary.publish('b', said[1]).accepted]);
    await text.publish('c', said[1]).accepted;
    await told(
      (check) => (more = check),
      () => heard.text.length === 3 && heard.binary.length === 3,
    );
    expect(heard.binary).toEqual(heard.text);
    expect(heard.text).toEqual(expect.arrayContaining([said[0], said[1]]));
    expect(heard.text.at(-1)).toEqual(said[1]);
  });
});

describe('several servers on one broker', () => {
  it('needs no sticky sessions: each reconnect lands on another server, and nothing is lost or repeated', async () => {
    const broker = memoryBroker();
    const servers = [await start({ broker }), await start({ broker }), await start({ broker })];
    let turn = 0;
    await using proxy = await createTcpProxy(() => servers[(turn += 1) % servers.length]!.port);
    const writer = connect(proxy.port).channel('room');
    const reader = connect(proxy.port).channel('room');
    const seen: unknown[] = [];
    const resets: string[] = [];
    let more = (): void => {};
    reader.subscribe('n', (data) => (seen.push(data), more()));
    reader.onReset(({ why }) => void resets.push(why));
    writer.subscribe('n', () => {});
    await Promise.all([toldLive(reader), toldLive(writer)]);
    const accepted: Promise<unknown>[] = [];
    let cuts = 0;
    for (let n = 0; n < 300; n += 1) {
      accepted.push(writer.publish('n', n).accepted);
      // Accepted: so the writer is connected again, and this cut ends something. The last ones are cut in mid-flight.
      if (n % 50 === 20) await accepted.at(-1);
      if (n % 50 === 25) cuts += proxy.cut();
    }
    await Promise.all(accepted);
    await told(
      (check) => (more = check),
      () => seen.length >= 300,
    );
    expect(seen).toEqual(Array.from({ length: 300 }, (_, n) => n));
    expect(resets).toEqual([]);
    expect(cuts).toBeGreaterThanOrEqual(6);
    expect(turn).toBeGreaterThanOrEqual(2 + cuts);
  });

  it('is drained without a loss: clients go elsewhere within the spread', async () => {
    const broker = memoryBroker();
    const [old, next] = [await start({ broker }), await start({ broker })];
    let target = old.port;
    await using proxy = await createTcpProxy(() => target);
    const client = connect(proxy.port);
    const room = client.channel('room');
    const seen: unknown[] = [];
    const reasons: string[] = [];
    let more = (): void => {};
    room.subscribe('n', (data) => (seen.push(data), more()));
    client.status.subscribe(() => {
      const status = client.status.get();
      if (status.state === 'waiting') reasons.push(`${status.reason.by} ${status.reason.name}`);
    });
    await toldLive(room);
    await old.server.publish('room', 'n', 1);
    target = next.port;
    await old.server.drain({ spread: 50 });
    await next.server.publish('room', 'n', 2);
    await told(
      (check) => (more = check),
      () => seen.length === 2,
    );
    expect(seen).toEqual([1, 2]);
    expect(reasons).toEqual(['server going-away']);
    expect(old.server.metrics.get()['connections']).toBe(0);
  });
});

describe('what a server refuses', () => {
  it('turns a foreign origin away before it is a connection', async () => {
    const { port, server } = await start({ origins: ['https://app.example'] });
    const status = (origin: string): Promise<number> =>
      new Promise((resolve) => {
        const socket = new WsSocket(`ws://127.0.0.1:${port}/realtime/ws`, ['holdfast.1.json'], { origin });
        socket.on('open', () => (socket.close(), resolve(101)));
        socket.on('unexpected-response', (request, response) => (request.destroy(), resolve(response.statusCode!)));
        socket.on('error', () => {});
      });
    expect(await status('https://evil.example')).toBe(403);
    expect(await status('https://app.example')).toBe(101);
    expect(server.metrics.get()['faults']).toBe(0);
  });

  it('says so when the token names another user, and sends nothing', async () => {
    const { port } = await start({ authenticate: ({ token }) => (token === null ? null : { user: { id: token } }) });
    const client = connect(port, { user: 'ada', getToken: () => 'bob' });
    const errors: string[] = [];
    client.on('error', ({ code }) => void errors.push(code));
    const receipt = client.channel('room').publish('n', 1);
    await expect(receipt.accepted).rejects.toMatchObject({ code: 'unauthorized' });
    expect(client.status.get()).toMatchObject({ state: 'closed', reason: { by: 'client' } });
    expect(errors).toContain('unauthorized');
  });
});
