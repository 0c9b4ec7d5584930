/** The pages of the documents, in a real browser and with the servers beside them, as they stand there. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileOf, root } from '../docs/blocks.ts';
import { type TestBrowser, launchBrowser } from '../support/browser.ts';

const { version, unpkg } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly version: string;
  readonly unpkg: string;
};
/** What unpkg serves at this address once the version is published. */
const SCRIPT = `https://unpkg.com/holdfast@${version}/${unpkg.replace('./', '')}`;

let chromium: TestBrowser;
beforeAll(async () => {
  chromium = await launchBrowser();
});
afterAll(() => chromium[Symbol.asyncDispose]());

/** A folder as a reader has it: the files of the document, and the built package installed. */
function createFolder(document: string, page: string): { readonly folder: string } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-reader-'));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(root, join(folder, 'node_modules/holdfast'), 'junction');
  writeFileSync(join(folder, page), fileOf(document, page));
  // The port apart, which is any free one here.
  const server = fileOf(document, 'server.mjs').replace('8080', 'process.env.PORT');
  writeFileSync(join(folder, 'server.mjs'), `${server}\nhttp.on('listening', () => console.log(http.address().port));\n`);
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

async function serve(folder: string, wanted = 0): Promise<{ readonly port: number } & AsyncDisposable> {
  const env = { ...process.env, PORT: String(wanted) };
  const child: ChildProcess = spawn(process.execPath, ['server.mjs'], { cwd: folder, env, stdio: ['ignore', 'pipe', 'inherit'] });
  const gone = once(child, 'exit');
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout!.once('data', (said) => resolve(Number(said)));
    child.once('exit', () => reject(new Error('the server ended without an address')));
  });
  return {
    port,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await gone;
    },
  };
}

/** A tab with a storage of its own. Nothing but the page's own host and the script can be reached. */
async function openTab(port: number): Promise<{ readonly page: Page; readonly errors: readonly string[] }> {
  const context = await chromium.browser.newContext();
  const errors: string[] = [];
  await context.route(/^https:/, (route) =>
    route.request().url() === SCRIPT ? route.fulfill({ path: join(root, unpkg) }) : route.abort(),
  );
  const page = await context.newPage();
  page.on('pageerror', (error) => errors.push(String(error)));
  await page.goto(`http://127.0.0.1:${port}/`);
  return { page, errors };
}

async function say(page: Page, text: string): Promise<void> {
  await page.locator('input').fill(text);
  await page.locator('button').click();
}

async function shows(page: Page, lines: readonly string[]): Promise<void> {
  await page.waitForFunction(
    (wanted) => JSON.stringify([...document.querySelectorAll('li')].map((line) => line.textContent)) === wanted,
    JSON.stringify(lines),
  );
}

async function endsWith(page: Page, line: string): Promise<void> {
  await page.waitForFunction((wanted) => document.querySelector('li:last-child')?.textContent === wanted, line);
}

describe('the README', () => {
  it('brings a message from one tab to another, by its server and its page', async () => {
    using site = createFolder('README.md', 'index.html');
    await using server = await serve(site.folder);
    const [ada, bob] = [await openTab(server.port), await openTab(server.port)];
    await say(bob.page, 'hello');
    await endsWith(bob.page, 'hello');
    await say(ada.page, 'hello yourself');
    await endsWith(ada.page, 'hello yourself');
    await endsWith(bob.page, 'hello yourself');
    await say(bob.page, 'there you are');
    await endsWith(ada.page, 'there you are');
    // The page that came first has seen all of it.
    await shows(bob.page, ['hello', 'hello yourself', 'there you are']);
    expect([...ada.errors, ...bob.errors]).toEqual([]);
  });
});

describe('the chat of the getting-started guide', () => {
  const guide = 'docs/guides/getting-started.md';
  const status = (page: Page, state: string): Promise<unknown> =>
    page.waitForFunction((wanted) => document.querySelector('#status')?.textContent === wanted, state);

  it('shows what was said before, says what the server refuses, and sends what waited for a restart', async () => {
    using site = createFolder(guide, 'chat.html');
    const first = await serve(site.folder);
    const ada = await openTab(first.port);
    await say(ada.page, 'one');
    await say(ada.page, 'two');
    await shows(ada.page, ['one', 'two']);
    const bob = await openTab(first.port);
    await shows(bob.page, ['one', 'two']);
    await say(bob.page, 'x'.repeat(501));
    const refused = `${'x'.repeat(501)} (not sent: A message has at most 500 characters.)`;
    await shows(bob.page, ['one', 'two', refused]);

    await first[Symbol.asyncDispose]();
    await status(ada.page, 'waiting');
    await say(ada.page, 'still there?');
    await shows(ada.page, ['one', 'two', 'still there? (sending)']);
    await using second = await serve(site.folder, first.port);
    await status(ada.page, 'connected');
    const all = ['one', 'two', 'still there?'];
    await shows(ada.page, all);
    await shows(bob.page, all);
    expect(second.port).toBe(first.port);
    expect([...ada.errors, ...bob.errors]).toEqual([]);
  });
});
