import './check-node.mjs';
import { createHash } from 'node:crypto';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { main, node, root } from './run.mjs';

/** What a page loads as it is. */
const SCRIPTS = ['holdfast.global.js', 'holdfast.module.js'];

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
  const integrity = Object.fromEntries(SCRIPTS.map((name) => [name, hash(readFileSync(join(root, 'dist', name)))]));
  writeFileSync(join(root, 'dist/integrity.json'), `${JSON.stringify(integrity, null, 2)}\n`);
}

/** W3C "Subresource Integrity". */
function hash(bytes) {
  return `sha384-${createHash('sha384').update(bytes).digest('base64')}`;
}

await main(import.meta, build);
