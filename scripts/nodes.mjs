import './check-node.mjs';
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isExecutable } from './programs.mjs';
import { main, run } from './run.mjs';

/** The oldest that the package is made for, and those that are maintained. */
const MAJORS = [20, 22, 24];

/**
 * A Node of each major version, installed first where it is missing.
 *
 * @returns {Promise<Record<string, string>>} for the environment of the tests: `HOLDFAST_NODE_22` and so on
 */
export async function ensureNodes() {
  const found = {};
  for (const major of MAJORS) found[variableOf(major)] = findNode(major) ?? (await installNode(major));
  return found;
}

function findNode(major) {
  const variable = variableOf(major);
  const named = process.env[variable];
  if (named !== undefined) {
    if (isExecutable(named)) return named;
    throw new Error(`${variable} names ${named}, which cannot be run.`);
  }
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  return isExecutable(programIn(folderOf(major))) ? programIn(folderOf(major)) : null;
}

/** Not into this project's node_modules, where its `node` would come before the system's on the path of every npm script. */
async function installNode(major) {
  const folder = folderOf(major);
  const args = ['install', '--no-fund', '--no-audit', '--ignore-scripts', '--loglevel=error', '--prefix'];
  console.log(`No Node ${major} found; installing ${packageOf(major)} into ${folder} …`);
  // Beside its place and then renamed, so that nobody ever finds half of it there.
  const partial = mkdtempSync(`${folder}-`);
  try {
    const npm = process.env.npm_execpath;
    const all = [...args, partial, packageOf(major)];
    const code = npm === undefined ? await run('npm', all) : await run(process.execPath, [npm, ...all]);
    if (code !== 0 || !isExecutable(programIn(partial))) {
      throw new Error(
        `The tests of the package need Node ${major}. Install it (\`npm ${[...args, folder, packageOf(major)].join(' ')}\`), ` +
          `or name one: ${variableOf(major)}=/path/to/node npm test`,
      );
    }
    // Another run may have been faster; and what cleans temporary folders leaves some of their files.
    if (!isExecutable(programIn(folder))) {
      rmSync(folder, { recursive: true, force: true });
      renameSync(partial, folder);
    }
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  return programIn(folder);
}

function variableOf(major) {
  return `HOLDFAST_NODE_${major}`;
}

function folderOf(major) {
  return join(tmpdir(), `holdfast-node-${major}`);
}

/** Plain archives of nodejs.org, one for each platform. */
function nameOf() {
  return `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
}

function packageOf(major) {
  return `${nameOf()}@${major}`;
}

function programIn(folder) {
  return join(folder, 'node_modules', nameOf(), 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
}

await main(import.meta, async () => console.log(Object.values(await ensureNodes()).join('\n')));
