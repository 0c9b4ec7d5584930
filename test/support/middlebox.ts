/** nginx and HAProxy in the foreground, each with a configuration and a folder of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './until.ts';

export interface Middlebox extends AsyncDisposable {
  readonly port: number;
  /** What it wrote: its faults, and a line for each request. */
  log(): string;
}

/** ms to its first answer */
const START = 5000;
/** Somebody else may take the port between our look and its start. */
const TRIES = 3;

interface Program {
  readonly name: 'nginx' | 'haproxy';
  config(folder: string, port: number): string;
  args(folder: string, file: string): readonly string[];
}

/**
 * nginx before the servers, in turns. Without `directives` it is as its authors deliver it: it takes the upgrade headers away
 * and holds answers back until they fill a buffer or end.
 *
 * @param directives of the location, e.g. `proxy_buffering off;`
 */
export function startNginx(servers: readonly number[], directives: readonly string[] = []): Promise<Middlebox> {
  return start({
    name: 'nginx',
    args: (folder, file) => ['-p', folder, '-e', 'stderr', '-c', file],
    config: (folder, port) => `
      daemon off; master_process off; pid ${folder}/pid; error_log stderr warn;
      events {}
      http {
        access_log ${folder}/access.log;
        ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((part) => `${part}_temp_path ${folder}/${part};`).join(' ')}
        upstream servers { ${servers.map((server) => `server 127.0.0.1:${server};`).join(' ')} }
        server {
          listen 127.0.0.1:${port};
          location / { proxy_pass http://servers; ${directives.join(' ')} }
        }
      }
    `,
  });
}

/** What nginx's documentation asks for where WebSockets are to pass. */
export const UPGRADE = [
  'proxy_http_version 1.1;',
  'proxy_set_header Upgrade $http_upgrade;',
  'proxy_set_header Connection "upgrade";',
] as const;

/**
 * HAProxy before the servers: each request, and each WebSocket, goes to the next one. One that is found dead is left out.
 *
 * @param options of all its proxies. Without `option http-no-delay` it gathers what it passes on
 */
export function startHaproxy(
  servers: readonly number[],
  options: readonly string[] = ['option http-no-delay'],
): Promise<Middlebox> {
  return start({
    name: 'haproxy',
    args: (_folder, file) => ['-db', '-f', file],
    config: (_folder, port) => `
global
  log stdout format raw local0
defaults
  mode http
  log global
  option httplog
  timeout connect 1s
  timeout client 30s
  timeout server 30s
  timeout tunnel 30s
  retries 3
  option redispatch 1
${options.map((option) => `  ${option}`).join('\n')}
frontend box
  bind 127.0.0.1:${port}
  default_backend servers
backend servers
  balance roundrobin
${servers.map((server, at) => `  server s${at} 127.0.0.1:${server} check inter 200ms fall 1 rise 1`).join('\n')}
`,
  });
}

async function start(program: Program): Promise<Middlebox> {
  for (let turn = 1; ; turn += 1) {
    try {
      return await tryToStart(program);
    } catch (error) {
      if (turn === TRIES || !/already in use|cannot bind/i.test(String(error))) throw error;
    }
  }
}

async function tryToStart({ name, config, args }: Program): Promise<Middlebox> {
  const folder = mkdtempSync(join(tmpdir(), `holdfast-${name}-`));
  const file = join(folder, `${name}.conf`);
  const port = await freePort();
  writeFileSync(file, config(folder, port));
  // `npm test` has found or installed it.
  const command = process.env[`HOLDFAST_${name.toUpperCase()}`] ?? `/usr/sbin/${name}`;
  const child = spawn(command, args(folder, file), { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const access = join(folder, 'access.log');
  const log = (): string => output + (existsSync(access) ? readFileSync(access, 'utf8') : '');
  let over = false;
  child.on('error', (error) => (output += `${error.message}\n`));
  const gone = new Promise<void>((resolve) => child.on('close', () => resolve())).then(() => void (over = true));
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await gone;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const look = async (): Promise<boolean> => {
      if (over) throw new Error(`${name} did not start: ${log()}`);
      return answers(port);
    };
    await until(look, START, () => `${name} answers; it wrote: ${log()}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, log, [Symbol.asyncDispose]: stop };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
