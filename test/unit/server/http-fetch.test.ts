// Holds I14 (docs/guarantees.md).
import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import type * as Core from '../../../server/core.ts';
import { createServerCore, type ServerCore, type ServerOptions } from '../../../server/core.ts';
import type { ClientFrame, ServerFrame } from '../../../src/protocol/frame.ts';
import { json } from '../../../src/protocol/json.ts';
import { hello } from './http-support.ts';
import { createDeferred, decodeAll, items, pub } from './support.ts';

const toClose: ServerCore[] = [];
afterEach(async () => {
  for (const server of toClose.splice(0)) await server.close();
});

const start = (options: Partial<ServerOptions> = {}): ServerCore => {
  const server = createServerCore({
    authenticate: () => ({ user: null }),
    channels: { '{c}': { subscribe: true, publish: true } },
    onEvent: () => undefined,
    ...options,
  });
  toClose.push(server);
  return server;
};

const post = (path: string, frames: readonly ClientFrame[], init: RequestInit = {}): Request =>
  new Request(`https://app.example${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(frames),
    ...init,
  });

/** Frames of a stream, one by one. */
const reader = (response: Response) => {
  const from = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const frames: ServerFrame[] = [];
  const next = async (): Promise<ServerFrame> => {
    for (;;) {
      const frame = frames.shift();
      if (frame !== undefined) return frame;
      const end = text.indexOf('\n\n');
      const event = text.slice(0, Math.max(0, end));
      if (end >= 0) text = text.slice(end + 2);
      if (event.startsWith('data: ')) frames.push(...decodeAll(json(), event.slice(6)));
      if (end >= 0) continue;
      const { done, value } = await from.read();
      if (done) throw new Error('the stream is over');
      text += value;
    }
  };
  return { next, cancel: () => from.cancel() };
};

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const until = async (server: ServerCore, name: string, count: number): Promise<void> => {
  while (server.metrics.get()[name] !== count) await turn();
};

describe('server.fetch', () => {
  it.each(['', '/realtime', '/api/deep/er'])('carries a session wherever it is mounted: %j', async (mount) => {
    const server = start();
    const response = await server.fetch(post(`${mount}/sse?x`, [hello(), { t: 'sub', c: 'a', k: 1 }]));
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    const stream = reader(response);
    const [welcome, subbed] = [await stream.next(), await stream.next()];
    expect([welcome.t, subbed.t]).toEqual(['welcome', 'subbed']);
    const { mem } = welcome as { mem: string };
    const sent = await server.fetch(post(`${mount}/send`, [hello({ mem }), pub(1, items(1, 1, 'ü'), { c: 'a' })]));
    expect(decodeAll(json(), await sent.text())).toMatchObject([{ t: 'ack' }]);
    expect(await stream.next()).toMatchObject({ t: 'msg', items: [{ d: 'ü' }] });
    const poll = await server.fetch(post(`${mount}/poll`, [hello({ client: 'b' }), { t: 'sub', c: 'a', k: 1, n: 1 }]));
    expect(decodeAll(json(), await poll.text()).map(({ t }) => t)).toEqual(['welcome', 'subbed']);
    await stream.cancel();
    await until(server, 'connections', 0);
    expect(server.metrics.get()['subscriptions']).toBe(0);
  });

  it('ends the connection when its request is aborted, held or streaming', async () => {
    const server = start();
    for (const path of ['/sse', '/poll']) {
      const aborted = new AbortController();
      const answer = server.fetch(post(path, [hello({ wait: 20_000, since: 0 })], { signal: aborted.signal }));
      await until(server, 'connections', 1);
      aborted.abort();
      await until(server, 'connections', 0);
      const response = await answer;
      if (path === '/sse') await expect(response.text()).rejects.toThrow();
      else expect(response.status).toBe(499);
    }
    const aborted = AbortSignal.abort();
    expect((await server.fetch(post('/sse', [hello()], { signal: aborted }))).status).toBe(499);
    await turn();
    expect(server.metrics.get()['connections']).toBe(0);
  });

  it('counts what a reader does not take, and serves it from the log when it does', async () => {
    // No timer: nothing but the platform says that there is room again.
    const environment = { setTimeout: () => null, clearTimeout: () => undefined };
    const server = start({ limits: { queue: 100_000 }, environment });
    const { epoch } = await server.cursor('a');
    const response = await server.fetch(post('/sse', [hello(), { t: 'sub', c: 'a', k: 1, cur: [epoch, 0, ''] }]));
    for (let i = 0; i < 60; i += 1) await server.publish('a', 'x', 'y'.repeat(20_000));
    for (let i = 0; i < 20; i += 1) await turn();
    expect(server.metrics.get()['delivered']).toBeLessThan(30);
    const stream = reader(response);
    const offsets: number[] = [];
    while (offsets.length < 60) {
      const frame = await stream.next();
      if (frame.t === 'msg' || frame.t === 'subbed') offsets.push(...(frame.items ?? []).map(({ o }) => o));
    }
    expect(offsets).toEqual(Array.from({ length: 60 }, (_, index) => index + 1));
    expect(server.metrics.get()['slowConsumers']).toBe(0);
  });

  it.each([
    ['/realtime', 'POST', 404],
    ['/realtime/poll/', 'POST', 404],
    ['/realtime/poll', 'GET', 405],
  ])('%s %s: %d', async (path, method, status) => {
    const response = await start().fetch(new Request(`https://app.example${path}`, { method }));
    expect([response.status, decodeAll(json(), await response.text())]).toMatchObject([status, [{ t: 'bye', code: 1008 }]]);
  });

  it('answers a preflight, and knows its own host by the address', async () => {
    const server = start();
    const ask = async (origin: string): Promise<number> =>
      (await server.fetch(new Request('https://app.example/poll', { method: 'OPTIONS', headers: { origin } }))).status;
    expect([await ask('https://app.example'), await ask('https://evil.example')]).toEqual([204, 403]);
  });

  it('tells authenticate the address that it was told', async () => {
    const seen: string[] = [];
    const server = start({ authenticate: ({ ip }) => (seen.push(ip), { user: null }) });
    await server.fetch(post('/poll', [hello()]), { ip: '198.51.100.7' });
    await server.fetch(post('/poll', [hello()]));
    expect(seen).toEqual(['198.51.100.7', '']);
  });

  it('refuses a body that is too long, and stops reading it', async () => {
    let pulled = 0;
    let cancelled = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += 1;
        controller.enqueue(new Uint8Array(1000));
      },
      cancel() {
        cancelled += 1;
        throw new Error('nobody may hear of this');
      },
    });
    const init = { body, duplex: 'half' } as RequestInit;
    const response = await start({ limits: { message: 5000 } }).fetch(post('/send', [], init));
    expect(response.status).toBe(413);
    for (let i = 0; i < 5; i += 1) await turn();
    expect(pulled).toBeLessThan(10);
    expect(cancelled).toBe(1);
  });

  it('answers a body that breaks off', async () => {
    const body = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error('cut')) });
    const response = await start().fetch(post('/send', [], { body, duplex: 'half' } as RequestInit));
    expect([response.status, decodeAll(json(), await response.text())]).toMatchObject([400, [{ code: 1007 }]]);
  });

  it('says so if somebody has read the body', async () => {
    const events: string[] = [];
    const server = start({ onEvent: ({ detail }) => events.push(String(detail['error'])) });
    const request = post('/poll', [hello()]);
    await request.text();
    expect((await server.fetch(request)).status).toBe(500);
    expect(events).toEqual([expect.stringContaining('was read before')]);
  });

  it('tells the page of a fault, and leaves no timer', async () => {
    const timers = new Set<object>();
    const setTimeout = (): object => (timers.add({ n: timers.size }), [...timers].at(-1)!);
    const server = start({
      origins: '*',
      environment: { setTimeout, clearTimeout: (timer) => void timers.delete(timer as object) },
    });
    const headers = { 'content-type': 'application/json', origin: 'https://app.test' };
    const request = post('/poll', [hello()], { headers });
    await request.text();
    const response = await server.fetch(request);
    expect([response.status, timers.size]).toEqual([500, 0]);
    expect(response.headers.get('access-control-allow-origin')).toBe('https://app.test');
    expect(response.headers.get('cache-control')).toBe('no-store, no-transform');
  });

  it.each<[string, number]>([
    ['is late', 408],
    ['nobody waits for any more', 499],
  ])('lets go of a body that %s', async (what, status) => {
    const aborted = new AbortController();
    const cancelled = createDeferred<void>();
    const body = new ReadableStream<Uint8Array>({ pull: () => new Promise(() => undefined), cancel: () => cancelled.resolve() });
    const server = start({ timing: { openTimeout: 20 } });
    const response = server.fetch(post('/poll', [], { body, duplex: 'half', signal: aborted.signal } as RequestInit));
    await turn();
    if (status === 499) aborted.abort();
    expect((await response).status, what).toBe(status);
    await cancelled.promise;
    expect(server.metrics.get()['accepted']).toBe(0);
  });

  it('serves a platform whose requests have no signal', async () => {
    const request = Object.defineProperty(post('/poll', [hello()]), 'signal', { value: undefined });
    expect((await start().fetch(request)).status).toBe(200);
  });

  it('ends its stream when the server closes', async () => {
    const server = start();
    const response = await server.fetch(post('/sse', [hello()]));
    await server.close();
    expect(await response.text()).toMatch(/"code":1001.*\n\n$/);
  });
});

describe('the core', () => {
  it('is loaded and served with nothing of Node', async () => {
    const entry = fileURLToPath(new URL('../../../server/core.ts', import.meta.url));
    // Neutral: what is Node's would not be resolved, and fail here.
    const { outputFiles, metafile } = await build({
      entryPoints: [entry],
      bundle: true,
      format: 'esm',
      platform: 'neutral',
      mainFields: ['module', 'main'],
      write: false,
      metafile: true,
      logLevel: 'silent',
    });
    const imports = Object.values(metafile.outputs).flatMap((output) => output.imports.map(({ path }) => path));
    expect(imports).toEqual([]);
    expect(Object.keys(metafile.inputs).filter((file) => /\/ws\/|server\/node\//.test(file))).toEqual([]);
    const code = outputFiles[0]!.text;
    const url = `data:text/javascript;base64,${Buffer.from(code).toString('base64')}`;
    const core = (await import(/* @vite-ignore */ url)) as typeof Core;
    const server = core.createServerCore({ authenticate: () => ({ user: null }), channels: { a: { subscribe: true } } });
    toClose.push(server);
    const stream = reader(await server.fetch(post('/sse', [hello(), { t: 'sub', c: 'a', k: 1 }])));
    expect((await stream.next()).t).toBe('welcome');
    await stream.cancel();
  });
});
