import './check-node.mjs';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureInstalled } from './install.mjs';
import { main, node } from './run.mjs';

/** ms; a browser that hangs must not hold the whole run. */
const STEP_TIMEOUT = 420_000;

/** @typedef {{ passed: number, failed: number, skipped?: number }} Count */

/**
 * Neighbours that are `together` run at the same time: they only read, need one core each, and time nothing.
 *
 * @typedef {{ name: string, together?: true, run: () => Promise<Count> }} Step
 */

/** @type {readonly Step[]} */
const steps = [
  { name: 'lint', together: true, run: () => reader('node_modules/eslint/bin/eslint.js', ['.']) },
  // As tsc, and reads the `.vue` files too.
  { name: 'types', together: true, run: () => reader('node_modules/vue-tsc/bin/vue-tsc.js', ['-p', 'tsconfig.json']) },
  {
    name: 'format',
    together: true,
    run: () => reader('node_modules/prettier/bin/prettier.cjs', ['--check', '--log-level=warn', '.']),
  },
  { name: 'unit', run: () => vitest('unit*') },
  { name: 'simulation', run: () => vitest('simulation') },
  { name: 'build', run: () => command('scripts/build.mjs') },
  { name: 'publint', run: () => command('node_modules/publint/src/cli.js', ['--strict']) },
  // `moduleResolution: node10` reads no `exports`; TypeScript itself has given it up.
  {
    name: 'attw',
    run: () => command('node_modules/@arethetypeswrong/cli/dist/index.js', ['--pack', '.', '--profile', 'node16']),
  },
  { name: 'package', run: () => packageTests() },
  { name: 'size', run: () => command('scripts/size.mjs') },
  { name: 'integration', run: () => vitest('integration') },
  { name: 'middleboxes', run: () => middleboxTests() },
  { name: 'browser', run: () => browserTests() },
];

/** Every step runs even if one before it failed, so that one run tells all. */
async function test() {
  const chosen = choose(process.argv.slice(2));
  const results = [];
  const start = performance.now();
  try {
    await ensureInstalled();
  } catch (error) {
    console.error(error);
    return report([{ step: 'install', passed: 0, failed: 1, seconds: 0 }], start);
  }
  for (const group of grouped(chosen)) {
    console.log(`\n── ${group.map(({ name }) => name).join(', ')} ${'─'.repeat(60)}`.slice(0, 80));
    results.push(...(await Promise.all(group.map(timed))));
  }
  report(results, start);
}

async function timed({ name, run }) {
  const start = performance.now();
  const count = await run().catch((error) => {
    console.error(error);
    return { passed: 0, failed: 1 };
  });
  const result = { step: name, ...count, seconds: since(start) };
  console.log(`${name}: ${count.failed === 0 ? 'ok' : 'FAILED'} in ${result.seconds} s`);
  return result;
}

/**
 * @param {readonly Step[]} chosen
 * @returns {Step[][]}
 */
function grouped(chosen) {
  const groups = [];
  for (const step of chosen) {
    const last = groups.at(-1);
    if (step.together && last?.[0].together) last.push(step);
    else groups.push([step]);
  }
  return groups;
}

/** `npm test -- unit size` runs those steps only. */
function choose(names) {
  const unknown = names.filter((name) => !steps.some((step) => step.name === name));
  if (unknown.length > 0)
    throw new Error(`No step ${unknown.join(', ')}; there are: ${steps.map(({ name }) => name).join(', ')}.`);
  return names.length === 0 ? steps : steps.filter(({ name }) => names.includes(name));
}

function reader(file, args) {
  return command(file, args, { whole: true });
}

async function command(file, args = [], options = {}) {
  const code = await node(file, args, { timeout: STEP_TIMEOUT, ...options });
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

async function packageTests() {
  const { ensureNodes } = await import('./nodes.mjs');
  const { ensureBrowser } = await import('./browser.mjs');
  return vitest('package', { ...(await ensureNodes()), HOLDFAST_CHROMIUM: await ensureBrowser() });
}

async function browserTests() {
  const { ensureBrowsers } = await import('./browser.mjs');
  return vitest('browser', await ensureBrowsers());
}

async function middleboxTests() {
  const { ensureMiddleboxes } = await import('./middleboxes.mjs');
  return vitest('middleboxes', await ensureMiddleboxes());
}

async function vitest(project, env = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-test-'));
  const file = join(folder, 'report.json');
  try {
    const args = ['run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const code = await node('node_modules/vitest/vitest.mjs', args, { env, timeout: STEP_TIMEOUT });
    return count(JSON.parse(readFileSync(file, 'utf8')), code);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {import('vitest/reporters').JsonTestResults} report
 * @returns {Count}
 */
function count(report, code) {
  // A file that could not even be loaded has no tests that could fail.
  const broken = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.every(isFine),
  );
  const passed = report.numPassedTests;
  const failed = report.numFailedTests + broken.length;
  const skipped = report.numPendingTests + report.numTodoTests;
  // An unhandled rejection, or no test at all, fails the run without failing a test.
  const unexplained = failed === 0 && (code !== 0 || passed === 0);
  return { passed, failed: unexplained ? 1 : failed, skipped };
}

function isFine({ status }) {
  return status !== 'failed';
}

/** s, to a tenth. */
function since(start) {
  return Math.round((performance.now() - start) / 100) / 10;
}

function report(results, start) {
  const total = (key) => results.reduce((sum, result) => sum + (result[key] ?? 0), 0);
  const row = (...cells) => cells.map((cell, at) => (at === 0 ? cell.padEnd(14) : String(cell).padStart(9))).join('');
  console.log(`\n${row('step', 'passed', 'failed', 'skipped', 'seconds')}`);
  for (const { step, passed, failed, skipped = 0, seconds } of results) {
    console.log(row(step, passed, failed, skipped, seconds) + (failed > 0 ? '  ✗' : ''));
  }
  console.log(row('total', total('passed'), total('failed'), total('skipped'), since(start)));
  console.log(`\n${total('passed')} passed, ${total('failed')} failed`);
  if (total('failed') > 0 || total('passed') === 0) process.exitCode = 1;
}

await main(import.meta, test);
