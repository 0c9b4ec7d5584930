import './check-node.mjs';
import { ensureInstalled } from './install.mjs';
import { main, node } from './run.mjs';

/** From a fresh clone to the demo: it chooses the port (PORT, or the first free one from 8080) and prints its address. */
async function start() {
  await ensureInstalled();
  const built = await node('scripts/build.mjs');
  if (built !== 0) throw new Error('The demo is not started, because the build failed.');
  process.exitCode = await node('examples/demo/server.mjs', process.argv.slice(2));
}

await main(import.meta, start);
