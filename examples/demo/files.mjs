/** The files of the page, read and bundled once at the start, by the path that a browser asks for. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const types = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  js: 'text/javascript; charset=utf-8',
  map: 'application/json',
};

const sheets = [
  'style.css',
  'layout.css',
  'line.css',
  'ways.css',
  'history.css',
  'chat.css',
  'messages.css',
  'panels.css',
  'diagnosis.css',
];
const names = ['index.html', 'favicon.svg', ...sheets];

/** From this file's place in the project. */
function path(relative) {
  return fileURLToPath(new URL(relative, import.meta.url));
}

async function bundle() {
  // Here, not at the top: who only builds the library has no need of a bundler.
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    entryPoints: [path('./src/main.ts')],
    outfile: 'app.js',
    bundle: true,
    format: 'esm',
    target: 'es2022',
    // The built package, as an app would have it.
    alias: { holdfast: path('../../dist/index.js') },
    sourcemap: 'linked',
    legalComments: 'none',
    logLevel: 'silent',
    write: false,
  });
  return outputFiles.map(({ path: output, contents }) => [output.endsWith('.map') ? 'app.js.map' : 'app.js', contents]);
}

/**
 * @param {{ webRTC: boolean }} able what the page is told of the server
 * @returns {Promise<Map<string, { type: string, body: Uint8Array | string }>>}
 */
export async function loadFiles({ webRTC }) {
  const onDisk = await Promise.all(names.map(async (name) => [name, await readFile(path(name))]));
  const html = onDisk.find(([name]) => name === 'index.html');
  if (webRTC) html[1] = String(html[1]).replace('data-webrtc="no"', 'data-webrtc="yes"');
  const entries = [...onDisk, ...(await bundle())].map(([name, body]) => [
    `/${name}`,
    { type: types[name.slice(name.lastIndexOf('.') + 1)], body },
  ]);
  const files = new Map(entries);
  files.set('/', files.get('/index.html'));
  return files;
}
