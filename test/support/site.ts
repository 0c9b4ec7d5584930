import { readFile } from 'node:fs/promises';
import { type IncomingMessage, type Server as HttpServer, ServerResponse, createServer as createHttpServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type AttachOptions, type Server, type ServerOptions, createServer } from '../../server/index.ts';

export interface Site extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly server: Server;
  /** Requests of the transports since the start, by what follows the mount: `ws`, `sse`, `poll` … */
  readonly asked: ReadonlyMap<string, number>;
  /** Of those, how many are not over: streams, held polls, sockets, offers. */
  readonly held: number;
}

export interface Answer {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What a site answers beside its page and the built scripts, by path; undefined: nothing. */
export type Extra = (url: URL) => string | Answer | undefined | Promise<string | undefined>;

const DIST = fileURLToPath(new URL('../../dist', import.meta.url));
/** What is made to be loaded as it is. */
const SCRIPTS = ['/holdfast.global.js', '/holdfast.module.js'];
const PAGE = '<!doctype html><meta charset="utf-8"><title>Holdfast test</title><script src="/holdfast.global.js"></script>';

const OPEN = { subscribe: true, publish: true, history: { entries: 5000 } };

/** A page with the built script tag, and a real server beside it that allows everything unless told otherwise. */
export async function createSite(
  options: Partial<ServerOptions> = {},
  attached: AttachOptions = {},
  extra: Extra = () => undefined,
): Promise<Site> {
  const scripts = new Map<string, Buffer>();
  for (const name of SCRIPTS) scripts.set(name, await readFile(DIST + name));
  const http: HttpServer = createHttpServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://site.invalid');
    response.setHeader('content-type', url.pathname.endsWith('.js') ? 'text/javascript' : 'text/html');
    const answer = async (): Promise<Buffer | string | Answer> => scripts.get(url.pathname) ?? (await extra(url)) ?? PAGE;
    answer().then(
      (told) => {
        if (typeof told === 'string' || told instanceof Uint8Array) return response.end(told);
        return response.writeHead(200, told.headers).end(told.body);
      },
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  const server = createServer({
    authenticate: () => ({ user: null }),
    channels: { '{room}': OPEN, 'room:{id}': OPEN },
    limits: { publishRate: Infinity },
    origins: '*',
    ...options,
  });
  server.attach(http, attached);
  const traffic = watchTraffic(http);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    port,
    server,
    asked: traffic.asked,
    get held() {
      return traffic.held.size;
    },
    async [Symbol.asyncDispose]() {
      await server.close();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

/** From outside of `attach`, which shows the requests of the transports to no listener. */
function watchTraffic(http: HttpServer): { readonly asked: ReadonlyMap<string, number>; readonly held: ReadonlySet<unknown> } {
  const asked = new Map<string, number>();
  const held = new Set<unknown>();
  type Emit = (this: HttpServer, event: string, ...args: unknown[]) => boolean;
  const emit = http.emit as Emit;
  http.emit = function (this: HttpServer, event: string, ...args: unknown[]) {
    const [request, by] = args as [IncomingMessage, ServerResponse | Socket];
    const kind = event === 'request' || event === 'upgrade' ? /^\/realtime\/(\w+)/.exec(request.url ?? '')?.[1] : undefined;
    if (kind !== undefined && request.method !== 'OPTIONS') {
      asked.set(kind, (asked.get(kind) ?? 0) + 1);
      held.add(request);
      const over = (): void => void held.delete(request);
      by.once('close', over);
      if (by instanceof ServerResponse) by.once('finish', over);
    }
    return emit.call(this, event, ...args);
  } as HttpServer['emit'];
  return { asked, held };
}
