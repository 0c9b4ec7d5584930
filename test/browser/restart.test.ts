import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Channel, Client } from '../../src/types.ts';
import { type TestBrowser, launchBrowser } from '../support/browser.ts';
import { type Site, createSite } from '../support/site.ts';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
type Bag = { readonly client: Client; readonly room: Channel; readonly log: string[] };

let chromium: TestBrowser;
let site: Site;
const children = new Set<ChildProcess>();
beforeAll(async () => {
  chromium = await launchBrowser();
  site = await createSite();
});
afterEach(() => children.forEach((child) => child.kill('SIGKILL')));
afterAll(async () => {
  await chromium[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
});

/** The server as its own process, as `npx holdfast serve` starts it. */
async function serve(wanted: number): Promise<{ readonly port: number; kill(): Promise<void> }> {
  const child = spawn(process.execPath, [CLI, 'serve', '--port', String(wanted), '--origin', '*'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.add(child);
  // Not `for await`: leaving it would close the pipe, and the server's next line would end it.
  const port = await new Promise<number>((resolve, reject) => {
    let said = '';
    child.stdout.on('data', (chunk) => {
      said += String(chunk);
      const match = /:(\d+)\/realtime/.exec(said);
      if (match !== null) resolve(Number(match[1]));
    });
    child.once('exit', () => reject(new Error(`the server ended without an address: ${said}`)));
  });
  return {
    port,
    async kill() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

describe('a server that is killed', () => {
  it('comes back without its memory: the page is told first, and what it had accepted is there again', async () => {
    const first = await serve(0);
    const { page } = await chromium.open(site.url);
    await page.evaluate((url) => {
      const client = Holdfast.createClient(url, { timing: { backoffBase: 50, backoffCap: 200 } });
      const room = client.channel('room');
      const log: string[] = [];
      room.subscribe('message', (data) => log.push(`message ${String(data)}`));
      room.onReset(({ why }) => void log.push(`reset ${why}`));
      Object.assign(globalThis, { bag: { client, room, log } });
    }, `http://127.0.0.1:${first.port}/realtime`);
    await page.waitForFunction(() => (bag as unknown as Bag).room.status.get().state === 'live');
    await page.evaluate(() => (bag as unknown as Bag).room.publish('message', 'before').accepted);
    await page.waitForFunction(() => (bag as unknown as Bag).log.length === 1);

    await first.kill();
    await page.waitForFunction(() => (bag as unknown as Bag).client.status.get().state !== 'connected');
    await page.evaluate(() => void (bag as unknown as Bag).room.publish('message', 'while away'));
    const second = await serve(first.port);
    await page.waitForFunction(() => (bag as unknown as Bag).log.length >= 4);
    expect(await page.evaluate(() => (bag as unknown as Bag).log)).toEqual([
      'message before',
      'reset epoch',
      'message before',
      'message while away',
    ]);
    await second.kill();
  });
});
