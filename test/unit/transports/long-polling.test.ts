import { describe, expect, it } from 'vitest';
import { HoldfastError } from '../../../src/errors.ts';
import type { Fetch } from '../../../src/platform/environment.ts';
import type { ServerFrame, Subbed } from '../../../src/protocol/frame.ts';
import { json } from '../../../src/protocol/json.ts';
import { type LongPollingOptions, longPolling } from '../../../src/transports/long-polling.ts';
import { createScriptedFetch } from '../../support/scripted-fetch.ts';
import { WELCOME } from '../../support/scripted-transport.ts';
import { createVirtualClock } from '../../support/virtual-clock.ts';
import { type Scene, type SceneOptions, answerPoll, createScene } from './scene.ts';

const open = (options?: LongPollingOptions, scene?: SceneOptions): Promise<Scene> => createScene(longPolling(options), scene);
const waits = ({ net }: Scene) => net.to('poll').map(({ hello }) => hello.wait);
const resumed = (k: number): Subbed => ({ t: 'subbed', c: 'room', k, cur: ['e', 1, 't'], ok: true });
const msg: ServerFrame = { t: 'msg', c: 'room', items: [{ id: 'i', e: 'e', o: 2, g: 'g' }] };

/** The first poll was answered, the second one is held. */
async function held(options?: LongPollingOptions): Promise<Scene> {
  const scene = await open(options);
  await answerPoll(scene, [resumed(1)]);
  return scene;
}

describe('the option `wait`', () => {
  it.each([0, -1, 999, 1.5, 600_001, NaN, '9'])('refuses %s', (wait) => {
    expect(() => longPolling({ wait: wait as number })).toThrow(HoldfastError);
  });

  it.each([
    [undefined, 25_000, 25_000],
    [undefined, 10_000, 10_000],
    [5000, 25_000, 5000],
    [60_000, 25_000, 25_000],
  ])('of %s, with a ping of %i, holds a poll for %i ms', async (wait, ping, expected) => {
    const scene = await open(wait === undefined ? {} : { wait });
    scene.latest('poll').answer([{ ...WELCOME, ping }]);
    await scene.clock.settle();
    expect(waits(scene)).toEqual([0, expected]);
  });
});

it('says that volatile messages may be missed', () => {
  expect(longPolling().lossy).toBe(true);
});

describe('polling', () => {
  it('begins with a poll that is answered at once, and asks again as soon as it was', async () => {
    const scene = await open();
    expect(scene.latest('poll').frames).toEqual([
      { ...scene.hello, wait: 0 },
      { t: 'sub', c: 'room', k: 1 },
    ]);
    await scene.clock.advance(3000);
    await answerPoll(scene, [resumed(1)]);
    expect(scene.latest('poll').frames).toEqual([
      { ...scene.hello, wait: 25_000, since: 3000 },
      { t: 'sub', c: 'room', k: 2 },
    ]);
    expect(scene.batches).toEqual([[WELCOME, resumed(1)]]);
  });

  it('asks at once again after news, however often', async () => {
    const scene = await held();
    for (let n = 0; n < 20; n += 1) {
      await scene.clock.advance(30);
      await answerPoll(scene, [resumed(n + 2), msg]);
    }
    expect(scene.net.to('poll')).toHaveLength(22);
    expect([scene.ends, scene.clock.pending]).toEqual([[], 1]);
  });

  it('tells how long ago the last poll that was answered was made', async () => {
    const scene = await held();
    scene.link.reopen();
    await scene.clock.advance(50);
    expect(scene.net.to('poll').map(({ hello }) => hello.since)).toEqual([undefined, 0, 50]);
  });

  it('has failed without an answer for `wait` and 10 s', async () => {
    const scene = await held();
    await scene.clock.advance(34_999);
    expect(scene.latest('poll').aborted).toBe(false);
    await scene.clock.advance(1);
    expect(scene.net.to('poll')[1]!.aborted).toBe(true);
    expect(waits(scene)).toEqual([0, 25_000, 12_500]);
    expect(scene.ends).toEqual([]);
  });
});

describe('a held poll that fails', () => {
  it.each<readonly [string, (scene: Scene) => void]>([
    ['breaks', ({ latest }) => latest('poll').break()],
    ['has status 504', ({ latest }) => latest('poll').respond(504, {})],
    ['has status 503', ({ latest }) => latest('poll').respond(503, {})],
  ])('as it %s is made again at once with half the wait, which stays', async (_, fail) => {
    const scene = await held();
    for (const wait of [12_500, 6250, 3125, 1562, 1000]) {
      await scene.clock.advance(1000);
      fail(scene);
      await scene.clock.settle();
      expect(waits(scene).at(-1)).toBe(wait);
    }
    await scene.clock.advance(1000);
    await answerPoll(scene);
    expect(waits(scene).at(-1)).toBe(1000);
    expect(scene.ends).toEqual([]);
  });

  it('with the shortest wait is asked without one, and what fails then is the end', async () => {
    const scene = await held({ wait: 1000 });
    await scene.clock.advance(5000);
    scene.latest('poll').break();
    await scene.clock.settle();
    expect(waits(scene)).toEqual([0, 1000, 0]);
    scene.latest('poll').break();
    await scene.clock.settle();
    expect(scene.ends).toMatchObject([{ code: 1006, opened: true }]);
    expect([scene.net.running, scene.clock.pending]).toEqual([[], 0]);
  });

  it('at once had no time to lose patience: it is asked without a wait, and then held as long as before', async () => {
    const scene = await held();
    await scene.clock.advance(999);
    scene.latest('poll').break();
    await scene.clock.settle();
    await answerPoll(scene);
    expect(waits(scene)).toEqual([0, 25_000, 0, 25_000]);
  });

  it.each<readonly [number, number, Readonly<Record<string, string>>]>([
    [401, 4201, {}],
    [404, 1008, {}],
    [503, 1013, { 'retry-after': '3' }],
  ])('with status %i ends the link with %i', async (status, code, headers) => {
    const scene = await held();
    await scene.clock.advance(5000);
    scene.latest('poll').respond(status, headers);
    await scene.clock.settle();
    expect(scene.ends).toMatchObject([{ code, opened: true }]);
  });
});

describe('reopen', () => {
  it('breaks off the poll that is held, 50 ms after the first of several calls, and asks for an answer at once', async () => {
    const scene = await held();
    scene.link.reopen();
    await scene.clock.advance(30);
    scene.link.reopen();
    await scene.clock.advance(19);
    expect([scene.latest('poll').aborted, scene.openings]).toEqual([false, 2]);
    await scene.clock.advance(1);
    expect(scene.net.to('poll').map(({ aborted }) => aborted)[1]).toBe(true);
    expect([waits(scene), scene.openings]).toEqual([[0, 25_000, 0], 3]);
    await answerPoll(scene);
    expect(waits(scene)).toEqual([0, 25_000, 0, 25_000]);
  });

  it('waits for a poll that is answered at once, so that changes without end cannot starve it', async () => {
    const scene = await open();
    for (let n = 0; n < 20; n += 1) {
      scene.link.reopen();
      await scene.clock.advance(60);
    }
    expect(scene.openings).toBe(1);
    await answerPoll(scene, [resumed(1)]);
    expect(waits(scene)).toEqual([0, 0]);
  });

  it('within an answer is one poll, 50 ms later', async () => {
    const scene = await open();
    scene.onFrames = () => scene.link.reopen();
    await answerPoll(scene, [resumed(1)]);
    await scene.clock.advance(49);
    expect(scene.openings).toBe(1);
    await scene.clock.advance(1);
    expect([scene.openings, waits(scene)]).toEqual([2, [0, 0]]);
  });

  it('is not lost if the poll is answered or fails before it is broken off', async () => {
    const scene = await held();
    scene.link.reopen();
    await scene.clock.advance(20);
    await answerPoll(scene, [resumed(2), msg]);
    await scene.clock.advance(30);
    expect(waits(scene)).toEqual([0, 25_000, 0]);
    await answerPoll(scene, [resumed(3)]);
    scene.link.reopen();
    await scene.clock.advance(20);
    scene.latest('poll').break();
    await scene.clock.advance(30);
    expect(waits(scene)).toEqual([0, 25_000, 0, 25_000, 0]);
    expect(scene.ends).toEqual([]);
  });

  it('hears nothing of the poll that it broke off, even if its answer was there already', async () => {
    const net = createScriptedFetch(json());
    const fetch: Fetch = (url, init) => net.fetch(url, { ...init, signal: new AbortController().signal });
    const scene = await open({}, { environment: { fetch } });
    net.requests[0]!.answer([WELCOME]);
    await scene.clock.settle();
    scene.link.reopen();
    await scene.clock.advance(50);
    net.requests[1]!.answer([WELCOME, msg]);
    await scene.clock.settle();
    expect([scene.batches, net.requests.length]).toEqual([[[WELCOME]], 3]);
  });

  it('leaves no timer of the poll that it broke off', async () => {
    const scene = await held();
    for (let n = 0; n < 50; n += 1) {
      scene.link.reopen();
      await scene.clock.advance(60);
      await answerPoll(scene);
    }
    expect(scene.clock.pending).toBe(1);
  });
});

describe('a proxy that answers in the place of the server', () => {
  const bodies: readonly (readonly [string, readonly ServerFrame[]])[] = [
    ['nothing', []],
    ['a ping', [{ t: 'ping' }]],
    ['that nothing is missed', [resumed(2)]],
    ['what it said before', [{ ...resumed(1), items: [{ id: 'i', e: 'e', o: 2, g: 'g' }] }]],
  ];

  it.each(bodies)('with %s is asked once a second at most', async (_, frames) => {
    const scene = await held();
    for (let n = 0; n < 5; n += 1) {
      await scene.clock.advance(10);
      scene.latest('poll').answer([WELCOME, ...frames]);
      await scene.clock.advance(989);
      expect(scene.net.to('poll')).toHaveLength(n + 2);
      await scene.clock.advance(1);
      expect(scene.net.to('poll')).toHaveLength(n + 3);
    }
  });

  it('is no matter for a poll that was held for a second', async () => {
    const scene = await held();
    await scene.clock.advance(1000);
    await answerPoll(scene, [resumed(2)]);
    expect(scene.net.to('poll')).toHaveLength(3);
  });

  it('is asked again within a second though the clock was set back meanwhile', async () => {
    let back = 0;
    const clock = createVirtualClock();
    const { setTimeout, clearTimeout } = clock;
    const scene = await open({}, { environment: { now: () => clock.now() - back, setTimeout, clearTimeout } });
    await answerPoll(scene, [resumed(1)]);
    await clock.advance(25_000);
    back = 3_600_000;
    await answerPoll(scene);
    await clock.advance(1000);
    expect(waits(scene)).toEqual([0, 25_000, 25_000]);
  });

  it('does not keep what has changed waiting for more than that second', async () => {
    const scene = await held();
    await answerPoll(scene);
    scene.link.reopen();
    await scene.clock.advance(1000);
    expect(waits(scene)).toEqual([0, 25_000, 0]);
  });
});
