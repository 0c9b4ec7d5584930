/** diagnose() in Node, against a real server and against small ones that are broken in one way each. */
import { type RequestListener, type Server as HttpServer, createServer as createHttpServer } from 'node:http';
import { type AddressInfo, type Server as TcpServer, type Socket, createServer as createTcpServer } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebSocket as WsSocket, WebSocketServer } from 'ws';
import { type ServerOptions, createServer } from '../../server/index.ts';
import { type ClientOptions, type Diagnosis, composeClient, diagnose, longPolling, sse, webSocket } from '../../src/index.ts';

const disposers: (() => unknown)[] = [];
afterEach(async () => {
  for (const dispose of disposers.splice(0).reverse()) await dispose();
});

const WebSocket = WsSocket as unknown as typeof globalThis.WebSocket;
const WELCOME = '{"t":"welcome","v":1,"mem":"m","ping":25000,"limits":{"frame":65536,"binary":262144,"batch":262144,"items":64,"message":524288,"channels":256,"depth":32,"keys":1024,"outboxTtl":259200000},"caps":[]}'; // prettier-ignore

async function listen(server: TcpServer): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  disposers.push(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  return (server.address() as AddressInfo).port;
}

const http = (listener: RequestListener): Promise<number> => listen(createHttpServer(listener));

async function hold(options: Partial<ServerOptions> = {}): Promise<number> {
  const web: HttpServer = createHttpServer();
  const server = createServer({ authenticate: () => ({ user: null }), channels: {}, ...options });
  server.attach(web);
  const port = await listen(web);
  disposers.push(() => server.close());
  return port;
}

const transports = [webSocket(), sse(), longPolling()] as const;

async function diagnosed(url: string, options: Partial<ClientOptions> = {}, timeout = 5000): Promise<Diagnosis> {
  const client = composeClient({ url, transports, environment: { WebSocket }, ...options });
  disposers.push(() => client.destroy());
  return diagnose(client, { timeout });
}

const problems = ({ checks }: Diagnosis): Readonly<Record<string, string | null>> =>
  Object.fromEntries(checks.map(({ name, problem }) => [name, problem]));
const at = (port: number, path = '/realtime'): string => `http://127.0.0.1:${port}${path}`;

describe('against a real server', () => {
  it('every transport works', async () => {
    const port = await hold();
    const { ok, checks, summary } = await diagnosed(at(port));
    const names = ['network', 'outbox', 'websocket', 'sse', 'long-polling'];
    expect({ ok, names: checks.map(({ name }) => name) }).toEqual({ ok: true, names });
    expect(summary).toMatch(/^holdfast \S+, http:\/\/127\.0\.0\.1:\d+\/realtime, idle\n/);
  });

  it('leaves nothing on it', async () => {
    const web = createHttpServer();
    const server = createServer({ authenticate: () => ({ user: null }), channels: {} });
    server.attach(web);
    const port = await listen(web);
    disposers.push(() => server.close());
    await diagnosed(at(port));
    await vi.waitFor(() => expect(server.metrics.get()['connections']).toBe(0));
    expect(server.metrics.get()['faults']).toBe(0);
  });

  it.each<readonly [string, Partial<ClientOptions>, RegExp]>([
    ['a token that it does not take', { getToken: () => 'wrong' }, /does not accept the token/],
    ['a user that is not the client’s', { getToken: () => 'ada', user: 'bob' }, /another user/],
  ])('%s', async (_what, options, problem) => {
    const port = await hold({ authenticate: ({ token }) => (token === 'wrong' ? null : { user: { id: token ?? 'x' } }) });
    const found = problems(await diagnosed(at(port), options));
    for (const { name } of transports) expect(found[name]).toMatch(problem);
  });

  it('the wrong path', async () => {
    const port = await hold();
    const found = problems(await diagnosed(at(port, '/elsewhere'), {}, 500));
    expect(found['websocket']).toMatch(/404/);
    // There a server that has no other listeners answers no request.
    expect(found['sse']).toMatch(/404|No answer/);
  });

  it('does not supersede the connection that runs', async () => {
    const port = await hold();
    const client = composeClient({ url: at(port), transports: [webSocket()], environment: { WebSocket } });
    disposers.push(() => client.destroy());
    client.connect();
    await new Promise<void>((resolve) => client.status.subscribe(() => client.status.get().state === 'connected' && resolve()));
    const before = client.status.get();
    const { ok, choices } = await diagnose(client);
    expect([ok, choices.length]).toEqual([true, 1]);
    expect(client.status.get()).toMatchObject({ state: 'connected', since: 'since' in before && before.since });
  });
});

describe('against a server that', () => {
  it.each([401, 403, 404, 405, 413, 502, 503])('answers everything with %i', async (status) => {
    const port = await http((request, response) => (request.resume(), response.writeHead(status).end('no')));
    for (const name of ['websocket', 'sse', 'long-polling']) {
      expect(problems(await diagnosed(at(port)))[name]).toMatch(new RegExp(`was answered with ${status}: `));
    }
  });

  it('shows everybody a page', async () => {
    const port = await http((request, response) => {
      request.resume();
      response.setHeader('content-type', 'text/html; charset=utf-8').end('<p>hello</p>');
    });
    const { websocket, sse: stream, 'long-polling': poll } = problems(await diagnosed(at(port)));
    expect(websocket).toMatch(/answers with 200, as if no WebSocket/);
    expect([stream, poll].join()).toMatch(/text\/html.*text\/html/);
  });

  it('leads elsewhere', async () => {
    const port = await http((request, response) => (request.resume(), response.writeHead(302, { location: '/login' }).end()));
    expect(Object.values(problems(await diagnosed(at(port)))).filter((problem) => problem?.includes('redirect'))).toHaveLength(3);
  });

  it('is not there', async () => {
    const server = createTcpServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const { ok, checks } = await diagnosed(at(port));
    expect(ok).toBe(false);
    expect(checks.slice(2).map(({ problem }) => problem)).toEqual(
      Array.from(transports, () => 'Nothing listens on that host and port (ECONNREFUSED).'),
    );
  });

  it('has no name that is known', async () => {
    const { sse: problem } = problems(await diagnosed('http://nowhere.invalid/realtime', { transports: [sse()] }));
    expect(problem).toMatch(/cannot be resolved/);
  });

  it('does not speak TLS', async () => {
    const port = await http((_request, response) => void response.end());
    const found = problems(await diagnosed(`https://127.0.0.1:${port}/realtime`));
    for (const { name } of transports) expect(found[name]).toMatch(/TLS failed/);
  });

  it('hangs', async () => {
    const port = await http(() => {});
    const { checks } = await diagnosed(at(port), {}, 200);
    for (const { problem, ms } of checks.slice(2)) {
      expect(problem).toMatch(/No answer came in time/);
      expect(ms).toBeGreaterThanOrEqual(199);
    }
  });

  it('breaks off', async () => {
    const port = await listen(createTcpServer((socket) => void socket.destroy()));
    const found = problems(await diagnosed(at(port)));
    for (const { name } of transports) expect(found[name]).toMatch(/broken off/);
  });

  it('opens a WebSocket and swallows what is sent', async () => {
    const web = createHttpServer();
    const server = new WebSocketServer({ server: web, handleProtocols: (protocols) => [...protocols][0]! });
    disposers.push(() => server.close());
    const port = await listen(web);
    const found = await diagnosed(at(port), { transports: [webSocket()] }, 200);
    expect(problems(found)['websocket']).toMatch(/no welcome came/);
  });

  it('lets HTTP pass and no WebSocket', async () => {
    const port = await http(answer());
    const found = await diagnosed(at(port));
    expect(problems(found)).toMatchObject({ websocket: expect.stringMatching(/426/) as string, sse: null, 'long-polling': null });
    expect(found.checks.find(({ name }) => name === 'websocket')!.remedy).toContain('proxy_set_header Upgrade');
  });

  it('gathers an event stream before it passes it on', async () => {
    const port = await http(answer({ stream: 'head' }));
    const { sse: early } = problems(await diagnosed(at(port), {}, 300));
    expect(early).toMatch(/held back/);
    const later = await http(answer({ stream: 'nothing' }));
    const found = await diagnosed(at(later), {}, 300);
    expect(problems(found)).toMatchObject({ sse: expect.stringMatching(/held back/) as string, 'long-polling': null });
    expect(found.checks.find(({ name }) => name === 'sse')!.remedy).toContain('proxy_buffering off');
  });

  it('answers downstream, and forbids what is sent', async () => {
    const port = await http(answer({ send: 403 }));
    const { sse: stream, 'long-polling': poll } = problems(await diagnosed(at(port), { transports: [sse(), longPolling()] }));
    expect([stream, poll].map((problem) => /\/send was answered with 403/.test(problem!))).toEqual([true, true]);
  });
});

interface Habits {
  /** What passes of a stream. */
  readonly stream?: 'all' | 'head' | 'nothing';
  readonly send?: number;
}

/** As much of a server over HTTP as a probe asks for. */
function answer({ stream = 'all', send = 200 }: Habits = {}): RequestListener {
  return (request, response) => {
    request.resume();
    const path = request.url!.split('/').at(-1);
    if (path === 'ws') return response.writeHead(426).end();
    if (path === 'sse') {
      if (stream === 'nothing') return;
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      if (stream === 'all') response.write(`data: ${WELCOME}\n\n`);
      return;
    }
    const body = path === 'send' ? '{"t":"pong","x":1}' : WELCOME;
    response.writeHead(path === 'send' ? send : 200, {
      'content-type': send === 200 || path !== 'send' ? 'application/json' : 'text/plain',
    });
    return response.end(body);
  };
}
