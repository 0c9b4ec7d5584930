import { gunzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { json } from '../../../src/protocol/json.ts';
import { msgpack } from '../../../src/protocol/msgpack.ts';
import { sse } from '../../../src/transports/sse.ts';
import { createDeferred } from '../../../src/util/deferred.ts';
import { type Scene, type SceneOptions, createScene, pub, welcomeStream } from './scene.ts';

async function open(options?: SceneOptions, caps: readonly string[] = []): Promise<Scene> {
  const scene = await createScene(sse(), options);
  await welcomeStream(scene, { caps });
  return scene;
}

/** The sequences of the publications in each `/send` so far. */
const sent = ({ net }: Scene): readonly (readonly number[])[] =>
  net.to('send').map(({ frames }) => frames.flatMap((frame) => (frame.t === 'pub' ? [frame.s] : [])));

async function answer(scene: Scene, s: number): Promise<void> {
  scene.latest('send').answer([{ t: 'ack', c: 'room', p: 'me', s, ep: 'e', r: [0] }]);
  await scene.clock.settle();
}

describe('what is sent', () => {
  it('goes behind a hello with the memory of the connection and the token of the moment', async () => {
    const scene = await open();
    scene.hello = { ...scene.hello, token: 'fresh' };
    scene.link.send([pub(1), pub(2)]);
    await scene.clock.settle();
    expect(scene.latest('send').frames).toEqual([{ ...scene.hello, mem: 'mem-1' }, pub(1), pub(2)]);
    expect(scene.openings).toBe(1);
  });

  it('goes one request at a time, what gathers meanwhile together and in order', async () => {
    const scene = await open();
    for (const s of [1, 2, 3]) scene.link.send([pub(s)]);
    await scene.clock.settle();
    expect(sent(scene)).toEqual([[1]]);
    await answer(scene, 1);
    expect(sent(scene)).toEqual([[1], [2, 3]]);
    await answer(scene, 2);
    scene.link.send([pub(4)]);
    await scene.clock.settle();
    expect(sent(scene)).toEqual([[1], [2, 3], [4]]);
    expect(scene.batches.slice(1).flat()).toMatchObject([
      { t: 'ack', s: 1 },
      { t: 'ack', s: 2 },
    ]);
  });

  it.each([
    [json(), 'x'.repeat(400)],
    [json(), '☃'.repeat(133)],
    [msgpack(), 'x'.repeat(400)],
  ])('keeps within the limit of a message, hello included', async (codec, data) => {
    const most = 4000;
    const scene = await open({ codec });
    scene.hello = { ...scene.hello, token: 'x'.repeat(codec.binary ? 1500 : 500) };
    scene.link.send(
      Array.from({ length: 30 }, (_, index) => pub(index + 1, data)),
      most,
    );
    for (let sum = 0; sum < 30; sum = sent(scene).flat().length) {
      await scene.clock.settle();
      await answer(scene, 1);
    }
    expect(sent(scene).flat()).toEqual(Array.from({ length: 30 }, (_, index) => index + 1));
    const bytes = scene.net.to('send').map(({ init: { body } }) => Buffer.from(body as string).length);
    expect(Math.max(...bytes)).toBeLessThanOrEqual(most);
    expect(bytes.length).toBeLessThan(31);
  });

  it('goes alone if it is longer than that by itself', async () => {
    const scene = await open();
    scene.link.send([pub(1, 'x'.repeat(5000)), pub(2)], 1000);
    await scene.clock.settle();
    await answer(scene, 1);
    expect(sent(scene)).toEqual([[1], [2]]);
  });

  it('counts as buffered until it is answered', async () => {
    const scene = await open();
    expect(scene.link.buffered).toBe(0);
    const size = JSON.stringify(pub(1)).length;
    scene.link.send([pub(1)]);
    scene.link.send([pub(2), pub(3)]);
    await scene.clock.settle();
    expect(scene.link.buffered).toBe(3 * size);
    await answer(scene, 1);
    expect(scene.link.buffered).toBe(2 * size);
    await answer(scene, 2);
    expect(scene.link.buffered).toBe(0);
  });

  it('is bound to the memory that was announced first', async () => {
    const scene = await open();
    scene.latest('sse').event({ ...welcomeOf(scene), mem: 'mem-2' });
    await scene.clock.settle();
    scene.link.send([pub(1)]);
    await scene.clock.settle();
    expect(scene.latest('send').hello.mem).toBe('mem-1');
  });
});

const welcomeOf = ({ batches }: Scene) => {
  const welcome = batches[0]![0]!;
  if (welcome.t !== 'welcome') throw new Error('no welcome first');
  return welcome;
};

describe('a request that fails', () => {
  const faults: readonly (readonly [string, (scene: Scene) => void])[] = [
    ['breaks', ({ latest }) => latest('send').break()],
    ['has status 502', ({ latest }) => latest('send').respond(502, {})],
    ['has status 503', ({ latest }) => latest('send').respond(503, {})],
    ['has status 429', ({ latest }) => latest('send').respond(429, {})],
    [
      'breaks within its answer',
      ({ latest }) => {
        latest('send').respond(200, { 'content-type': 'application/json' });
        latest('send').chunk('{"t":');
        latest('send').break();
      },
    ],
  ];

  it.each(faults)('as it %s is made again, three times in all, after waits that grow', async (_, fail) => {
    const scene = await open();
    scene.link.send([pub(1)]);
    for (const wait of [1000, 2000]) {
      await scene.clock.settle();
      scene.link.send([pub(2)]);
      const before = sent(scene).length;
      fail(scene);
      await scene.clock.advance(wait - 1);
      expect(sent(scene)).toHaveLength(before);
      await scene.clock.advance(1);
      // What was given meanwhile waits: it must not overtake.
      expect(sent(scene).at(-1)).toEqual([1]);
    }
    expect(scene.ends).toEqual([]);
    fail(scene);
    await scene.clock.settle();
    expect(scene.ends).toHaveLength(1);
    expect([scene.net.running, scene.clock.pending]).toEqual([[], 0]);
  });

  it('by silence is made again after 10 s, with the token of then', async () => {
    const scene = await open();
    scene.link.send([pub(1)]);
    await scene.clock.advance(9999);
    expect(scene.latest('send').aborted).toBe(false);
    scene.hello = { ...scene.hello, token: 'fresh' };
    await scene.clock.advance(1);
    expect(scene.latest('send').aborted).toBe(true);
    await scene.clock.advance(1000);
    expect(sent(scene)).toEqual([[1], [1]]);
    expect(scene.latest('send').hello.token).toBe('fresh');
    await answer(scene, 1);
    expect([scene.ends, scene.link.buffered]).toEqual([[], 0]);
  });

  it('waits as long as Retry-After says', async () => {
    const scene = await open();
    scene.link.send([pub(1)]);
    await scene.clock.settle();
    scene.latest('send').respond(503, { 'retry-after': '4' });
    await scene.clock.advance(3999);
    expect(sent(scene)).toHaveLength(1);
    await scene.clock.advance(1);
    expect(sent(scene)).toHaveLength(2);
  });

  it('ends the link at once if Retry-After says more than 10 s', async () => {
    const scene = await open();
    scene.link.send([pub(1)]);
    await scene.clock.settle();
    scene.latest('send').respond(503, { 'retry-after': '11' });
    await scene.clock.settle();
    expect(scene.ends).toMatchObject([{ code: 1013, after: 11_000 }]);
  });

  it.each([
    [401, 4201],
    [404, 1008],
    [413, 1009],
  ])('with status %i ends the link with %i', async (status, code) => {
    const scene = await open();
    scene.link.send([pub(1)]);
    await scene.clock.settle();
    scene.latest('send').respond(status, {});
    await scene.clock.settle();
    expect(scene.ends).toMatchObject([{ code, opened: true }]);
  });

  it('to be read ends the link with 1007', async () => {
    const scene = await open();
    scene.link.send([pub(1)]);
    await scene.clock.settle();
    scene.latest('send').respond(200, { 'content-type': 'application/json' });
    scene.latest('send').chunk('[1]');
    scene.latest('send').end();
    await scene.clock.settle();
    expect(scene.ends).toMatchObject([{ code: 1007, by: 'client' }]);
  });
});

describe('gzip', () => {
  const long = pub(1, 'x'.repeat(2000));

  it.each([json(), msgpack()])('packs what is above 1 KiB, if the server can take it', async (codec) => {
    const scene = await open({ codec }, ['gzip']);
    scene.link.send([long]);
    await vi.waitFor(() => expect(scene.net.to('send')).toHaveLength(1));
    const { headers, init } = scene.latest('send');
    expect(headers['Content-Encoding']).toBe('gzip');
    const unpacked = gunzipSync(init.body as Uint8Array);
    expect(codec.decode(codec.binary ? new Uint8Array(unpacked) : unpacked.toString())).toEqual([
      { ...scene.hello, mem: 'mem-1' },
      long,
    ]);
    expect(sent(scene)).toHaveLength(1);
  });

  it('that is done after the link was closed sends nothing', async () => {
    const packing = createDeferred<void>();
    const packed = createDeferred<void>();
    const slow = class extends CompressionStream {
      constructor(format: CompressionFormat) {
        super(format);
        const wait = new TransformStream({ flush: () => (packing.resolve(), packed.promise) });
        Object.defineProperty(this, 'readable', { value: this.readable.pipeThrough(wait) });
      }
    };
    const scene = await open({ environment: { CompressionStream: slow } }, ['gzip']);
    scene.link.send([long]);
    await packing.promise;
    scene.link.close();
    packed.resolve();
    await scene.clock.settle();
    await scene.clock.settle();
    expect(scene.net.to('send')).toEqual([]);
  });

  const noise = Array.from({ length: 1500 }, (_, n) => String.fromCharCode(0x4e00 + ((n * 7919) % 20_000))).join('');
  const broken = function () {
    throw new Error('no');
  } as unknown as typeof CompressionStream;

  it.each<readonly [string, readonly string[], ReturnType<typeof pub>, SceneOptions['environment']]>([
    ['the server cannot', [], long, {}],
    ['the platform cannot', ['gzip'], long, { CompressionStream: undefined }],
    ['packing fails', ['gzip'], long, { CompressionStream: broken }],
    ['it is short', ['gzip'], pub(1, 'x'.repeat(500)), {}],
    ['it gets no shorter', ['gzip'], pub(1, noise), {}],
  ])('is left alone if %s', async (_, caps, frame, environment = {}) => {
    const scene = await open({ environment }, caps);
    scene.link.send([frame]);
    await vi.waitFor(() => expect(scene.net.to('send')).toHaveLength(1));
    expect(scene.latest('send').headers['Content-Encoding']).toBeUndefined();
    expect(scene.latest('send').frames[1]).toEqual(frame);
  });
});
