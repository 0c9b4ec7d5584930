/** An app of one of the folders of `apps/`, in a project of its own in which the tarball is installed, and its server. */
import { cpSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, type ServerResponse, createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import type { InlineConfig, PluginOption } from 'vite';
import { createServer } from '../../server/index.ts';
import type { TestBrowser } from '../support/browser.ts';
import { folder } from './consumer.ts';

const here = dirname(fileURLToPath(import.meta.url));

/** A copy beside the tarball, with the page that all apps share: imports are looked up from there. @returns its folder */
export function copyApp(name: string, as: string): string {
  const app = join(folder, as);
  cpSync(join(here, 'apps', name), app, { recursive: true });
  const main = readdirSync(app).find((file) => file.startsWith('main.'))!;
  writeFileSync(join(app, 'index.html'), readFileSync(join(here, 'apps/index.html'), 'utf8').replace('/main', `/${main}`));
  return app;
}

/** With all the checks of a framework, which are wanted here, it is large. */
const QUIET = { chunkSizeWarningLimit: 4000 };

export function configOf(root: string, plugin: PluginOption): InlineConfig {
  return { root, configFile: false, logLevel: 'warn', cacheDir: join(root, '.vite'), plugins: [plugin], build: QUIET };
}

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

export interface Site extends AsyncDisposable {
  readonly http: ReturnType<typeof createHttpServer>;
  readonly url: string;
  /** How many connections said who they are. */
  readonly hellos: number;
  serve(listener: Listener): void;
}

/** The app's own server: pages, and /realtime. */
export async function openSite(): Promise<Site> {
  let hellos = 0;
  let listener: Listener = (_, response) => void response.writeHead(404).end();
  const http = createHttpServer((request, response) => listener(request, response));
  const realtime = createServer({
    authenticate: () => {
      hellos += 1;
      return { user: null };
    },
    channels: { 'room:{id}': { subscribe: true, publish: true } },
  });
  realtime.attach(http);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return {
    http,
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/`,
    get hellos() {
      return hellos;
    },
    serve: (next) => void (listener = next),
    async [Symbol.asyncDispose]() {
      await realtime.close();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

const TYPES: Readonly<Record<string, string>> = { '.js': 'text/javascript', '.css': 'text/css', '.html': 'text/html' };

/** What was built, with the page as `change` makes it. */
export function built(app: string, change: (html: string) => string = (html) => html): Listener {
  return (request, response) => {
    const path = request.url === '/' ? '/index.html' : request.url!;
    const text = readFileSync(join(app, 'dist', path), 'utf8');
    response.setHeader('content-type', TYPES[extname(path)] ?? 'text/plain');
    response.end(path === '/index.html' ? change(text) : text);
  };
}

export interface Visit {
  readonly page: Page;
  /** All that went wrong in it: uncaught, and written to the console. */
  readonly errors: readonly string[];
  /** Sockets that it opened to its realtime server, and `sub` frames that it sent there. */
  readonly counts: { sockets: number; subs: number };
}

export async function visit({ browser }: TestBrowser, url: string): Promise<Visit> {
  const page = await (await browser.newContext()).newPage();
  const errors: string[] = [];
  const counts = { sockets: 0, subs: 0 };
  page.on('websocket', (socket) => {
    if (!socket.url().includes('/realtime')) return;
    counts.sockets += 1;
    socket.on('framesent', ({ payload }) => (counts.subs += payload.toString().split('"t":"sub"').length - 1));
  });
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') errors.push(message.text());
  });
  await page.goto(url);
  return { page, errors, counts };
}
