/** What is asked over HTTP, each in a request of its own beside what is published. */
import { describe, expect, it } from 'vitest';
import type { Hist, Req } from '../../../src/protocol/frame.ts';
import { longPolling } from '../../../src/transports/long-polling.ts';
import { sse } from '../../../src/transports/sse.ts';
import { answerPoll, type Scene, createScene, pub, welcomeStream } from './scene.ts';

const hist = (n: number): Hist => ({ t: 'hist', id: `h${n}`, c: 'room', n });

const req = (n: number, timeout: number): Req => ({ t: 'req', id: `r${n}`, m: 'm', timeout });

async function open(transport = sse()): Promise<Scene> {
  const scene = await createScene(transport);
  if (transport.name === 'sse') await welcomeStream(scene);
  else await answerPoll(scene);
  return scene;
}

/** What each request upstream carries behind its hello, and how it is. */
const asked = ({ net }: Scene): readonly string[] =>
  net.to('send').map(({ frames }) => frames.slice(1).map((frame) => ('id' in frame ? frame.id : 's' in frame ? `p${frame.s}` : '')).join()); // prettier-ignore

async function answer(scene: Scene, id: string): Promise<void> {
  scene.net.running
    .find(({ frames }) => frames.some((frame) => 'id' in frame && frame.id === id))!
    .answer([{ t: 'res', id, ep: 'e' }]);
  await scene.clock.settle();
}
const failed = async (scene: Scene, fail: 'break' | number): Promise<void> => {
  if (fail === 'break') scene.latest('send').break();
  else scene.latest('send').respond(fail, {});
  await scene.clock.settle();
};

describe.each([sse(), longPolling()])('a question over $name', (transport) => {
  it('goes alone, behind a hello with the memory of the connection', async () => {
    const scene = await open(transport);
    scene.link.send([hist(1), pub(1), pub(2), hist(2)]);
    await scene.clock.settle();
    expect([...asked(scene)].sort()).toEqual(['h1', 'h2', 'p1,p2']);
    for (const { hello } of scene.net.to('send')) expect(hello).toEqual({ ...scene.hello, mem: 'mem-1' });
    expect(scene.openings).toBe(transport.name === 'sse' ? 1 : 2);
  });

  it('holds up no publication, nor does one hold it up', async () => {
    const scene = await open(transport);
    scene.link.send([hist(1)]);
    for (const s of [1, 2]) {
      scene.link.send([pub(s)]);
      await scene.clock.settle();
      scene.latest('send').answer([]);
      await scene.clock.settle();
    }
    expect(asked(scene)).toEqual(['h1', 'p1', 'p2']);
    scene.link.send([pub(3), hist(2)]);
    await scene.clock.settle();
    await answer(scene, 'h2');
    expect(scene.batches.at(-1)).toEqual([{ t: 'res', id: 'h2', ep: 'e' }]);
  });

  it('is one of four at a time', async () => {
    const scene = await open(transport);
    scene.link.send([1, 2, 3, 4, 5, 6].map(hist));
    await scene.clock.settle();
    expect(asked(scene)).toEqual(['h1', 'h2', 'h3', 'h4']);
    await answer(scene, 'h3');
    await answer(scene, 'h1');
    expect(asked(scene)).toEqual(['h1', 'h2', 'h3', 'h4', 'h5', 'h6']);
  });
});

describe('a question', () => {
  it('counts as buffered until it is answered', async () => {
    const scene = await open();
    scene.link.send([hist(1)]);
    await scene.clock.settle();
    expect(scene.link.buffered).toBe(JSON.stringify(hist(1)).length);
    await answer(scene, 'h1');
    expect(scene.link.buffered).toBe(0);
  });

  it.each(['break', 502, 503, 429] as const)('that fails for a while is asked three times, and given up: %s', async (how) => {
    const scene = await open();
    scene.link.send([1, 2, 3, 4].map(hist));
    await scene.clock.settle();
    for (const wait of [1000, 2000]) {
      await failed(scene, how);
      await scene.clock.advance(wait);
    }
    scene.link.send([hist(5)]);
    await failed(scene, how);
    // Its place is free.
    expect([asked(scene), scene.ends]).toEqual([['h1', 'h2', 'h3', 'h4', 'h4', 'h4', 'h5'], []]);
    for (const id of ['h1', 'h2', 'h3', 'h5']) await answer(scene, id);
    expect([scene.link.buffered, scene.net.running.length]).toEqual([0, 1]);
  });

  it('that is not answered within 10 s is given up at once: whoever asked has a patience of its own', async () => {
    const scene = await open();
    scene.link.send([hist(1)]);
    await scene.clock.advance(10_000);
    expect(scene.latest('send').aborted).toBe(true);
    await scene.clock.advance(20_000);
    expect([asked(scene), scene.ends, scene.link.buffered]).toEqual([['h1'], [], 0]);
  });

  it('that fails after the page stood still is not asked again: the server may have forgotten that it ran', async () => {
    const scene = await open();
    scene.link.send([req(1, 5000)]);
    await scene.clock.settle();
    await failed(scene, 'break');
    await scene.clock.advance(1000);
    expect(asked(scene)).toEqual(['r1', 'r1']);
    scene.clock.sleep(3_600_000);
    await failed(scene, 'break');
    await scene.clock.advance(5000);
    expect([asked(scene), scene.link.buffered, scene.ends]).toEqual([['r1', 'r1'], 0, []]);
  });

  it('nor if the page stood still before it was to be asked again', async () => {
    const scene = await open();
    scene.link.send([req(1, 5000)]);
    await scene.clock.settle();
    await failed(scene, 'break');
    scene.clock.sleep(3_600_000);
    await scene.clock.advance(5000);
    expect([asked(scene), scene.link.buffered, scene.ends]).toEqual([['r1'], 0, []]);
  });

  it.each([
    [401, 4201],
    [404, 1008],
  ])('with status %i ends the link with %i', async (status, code) => {
    const scene = await open();
    scene.link.send([hist(1)]);
    await scene.clock.settle();
    await failed(scene, status);
    expect(scene.ends).toMatchObject([{ code, opened: true }]);
  });

  it('leaves nothing when the link is closed', async () => {
    const scene = await open();
    scene.link.send([1, 2, 3, 4, 5, 6].map(hist));
    await scene.clock.settle();
    await failed(scene, 502);
    scene.link.close();
    await scene.clock.settle();
    expect([scene.net.running, scene.clock.pending]).toEqual([[], 0]);
  });
});

describe('a request to the app', () => {
  it('goes alone, and a cancellation with the publications', async () => {
    const scene = await open();
    scene.link.send([req(1, 5000), pub(1), hist(2)]);
    await scene.clock.settle();
    expect([...asked(scene)].sort()).toEqual(['h2', 'p1', 'r1']);
    scene.net
      .to('send')
      .find(({ frames }) => frames.some(({ t }) => t === 'pub'))!
      .answer([]);
    scene.link.send([{ t: 'cancel', id: 'r1' }]);
    await scene.clock.settle();
    expect(scene.latest('send').frames.slice(1)).toEqual([{ t: 'cancel', id: 'r1' }]);
  });

  it('has as long as its handler, and what a slow way takes; then its place is free', async () => {
    const scene = await open();
    scene.link.send([req(1, 30_000), req(2, 1), req(3, 1), req(4, 1), req(5, 1)]);
    await scene.clock.advance(10_000);
    expect(asked(scene)).toEqual(['r1', 'r2', 'r3', 'r4']);
    await scene.clock.advance(1);
    expect(asked(scene)).toEqual(['r1', 'r2', 'r3', 'r4', 'r5']);
    await scene.clock.advance(29_998);
    await answer(scene, 'r1');
    expect(scene.batches.at(-1)).toEqual([{ t: 'res', id: 'r1', ep: 'e' }]);
  });

  it('is sent again where the network failed: the server runs it once', async () => {
    const scene = await open();
    scene.link.send([req(1, 30_000)]);
    await scene.clock.settle();
    await failed(scene, 'break');
    await scene.clock.advance(5000);
    expect(asked(scene)).toEqual(['r1', 'r1']);
    expect(scene.latest('send').frames[1]).toEqual(req(1, 30_000));
  });
});
