// npm run states: writes docs/states.md from the code.
import './check-node.mjs';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { main, root } from './run.mjs';

async function states() {
  const { outputFiles } = await build({
    entryPoints: [join(root, 'test/docs/states.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    write: false,
    logLevel: 'error',
  });
  const source = Buffer.from(outputFiles[0].contents).toString('base64');
  const { renderStates } = await import(`data:text/javascript;base64,${source}`);
  writeFileSync(join(root, 'docs/states.md'), `${renderStates()}\n`);
}

await main(import.meta, states);
