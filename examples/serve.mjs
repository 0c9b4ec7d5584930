/**
 * Serves one of the example apps, with a Holdfast server at /realtime on the same port.
 *
 *   npm run example -- scoreboard        PORT (default 8080, 0 for a free one), HOST (default 127.0.0.1)
 */
import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { dirname, extname, join, sep } from 'node:path';
import { argv, env } from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createServer } from '../dist/server.js';

const here = dirname(fileURLToPath(import.meta.url));
const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};
/** Nothing inline and nothing from elsewhere. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'";

/** By path, all at once: so no request ever names a path on the disk. */
async function filesOf(folder) {
  const files = new Map();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const type = TYPES[extname(entry.name)];
    if (!entry.isFile() || type === undefined) continue;
    const file = join(entry.parentPath, entry.name);
    const path = `/${file
      .slice(folder.length + 1)
      .split(sep)
      .join('/')}`;
    files.set(path.replace(/\/index\.html$/, '/'), { type, body: await readFile(file) });
  }
  return files;
}

/**
 * Needs the library built (`npm run build`), and what is made with Vite as well (`npm run example` does both).
 *
 * @param {string} name of the folder
 * @param {{ port?: number, host?: string }} [options] 0 takes any port
 * @returns {Promise<{ url: string, port: number, close(): Promise<void> }>}
 */
export async function startExample(name, { port = 8080, host = '127.0.0.1' } = {}) {
  const folder = join(here, name);
  const built = join(folder, 'dist');
  const files = await filesOf(existsSync(join(folder, 'vite.config.mjs')) ? built : folder);
  files.set('/holdfast.global.js', {
    type: TYPES['.js'],
    body: await readFile(join(here, '../dist/holdfast.global.js')),
  });
  const { options, begin } = await import(pathToFileURL(join(folder, 'realtime.mjs')).href);
  const realtime = createServer(options);
  const http = createHttpServer((request, response) => {
    const file = files.get(request.url.split('?', 1)[0]);
    const headers = { 'Content-Security-Policy': POLICY, 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' };
    if (file === undefined) response.writeHead(404, headers).end();
    else response.writeHead(200, { ...headers, 'Content-Type': file.type }).end(file.body);
  });
  realtime.attach(http);
  await new Promise((resolve, reject) => http.once('error', reject).listen(port, host, resolve));
  const end = begin?.(realtime);
  return {
    url: `http://${host}:${http.address().port}/`,
    port: http.address().port,
    async close() {
      end?.();
      await realtime.close();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

if (argv[1] !== undefined && import.meta.url === pathToFileURL(argv[1]).href) {
  const [name = 'scoreboard'] = argv.slice(2);
  const { url } = await startExample(name, { port: Number(env.PORT || 8080), host: env.HOST || '127.0.0.1' });
  console.log(`${name}: ${url}`);
}
