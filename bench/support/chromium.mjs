/** A page in Chromium, with a profile on disk, that runs a bundled script; beside it whatever else the server has. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { ensureBrowser } from '../../scripts/browser.mjs';

/**
 * @param {string} script relative to this folder
 * @param {(http: import('node:http').Server) => () => Promise<unknown> | void} [attach] returns what ends it
 */
export async function openPage(script, attach = () => () => {}) {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(script, import.meta.url))],
    ...{ bundle: true, write: false, format: 'iife', target: 'es2022', logLevel: 'error' },
  });
  const text = outputFiles[0].text.replaceAll('</script', '<\\/script');
  const http = createServer((_, response) => {
    // Only an isolated page has a clock of 5 µs; that of the others steps by 100 µs.
    response.setHeader('cross-origin-opener-policy', 'same-origin');
    response.setHeader('cross-origin-embedder-policy', 'require-corp');
    response.setHeader('content-type', 'text/html');
    response.end(`<!doctype html><meta charset="utf-8"><script>${text}</script>`);
  });
  const detach = attach(http);
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  // A context without a folder keeps its databases in memory.
  const profile = await mkdtemp(join(tmpdir(), 'holdfast-bench-'));
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: await ensureBrowser(),
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
  });
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${http.address().port}/`);
  return {
    page,
    async close() {
      await browser.close();
      await detach();
      http.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}
