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

await main(import.meta, async () => console.log(await ensureBrowser()));
