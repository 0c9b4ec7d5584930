/** The odd proxies of offices, hotels and virus scanners. What it is not told to spoil it passes on as it comes. */
import { type IncomingMessage, type ServerResponse, createServer, request as ask } from 'node:http';
import { type AddressInfo, type Socket, connect } from 'node:net';

export interface HttpProxyOptions {
  /**
   * What becomes of an upgrade. swallow: the handshake passes, and nothing after it. hang: the request is taken and never
   * answered. refuse: 403. @default 'pass'
   */
  readonly upgrade?: 'pass' | 'swallow' | 'hang' | 'refuse';
  /** Hold each answer back until it is complete, headers too. @default false */
  readonly buffers?: boolean;
  /** Answers in the server's place, by the end of the path. @default none */
  readonly answers?: Readonly<Record<string, { readonly status: number; readonly type: string; readonly body: string }>>;
}

export interface HttpProxy extends AsyncDisposable {
  readonly port: number;
  /** Path of each request that came, upgrades too. */
  readonly seen: readonly string[];
}

export async function createHttpProxy(target: number, options: HttpProxyOptions = {}): Promise<HttpProxy> {
  const { upgrade = 'pass', buffers = false, answers = {} } = options;
  const sockets = new Set<Socket>();
  const seen: string[] = [];
  const own = (socket: Socket): Socket => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    return socket.on('close', () => sockets.delete(socket));
  };

  const pass = (request: IncomingMessage, response: ServerResponse): void => {
    const { method, url, headers } = request;
    const onward = ask({ port: target, host: '127.0.0.1', method, path: url, headers }, (answer) => {
      const head = [answer.statusCode!, answer.headers] as const;
      // Half an answer is no answer.
      answer.on('error', () => response.destroy());
      if (!buffers) {
        response.writeHead(...head).flushHeaders();
        return void answer.pipe(response);
      }
      const pieces: Buffer[] = [];
      answer.on('data', (piece: Buffer) => pieces.push(piece));
      answer.on('end', () => response.writeHead(...head).end(Buffer.concat(pieces)));
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  };

  const server = createServer((request, response) => {
    seen.push(request.url!);
    const instead = Object.entries(answers).find(([end]) => request.url!.endsWith(end))?.[1];
    if (instead === undefined) return pass(request, response);
    request.resume();
    response.writeHead(instead.status, { 'content-type': instead.type }).end(instead.body);
  });
  server.on('connection', (socket: Socket) => own(socket.setNoDelay(true)));
  server.on('upgrade', (request, socket: Socket, head) => {
    seen.push(request.url!);
    if (upgrade === 'hang') return;
    if (upgrade === 'refuse') return void socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    const onward = own(connect(target, '127.0.0.1'));
    socket.on('close', () => onward.destroy());
    onward.on('close', () => socket.destroy());
    const raw = request.rawHeaders;
    const lines = raw.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${raw[at + 1]!}`] : []));
    onward.write(`GET ${request.url!} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    onward.write(head);
    if (upgrade === 'pass') {
      socket.pipe(onward);
      onward.pipe(socket);
      return;
    }
    socket.resume();
    let answer = '';
    onward.on('data', (bytes: Buffer) => {
      if (answer.endsWith('\r\n\r\n')) return;
      answer += bytes.toString('latin1');
      const end = answer.indexOf('\r\n\r\n');
      if (end >= 0) socket.write((answer = answer.slice(0, end + 4)), 'latin1');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    port: (server.address() as AddressInfo).port,
    seen,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      sockets.forEach((socket) => socket.destroy());
      await closed;
    },
  };
}
