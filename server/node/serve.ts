import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { createOrigins } from '../origins.ts';
import { createServer, type Server } from './create-server.ts';

export const HELP = `holdfast serve: an open realtime server for trying things out

  npx holdfast serve [--port 8080] [--host 127.0.0.1] [--path /realtime] [--origin https://app.example.com ...]

  --port    TCP port, 0 for any free one (default 8080)
  --host    address to listen on (default 127.0.0.1: this machine only)
  --path    where the transports are (default /realtime)
  --origin  a browser origin that may connect; may be given again; '*' for all (default: the same host)
  --help    this text

Everybody may read and publish everything on it. For a real one, see createServer in holdfast/server.
`;

export interface Io {
  out(text: string): void;
  err(text: string): void;
}

export interface Running {
  /** Of the WebSocket. */
  readonly url: string;
  readonly server: Server;
  /** Sends clients elsewhere and ends. */
  stop(spread?: number): Promise<void>;
}

/** A running server, or the exit code of a call that starts none. */
export async function serve(argv: readonly string[], io: Io): Promise<Running | number> {
  const options = parse(argv);
  if (options === 'help') {
    io.out(HELP);
    return 0;
  }
  if (typeof options === 'string') {
    io.err(`holdfast: ${options}\nTry: npx holdfast --help\n`);
    return 2;
  }
  try {
    return await start(options, io);
  } catch (error) {
    io.err(`holdfast: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

interface Options {
  readonly port: number;
  readonly host: string;
  readonly path: string;
  readonly origins: readonly string[] | '*' | undefined;
}

/** @returns a sentence if something is wrong */
function parse(argv: readonly string[]): Options | 'help' | (string & {}) {
  let parsed;
  try {
    parsed = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        port: { type: 'string', default: '8080' },
        host: { type: 'string', default: '127.0.0.1' },
        path: { type: 'string', default: '/realtime' },
        origin: { type: 'string', multiple: true },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const { values, positionals } = parsed;
  if (values.help || argv.length === 0) return 'help';
  if (positionals.length !== 1 || positionals[0] !== 'serve') return `unknown command: ${positionals.join(' ') || '(none)'}`;
  const port = Number(values.port);
  if (!/^\d+$/.test(values.port) || port > 65_535) return `--port must be a number from 0 to 65535, not '${values.port}'`;
  if (!/^\/.*[^/]$/.test(values.path)) return `--path must begin with / and not end with it: '${values.path}'`;
  const origins = values.origin?.includes('*') === true ? '*' : values.origin;
  try {
    createOrigins(origins);
  } catch (error) {
    return `--origin: ${(error as Error).message}`;
  }
  return { port, host: values.host, path: values.path, origins };
}

async function start({ port, host, path, origins }: Options, io: Io): Promise<Running> {
  const rule = { subscribe: true, publish: true };
  const server = createServer({
    authenticate: () => ({ user: null }),
    channels: Object.fromEntries(DEPTHS.map((depth) => [depth, rule])),
    ...(origins === undefined ? undefined : { origins }),
  });
  const http = createHttpServer((_request, response) => {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('This is a realtime server: connect with a Holdfast client.\n');
  });
  server.attach(http, { path });
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen(port, host, resolve);
  });
  http.removeAllListeners('error').on('error', (error) => io.err(`holdfast: ${error.message}\n`));
  const { port: bound } = http.address() as AddressInfo;
  const shown = host.includes(':') ? `[${host}]` : host;
  io.out(`Holdfast listens on http://${shown}:${bound}${path}\n`);
  io.out('Everybody who reaches it may read and publish everything: do not put it on the internet like this.\n');
  return {
    url: `ws://${shown}:${bound}${path}/ws`,
    server,
    async stop(spread = 1000) {
      await server.drain({ spread, timeout: 5000 });
      await server.close();
      await new Promise<void>((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      });
    },
  };
}

/** A parameter fills one segment, so "every channel" is one pattern for each depth. */
const DEPTHS = Array.from({ length: 8 }, (_, depth) => Array.from({ length: depth + 1 }, (_, index) => `{s${index}}`).join(':'));
