import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, run } from './run.mjs';

/** `npm ci`, unless what is installed already agrees with package-lock.json. */
export async function ensureInstalled() {
  if (isInstalled()) return;
  console.log('Installing dependencies (npm ci) …');
  // Under `npm --silent` or NODE_ENV=production the inner npm would otherwise hide its errors or leave out the tools.
  const args = ['ci', '--include=dev', '--no-fund', '--no-audit', '--loglevel=error'];
  const npm = process.env.npm_execpath;
  const code = npm === undefined ? await run('npm', args) : await run(process.execPath, [npm, ...args]);
  if (code !== 0) throw new Error('npm ci failed: read its message above; it needs access to the npm registry once.');
}

/**
 * npm writes node_modules/.package-lock.json when an installation is complete: the list of what is there. A stamp of our
 * own would not notice a later `npm install` by hand.
 */
function isInstalled() {
  const record = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(record)) return false;
  const wanted = readPackages(join(root, 'package-lock.json'));
  const present = readPackages(record);
  return Object.entries(wanted).every(([path, { version, optional }]) => {
    if (path === '') return true;
    const found = present[path];
    // Optional ones are binaries of other platforms.
    return found === undefined ? optional === true : found.version === version;
  });
}

function readPackages(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}
