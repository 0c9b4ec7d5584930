import './check-node.mjs';
import { accessSync, constants, existsSync } from 'node:fs';
import { basename, delimiter, join } from 'node:path';
import { main, node, run } from './run.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome', 'msedge'];
const PLACES = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/snap/bin/chromium',
  join(process.env.PROGRAMFILES ?? 'C:\\Program Files', 'Google\\Chrome\\Application\\chrome.exe'),
];

/**
 * A Chromium that can be started, or null.
 *
 * @returns {Promise<string | null>}
 */
export async function findBrowser() {
  const named = process.env.HOLDFAST_CHROMIUM;
  if (named !== undefined) {
    if (isExecutable(named)) return named;
    throw new Error(`HOLDFAST_CHROMIUM names ${named}, which cannot be run.`);
  }
  const folders = ['/usr/bin', ...(process.env.PATH ?? '').split(delimiter)];
  const installed = folders.flatMap((folder) => NAMES.map((name) => join(folder, name)));
  return [...installed, ...PLACES].find(isExecutable) ?? (await findPlaywrights());
}

/**
 * What the tests drive beside it: where it is by default, which variable names another one, and what brings it.
 *
 * @type {readonly { readonly file: string, readonly variable: string, readonly packages: readonly string[] }[]}
 */
const OTHERS = [
  { file: '/usr/bin/firefox-esr', variable: 'HOLDFAST_FIREFOX', packages: ['firefox-esr'] },
  { file: '/usr/bin/WebKitWebDriver', variable: 'HOLDFAST_WEBKIT', packages: ['webkit2gtk-driver'] },
  { file: '/usr/bin/Xvfb', variable: 'HOLDFAST_XVFB', packages: ['xvfb'] },
  { file: '/usr/bin/turnserver', variable: 'HOLDFAST_TURN', packages: ['coturn'] },
];

/**
 * All browsers of the tests, by the variables that tell the tests of them; installed first where they are missing.
 *
 * @returns {Promise<Record<string, string>>}
 */
export async function ensureBrowsers() {
  const found = { HOLDFAST_CHROMIUM: await ensureBrowser() };
  const missing = () => OTHERS.filter((other) => !isExecutable(fileOf(other)));
  const wanted = missing().flatMap(({ packages }) => packages);
  if (wanted.length > 0) {
    console.log(`Not found: ${wanted.join(', ')}; installing …`);
    await installWithApt(wanted);
  }
  const [left] = missing();
  if (left !== undefined) {
    throw new Error(
      `The browser tests need ${fileOf(left)}. On Debian: apt-get install ${OTHERS.flatMap(({ packages }) => packages).join(' ')}; ` +
        `or name one: ${left.variable}=/path/to/${basename(left.file)} npm test`,
    );
  }
  return { ...found, ...Object.fromEntries(OTHERS.map((other) => [other.variable, fileOf(other)])) };
}

function fileOf({ file, variable }) {
  const named = process.env[variable];
  if (named !== undefined && !isExecutable(named)) throw new Error(`${variable} names ${named}, which cannot be run.`);
  return named ?? file;
}

/**
 * The same as {@link findBrowser}, installed first if there is none.
 *
 * @returns {Promise<string>}
 */
export async function ensureBrowser() {
  const found = await findBrowser();
  if (found !== null) return found;
  console.log('No Chromium found; installing one …');
  const installed = (await installWithApt(['chromium'])) || (await installWithPlaywright());
  const browser = installed ? await findBrowser() : null;
  if (browser !== null) return browser;
  throw new Error(
    'The browser tests need a Chromium. Install one (`apt-get install chromium`, or `npx playwright-core install --with-deps chromium`), ' +
      'or name one: HOLDFAST_CHROMIUM=/path/to/chrome npm test',
  );
}

async function installWithApt(packages) {
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return false;
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  if ((await run('apt-get', ['update', '-q'], { env })) !== 0) return false;
  return (await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...packages], { env })) === 0;
}

async function installWithPlaywright() {
  return (await node('node_modules/playwright-core/cli.js', ['install', 'chromium'])) === 0;
}

/** The one that `playwright-core install` has put into its cache. */
async function findPlaywrights() {
  const { chromium } = await import('playwright-core');
  const file = chromium.executablePath();
  return isExecutable(file) ? file : null;
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

await main(import.meta, async () => console.log(Object.values(await ensureBrowsers()).join('\n')));
