// npm run simulate -- [--seeds 1000] [--from 1] [--explain SEED] [--break NAME]
import './check-node.mjs';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { main as start, root } from './run.mjs';
import { breakages } from '../test/simulation/breakages.mjs';

/** Of the seeds that failed the first ones are told; the rest is a number. */
const MOST_TOLD = 20;
const PROGRESS_EVERY = 2000;
/**
 * Each core has a worker, so threads that help one of them hold another up. Most code is many small functions that live as long
 * as one seed: engines compile them again and again if they are quick to optimize, or collect often.
 */
const FLAGS = [
  ...['--enable-source-maps', '--single-threaded-gc', '--interrupt-budget=400000'],
  ...['--min-semi-space-size=16', '--initial-old-space-size=256'],
];

/** One file that holds the client, the server and the simulator; with a breakage, some of their lines are others. */
async function bundle(outfile, breakage) {
  const edits = breakage === undefined ? [] : editsOf(named(breakage));
  const missing = new Set(edits.map(({ file }) => file));
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
    plugins: edits.length === 0 ? [] : [saboteur(edits, missing)],
  });
  if (missing.size > 0) throw new Error(`${[...missing].join(', ')}: no part of the simulation.`);
}

/** A breakage is one edit, or several. */
function editsOf(breakage) {
  return breakage.edits ?? [breakage];
}

function saboteur(edits, missing) {
  return {
    name: 'saboteur',
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        const mine = edits.filter(({ file }) => path === join(root, file));
        if (mine.length === 0) return undefined;
        let contents = await readFile(path, 'utf8');
        for (const { file, find, replace } of mine) {
          if (contents.split(find).length !== 2) throw new Error(`${file} holds this not once: ${find}`);
          contents = contents.replace(find, () => replace);
          missing.delete(file);
        }
        return { contents, loader: 'ts' };
      });
    },
  };
}

function named(name) {
  const breakage = breakages.find((candidate) => candidate.name === name);
  if (breakage === undefined)
    throw new Error(`No breakage ${name}; there are: ${breakages.map((each) => each.name).join(', ')}.`);
  return breakage;
}

/** Bundles, runs, and leaves nothing behind. */
async function withBundle(breakage, run) {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-simulation-'));
  try {
    const file = join(folder, 'main.mjs');
    await bundle(file, breakage);
    return await run(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function spawnWorker(file, args) {
  const options = { stdio: ['ignore', 'pipe', 'inherit'] };
  return spawn(process.execPath, [...FLAGS, file, ...args.map(String)], options);
}

/** @param onLine called with each line of JSON that it prints */
function work(worker, onLine) {
  createInterface({ input: worker.stdout }).on('line', (line) => onLine(JSON.parse(line)));
  return new Promise((resolve, reject) => {
    worker.on('error', reject);
    // Not `exit`: what it printed last may come after that.
    worker.on('close', (code, signal) => {
      if (code === 0 || worker.killed) resolve();
      else reject(new Error(`the simulation exited with ${code ?? signal}`));
    });
  });
}

/**
 * @param {{ from?: number, seeds?: number, breakage?: string, stopAt?: number, hashes?: boolean,
 *   onProgress?: (done: number, failed: number) => void }} options stopAt: seeds that may fail before the rest is left out
 * @returns {Promise<{ seeds: number, failed: number, found: { seed: number, violations: string[] }[], hashes: string[],
 *   counts: Record<string, number> }>} hashes are in the order of the seeds, and only there if they are asked for
 */
export function simulate({ from = 1, seeds = 100, breakage, stopAt = Infinity, hashes = false, onProgress }) {
  return withBundle(breakage, async (file) => {
    const report = { seeds: 0, failed: 0, found: [], hashes: [], counts: {} };
    const count = Math.max(1, Math.min(cpus().length, Math.ceil(seeds / 10)));
    const workers = Array.from({ length: count }, (_, index) =>
      spawnWorker(file, [hashes ? 'hash' : 'run', from + index, seeds - index, count]),
    );
    const onLine = (line) => {
      if (line.type === 'hash') report.hashes[line.seed - from] = line.hash;
      else if (line.type === 'found') {
        report.failed += 1;
        report.found.push(line.found);
        report.found.sort((a, b) => a.seed - b.seed).splice(MOST_TOLD);
        if (report.failed >= stopAt) for (const worker of workers) worker.kill();
      } else {
        for (const [name, number] of Object.entries(line.counts)) report.counts[name] = (report.counts[name] ?? 0) + number;
        report.seeds += line.seeds;
        onProgress?.(report.seeds, report.failed);
      }
    };
    await Promise.all(workers.map((worker) => work(worker, onLine)));
    return report;
  });
}

/** @returns {Promise<string>} the story of one seed, with all that it does not need left out */
export function explain(seed, breakage) {
  return withBundle(breakage, (file) => {
    const worker = spawnWorker(file, ['explain', seed]);
    let story = '';
    worker.stdout.setEncoding('utf8').on('data', (chunk) => (story += chunk));
    return new Promise((resolve, reject) => {
      worker.on('error', reject);
      worker.on('close', (code) =>
        code === 0 ? resolve(story) : reject(new Error(`the simulation exited with ${code}: ${story}`)),
      );
    });
  });
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
  if (values.explain !== undefined) {
    process.stdout.write(await explain(Number(values.explain), values.break));
    return;
  }
  const begun = performance.now();
  const perMinute = (seeds) => Math.round((seeds / (performance.now() - begun)) * 60_000);
  let told = 0;
  const onProgress = (done, failed) => {
    if (done < told + PROGRESS_EVERY) return;
    told = done - (done % PROGRESS_EVERY);
    console.log(`${done} of ${values.seeds} seeds, ${failed} failed, ${perMinute(done)} a minute`);
  };
  const options = { from: Number(values.from), seeds: Number(values.seeds), breakage: values.break, onProgress };
  const { seeds, failed, found, counts } = await simulate(options);
  const broken = values.break === undefined ? '' : ` --break ${values.break}`;
  if (failed > 0 && broken === '') console.log(await explain(found[0].seed));
  for (const { seed, violations } of found) {
    console.log(`seed ${seed}:\n  ${violations.slice(0, 3).join('\n  ')}`);
    console.log(`  npm run simulate -- --explain ${seed}${broken}`);
  }
  console.log(Object.entries(counts).sort().map(([name, count]) => `${name} ${count}`).join(', ')); // prettier-ignore
  console.log(`${seeds} seeds from ${values.from}, ${failed} failed, ${perMinute(seeds)} a minute`);
  if (failed > 0) process.exitCode = 1;
}

await start(import.meta, main);
