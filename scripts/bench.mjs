import './check-node.mjs';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { main, node, root } from './run.mjs';

/**
 * Runs every bench/*.bench.mjs, or those whose names contain one of the arguments: `npm run bench -- codec`. Options, and
 * what follows the first of them, are passed on: `npm run bench -- herd --clients 1000000`.
 */
async function bench() {
  const words = process.argv.slice(2);
  const first = words.findIndex((word) => word.startsWith('--'));
  const options = first === -1 ? [] : words.splice(first);
  const wanted = words;
  const files = readdirSync(join(root, 'bench'))
    .filter((name) => name.endsWith('.bench.mjs') && (wanted.length === 0 || wanted.some((word) => name.includes(word))))
    .sort();
  if (files.length === 0)
    throw new Error(`No benchmark in bench/ has ${wanted.join(' or ') || 'the ending .bench.mjs'} in its name.`);
  if (!existsSync(join(root, 'dist/index.js'))) throw new Error('The benchmarks measure dist/: run `npm run build` first.');
  const failed = [];
  for (const file of files) {
    console.log(`\n${file}`);
    // One after the other, each in a process of its own: they would disturb each other's figures.
    if ((await node(`bench/${file}`, options)) !== 0) failed.push(file);
  }
  if (failed.length > 0) throw new Error(`\nFailed: ${failed.join(', ')}`);
}

await main(import.meta, bench);
