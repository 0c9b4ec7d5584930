/** The server behind a real HTTP server on this machine. */
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type ServerOptions } from '../../../server/index.ts';
import type { ClientFrame, ServerFrame } from '../../../src/protocol/frame.ts';
import { json } from '../../../src/protocol/json.ts';
import { decodeAll } from './support.ts';

export const toClose: (() => unknown)[] = [];

export async function closeAll(): Promise<void> {
  for (const close of toClose.splice(0).reverse()) await close();
}

export interface Site {
  readonly server: Server;
  readonly http: HttpServer;
  readonly url: string;
  readonly detach: () => void;
}

export const start = async (options: Partial<ServerOptions> = {}, app = true): Promise<Site> => {
  const http = createHttpServer();
  if (app) http.on('request', (_request, response) => response.end('the app'));
  const server = createServer({ authenticate: () => ({ user: null }), channels: { '{c}': { subscribe: true, publish: true } }, onEvent: () => undefined, ...options }); // prettier-ignore
  const detach = server.attach(http);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  toClose.push(
    () => new Promise((resolve) => (http.close(resolve), http.closeAllConnections())),
    () => server.close(),
  );
  return { server, http, detach, url: `http://127.0.0.1:${(http.address() as AddressInfo).port}` };
};

export const post = (url: string, frames: readonly ClientFrame[], init: RequestInit = {}): Promise<Response> =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(frames), ...init });
export const framesOf = async (response: Response): Promise<readonly ServerFrame[]> => decodeAll(json(), await response.text());
