import './check-node.mjs';
import { ensureBrowser } from './browser.mjs';
import { main, node } from './run.mjs';

/** Kills a browser 100 times while it publishes, or as many times as the argument says: `npm run chaos -- 500`. */
async function chaos() {
  const [kills = '100'] = process.argv.slice(2);
  if (!/^[1-9]\d*$/.test(kills)) throw new Error(`How many kills is "${kills}"?`);
  const env = { HOLDFAST_CHROMIUM: await ensureBrowser(), HOLDFAST_KILLS: kills, HOLDFAST_SEED: String(Date.now() % 2 ** 32) };
  console.log(`HOLDFAST_SEED=${env.HOLDFAST_SEED}`);
  const args = ['run', '--project', 'browser', 'test/browser/outbox-kills.test.ts'];
  if ((await node('node_modules/vitest/vitest.mjs', args, { env })) !== 0) process.exitCode = 1;
}

await main(import.meta, chaos);
