import './check-node.mjs';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import commonjs from '@rollup/plugin-commonjs';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import { build as esbuild, transform } from 'esbuild';
import { format as prettify } from 'prettier';
import { rollup } from 'rollup';
import { main, root } from './run.mjs';
import { importSets, scripts } from './size-limits.mjs';

const START = '<!-- size:start -->';
const END = '<!-- size:end -->';
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** @typedef {{ label: string, limit: number, sizes: readonly number[] }} Row */

async function size() {
  if (!scripts.every(({ file }) => existsSync(join(root, file))))
    throw new Error('There is no dist/ to measure: run `npm run build` first.');
  const faults = [];
  const rows = [];
  for (const set of importSets) rows.push(await measure(set, faults));
  for (const script of scripts) {
    const bytes = gzip(readFileSync(join(root, script.file)));
    rows.push({ ...script, sizes: [bytes, bytes] });
  }
  for (const { label, limit, sizes } of rows) {
    if (Math.max(...sizes) > limit) faults.push(`${label} is ${Math.max(...sizes)} bytes, over its limit of ${limit}.`);
  }
  const table = format(rows);
  console.log(table);
  if (process.argv.includes('--write')) await writeReadme(table);
  else faults.push(...compareReadme(rows));
  if (faults.length > 0) throw new Error(`\n${faults.join('\n')}`);
}

async function measure({ label, from, names, limit, without = [], beyond, plus, external = [] }, faults) {
  const bundles = await bundle({ from, names, plus, external });
  for (const [bundler, code] of Object.entries(bundles)) {
    const left = without.filter((word) => code.includes(word));
    if (left.length > 0) faults.push(`${label}, bundled by ${bundler}, still contains ${left.join(', ')}.`);
  }
  const base = beyond === undefined ? [] : sizesOf(await bundle({ from, names: beyond }));
  return { label, limit, sizes: sizesOf(bundles).map((size, index) => size - (base[index] ?? 0)) };
}

function sizesOf(bundles) {
  return Object.values(bundles).map(gzip);
}

// ---- the two bundlers ------------------------------------------------------------------------------------------------

async function bundle({ from, names, plus, external = [] }) {
  const lines = [{ from, names }, ...(plus === undefined ? [] : [plus])];
  const entry = lines.map((line) => `export { ${line.names.join(', ')} } from '${line.from}';`).join('\n');
  return { esbuild: await bundleWithEsbuild(entry, external), rollup: await bundleWithRollup(entry, external) };
}

/** What the package's `exports` say, so that the table shows what a user gets. */
function resolveEntry(id) {
  const entry = manifest.exports[id.replace(manifest.name, '.')];
  return join(root, entry.import.default);
}

/** The longer name first: `holdfast` would take it too. */
const entries = [...new Set(importSets.flatMap(({ from, plus }) => [from, plus?.from ?? from]))].sort().reverse();

async function bundleWithEsbuild(contents, external) {
  const { outputFiles } = await esbuild({
    stdin: { contents, resolveDir: root },
    alias: Object.fromEntries(entries.map((from) => [from, resolveEntry(from)])),
    external,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    write: false,
    logLevel: 'error',
  });
  return outputFiles[0].text;
}

async function bundleWithRollup(contents, external) {
  const entry = {
    name: 'entry',
    resolveId: (id) =>
      id === 'entry' ? id : id.split('/')[0] === manifest.name ? { id: resolveEntry(id), moduleSideEffects: false } : null,
    load: (id) => (id === 'entry' ? contents : null),
  };
  const graph = await rollup({ input: 'entry', external, plugins: [entry, nodeResolve({ browser: true }), commonjs()] });
  const { output } = await graph.generate({ format: 'es' });
  await graph.close();
  const { code } = await transform(output[0].code, { minify: true, format: 'esm', target: 'es2022' });
  return code;
}

function gzip(code) {
  return gzipSync(code, { level: 9 }).byteLength;
}

// ---- the table -------------------------------------------------------------------------------------------------------

/** @param {readonly Row[]} rows */
function format(rows) {
  const bytes = (count) => count.toLocaleString('en');
  const lines = rows.map(({ label, limit, sizes }) => `| ${[label, ...sizes.map(bytes), bytes(limit)].join(' | ')} |`);
  return ['| import | esbuild | rollup | limit |', '| --- | ---: | ---: | ---: |', ...lines].join('\n');
}

async function writeReadme(table) {
  const { before, after } = splitReadme() ?? fail(`README.md has no ${START} and ${END}.`);
  writeFileSync(join(root, 'README.md'), `${before}\n\n${await prettify(table, { parser: 'markdown' })}\n${after}`);
}

/** zlib differs by a few bytes from one Node to the next, so a figure may be one per cent off. */
function compareReadme(rows) {
  const parts = splitReadme();
  if (parts === null) return [];
  const shown = parts.table.split('\n').slice(2).map(cells);
  const fits = ([label, limit, ...sizes], index) => {
    const row = shown[index];
    if (row?.[0] !== label || number(row[3]) !== limit) return false;
    return sizes.every((size, at) => Math.abs(number(row[at + 1]) - size) <= size / 100);
  };
  const inStep =
    shown.length === rows.length && rows.every(({ label, limit, sizes }, index) => fits([label, limit, ...sizes], index));
  return inStep ? [] : ['The table in README.md is out of step: run `npm run size -- --write`.'];
}

function splitReadme() {
  const file = join(root, 'README.md');
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const start = text.indexOf(START);
  const end = text.indexOf(END);
  if (start < 0 || end < start) return null;
  const from = start + START.length;
  return { before: text.slice(0, from), table: text.slice(from, end).trim(), after: text.slice(end) };
}

function cells(line) {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}

function number(text) {
  return Number(text?.replaceAll(',', ''));
}

function fail(message) {
  throw new Error(message);
}

await main(import.meta, size);
