import './check-node.mjs';
import { chmodSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { main, node, root } from './run.mjs';

/** Makes dist/ anew. */
export async function build() {
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  const code = await node('node_modules/rollup/dist/bin/rollup', [
    '--config',
    'rollup.config.mjs',
    '--failAfterWarnings',
    '--silent',
  ]);
  if (code !== 0) throw new Error('the build failed');
  const program = join(root, 'dist/cli.js');
  if (!readFileSync(program, 'utf8').startsWith('#!')) throw new Error('server/node/cli.ts must begin with #!/usr/bin/env node');
  chmodSync(program, 0o755);
}

await main(import.meta, build);
