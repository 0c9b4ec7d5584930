/**
 * Chromium as its users have it: nothing emulates focus, so pages are really hidden, throttled, frozen and cached. A test
 * library that keeps every page awake would hide just what these tests are about, so this speaks to the browser directly.
 *
 * @see https://chromedevtools.github.io/devtools-protocol/
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'ws';

const executable = process.env['HOLDFAST_CHROMIUM'] ?? '/usr/bin/chromium';

interface Answer {
  readonly id?: number;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string };
  readonly method?: string;
  readonly sessionId?: string;
  /** Of the only event that is heard here. */
  readonly params?: { readonly name: string; readonly payload: string };
}

export interface BareTab {
  /** Calls a function in the page, with plain arguments, and waits for the promise that it may return. */
  evaluate<A extends readonly unknown[], R>(run: (...args: A) => R, ...args: A): Promise<Awaited<R>>;
  /** Asks every 50 ms until it is true. @throws Error after 20 s */
  until<A extends readonly unknown[]>(run: (...args: A) => boolean, ...args: A): Promise<void>;
  goto(url: string): Promise<void>;
  back(): Promise<void>;
  show(): Promise<void>;
  /** Gives the page a function of this name that takes a text; what it says before it dies is heard, once. */
  hear(name: string, listener: (said: string) => void): Promise<void>;
  /** As the user closes it, or as its process dies. */
  end(how: 'close' | 'crash'): Promise<void>;
  send(method: string, params?: object): Promise<Readonly<Record<string, unknown>>>;
}

export interface BareBrowser extends AsyncDisposable {
  /** @param first a script that runs in each document before its own */
  open(url: string, first?: string): Promise<BareTab>;
  /** Of the process that runs the page: to stop it as a machine does that falls asleep. */
  rendererOf(tab: BareTab): Promise<number>;
}

/** With a profile of its own, which goes with it. */
export async function launchBareBrowser(...flags: readonly string[]): Promise<BareBrowser> {
  const profile = await createProfileFolder();
  const browser = await launchOn(profile.path, ...flags);
  return {
    ...browser,
    async [Symbol.asyncDispose]() {
      await browser.kill();
      await profile[Symbol.asyncDispose]();
    },
  };
}

export interface ProfileFolder extends AsyncDisposable {
  readonly path: string;
}

export async function createProfileFolder(): Promise<ProfileFolder> {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-chromium-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }) };
}

/** With what an earlier browser left in that folder. Disposing of it kills it, as everything here does. */
export async function launchOn(profile: string, ...flags: readonly string[]): Promise<BareBrowser & { kill(): Promise<void> }> {
  const child = spawn(
    executable,
    [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--disable-background-networking',
      '--no-first-run',
      '--remote-debugging-port=0',
      `--user-data-dir=${profile}`,
      ...flags,
      'about:blank',
    ],
    // A group of its own: all its processes are killed at the same moment.
    { stdio: ['ignore', 'ignore', 'pipe'], detached: true },
  );
  const exited = once(child, 'exit');
  const socket = new WebSocket(await endpointOf(child), { perMessageDeflate: false });
  await once(socket, 'open');
  const waiting = new Map<number, { resolve(answer: Readonly<Record<string, unknown>>): void; reject(error: Error): void }>();
  const listeners = new Map<string, (said: string) => void>();
  let lastId = 0;
  socket.on('message', (data: Buffer) => {
    const { id, result, error, method, params, sessionId } = JSON.parse(data.toString()) as Answer;
    if (method === 'Runtime.bindingCalled') listeners.get(`${sessionId} ${params!.name}`)?.(params!.payload);
    if (id === undefined) return;
    if (error === undefined) waiting.get(id)?.resolve(result ?? {});
    else waiting.get(id)?.reject(new Error(error.message));
    waiting.delete(id);
  });
  const send = (method: string, params: object = {}, sessionId?: string): Promise<Readonly<Record<string, unknown>>> =>
    new Promise((resolve, reject) => {
      lastId += 1;
      waiting.set(lastId, { resolve, reject });
      socket.send(JSON.stringify({ id: lastId, method, params, sessionId }));
    });

  const kill = async (): Promise<void> => {
    socket.terminate();
    if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid!, 'SIGKILL');
    await exited;
  };

  return {
    async open(url, first) {
      const { targetId } = await send('Target.createTarget', { url: 'about:blank' });
      const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true });
      const tab = createTab(
        (method, params) => send(method, params, sessionId as string),
        targetId as string,
        send,
        (name, listener) => listeners.set(`${sessionId as string} ${name}`, listener),
      );
      await tab.send('Page.enable');
      if (first !== undefined) await tab.send('Page.addScriptToEvaluateOnNewDocument', { source: first });
      await tab.goto(url);
      return tab;
    },
    async rendererOf(tab) {
      // The one that gets busy when the page is: the browser does not tell which process runs a page.
      const { processInfo } = (await send('SystemInfo.getProcessInfo')) as {
        readonly processInfo: readonly { readonly type: string; readonly id: number; readonly cpuTime: number }[];
      };
      const before = new Map(processInfo.map(({ id, cpuTime }) => [id, cpuTime]));
      await tab.evaluate(() => {
        for (const end = Date.now() + 400; Date.now() < end;);
      });
      const after = (await send('SystemInfo.getProcessInfo')) as { readonly processInfo: typeof processInfo };
      const grown = after.processInfo
        .filter(({ type }) => type === 'renderer')
        .map(({ id, cpuTime }) => ({ id, used: cpuTime - (before.get(id) ?? 0) }));
      grown.sort((a, b) => b.used - a.used);
      return grown[0]!.id;
    },
    kill,
    [Symbol.asyncDispose]: kill,
  };
}

function createTab(
  send: BareTab['send'],
  targetId: string,
  browser: (method: string, params?: object) => Promise<unknown>,
  listen: (name: string, listener: (said: string) => void) => void,
): BareTab {
  const evaluate: BareTab['evaluate'] = async (run, ...args) => {
    const expression = `(${run.toString()})(...${JSON.stringify(args)})`;
    const answer = await send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
    const { result, exceptionDetails } = answer as {
      readonly result: { readonly value: never };
      readonly exceptionDetails?: { readonly exception?: { readonly description?: string } };
    };
    if (exceptionDetails !== undefined) throw new Error(exceptionDetails.exception?.description ?? 'it threw in the page');
    return result.value;
  };
  const until: BareTab['until'] = async (run, ...args) => {
    for (const end = Date.now() + 20_000; Date.now() < end; await pause(50)) {
      // A page that is being left has nothing to ask for a moment.
      const answer = await evaluate(run, ...args).catch((error: unknown) => error);
      if (answer === true) return;
      if (answer instanceof Error && !/context|navigat|Cannot find/i.test(answer.message)) throw answer;
    }
    throw new Error(`not so after 20 s: ${run.toString()}`);
  };
  return {
    evaluate,
    until,
    send,
    async goto(url) {
      await send('Page.navigate', { url });
      await until((wanted) => location.href === wanted && document.readyState === 'complete', url);
    },
    async back() {
      const { entries, currentIndex } = (await send('Page.getNavigationHistory')) as {
        readonly entries: readonly { readonly id: number; readonly url: string }[];
        readonly currentIndex: number;
      };
      const entry = entries[currentIndex - 1]!;
      await send('Page.navigateToHistoryEntry', { entryId: entry.id });
      await until((wanted) => location.href === wanted, entry.url);
    },
    async show() {
      await browser('Target.activateTarget', { targetId });
    },
    async hear(name, listener) {
      listen(name, listener);
      await send('Runtime.enable');
      await send('Runtime.addBinding', { name });
    },
    async end(how) {
      if (how === 'close') await browser('Target.closeTarget', { targetId });
      // It dies before it could answer.
      else void send('Page.crash').catch(() => {});
    },
  };
}

async function endpointOf(child: ChildProcess): Promise<string> {
  let said = '';
  return new Promise((resolve, reject) => {
    child.stderr!.on('data', (chunk) => {
      said += String(chunk);
      const match = /DevTools listening on (ws:\S+)/.exec(said);
      if (match !== null) resolve(match[1]!);
    });
    child.once('exit', () => reject(new Error(`the browser ended: ${said}`)));
  });
}
