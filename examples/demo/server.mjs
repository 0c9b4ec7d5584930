/**
 * The demo: one port that serves the page and, at /realtime, the Holdfast server it talks to.
 *
 *   node examples/demo/server.mjs        PORT (default 8080, 0 for a free one), HOST (default 127.0.0.1)
 */
import { createServer as createHttpServer } from 'node:http';
import { argv, env, exit } from 'node:process';
import { pathToFileURL } from 'node:url';
import { createActions } from './actions.mjs';
import { loadFiles } from './files.mjs';
import { createRealtime } from './realtime.mjs';

const DEFAULT_PORT = 8080;
/** How many ports after the default one are tried. */
const MORE_PORTS = 20;

/** Nothing inline, nothing from elsewhere; every sink of markup is closed, since the page only ever writes text. */
const headers = {
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=()',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
};

function answer(response, status, type, body, more = {}) {
  const bytes = Buffer.from(body);
  response.writeHead(status, { ...headers, 'Content-Type': type, 'Content-Length': bytes.length, ...more });
  // Node leaves the body out where the request was a HEAD.
  response.end(bytes);
}

function refuse(response, status, text, more) {
  answer(response, status, 'text/plain; charset=utf-8', `${text}\n`, more);
}

/** A page elsewhere must not restart this server: browsers put the truth into Origin on every POST. */
function isSameOrigin({ headers: { origin, host, 'sec-fetch-site': site } }) {
  if (site !== undefined && site !== 'same-origin') return false;
  return origin !== undefined && host !== undefined && URL.canParse(origin) && new URL(origin).host === host;
}

/** Files come from a table made at the start, so no request ever names a path on the disk. */
function createHandler(files, actions) {
  return (request, response) => {
    const path = request.url.split('?', 1)[0];
    const action = actions.get(path);
    if (action !== undefined) {
      request.resume();
      if (request.method !== 'POST') refuse(response, 405, 'Use POST.', { Allow: 'POST' });
      else if (!isSameOrigin(request)) refuse(response, 403, 'Only the page itself may ask for this.');
      else if (!action()) refuse(response, 409, 'The server is busy with this already.');
      else answer(response, 202, 'application/json', '{"accepted":true}\n');
      return;
    }
    const file = files.get(path);
    if (request.method !== 'GET' && request.method !== 'HEAD') refuse(response, 405, 'Use GET or HEAD.', { Allow: 'GET, HEAD' });
    else if (file === undefined) refuse(response, 404, 'There is no such file.');
    else answer(response, 200, file.type, file.body);
  };
}

function listen(http, port, host) {
  return new Promise((resolve, reject) => {
    http.once('error', reject);
    http.listen(port, host, () => {
      http.off('error', reject);
      resolve(http.address().port);
    });
  });
}

async function listenNear(http, host) {
  for (let port = DEFAULT_PORT; ; port += 1) {
    try {
      return await listen(http, port, host);
    } catch (error) {
      if (error.code !== 'EADDRINUSE' || port >= DEFAULT_PORT + MORE_PORTS) throw error;
    }
  }
}

/**
 * Starts the demo. Needs the library built (`npm run build`).
 *
 * @param {{ port?: number, host?: string }} [options] without `port` the first free one from 8080; 0 takes any
 * @returns {Promise<{ url: string, close(): Promise<void> }>}
 * @throws if `port` is given and taken, or the library is not built
 */
export async function startDemo({ port, host = '127.0.0.1' } = {}) {
  const realtime = await createRealtime();
  const files = await loadFiles(realtime);
  const http = createHttpServer();
  const sockets = new Set();
  http.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const cutAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  const stop = async () => {
    const closed = new Promise((resolve) => http.close(resolve));
    cutAll();
    await closed;
  };
  let bound = 0;
  const actions = createActions({ realtime, stop, start: () => listen(http, bound, host) });
  http.on('request', createHandler(files, actions.byPath));
  realtime.attach(http);
  bound = port === undefined ? await listenNear(http, host) : await listen(http, port, host);

  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  return {
    url: `http://${name}:${bound}/`,
    async close() {
      await actions.close();
      await stop();
      await realtime.close();
    },
  };
}

/** PORT as a number; undefined if it is not set. */
function readPort(text) {
  if (text === undefined || text === '') return undefined;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`PORT is "${text}"; it must be a number from 0 to 65535.`);
  return port;
}

if (argv[1] !== undefined && import.meta.url === pathToFileURL(argv[1]).href) {
  try {
    const demo = await startDemo({ port: readPort(env.PORT), host: env.HOST || '127.0.0.1' });
    console.log(`Holdfast demo: ${demo.url}`);
  } catch (error) {
    console.error(`The demo could not start: ${error.message}`);
    exit(1);
  }
}
