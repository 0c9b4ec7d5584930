// npm run example -- scoreboard: builds what is needed, and serves an example app.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ensureInstalled } from './install.mjs';
import { main, node, root } from './run.mjs';

/** Makes the app with Vite, if it is one of those. */
export async function buildExample(name) {
  const folder = join(root, 'examples', name);
  if (!existsSync(join(folder, 'realtime.mjs'))) throw new Error(`There is no example app ${name}.`);
  if (!existsSync(join(folder, 'vite.config.mjs'))) return;
  const args = ['build', folder, '--config', join(folder, 'vite.config.mjs')];
  // Vite leaves what is set, and the tests have set another: React would come with all of its checks.
  const code = await node('node_modules/vite/bin/vite.js', args, { env: { NODE_ENV: 'production' } });
  if (code !== 0) throw new Error(`${name} was not built.`);
}

async function example() {
  const [name = 'scoreboard'] = process.argv.slice(2);
  await ensureInstalled();
  if ((await node('scripts/build.mjs')) !== 0) throw new Error('The library was not built.');
  await buildExample(name);
  process.exitCode = await node('examples/serve.mjs', [name]);
}

await main(import.meta, example);
