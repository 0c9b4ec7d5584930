/** The scripts of the workers guide on a site of their own, as they stand there. */
import { fileOf } from '../docs/blocks.ts';
import type { Answer, Extra } from './site.ts';
import { visit } from './visit.ts';

const GUIDE = 'docs/guides/workers.md';
/** Each holds a page, as `/worker`, and the script that it speaks of. */
const PAGES: Readonly<Record<string, string>> = {
  '/worker': fromGuide('page-of-worker.js').replace('./worker.js', './guide-worker.js'),
  '/shared': fromGuide('page-of-shared.js'),
  '/with-sync': `${fromGuide('page-with-sync.js')}\nglobalThis.own = { client, room: client.channel('room:42') };`,
};
const VISIT = `(${visit.toString()})(Holdfast, '/realtime', location.pathname.slice(1, -3))`;
const POST = `${VISIT}.then((found) => postMessage(found));`;
const IMPORT = `import * as Holdfast from '/holdfast.module.js';\n`;
const LOAD = `importScripts('/holdfast.global.js');\n`;
const ON_CONNECT = `onconnect = ({ ports: [port] }) => ${VISIT}.then((found) => port.postMessage(found));`;
const ON_MESSAGE = `self.addEventListener('message', (event) => {
  event.waitUntil(${VISIT}.then((found) => event.source.postMessage(found)));
});`;

const SCRIPTS: Readonly<Record<string, string>> = {
  '/guide-worker.js': fromGuide('worker.js'),
  '/guide-classic.js': fromGuide('classic-worker.js'),
  '/shared-worker.js': fromGuide('shared-worker.js'),
  '/service-worker.js': `${IMPORT}${fromGuide('service-worker.js')}\n${ON_MESSAGE}`,
  // That carry everything by themselves.
  '/classic.js': LOAD + POST,
  '/module.js': IMPORT + POST,
  '/shared.js': IMPORT + ON_CONNECT,
  '/classic-service.js': LOAD + ON_MESSAGE,
};

/** What a reader without a bundler has. */
function fromGuide(name: string): string {
  return fileOf(GUIDE, name).replaceAll(`'holdfast'`, `'/holdfast.module.js'`);
}

export const workerScripts: Extra = ({ pathname }) => {
  if (pathname === '/token') return 'ada';
  const page = PAGES[pathname];
  return SCRIPTS[pathname] ?? (page === undefined ? undefined : html(page));
};

function html(script: string): Answer {
  const body = `<!doctype html><meta charset="utf-8"><title>Worker</title><script type="module">${script}</script>`;
  return { body, headers: { 'content-type': 'text/html' } };
}

declare global {
  // What `startWorker` leaves in the page.
  var said: unknown;
}

/** An expression that starts a dedicated worker and leaves what it says in `said`. */
export function startWorker(script: string, type: 'classic' | 'module'): string {
  return `(() => {
    globalThis.said = null;
    const worker = new Worker('${script}', { type: '${type}' });
    worker.onmessage = ({ data }) => { said = data; };
    worker.onerror = ({ message }) => { said = 'failed: ' + message; };
  })()`;
}
