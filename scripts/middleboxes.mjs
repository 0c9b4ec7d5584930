import './check-node.mjs';
import { findProgram, installWithApt, isExecutable } from './programs.mjs';
import { main } from './run.mjs';

const NAMES = ['nginx', 'haproxy'];
/** Not on everybody's path. */
const FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/opt/homebrew/bin'];

/**
 * A proxy that can be started, or null.
 *
 * @param {'nginx' | 'haproxy'} name
 * @returns {string | null}
 */
export function findMiddlebox(name) {
  const named = process.env[variableOf(name)];
  if (named === undefined) return findProgram([name], FOLDERS);
  if (isExecutable(named)) return named;
  throw new Error(`${variableOf(name)} names ${named}, which cannot be run.`);
}

/**
 * All of them, installed first if one is missing.
 *
 * @returns {Promise<Record<string, string>>} for the environment of the tests
 */
export async function ensureMiddleboxes() {
  const missing = NAMES.filter((name) => findMiddlebox(name) === null);
  if (missing.length > 0) {
    console.log(`No ${missing.join(' and no ')} found; installing …`);
    await installWithApt(...missing);
  }
  const still = missing.filter((name) => findMiddlebox(name) === null);
  if (still.length > 0) {
    throw new Error(
      `The middlebox tests need ${still.join(' and ')}. Install with \`apt-get install ${still.join(' ')}\`, ` +
        `or name one: ${variableOf(still[0])}=/path/to/${still[0]} npm test`,
    );
  }
  return Object.fromEntries(NAMES.map((name) => [variableOf(name), findMiddlebox(name)]));
}

function variableOf(name) {
  return `HOLDFAST_${name.toUpperCase()}`;
}

await main(import.meta, async () => console.log(Object.values(await ensureMiddleboxes()).join('\n')));
