/**
 * WebKitGTK, the nearest to Safari that runs on Linux, over WebDriver. Its small browser has no headless mode, so it gets a
 * display that nobody sees.
 *
 * @see https://www.w3.org/TR/webdriver2/
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Engine } from './engine.ts';

/** `npm test` has found or installed them. */
const DRIVER = process.env['HOLDFAST_WEBKIT'] ?? '/usr/bin/WebKitWebDriver';
const DISPLAY = process.env['HOLDFAST_XVFB'] ?? '/usr/bin/Xvfb';
const PATIENCE = 20_000;

export async function launchWebKit(): Promise<Engine> {
  const children: ChildProcess[] = [];
  const start = (program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}, fd?: 'pipe'): ChildProcess => {
    // A group of its own: the browser outlives a driver that is killed.
    const child = spawn(program, args, {
      detached: true,
      stdio: ['ignore', 'ignore', 'ignore', ...(fd === undefined ? [] : [fd])],
      env: { ...process.env, ...env },
    });
    children.push(child);
    return child;
  };
  const stop = async (): Promise<void> => {
    for (const child of children.toReversed()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const gone = once(child, 'exit');
      process.kill(-child.pid!, 'SIGKILL');
      await gone;
    }
  };
  try {
    // It finds a free number itself and says which.
    const screen = start(DISPLAY, ['-displayfd', '3', '-screen', '0', '1024x768x24', '-nolisten', 'tcp'], {}, 'pipe');
    const [said] = (await once(screen.stdio[3]!, 'data')) as [Buffer];
    const port = await freePort();
    start(DRIVER, [`--port=${port}`, '--host=127.0.0.1'], {
      DISPLAY: `:${String(said).trim()}`,
      // What a process without a desktop cannot reach would be waited for.
      DBUS_SESSION_BUS_ADDRESS: 'disabled:',
      GTK_A11Y: 'none',
      NO_AT_BRIDGE: '1',
    });
    const base = `http://127.0.0.1:${port}`;
    await answers(base);
    const options = { binary: findBrowser(), args: ['--automation'] };
    const always = { browserName: 'MiniBrowser', 'webkitgtk:browserOptions': options };
    const { sessionId } = (await ask(`${base}/session`, { capabilities: { alwaysMatch: always } })) as {
      readonly sessionId: string;
    };
    const session = `${base}/session/${sessionId}`;
    return {
      name: 'WebKitGTK',
      goto: (url) => ask(`${session}/url`, { url }),
      back: () => ask(`${session}/back`, {}),
      evaluate: (expression) => ask(`${session}/execute/sync`, { script: `return ${expression}`, args: [] }),
      async [Symbol.asyncDispose]() {
        await ask(session, undefined, 'DELETE').catch(() => undefined);
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function ask(url: string, body: object | undefined, method = 'POST'): Promise<unknown> {
  const response = await fetch(url, {
    method,
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(PATIENCE),
  });
  const { value } = (await response.json()) as { readonly value: { readonly message?: string } | null };
  if (!response.ok) throw new Error(`WebDriver: ${value?.message ?? response.status}`);
  return value;
}

async function answers(base: string): Promise<void> {
  for (const end = Date.now() + PATIENCE; ; await pause(50)) {
    if (await fetch(`${base}/status`).then(({ ok }) => ok, () => false)) return; // prettier-ignore
    if (Date.now() > end) throw new Error(`${DRIVER} does not answer.`);
  }
}

/** The driver's own browser; each architecture and version has a folder of its own. */
function findBrowser(): string {
  const lib = '/usr/lib';
  const folders = [lib, ...readdirSync(lib).map((name) => join(lib, name)), '/usr/libexec'];
  const found = folders
    .flatMap((folder) => ['webkit2gtk-4.1', 'webkitgtk-6.0', 'webkit2gtk-4.0'].map((name) => join(folder, name, 'MiniBrowser')))
    .find((file) => existsSync(file));
  if (found === undefined) throw new Error('WebKitGTK has no MiniBrowser here: apt-get install webkit2gtk-driver');
  return found;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
