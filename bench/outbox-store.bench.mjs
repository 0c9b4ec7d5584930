/** What it costs in Chromium to put publications on the disk: many in one go, and one by itself. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { ensureBrowser } from '../scripts/browser.mjs';
import { compare, interleave, main, quantile } from './support/measure.mjs';

const PLAN = { rounds: 15, warmUp: 3 };
const BURSTS = [
  { size: 50, bursts: 20, target: 6 },
  { size: 1000, bursts: 2, target: 6 },
];
const ALONE = 200;
const SIDES = ['raw', 'holdfast'];

async function open() {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('./support/store-page.mjs', import.meta.url))],
    ...{ bundle: true, write: false, format: 'iife', target: 'es2022', logLevel: 'error' },
  });
  const script = outputFiles[0].text;
  const http = createServer((_, response) => {
    // Only an isolated page has a clock of 5 µs; that of the others steps by 100 µs.
    response.setHeader('cross-origin-opener-policy', 'same-origin');
    response.setHeader('cross-origin-embedder-policy', 'require-corp');
    response.setHeader('content-type', 'text/html');
    response.end(`<!doctype html><script>${script.replaceAll('</script', '<\\/script')}</script>`);
  });
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
      http.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

async function measure() {
  const { page, close } = await open();
  try {
    const rows = [];
    for (const { size, bursts, target } of BURSTS) {
      const rateOf = (side) => () => page.evaluate((args) => globalThis.bench.burst(...args), [side, size, bursts]);
      const pairs = await interleave(PLAN, SIDES.map(rateOf));
      const name = `bursts of ${size.toLocaleString('en-US')}, stored`;
      rows.push(compare(name, { figure: 'rate', unit: '/s', better: 'higher', target }, pairs));
    }
    const figuresOf = (side) => async () => {
      const times = await page.evaluate((args) => globalThis.bench.alone(...args), [side, ALONE]);
      return { p50: quantile(times, 0.5) * 1000, p95: quantile(times, 0.95) * 1000 };
    };
    const pairs = await interleave(PLAN, SIDES.map(figuresOf));
    rows.push(compare('one alone, p50', { figure: 'p50', unit: 'µs', better: 'lower', target: 1.5 }, pairs));
    rows.push(compare('one alone, p95', { figure: 'p95', unit: 'µs', better: 'lower' }, pairs));
    return rows;
  } finally {
    await close();
  }
}

await main(`Storing in Chromium (${PLAN.rounds} rounds)`, measure, 'idb-keyval');
