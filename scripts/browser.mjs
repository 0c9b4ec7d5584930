import './check-node.mjs';
import { join } from 'node:path';
import { findProgram, installWithApt, isExecutable } from './programs.mjs';
import { main, node } from './run.mjs';

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
  return findProgram(NAMES, ['/usr/bin']) ?? PLACES.find(isExecutable) ?? (await findPlaywrights());
}

/**
 * The same, installed first if there is none.
 *
 * @returns {Promise<string>}
 */
export async function ensureBrowser() {
  const found = await findBrowser();
  if (found !== null) return found;
  console.log('No Chromium found; installing one …');
  const installed = (await installWithApt('chromium')) || (await installWithPlaywright());
  const browser = installed ? await findBrowser() : null;
  if (browser !== null) return browser;
  throw new Error(
    'The browser tests need a Chromium. Install one (`apt-get install chromium`, or `npx playwright-core install --with-deps chromium`), ' +
      'or name one: HOLDFAST_CHROMIUM=/path/to/chrome npm test',
  );
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

/**
 * What the tests drive beside it: its names, the variable that tells the tests where it is, and the package that brings it.
 *
 * @type {readonly { readonly names: readonly string[], readonly variable: string, readonly apt: string }[]}
 */
const OTHERS = [
  { names: ['firefox-esr', 'firefox'], variable: 'HOLDFAST_FIREFOX', apt: 'firefox-esr' },
  { names: ['WebKitWebDriver'], variable: 'HOLDFAST_WEBKIT', apt: 'webkit2gtk-driver' },
  { names: ['Xvfb'], variable: 'HOLDFAST_XVFB', apt: 'xvfb' },
  { names: ['turnserver'], variable: 'HOLDFAST_TURN', apt: 'coturn' },
];

/**
 * All that the browser tests drive, installed first where it is missing.
 *
 * @returns {Promise<Record<string, string>>} for the environment of the tests
 */
export async function ensureBrowsers() {
  const chromium = await ensureBrowser();
  const missing = OTHERS.filter((other) => findOther(other) === null);
  if (missing.length > 0) {
    console.log(`No ${missing.map(({ names }) => names[0]).join(' and no ')} found; installing …`);
    await installWithApt(...missing.map(({ apt }) => apt));
  }
  const still = missing.filter((other) => findOther(other) === null);
  if (still.length > 0) {
    const [{ names, variable }] = still;
    throw new Error(
      `The browser tests need ${still.map((other) => other.names[0]).join(' and ')}. Install with ` +
        `\`apt-get install ${still.map(({ apt }) => apt).join(' ')}\`, or name one: ${variable}=/path/to/${names[0]} npm test`,
    );
  }
  return { HOLDFAST_CHROMIUM: chromium, ...Object.fromEntries(OTHERS.map((other) => [other.variable, findOther(other)])) };
}

function findOther({ names, variable }) {
  const named = process.env[variable];
  if (named === undefined) return findProgram(names, ['/usr/bin']);
  if (isExecutable(named)) return named;
  throw new Error(`${variable} names ${named}, which cannot be run.`);
}

await main(import.meta, async () => console.log(Object.values(await ensureBrowsers()).join('\n')));
