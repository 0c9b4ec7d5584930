// Holds I14, I15 (docs/guarantees.md).
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Encoded } from '../../../src/protocol/codec.ts';
import { json } from '../../../src/protocol/json.ts';
import { msgpack } from '../../../src/protocol/msgpack.ts';
import { type Asked, hello, type Reply, request } from './http-support.ts';
import { createHouse, decodeAll, type House } from './support.ts';

/** Inflating takes real time. */
const ask = async (house: House, asked: Asked): Promise<Reply> => {
  const reply = request(house, asked);
  await reply.answered;
  await house.clock.settle();
  return reply;
};
const bytes = (buffer: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(buffer);
const zip = (text: string): Uint8Array<ArrayBuffer> => bytes(gzipSync(text));
const GZIP = { 'content-encoding': 'gzip' };
const byeOf = (reply: Reply) => reply.of('bye')[0]?.code;

describe('a request without a session', () => {
  it.each([
    ['another path', { path: '/rtc' }, 404, 1008],
    ['another method', { path: '/poll', method: 'GET' }, 405, 1008],
    ['a type that browsers send without asking', { path: '/poll', headers: { 'content-type': 'text/plain' } }, 415, 1003],
    ['no type', { path: '/poll', headers: { 'content-type': '' } }, 415, 1003],
    ['another coding', { path: '/poll', headers: { 'content-encoding': 'br' } }, 415, 1003],
    ['another origin', { path: '/poll', headers: { origin: 'https://evil.example' } }, 403, 4403],
    ['a body above the limit', { path: '/poll', body: 'x'.repeat(2001) }, 413, 1009],
    ['a body that says it is', { path: '/poll', headers: { 'content-length': '2001' }, hangs: true }, 413, 1009],
  ] as const)('%s: %s', async (_, asked, status, code) => {
    const house = createHouse({ limits: { message: 2000 } });
    const reply = await ask(house, { frames: [hello()], ...asked });
    expect([reply.status, reply.headers['content-type'], byeOf(reply)]).toEqual([status, 'application/json', code]);
    expect(reply.headers['cache-control']).toBe('no-store, no-transform');
    expect([house.count('connections'), house.count('accepted'), house.events]).toEqual([0, 0, []]);
  });

  it('is answered in the codec that it asked in', async () => {
    const reply = await ask(createHouse(), { path: '/poll', method: 'PUT', codec: msgpack(), frames: [hello()] });
    expect([reply.headers['content-type'], byeOf(reply)]).toEqual(['application/vnd.msgpack', 1008]);
  });

  it('says which methods there are', async () => {
    expect((await ask(createHouse(), { path: '/send', method: 'DELETE' })).headers['allow']).toBe('POST, OPTIONS');
  });

  it('is given 10 s for its body', async () => {
    const house = createHouse();
    const reply = request(house, { path: '/poll', hangs: true });
    await house.clock.advance(9999);
    expect(reply.state).toBe('open');
    await house.clock.advance(1);
    expect([reply.status, byeOf(reply), house.clock.pending]).toEqual([408, 4003, 0]);
  });

  it('takes its type with parameters, in any case', async () => {
    const headers = { 'content-type': 'Application/JSON; charset=utf-8' };
    expect((await ask(createHouse(), { path: '/poll', frames: [hello()], headers })).of('welcome')).toHaveLength(1);
  });
});

describe('a body that is no message', () => {
  it.each(['', '{', 'null', '[]', '[{}]', '{"t":"sub"}', '[{"t":"ping"}]'])('%j: bye 4400, status 200', async (body) => {
    for (const path of ['/poll', '/send', '/sse']) {
      const house = createHouse();
      const reply = await ask(house, { path, body });
      expect([reply.status, byeOf(reply)]).toEqual([200, 4400]);
      expect(house.count('faults')).toBe(0);
    }
  });

  it('of random bytes is answered, whatever they are', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 60 }),
        fc.constantFrom('/poll', '/send', '/sse'),
        fc.constantFrom(json(), msgpack()),
        fc.boolean(),
        async (body, path, codec, zipped) => {
          const house = createHouse();
          const headers = zipped ? GZIP : {};
          const reply = await ask(house, { path, codec, headers, body: zipped ? bytes(gzipSync(body)) : bytes(body) });
          expect(reply.status).toBe(200);
          expect(house.count('faults')).toBe(0);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('gzip', () => {
  const text = JSON.stringify([hello(), { t: 'sub', c: 'room:1', k: 1 }]);

  it('is taken, and announced', async () => {
    const reply = await ask(createHouse(), { path: '/poll', body: zip(text), headers: GZIP });
    expect(reply.frames.map(({ t }) => t)).toEqual(['welcome', 'subbed']);
    expect(reply.of('welcome')[0]?.caps).toEqual(['hist', 'pres', 'req', 'gzip']);
  });

  it('is neither where the platform has none', async () => {
    const bare = createHouse({}, { gunzip: null });
    expect((await ask(bare, { path: '/poll', body: text })).of('welcome')[0]?.caps).toEqual(['hist', 'pres', 'req']);
    const reply = await ask(bare, { path: '/poll', body: zip(text), headers: GZIP });
    expect([reply.status, byeOf(reply)]).toEqual([415, 1003]);
  });

  it.each([
    ['is none', bytes(new TextEncoder().encode('not gzip at all'))],
    ['breaks off', zip('x'.repeat(100)).slice(0, 20)],
    ['has a wrong sum', zip('xyz').map((byte, index, all) => (index === all.length - 8 ? byte ^ 1 : byte))],
  ])('that %s is no message', async (_, body) => {
    const house = createHouse();
    const reply = await ask(house, { path: '/poll', body, headers: GZIP });
    expect([reply.status, byeOf(reply), house.count('faults')]).toEqual([200, 4400, 0]);
  });

  it('is inflated no further than the limit of a message', async () => {
    let inflated = 0;
    const gunzip = () => {
      const { readable, writable } = new DecompressionStream('gzip');
      const count = new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          inflated += chunk.length;
          controller.enqueue(chunk);
        },
      });
      return { writable, readable: readable.pipeThrough(count) };
    };
    const house = createHouse({ limits: { message: 200_000 } }, { gunzip });
    const body = zip('x'.repeat(50_000_000));
    expect(body.length).toBeLessThan(200_000);
    const reply = await ask(house, { path: '/poll', body, headers: GZIP });
    expect([reply.status, byeOf(reply)]).toEqual([413, 1009]);
    expect(inflated).toBeLessThan(2_000_000);
  });
});

describe('CORS', () => {
  const listed = { origins: ['https://app.example'] };
  const open = { origins: '*' as const };
  const origin = (value: string): Record<string, string> => ({ origin: value });
  const grants = (reply: Reply): readonly (string | undefined)[] => [
    reply.headers['access-control-allow-origin'],
    reply.headers['access-control-allow-credentials'],
  ];

  it.each([
    ['named', listed, origin('https://app.example'), 200, ['https://app.example', 'true']],
    ['not named', listed, origin('https://evil.example'), 403, [undefined, undefined]],
    ['any, where all are', open, origin('https://any.example'), 200, ['https://any.example', undefined]],
    ['the same host', {}, origin('https://app.test'), 200, ['https://app.test', undefined]],
    ['another host', {}, origin('https://other.test'), 403, [undefined, undefined]],
    ['none', listed, {}, 200, [undefined, undefined]],
  ])('the origin is %s', async (_, options, headers: Record<string, string>, status, granted) => {
    for (const path of ['/poll', '/sse', '/send']) {
      const reply = await ask(createHouse(options), { path, frames: [hello()], headers });
      expect([reply.status, grants(reply)]).toEqual([status, granted]);
      expect(reply.headers['vary']).toBe(headers['origin'] === undefined ? undefined : 'Origin');
    }
  });

  it('a preflight is answered, also while the server drains', async () => {
    const house = createHouse(listed);
    await house.server.drain();
    const headers = { ...origin('https://app.example'), 'access-control-request-headers': 'content-type,x-trace' };
    const reply = await ask(house, { path: '/send', method: 'OPTIONS', headers });
    expect([reply.status, reply.messages]).toEqual([204, []]);
    expect(reply.headers).toMatchObject({
      'access-control-allow-origin': 'https://app.example',
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'content-type,x-trace',
      'access-control-max-age': '7200',
      vary: 'Origin',
    });
  });

  it.each([
    ['of a wrong origin', origin('https://evil.example'), 403],
    [
      'that asks for what is no list of names',
      { ...origin('https://app.example'), 'access-control-request-headers': 'a;b\u00e9' },
      204,
    ],
  ])('a preflight %s is granted nothing', async (_, headers, status) => {
    const reply = await ask(createHouse(listed), { path: '/send', method: 'OPTIONS', headers });
    expect([reply.status, reply.headers['access-control-allow-headers']]).toEqual([status, undefined]);
  });

  it.each([
    ['/poll', { method: 'GET' }, 405],
    ['/poll', { headers: { 'content-type': 'text/plain' } }, 415],
    ['/poll', { body: 'x'.repeat(600_000) }, 413],
    ['/nothing', {}, 404],
  ])('the page is shown why %s is refused', async (path, asked, status) => {
    const headers = { ...origin('https://app.example'), ...('headers' in asked ? asked.headers : {}) };
    const reply = await ask(createHouse(listed), { path, frames: [hello()], ...asked, headers });
    expect([reply.status, ...grants(reply)]).toEqual([status, 'https://app.example', 'true']);
    expect(reply.headers['access-control-expose-headers']).toBe('Retry-After');
  });

  it('the page is shown when to come back', async () => {
    const house = createHouse({ ...listed, limits: { admitRate: 0.25 } });
    await house.enter();
    const reply = await ask(house, { path: '/poll', frames: [hello()], headers: origin('https://app.example') });
    expect([reply.status, ...grants(reply)]).toEqual([503, 'https://app.example', 'true']);
    expect(reply.headers['retry-after']).toMatch(/^\d+$/);
  });
});

describe('a fault of the server', () => {
  it('is reported, and answered with 500', async () => {
    const house = createHouse();
    const answered = new Promise<[number, Encoded | null]>((resolve) => {
      house.server.serve({
        method: 'POST',
        path: '/poll',
        ip: '',
        header(name) {
          if (name === 'content-encoding') throw new Error('the platform failed');
          return name === 'content-type' ? 'application/json' : null;
        },
        read: () => Promise.resolve(null),
        answer: (status, _, body) => resolve([status, body]),
        begin: () => undefined,
        write: () => undefined,
        end: () => undefined,
        buffered: 0,
        listen: () => undefined,
      });
    });
    const [status, body] = await answered;
    expect([status, decodeAll(json(), body!)]).toMatchObject([500, [{ t: 'bye', code: 1011 }]]);
    expect(house.events.map(({ name }) => name)).toEqual(['connection-failed']);
  });
});
