import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run } from './run.mjs';

/**
 * The first program of these names on the path, or null.
 *
 * @param {readonly string[]} names
 * @param {readonly string[]} folders looked at before the path
 * @returns {string | null}
 */
export function findProgram(names, folders = []) {
  const all = [...folders, ...(process.env.PATH ?? '').split(delimiter)];
  return all.flatMap((folder) => names.map((name) => join(folder, name))).find(isExecutable) ?? null;
}

export function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** @returns whether they are installed; false at once where there is no apt, or nobody who may use it */
export async function installWithApt(...packages) {
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return false;
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  if ((await run('apt-get', ['update', '-q'], { env })) !== 0) return false;
  return (await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...packages], { env })) === 0;
}
