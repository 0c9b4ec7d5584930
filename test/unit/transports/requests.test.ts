// Holds I16 (docs/guarantees.md).
import { describe, expect, it } from 'vitest';
import { createEnvironment } from '../../../src/platform/environment.ts';
import { json } from '../../../src/protocol/json.ts';
import { msgpack } from '../../../src/protocol/msgpack.ts';
import { longPolling } from '../../../src/transports/long-polling.ts';
import { type SseOptions, sse } from '../../../src/transports/sse.ts';
import type { Transport } from '../../../src/transports/transport.ts';
import { type Scene, answerPoll, createScene, welcomeStream } from './scene.ts';

type Make = (options?: SseOptions) => Transport;

describe.each<readonly [string, string, Make]>([
  ['sse', 'sse', sse],
  ['longPolling', 'poll', longPolling],
])('%s', (_name, path, make) => {
  const open = (options?: SseOptions): Promise<Scene> => createScene(make(options));

  it.each([
    ['https://test.example/realtime', 'https://test.example/realtime'],
    ['wss://test.example/realtime', 'https://test.example/realtime'],
    ['ws://localhost:8080', 'http://localhost:8080'],
    ['http://test.example/ws', 'http://test.example/ws'],
  ])('of %s asks below %s', async (url, base) => {
    const { net } = await createScene(make(), { target: { url } });
    expect(net.requests.map((request) => request.url)).toEqual([`${base}/${path}`]);
  });

  it('takes another address, for all of its requests', async () => {
    const scene = await open({ url: 'wss://elsewhere.example/live/' });
    scene.link.send([{ t: 'ping' }]);
    await scene.clock.settle();
    expect(scene.net.requests.map(({ url }) => url)).toEqual([
      `https://elsewhere.example/live/${path}`,
      'https://elsewhere.example/live/send',
    ]);
  });

  it.each([
    [json(), 'application/json'],
    [msgpack(), 'application/vnd.msgpack'],
  ])('posts one message that begins with hello, of the type of the codec', async (codec, type) => {
    const { latest, clock, link } = await createScene(make({ headers: { 'X-App': '1' } }), { codec });
    link.send([{ t: 'ping', x: 7 }]);
    await clock.settle();
    for (const request of [latest(path), latest('send')]) {
      expect(request.init).toMatchObject({ method: 'POST', credentials: 'omit', cache: 'no-store', redirect: 'manual' });
      expect(request.headers).toEqual({ 'Content-Type': type, 'X-App': '1' });
      expect(request.hello).toMatchObject({ t: 'hello', client: 'page', gen: 1 });
    }
    expect(latest(path).frames.slice(1)).toEqual([{ t: 'sub', c: 'room', k: 1 }]);
    expect(latest('send').frames.slice(1)).toEqual([{ t: 'ping', x: 7 }]);
  });

  it('sends credentials if it is told to', async () => {
    const { latest } = await createScene(make(), { target: { credentials: 'include' } });
    expect(latest(path).init.credentials).toBe('include');
  });

  it('is supported where there is a fetch', () => {
    expect(make().isSupported(createEnvironment({ fetch: () => Promise.reject(new Error('no')) }))).toBe(true);
    expect(make().isSupported(createEnvironment({ fetch: undefined }))).toBe(false);
  });

  it('asks for its opening frames once for each request', async () => {
    const scene = await open();
    expect([scene.openings, scene.net.requests.length]).toEqual([1, 1]);
  });

  describe('an answer', () => {
    it.each([
      [401, 4201, 'refresh'],
      [403, 1008, 'policy'],
      [404, 1008, 'policy'],
      [302, 1008, 'policy'],
      [410, 1008, 'policy'],
      [413, 1009, 'too large'],
      [429, 1013, 'try later'],
      [503, 1013, 'try later'],
      [500, 1014, 'bad gateway'],
      [504, 1014, 'bad gateway'],
    ])('of status %i without a bye ends as %i (%s)', async (status, code) => {
      const { latest, clock, ends, batches } = await open();
      latest(path).respond(status, { 'content-type': 'text/html; charset=utf-8' });
      await clock.settle();
      expect(ends).toEqual([
        { code, why: expect.stringContaining(`${status}`) as string, by: 'network', opened: false, after: 0 },
      ]);
      expect([batches, clock.pending, latest(path).aborted]).toEqual([[], 0, true]);
    });

    it.each([
      [403, 4403, {}],
      [503, 4000, { spread: 10_000 }],
      [503, 1013, { after: 7000 }],
    ])('of status %i is read for its bye', async (status, code, fields) => {
      const { latest, clock, ends, batches } = await open();
      latest(path).answer([{ t: 'bye', code, why: 'because', ...fields }], status, { 'retry-after': '99' });
      await clock.settle();
      expect(batches).toEqual([[{ t: 'bye', code, why: 'because', ...fields }]]);
      const after = 'after' in fields ? fields.after : 0;
      expect(ends).toEqual([{ code, why: 'because', by: 'server', opened: false, after }]);
    });

    it.each(['{"error":"forbidden"}', 'nonsense', '{"t":"ping"}'])(
      'of status 503 that says %s goes by its status',
      async (body) => {
        const { latest, clock, ends, batches } = await open();
        latest(path).respond(503, { 'content-type': 'application/json' });
        latest(path).chunk(body);
        latest(path).end();
        await clock.settle();
        expect(ends).toMatchObject([{ code: 1013, by: 'network' }]);
        expect(batches).toEqual([]);
      },
    );

    it.each([
      ['7', 7000],
      ['Thu, 01 Jan 1970 00:16:45 GMT', 5000],
      ['soon', 0],
    ])('with Retry-After %s keeps the client away for %i ms', async (value, after) => {
      const { latest, clock, ends } = await open();
      latest(path).respond(503, { 'retry-after': value });
      await clock.settle();
      expect(ends).toMatchObject([{ code: 1013, after }]);
    });

    it('of another content type is told with it', async () => {
      const { latest, clock, ends } = await open();
      latest(path).respond(200, { 'content-type': 'text/html' });
      await clock.settle();
      expect(ends).toMatchObject([{ code: 1008, by: 'network', opened: false }]);
      expect(ends[0]!.why).toContain('text/html');
    });

    it('that never comes is given up after 10 s', async () => {
      const { clock, ends, net } = await open();
      await clock.advance(9999);
      expect(ends).toEqual([]);
      await clock.advance(1);
      expect(ends).toMatchObject([{ code: 4010, opened: false }]);
      expect([clock.pending, net.running]).toEqual([0, []]);
    });

    it('that cannot be had is told once, with what fetch says', async () => {
      const { latest, clock, ends } = await open();
      latest(path).break('Failed to fetch');
      await clock.settle();
      expect(ends).toEqual([{ code: 1006, why: 'TypeError: Failed to fetch', by: 'network', opened: false, after: 0 }]);
    });
  });

  it('tells of a fetch that throws, and not before open has returned', async () => {
    const fetch = (): never => {
      throw new Error('no fetch here');
    };
    let returned = false;
    const made = make();
    const watched: Transport = {
      ...made,
      open(target, sink) {
        const link = made.open(target, { ...sink, onEnd: (end) => (expect(returned).toBe(true), sink.onEnd(end)) });
        returned = true;
        return link;
      },
    };
    const { ends, clock } = await createScene(watched, { environment: { fetch } });
    expect(ends).toMatchObject([{ code: 1006, why: 'Error: no fetch here' }]);
    expect(clock.pending).toBe(0);
  });

  describe('close', () => {
    const welcome = path === 'sse' ? welcomeStream : answerPoll;

    it.each(['opening', 'welcomed', 'sending', 'sending again', 'reopening', 'reopened'])(
      'while %s leaves nothing',
      async (state) => {
        const scene = await open();
        const { clock, link, net, latest } = scene;
        if (state !== 'opening') await welcome(scene);
        if (state.startsWith('sending')) link.send([{ t: 'ping' }]);
        await clock.settle();
        if (state === 'sending again') latest('send').break();
        if (state.startsWith('reopen')) link.reopen();
        await clock.advance(state === 'reopened' ? 60 : 10);
        const told = scene.batches.length;
        link.close();
        expect(net.requests.filter((request) => !request.aborted && request.state !== 'done')).toEqual([]);
        expect(clock.pending).toBe(0);
        link.close();
        link.reopen();
        link.send([{ t: 'ping' }]);
        expect(clock.pending).toBe(0);
        await clock.advance(1_000_000);
        expect(scene.ends).toEqual([]);
        expect([scene.batches.length, net.running, clock.pending]).toEqual([told, [], 0]);
      },
    );

    it('before the first request makes none', async () => {
      const made = make();
      const closed: Transport = {
        ...made,
        open(target, sink) {
          const link = made.open(target, sink);
          link.close();
          return link;
        },
      };
      const { net, openings, clock } = await createScene(closed);
      expect([net.requests, openings, clock.pending]).toEqual([[], 0, 0]);
    });

    it('by whoever gets the frames leaves nothing either', async () => {
      const scene = await open();
      scene.onFrames = () => scene.link.close();
      await welcome(scene);
      expect([scene.batches.length, scene.ends, scene.clock.pending, scene.net.running]).toEqual([1, [], 0, []]);
    });
  });

  it('is over after a bye', async () => {
    const scene = await open();
    scene.link.send([{ t: 'ping' }]);
    await scene.clock.settle();
    scene.latest('send').answer([{ t: 'bye', code: 1012, why: 'another memory', after: 5 }]);
    await scene.clock.settle();
    expect(scene.batches).toEqual([[{ t: 'bye', code: 1012, why: 'another memory', after: 5 }]]);
    expect(scene.ends).toEqual([{ code: 1012, why: 'another memory', by: 'server', opened: true, after: 5 }]);
    expect([scene.net.running, scene.clock.pending]).toEqual([[], 0]);
  });
});
