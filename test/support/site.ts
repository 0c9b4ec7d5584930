import { readFile } from 'node:fs/promises';
import { type Server as HttpServer, createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type AttachOptions, type Server, type ServerOptions, createServer } from '../../server/index.ts';

export interface Site extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly server: Server;
}

const SCRIPT = fileURLToPath(new URL('../../dist/holdfast.global.js', import.meta.url));
const PAGE = '<!doctype html><meta charset="utf-8"><title>Holdfast test</title><script src="/holdfast.global.js"></script>';

/** A page with the built script tag, and a real server beside it that allows everything unless told otherwise. */
export async function createSite(options: Partial<ServerOptions> = {}, attached: AttachOptions = {}): Promise<Site> {
  const script = await readFile(SCRIPT);
  const http: HttpServer = createHttpServer((request, response) => {
    const isScript = request.url === '/holdfast.global.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? script : PAGE);
  });
  const server = createServer({
    authenticate: () => ({ user: null }),
    channels: { '{room}': { subscribe: true, publish: true, history: { entries: 5000 } } },
    limits: { publishRate: Infinity },
    origins: '*',
    ...options,
  });
  server.attach(http, attached);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    port,
    server,
    async [Symbol.asyncDispose]() {
      await server.close();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}
