// Holds I14 (docs/guarantees.md).
import { Agent, type IncomingMessage, request } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import type { ClientFrame, ServerFrame } from '../../../src/protocol/frame.ts';
import { json } from '../../../src/protocol/json.ts';
import { msgpack } from '../../../src/protocol/msgpack.ts';
import { closeAll, framesOf, post, type Site, start, toClose } from './http-site.ts';
import { hello } from './http-support.ts';
import { createDeferred, decodeAll, items, pub } from './support.ts';

afterEach(closeAll);

/** Events as they come. */
async function* events(response: Response): AsyncGenerator<ServerFrame> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body! as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const event = text.slice(0, end);
      text = text.slice(end + 2);
      if (event.startsWith('data: ')) yield* decodeAll(json(), event.slice(6));
    }
  }
}

const gone = async ({ server }: Site, name = 'connections'): Promise<void> => {
  while (server.metrics.get()[name] !== 0) await new Promise((resolve) => setImmediate(resolve));
};

describe('HTTP on Node', () => {
  it('carries a session: a stream down, requests up', async () => {
    const site = await start();
    const response = await post(`${site.url}/realtime/sse`, [hello(), { t: 'sub', c: 'a', k: 1 }]);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const stream = events(response);
    const welcome = (await stream.next()).value as Extract<ServerFrame, { t: 'welcome' }>;
    expect(welcome.caps).toEqual(['hist', 'pres', 'req', 'gzip']);
    expect(await stream.next()).toMatchObject({ value: { t: 'subbed', ok: null } });
    const body = gzipSync(JSON.stringify([hello({ mem: welcome.mem }), pub(1, items(1, 1, 'Grüße, 世界'), { c: 'a' })]));
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
    const sent = await framesOf(await post(`${site.url}/realtime/send`, [], { body, headers }));
    expect(sent).toMatchObject([{ t: 'ack', s: 1 }]);
    expect(await stream.next()).toMatchObject({ value: { t: 'msg', items: [{ o: 1, d: 'Grüße, 世界' }] } });
    await stream.return(undefined);
    await gone(site);
    expect(site.server.metrics.get()).toMatchObject({ subscriptions: 0, requests: 2, faults: 0 });
  });

  it('holds a poll until there is news, and speaks MessagePack', async () => {
    const site = await start();
    await site.server.publish('a', 'x', 1);
    const { epoch, offset, tag } = await site.server.cursor('a');
    const codec = msgpack();
    const held = post(`${site.url}/realtime/poll?x=1`, [], {
      headers: { 'content-type': 'application/vnd.msgpack' },
      body: codec.join(
        [hello({ wait: 20_000, since: 0 }), { t: 'sub' as const, c: 'a', k: 1, cur: [epoch, offset, tag] as const }].map(
          (frame) => codec.encode(frame),
        ),
      ) as Uint8Array<ArrayBuffer>,
    });
    while (site.server.metrics.get()['subscriptions'] !== 1) await new Promise((resolve) => setImmediate(resolve));
    await site.server.publish('a', 'x', new Uint8Array([7]));
    const response = await held;
    const frames = decodeAll(codec, new Uint8Array(await response.arrayBuffer()));
    expect(frames.map(({ t }) => t)).toEqual(['welcome', 'recheck', 'subbed', 'msg']);
    expect(response.headers.get('content-length')).not.toBeNull();
  });

  it('lets go of everything when the peer goes, in a held poll and in a stream', async () => {
    const site = await start();
    const aborted = new AbortController();
    const init = { signal: aborted.signal };
    const stream = await post(`${site.url}/realtime/sse`, [hello(), { t: 'sub', c: 'a', k: 1 }], init);
    const poll = post(`${site.url}/realtime/poll`, [hello({ client: 'b', wait: 20_000, since: 0 })], init);
    while (site.server.metrics.get()['connections'] !== 2) await new Promise((resolve) => setImmediate(resolve));
    aborted.abort();
    await expect(poll).rejects.toThrow();
    await expect(stream.text()).rejects.toThrow();
    await gone(site);
    expect(site.server.metrics.get()['faults']).toBe(0);
  });

  it('ends a stream and a held poll as the server drains, and answers 503 with a reason', async () => {
    const site = await start();
    const stream = await post(`${site.url}/realtime/sse`, [hello()]);
    const poll = post(`${site.url}/realtime/poll`, [hello({ client: 'b', wait: 20_000, since: 0 })]);
    while (site.server.metrics.get()['connections'] !== 2) await new Promise((resolve) => setImmediate(resolve));
    await site.server.drain({ spread: 3000 });
    expect((await framesOf(await poll)).at(-1)).toMatchObject({ t: 'bye', code: 4000, spread: 3000 });
    expect(await stream.text()).toContain('"code":4000');
    const turned = await post(`${site.url}/realtime/poll`, [hello()]);
    expect([turned.status, Number(turned.headers.get('retry-after')) > 0]).toEqual([503, true]);
    expect(await framesOf(turned)).toMatchObject([{ t: 'bye', code: 4000 }]);
  });

  it('is not cut by a limit on silent sockets', async () => {
    const site = await start({ timing: { ping: 300 } });
    site.http.timeout = 50;
    const response = await post(`${site.url}/realtime/poll`, [hello({ wait: 300, since: 0 })]);
    // The server has just begun, and may have missed a failover.
    expect((await framesOf(response)).map(({ t }) => t)).toEqual(['welcome', 'recheck']);
  });

  it('counts what a reader does not take, and serves it from the log when it does', async () => {
    // No timer: nothing but the platform says that there is room again.
    const environment = { setTimeout: () => null, clearTimeout: () => undefined };
    const site = await start({ limits: { queue: 100_000, publishRate: Infinity }, environment });
    const { epoch } = await site.server.cursor('a');
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const call = request(`${site.url}/realtime/sse`, { method: 'POST', headers: { 'content-type': 'application/json' } }, resolve); // prettier-ignore
      call.on('error', reject).end(JSON.stringify([hello(), { t: 'sub', c: 'a', k: 1, cur: [epoch, 0, ''] }]));
    });
    response.pause();
    // More than the system takes on its way.
    for (let i = 0; i < 500; i += 1) await site.server.publish('a', 'x', 'y'.repeat(50_000));
    for (let i = 0; i < 50; i += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(site.server.metrics.get()['delivered']).toBeLessThan(500);
    expect(site.server.metrics.get()['slowConsumers']).toBe(0);
    let text = '';
    const offsets = new Set<number>();
    for await (const chunk of response) {
      text += String(chunk);
      for (const [, offset] of text.matchAll(/"o":(\d+),/g)) offsets.add(Number(offset));
      text = text.slice(-200);
      if (offsets.size === 500) break;
    }
    expect([...offsets].sort((a, b) => a - b)).toEqual(Array.from({ length: 500 }, (_, index) => index + 1));
    await gone(site);
  });

  it('does not wait for ever for a peer that takes nothing of its answer', async () => {
    const site = await start({ limits: { queue: 30_000_000 } });
    const accepted = new Promise<Socket>((resolve) => site.http.once('connection', resolve));
    const subs = [];
    for (let k = 0; k < 40; k += 1) {
      const c = `c${k}`;
      subs.push({ t: 'sub', c, k, cur: [(await site.server.cursor(c)).epoch, 0, ''] });
      for (let i = 0; i < 10; i += 1) await site.server.publish(c, 'x', 'y'.repeat(50_000));
    }
    const socket = connect((site.http.address() as AddressInfo).port, '127.0.0.1').pause();
    toClose.push(() => socket.destroy());
    const held = await accepted;
    const body = JSON.stringify([hello(), ...subs]);
    socket.write(
      `POST /realtime/poll HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    while (site.server.metrics.get()['bytesOut'] === 0) await new Promise((resolve) => setImmediate(resolve));
    await gone(site);
    expect(held.timeout).toBe(15_000);
  });

  it('lets two requests wait on one socket, whichever is answered first', async () => {
    const may = createDeferred<boolean>();
    const site = await start({ channels: { slow: { subscribe: () => may.promise } } });
    const accepted = new Promise<Socket>((resolve) => site.http.once('connection', resolve));
    const socket = connect((site.http.address() as AddressInfo).port, '127.0.0.1');
    toClose.push(() => socket.destroy());
    const text = (frames: readonly ClientFrame[], body = JSON.stringify(frames)): string =>
      `POST /realtime/poll HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const held = hello({ client: 'b', wait: 20_000, since: 0 });
    socket.write(text([hello(), { t: 'sub', c: 'slow', k: 1 }]) + text([hello({ client: 'c' })]) + text([held]));
    const reached = (): boolean => {
      const metrics = site.server.metrics.get();
      return metrics['accepted'] === 2 && metrics['connections'] === 2;
    };
    while (!reached()) await new Promise((resolve) => setImmediate(resolve));
    const waiting = await accepted;
    expect(waiting.timeout).toBe(0);
    may.resolve(false);
    await new Promise((resolve) => socket.once('data', resolve));
    while (site.server.metrics.get()['connections'] !== 1) await new Promise((resolve) => setImmediate(resolve));
    for (let i = 0; i < 10; i += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(waiting.timeout).toBe(0);
  });

  it('refuses a body that is too long, and does not read on for ever', async () => {
    const site = await start({ limits: { message: 10_000 } });
    const told = await post(`${site.url}/realtime/poll`, [], { body: 'x'.repeat(300_000) });
    expect([told.status, await framesOf(told)]).toMatchObject([413, [{ t: 'bye', code: 1009 }]]);
    const socket = connect((site.http.address() as AddressInfo).port, '127.0.0.1');
    toClose.push(() => socket.destroy());
    socket.on('error', () => undefined);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write(
      'POST /realtime/poll HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    const more = (): boolean => socket.write(`4000\r\n${'x'.repeat(0x4000)}\r\n`);
    const pump = (): void => {
      while (!socket.destroyed && more());
    };
    socket.on('drain', pump);
    pump();
    await closed;
    expect(site.server.metrics.get()['connections']).toBe(0);
  });

  it('answers one request after another on one socket', async () => {
    const site = await start({ limits: { message: 10_000 } });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    toClose.push(() => agent.destroy());
    const sockets = new Set<unknown>();
    const status = (path: string, body: string): Promise<number> =>
      new Promise((resolve, reject) => {
        const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
        const call = request(`${site.url}${path}`, { method: 'POST', agent, headers }, (response) => {
          response.resume().once('end', () => resolve(response.statusCode!));
        });
        call.on('socket', (socket) => sockets.add(socket)).on('error', reject);
        call.end(body);
      });
    const poll = JSON.stringify([hello()]);
    expect(await status('/realtime/poll', poll)).toBe(200);
    expect(await status('/realtime/poll', 'x'.repeat(20_000))).toBe(413);
    expect(await status('/realtime/poll', poll)).toBe(200);
    expect(await status('/elsewhere', poll)).toBe(200);
    expect(sockets.size).toBe(1);
  });

  it('takes what nginx makes of a request, with the lines that a WebSocket needs', async () => {
    const site = await start();
    const status = await new Promise<number>((resolve, reject) => {
      const headers = { 'content-type': 'application/json', connection: 'upgrade' };
      const call = request(`${site.url}/realtime/poll`, { method: 'POST', headers }, (response) => {
        response.resume();
        resolve(response.statusCode!);
      });
      call.on('error', reject).end(JSON.stringify([hello()]));
    });
    expect(status).toBe(200);
  });

  it('survives a peer that goes in the middle of its body', async () => {
    const site = await start();
    const socket = connect((site.http.address() as AddressInfo).port, '127.0.0.1');
    socket.write('POST /realtime/poll HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"t"');
    while (site.server.metrics.get()['requests'] !== 1) await new Promise((resolve) => setImmediate(resolve));
    socket.resetAndDestroy();
    const count = (): Promise<number> => new Promise((resolve) => site.http.getConnections((_, open) => resolve(open)));
    while ((await count()) > 0) await new Promise((resolve) => setImmediate(resolve));
    expect((await post(`${site.url}/realtime/poll`, [hello()])).status).toBe(200);
    expect(site.server.metrics.get()['faults']).toBe(0);
  });
});
