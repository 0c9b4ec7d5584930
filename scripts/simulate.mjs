// npm run simulate -- [--seeds 1000] [--from 1] [--explain SEED] [--break NAME]
import './check-node.mjs';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { main as start, root } from './run.mjs';
import { breakages } from '../test/simulation/breakages.mjs';

/** One file that holds the client, the server and the simulator; with a breakage, one of their lines is another one. */
async function bundle(outfile, breakage) {
  const missing = breakage === undefined ? [] : [breakage.file];
  await build({
    entryPoints: [join(root, 'test/simulation/main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: 'inline',
    logLevel: 'error',
    banner: { js: `import{createRequire as c}from'node:module';const require=c(${JSON.stringify(join(root, 'package.json'))});` },
    plugins: breakage === undefined ? [] : [saboteur(breakage, missing)],
  });
  if (missing.length > 0) throw new Error(`${breakage.file} is not part of the simulation.`);
}

function saboteur({ file, find, replace }, missing) {
  return {
    name: 'saboteur',
    setup({ onLoad }) {
      onLoad({ filter: new RegExp(`${file.replaceAll('.', '\\.')}$`) }, async ({ path }) => {
        const { readFile } = await import('node:fs/promises');
        const source = await readFile(path, 'utf8');
        if (source.split(find).length !== 2) throw new Error(`${file} holds this line not once: ${find}`);
        missing.length = 0;
        return { contents: source.replace(find, () => replace), loader: 'ts' };
      });
    },
  };
}

function child(file, args) {
  return new Promise((resolve, reject) => {
    const process_ = spawn(process.execPath, ['--enable-source-maps', file, ...args.map(String)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let out = '';
    process_.stdout.on('data', (chunk) => (out += chunk));
    process_.on('error', reject);
    process_.on('exit', (code) => (code === 0 ? resolve(out) : reject(new Error(`the simulation exited with ${code}`))));
  });
}

/**
 * @param {{ from?: number, seeds?: number, breakage?: string, stopAt?: number }} options
 * @returns {Promise<{ seeds: number, found: { seed: number, violations: string[] }[], hashes: string[], counts: Record<string, number> }>}
 */
export async function simulate({ from = 1, seeds = 100, breakage, stopAt = Infinity }) {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-simulation-'));
  try {
    const file = join(folder, 'main.mjs');
    await bundle(file, breakage === undefined ? undefined : named(breakage));
    const workers = Math.max(1, Math.min(cpus().length, Math.ceil(seeds / 10)));
    const share = Math.ceil(seeds / workers);
    const runs = Array.from({ length: workers }, (_, index) => {
      const begin = from + index * share;
      return child(file, [begin, Math.max(0, Math.min(share, from + seeds - begin)), stopAt]).then(JSON.parse);
    });
    const reports = await Promise.all(runs);
    const counts = {};
    for (const report of reports) {
      for (const [name, count] of Object.entries(report.counts)) counts[name] = (counts[name] ?? 0) + count;
    }
    return { seeds, found: reports.flatMap(({ found }) => found), hashes: reports.flatMap(({ hashes }) => hashes), counts };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function named(name) {
  const breakage = breakages.find((candidate) => candidate.name === name);
  if (breakage === undefined)
    throw new Error(`No breakage ${name}; there are: ${breakages.map((each) => each.name).join(', ')}.`);
  return breakage;
}

async function explain(seed, breakage) {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-simulation-'));
  const file = join(folder, 'main.mjs');
  await bundle(file, breakage === undefined ? undefined : named(breakage));
  process.stdout.write(await child(file, [seed, 1, 1, 'explain']));
  rmSync(folder, { recursive: true, force: true });
}

async function main() {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '1000' },
      from: { type: 'string', default: '1' },
      explain: { type: 'string' },
      break: { type: 'string' },
    },
  });
  if (values.explain !== undefined) return explain(Number(values.explain), values.break);
  const start = performance.now();
  const { seeds, found, counts } = await simulate({
    from: Number(values.from),
    seeds: Number(values.seeds),
    breakage: values.break,
  });
  const seconds = (performance.now() - start) / 1000;
  for (const { seed, violations } of found) {
    console.log(`seed ${seed}: ${violations.length} violations\n  ${violations.slice(0, 3).join('\n  ')}`);
    const broken = values.break === undefined ? '' : ` --break ${values.break}`;
    console.log(`  npm run simulate -- --explain ${seed}${broken}`);
  }
  console.log(Object.entries(counts).sort().map(([name, count]) => `${name} ${count}`).join(', ')); // prettier-ignore
  console.log(`${seeds} seeds from ${values.from}, ${found.length} failed, ${Math.round((seeds / seconds) * 60)} a minute`);
  if (found.length > 0) process.exitCode = 1;
}

await start(import.meta, main);
