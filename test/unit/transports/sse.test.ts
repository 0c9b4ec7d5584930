import { describe, expect, it } from 'vitest';
import type { ServerFrame } from '../../../src/protocol/frame.ts';
import { msgpack } from '../../../src/protocol/msgpack.ts';
import { sse } from '../../../src/transports/sse.ts';
import { WELCOME } from '../../support/scripted-transport.ts';
import { type Scene, type SceneOptions, createScene, welcomeStream } from './scene.ts';

const open = (options?: SceneOptions): Promise<Scene> => createScene(sse(), options);
const ping = (x: number): ServerFrame => ({ t: 'ping', x });

async function opened(): Promise<Scene> {
  const scene = await open();
  await welcomeStream(scene);
  return scene;
}

describe('a stream', () => {
  it('hands on each event as one batch', async () => {
    const scene = await opened();
    scene.latest('sse').event(ping(1), ping(2));
    scene.latest('sse').event(ping(3));
    await scene.clock.settle();
    expect(scene.batches).toEqual([[WELCOME], [ping(1), ping(2)], [ping(3)]]);
  });

  it('carries bytes as base64url', async () => {
    const scene = await open({ codec: msgpack() });
    await welcomeStream(scene);
    const told: ServerFrame = { t: 'tell', c: 'room', id: 'i', e: 'e', d: new Uint8Array([0, 255, 254]) };
    scene.latest('sse').event(told);
    await scene.clock.settle();
    expect(scene.batches).toEqual([[WELCOME], [told]]);
  });

  it.each([
    ['not JSON', undefined, 'nonsense'],
    ['a wrong field', undefined, '{"t":"ping","x":"1"}'],
    ['not base64url', msgpack(), '***'],
    ['not MessagePack', msgpack(), 'wQ'],
  ])('with %s ends as 1007 by the client', async (_, codec, data) => {
    const scene = await open(codec && { codec });
    await welcomeStream(scene);
    scene.latest('sse').chunk(`data: ${data}\n\ndata: ${data}\n\n`);
    await scene.clock.settle();
    expect(scene.ends).toEqual([{ code: 1007, why: expect.any(String) as string, by: 'client', opened: true, after: 0 }]);
    expect([scene.net.running, scene.clock.pending]).toEqual([[], 0]);
  });

  it('that ends without a bye is abnormal', async () => {
    const scene = await opened();
    scene.latest('sse').end();
    await scene.clock.settle();
    expect(scene.ends).toMatchObject([{ code: 1006, by: 'network', opened: true }]);
  });

  it('that breaks tells why', async () => {
    const scene = await opened();
    scene.latest('sse').break('Load failed');
    await scene.clock.settle();
    expect(scene.ends).toMatchObject([{ code: 1006, why: 'TypeError: Load failed', by: 'network' }]);
  });

  it('hands on nothing after a bye, though it came in the same chunk', async () => {
    const scene = await opened();
    scene.latest('sse').chunk('data: {"t":"bye","code":4000,"why":"w","spread":9}\n\ndata: {"t":"ping"}\n\n');
    scene.latest('sse').end();
    await scene.clock.settle();
    expect(scene.batches.slice(1)).toEqual([[{ t: 'bye', code: 4000, why: 'w', spread: 9 }]]);
    expect(scene.ends).toMatchObject([{ code: 4000, by: 'server' }]);
  });

  it('whose body cannot be read piece by piece counts as held back', async () => {
    const fetch = () =>
      Promise.resolve({ status: 200, headers: new Headers({ 'content-type': 'text/event-stream' }), body: null });
    const scene = await open({ environment: { fetch: fetch as unknown as typeof globalThis.fetch } });
    expect(scene.ends).toMatchObject([{ code: 4012 }]);
  });

  it('with a line that never ends is given up', async () => {
    const scene = await opened();
    for (let n = 0; n < 33 && scene.ends.length === 0; n += 1) {
      scene.latest('sse').chunk('x'.repeat(2 ** 20));
      await scene.clock.settle();
    }
    expect(scene.ends).toMatchObject([{ code: 1007, by: 'client' }]);
    expect(scene.net.running).toEqual([]);
  });
});

describe('without a welcome', () => {
  it.each([0, 3000, 5999])('4 s after headers that came after %i ms it is buffered', async (ms) => {
    const scene = await open();
    await scene.clock.advance(ms);
    scene.latest('sse').respond();
    scene.latest('sse').chunk(`:${' '.repeat(2048)}\n\n`);
    await scene.clock.advance(3999);
    expect(scene.ends).toEqual([]);
    await scene.clock.advance(1);
    expect(scene.ends).toMatchObject([{ code: 4012, by: 'network', opened: true }]);
    expect([scene.net.running, scene.clock.pending]).toEqual([[], 0]);
  });

  it('it is given up after 10 s, however late the headers came', async () => {
    const scene = await open();
    await scene.clock.advance(7000);
    scene.latest('sse').respond();
    await scene.clock.advance(3000);
    expect(scene.ends).toMatchObject([{ code: 4010 }]);
  });

  it.each([
    ['its welcome', [WELCOME]],
    ['what pushed its welcome through a buffer', [WELCOME, { t: 'tell', c: 'room', id: 'i', e: 'e' }]],
  ] satisfies readonly [string, readonly ServerFrame[]][])('4 s after %s without a ping it is buffered', async (_, frames) => {
    const scene = await open();
    scene.latest('sse').respond();
    for (const frame of frames) {
      await scene.clock.advance(3900);
      scene.latest('sse').event(frame);
    }
    await scene.clock.advance(3999);
    expect([scene.batches.length, scene.ends]).toEqual([frames.length, []]);
    await scene.clock.advance(1);
    expect([scene.ends[0]?.code, scene.net.running, scene.clock.pending]).toEqual([4012, [], 0]);
  });

  it('an event that takes long to arrive is not held back', async () => {
    const scene = await open();
    const event = `data: ${JSON.stringify([WELCOME, { t: 'ping' }])}\n\n`;
    scene.latest('sse').respond();
    await scene.clock.advance(3900);
    scene.latest('sse').chunk(event.slice(0, 40));
    await scene.clock.advance(3900);
    scene.latest('sse').chunk(event.slice(40));
    await scene.clock.advance(60_000);
    expect([scene.batches.length, scene.ends]).toEqual([1, []]);
  });

  it('in time nothing of that happens later', async () => {
    const scene = await opened();
    await scene.clock.advance(60_000);
    expect(scene.ends).toEqual([]);
  });
});

describe('reopen', () => {
  it('makes one request, 50 ms after the first of several calls, with new opening frames', async () => {
    const scene = await opened();
    scene.link.reopen();
    await scene.clock.advance(30);
    scene.link.reopen();
    scene.hello = { ...scene.hello, token: 'fresh' };
    await scene.clock.advance(19);
    expect(scene.openings).toBe(1);
    await scene.clock.advance(1);
    expect(scene.openings).toBe(2);
    expect(scene.latest('sse').frames).toEqual([
      { ...scene.hello, since: 50 },
      { t: 'sub', c: 'room', k: 2 },
    ]);
    await scene.clock.advance(1000);
    expect(scene.openings).toBe(2);
  });

  it('tells for how long nothing was heard, as the old stream may not have told of a failover', async () => {
    const scene = await opened();
    expect(scene.latest('sse').hello.since).toBeUndefined();
    await scene.clock.advance(5000);
    scene.latest('sse').event(ping(1));
    await scene.clock.advance(700);
    scene.link.reopen();
    await scene.clock.advance(50);
    expect(scene.latest('sse').hello.since).toBe(750);
  });

  it('keeps the old stream until the new one is welcomed', async () => {
    const scene = await opened();
    const [old] = scene.net.to('sse');
    scene.link.reopen();
    await scene.clock.advance(1000);
    old!.event(ping(1));
    await scene.clock.settle();
    expect(scene.batches.at(-1)).toEqual([ping(1)]);
    expect(old!.aborted).toBe(false);
    await welcomeStream(scene);
    expect(old!.aborted).toBe(true);
    scene.latest('sse').event(ping(2));
    await scene.clock.settle();
    expect(scene.batches).toEqual([[WELCOME], [ping(1)], [WELCOME], [ping(2)]]);
    await scene.clock.advance(60_000);
    expect(scene.ends).toEqual([]);
  });

  it('lets go of the old stream after 2 s, and goes on waiting for the new one', async () => {
    const scene = await opened();
    const [old] = scene.net.to('sse');
    scene.link.reopen();
    await scene.clock.advance(50 + 1999);
    expect(old!.aborted).toBe(false);
    await scene.clock.advance(1);
    expect(old!.aborted).toBe(true);
    await welcomeStream(scene);
    scene.latest('sse').event(ping(1));
    await scene.clock.settle();
    expect([scene.batches.at(-1), scene.ends]).toEqual([[ping(1)], []]);
  });

  it('without a welcome ends after 10 s', async () => {
    const scene = await opened();
    scene.link.reopen();
    await scene.clock.advance(50 + 9999);
    expect(scene.ends).toEqual([]);
    await scene.clock.advance(1);
    expect(scene.ends).toMatchObject([{ code: 4010 }]);
  });

  it.each<readonly [string, (scene: Scene) => void]>([
    ['ends', ({ net }) => net.to('sse')[0]!.end()],
    ['breaks', ({ net }) => net.to('sse')[0]!.break()],
    [
      'is superseded',
      ({ net }) => {
        net.to('sse')[0]!.event(ping(5), { t: 'bye', code: 4009, why: 'a newer stream' });
        net.to('sse')[0]!.end();
      },
    ],
  ])('bears that the old stream %s meanwhile', async (_, happen) => {
    const scene = await opened();
    scene.link.reopen();
    await scene.clock.advance(100);
    happen(scene);
    await scene.clock.settle();
    expect(scene.ends).toEqual([]);
    await welcomeStream(scene);
    await scene.clock.advance(5000);
    expect([scene.batches.at(-1), scene.ends]).toEqual([[WELCOME], []]);
    scene.latest('sse').end();
    await scene.clock.settle();
    expect(scene.ends).toMatchObject([{ code: 1006 }]);
  });

  it.each([4000, 4202])('minds any other bye of the old stream (%i)', async (code) => {
    const scene = await opened();
    scene.link.reopen();
    await scene.clock.advance(100);
    scene.net.to('sse')[0]!.event({ t: 'bye', code, why: 'w' });
    await scene.clock.settle();
    expect(scene.ends).toMatchObject([{ code, by: 'server' }]);
    expect(scene.net.running).toEqual([]);
  });

  it('minds a 4009 when nothing new is being opened', async () => {
    const scene = await opened();
    scene.latest('sse').event({ t: 'bye', code: 4009, why: 'another page' });
    await scene.clock.settle();
    expect(scene.ends).toMatchObject([{ code: 4009 }]);
  });

  it.each<readonly [string, number, (scene: Scene) => void]>([
    ['breaks', 1006, ({ latest }) => latest('sse').break()],
    ['is refused', 1013, ({ latest }) => latest('sse').respond(503, {})],
    ['is told bye', 4201, ({ latest }) => latest('sse').answer([{ t: 'bye', code: 4201, why: 'old' }], 403)],
  ])('ends the link if the new stream %s, though the old one lives', async (_, code, happen) => {
    const scene = await opened();
    scene.link.reopen();
    await scene.clock.advance(100);
    happen(scene);
    await scene.clock.settle();
    expect(scene.ends).toMatchObject([{ code }]);
    expect([scene.net.running, scene.clock.pending]).toEqual([[], 0]);
  });

  it('while a stream is opening waits for its welcome, so that changes without end cannot starve it', async () => {
    const scene = await opened();
    for (let n = 0; n < 20; n += 1) {
      scene.link.reopen();
      await scene.clock.advance(60);
    }
    expect(scene.openings).toBe(2);
    await welcomeStream(scene);
    await scene.clock.advance(50);
    expect(scene.openings).toBe(3);
    await welcomeStream(scene);
    await scene.clock.advance(10_000);
    expect([scene.openings, scene.ends]).toEqual([3, []]);
  });
});
