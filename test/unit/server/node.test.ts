import { createServer as createHttpServer, get, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createServer, type Server, type ServerOptions } from '../../../server/index.ts';
import { HELP, serve } from '../../../server/node/serve.ts';
import { FrameWriter } from '../../../server/node/websocket.ts';
import type { ClientFrame, ServerFrame } from '../../../src/protocol/frame.ts';
import { json } from '../../../src/protocol/json.ts';
import { msgpack } from '../../../src/protocol/msgpack.ts';
import { decodeAll, items } from './support.ts';

const toClose: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
});

const start = async (
  options: Partial<ServerOptions> = {},
): Promise<{ server: Server; http: HttpServer; port: number; detach: () => void }> => {
  const http = createHttpServer((_request, response) => response.end('the app'));
  const server = createServer({ authenticate: () => ({ user: null }), channels: { '{c}': { subscribe: true, publish: true } }, onEvent: () => undefined, ...options }); // prettier-ignore
  const detach = server.attach(http);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  toClose.push(
    () => new Promise((resolve) => (http.close(resolve), http.closeAllConnections())),
    () => server.close(),
  );
  return { server, http, detach, port: (http.address() as AddressInfo).port };
};

interface Client {
  readonly socket: WebSocket;
  send(...frames: readonly ClientFrame[]): void;
  next<T extends ServerFrame['t']>(type: T): Promise<Extract<ServerFrame, { t: T }>>;
  readonly closed: Promise<number>;
}

const open = async (port: number, protocol?: string, origin?: string): Promise<Client> => {
  const codec = protocol === 'holdfast.1.msgpack' ? msgpack() : json();
  const socket = new WebSocket(
    `ws://127.0.0.1:${port}/realtime/ws`,
    protocol === undefined ? [] : [protocol],
    origin === undefined ? {} : { origin },
  );
  toClose.push(() => socket.terminate());
  const frames: ServerFrame[] = [];
  const waiting: [string, (frame: never) => void][] = [];
  const settle = (): void => {
    for (const each of [...waiting]) {
      const index = frames.findIndex(({ t }) => t === each[0]);
      if (index < 0) continue;
      waiting.splice(waiting.indexOf(each), 1);
      each[1](frames.splice(index, 1)[0] as never);
    }
  };
  socket.on('message', (data: Buffer, binary) => {
    frames.push(...decodeAll(codec, binary ? new Uint8Array(data) : data.toString()));
    settle();
  });
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  await new Promise<void>((resolve, reject) => socket.on('open', resolve).on('error', reject));
  return {
    socket,
    closed,
    send: (...list) => socket.send(codec.join(list.map((frame) => codec.encode(frame)))),
    next: (type) =>
      new Promise((resolve) => {
        waiting.push([type, resolve]);
        settle();
      }),
  };
};
const hello = { t: 'hello', v: [1, 1], client: 'c', gen: 1 } as const;

describe('a request that is refused', () => {
  it('keeps no socket, whatever the peer does with its own end', { timeout: 5000 }, async () => {
    const { http, port } = await start();
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    toClose.push(() => socket.destroy());
    socket.write('GET /elsewhere HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    await new Promise((resolve) => socket.resume().once('end', resolve));
    // The peer stays half open: the server is done with it all the same.
    await new Promise((resolve) => http.close(resolve));
    expect(socket.destroyed).toBe(false);
  });
});

describe('a request that comes too soon', () => {
  const told = async (port: number): Promise<{ readonly status: number; readonly after: string | undefined }> => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/realtime/ws`);
    toClose.push(() => socket.terminate());
    socket.on('error', () => undefined);
    return new Promise((resolve) =>
      socket.on('unexpected-response', (_request, { statusCode, headers }) =>
        resolve({ status: statusCode!, after: headers['retry-after'] }),
      ),
    );
  };

  it.each([
    [0, '4'],
    [0.999, '10'],
  ])('is told when to come back, in whole seconds: chance %d', async (chance, after) => {
    const environment = { random: () => chance, now: () => 1_000_000 };
    const { port, server } = await start({ limits: { admitRate: 0.3 }, environment });
    await open(port);
    // The turn of the next one is after 6.67 s.
    expect(server.turnAway({ origin: null, host: null })).toMatchObject({ status: 503 });
    expect(await told(port)).toEqual({ status: 503, after });
  });

  it('is never told to come back at once', async () => {
    const { port } = await start({ limits: { admitRate: 20 }, environment: { random: () => 0, now: () => 1_000_000 } });
    for (let i = 0; i < 80; i += 1) await open(port);
    expect(await told(port)).toEqual({ status: 503, after: '1' });
  });

  it('of a server that drains is told a part of its spread', async () => {
    const { port, server } = await start({ environment: { random: () => 0.5 } });
    await server.drain({ spread: 9000 });
    expect(await told(port)).toEqual({ status: 503, after: '5' });
  });
});

describe('on Node', () => {
  it.each([undefined, 'holdfast.1.json', 'holdfast.1.msgpack'])(
    'carries messages over a real WebSocket: %s',
    async (protocol) => {
      const { port } = await start();
      const client = await open(port, protocol);
      expect(client.socket.protocol).toBe(protocol ?? '');
      client.send(hello, { t: 'sub', c: 'a', k: 1 });
      await client.next('subbed');
      client.send({ t: 'pub', c: 'a', p: 'p', s: 1, first: true, items: items(1, 1, { text: 'Grüße, 世界' }) });
      expect((await client.next('msg')).items[0]?.d).toEqual({ text: 'Grüße, 世界' });
      expect((await client.next('ack')).r).toHaveLength(1);
    },
  );

  it('carries long batches, and a long log, to a reader that comes late', async () => {
    const { port, server } = await start({ limits: { publishRate: Infinity } });
    const [writer, reader] = [await open(port), await open(port)];
    const { epoch } = await server.cursor('a');
    for (let i = 0; i < 60; i += 1) await server.publish('a', 'x', 'y'.repeat(30_000));
    reader.send(hello, { t: 'sub', c: 'a', k: 1, cur: [epoch, 0, ''] });
    let count = (await reader.next('subbed')).items?.length ?? 0;
    writer.send(hello, { t: 'pub', c: 'a', p: 'p', s: 1, first: true, items: items(1) });
    while (count < 61) count += (await reader.next('msg')).items.length;
    expect(count).toBe(61);
  });

  it('closes with the code of its bye', async () => {
    const { port } = await start();
    const client = await open(port);
    client.send({ ...hello, v: [5, 6] });
    expect((await client.next('bye')).code).toBe(4406);
    expect(await client.closed).toBe(4406);
  });

  it('closes with 1009 for a message above the limit', async () => {
    const { port } = await start({ limits: { message: 1000 } });
    const client = await open(port);
    client.socket.send('x'.repeat(1001));
    expect(await client.closed).toBe(1009);
  });

  it('refuses another origin with 403, and everybody with 503 while it drains', async () => {
    const { port, server } = await start();
    await expect(open(port, undefined, 'https://evil.example')).rejects.toThrow('403');
    const client = await open(port, undefined, `http://127.0.0.1:${port}`);
    const drained = server.drain();
    expect(await client.closed).toBe(4000);
    await drained;
    await expect(open(port)).rejects.toThrow('503');
  });

  it('leaves other paths and requests to others', async () => {
    const { port, http, detach } = await start();
    const body = await new Promise<string>((resolve) => get(`http://127.0.0.1:${port}/realtime/ws`, (response) => response.on('data', (data: Buffer) => resolve(String(data))))); // prettier-ignore
    expect(body).toBe('the app');
    const other = (path: string): Promise<void> =>
      new Promise((resolve, reject) => new WebSocket(`ws://127.0.0.1:${port}${path}`).on('error', reject).on('open', resolve));
    await expect(other('/hmr')).rejects.toThrow('404');
    http.on('upgrade', (request, socket) => {
      if (request.url === '/hmr') socket.end('HTTP/1.1 418 Teapot\r\nConnection: close\r\n\r\n');
    });
    await expect(other('/hmr')).rejects.toThrow('418');
    const client = await open(port);
    detach();
    detach();
    client.send(hello);
    await client.next('welcome');
    expect(http.listenerCount('upgrade')).toBe(1);
  });

  it.each(['realtime', '/realtime/', ''])('refuses the path %j', async (path) => {
    const { server, http } = await start();
    expect(() => server.attach(http, { path })).toThrow(/path must begin/);
  });

  it('survives a peer that breaks the WebSocket protocol, or hangs up in the middle', async () => {
    const { port, server } = await start();
    const client = await open(port);
    client.send(hello);
    await client.next('welcome');
    (client.socket as unknown as { _socket: { write(data: Buffer): void } })._socket.write(Buffer.from([0xff, 0xff, 0xff]));
    await client.closed;
    const raw = connect(port, '127.0.0.1');
    raw.write(
      'GET /realtime/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nOrigin: https://evil.example\r\n\r\n',
    );
    await new Promise((resolve) => raw.once('data', resolve));
    raw.resetAndDestroy();
    const again = await open(port);
    again.send(hello);
    await again.next('welcome');
    expect(server.metrics.get()['faults']).toBe(0);
  });

  it('makes frames of every length', () => {
    const writer = new FrameWriter();
    expect([...writer.frame('ab')]).toEqual([0x81, 2, 97, 98]);
    expect([...writer.frame(new Uint8Array([7]))]).toEqual([0x82, 1, 7]);
    expect([...writer.frame('')]).toEqual([0x81, 0]);
    expect([...writer.frame('ü'.repeat(63)).subarray(0, 4)]).toEqual([0x81, 126, 0, 126]);
    expect([...writer.frame('x'.repeat(70_000)).subarray(0, 10)]).toEqual([0x81, 127, 0, 0, 0, 0, 0, 1, 0x11, 0x70]);
    expect(writer.frame('x'.repeat(70_000))).toBe(writer.frame('x'.repeat(70_000)));
  });
});

describe('holdfast serve', () => {
  const run = async (...argv: string[]) => {
    let [out, err] = ['', ''];
    const running = await serve(argv, { out: (text) => (out += text), err: (text) => (err += text) });
    if (typeof running !== 'number') toClose.push(() => running.stop(0));
    return { running, out, err };
  };

  it.each([[[]], [['--help']], [['serve', '--help']]])('%j prints the help', async (argv) => {
    expect(await run(...argv)).toEqual({ running: 0, out: HELP, err: '' });
  });

  it.each([
    [['serve', '--port', 'x'], /--port must be a number/],
    [['serve', '--port', '70000'], /--port must be a number/],
    [['serve', '--prot', '1'], /--prot/],
    [['serve', '--path', 'x'], /--path must begin/],
    [['start'], /unknown command: start/],
    [['serve', '--port', '0', '--origin', 'example.com'], /is no origin/],
  ])('%j is answered with a sentence', async (argv, sentence) => {
    const { running, out, err } = await run(...argv);
    expect(running).toBe(2);
    expect(out).toBe('');
    expect(err).toMatch(sentence);
  });

  it('serves every channel to everybody, and says so', async () => {
    const { running, out } = await run('serve', '--port', '0', '--path', '/rt', '--origin', '*');
    if (typeof running === 'number') throw new Error('not running');
    expect(out).toContain('/rt');
    expect(out).toMatch(/Everybody .* publish everything/);
    const socket = new WebSocket(running.url, { origin: 'https://anywhere.example' });
    const message = new Promise<string>((resolve) => socket.on('message', (data: Buffer) => resolve(String(data))));
    await new Promise((resolve) => socket.on('open', resolve));
    socket.send(JSON.stringify([hello, { t: 'sub', c: 'any:room:at-all', k: 1 }]));
    expect(await message).toContain('welcome');
    const closed = new Promise((resolve) => socket.on('close', resolve));
    await running.stop(0);
    expect(await closed).toBe(4000);
    toClose.pop();
  });
});
