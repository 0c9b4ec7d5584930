/** An app that reloads a channel after a reset, while the connection comes and goes. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Cursor } from '../../../src/types.ts';
import { type Deferred, createDeferred } from '../../../src/util/deferred.ts';
import { entry, subbed } from '../../support/scripted-frames.ts';
import type { Opening } from '../../support/scripted-transport.ts';
import { type Scene, createScene } from './scene.ts';

const PATIENCE = 750;
let scene: Scene;
let load: Deferred<Cursor | void>;
let seen: unknown[];

/** A reset at offset 10, for which the app loads. */
beforeEach(async () => {
  scene = createScene({ random: () => 0.5 });
  [load, seen] = [createDeferred(), []];
  const room = scene.client.channel('room');
  room.subscribeAll(({ data }) => seen.push(data));
  room.onReset(() => load.promise);
  await scene.enter();
  scene.line.send(subbed(subs(scene.line)[0]!));
  await scene.clock.advance(20_000);
  scene.line.send({ t: 'gap', c: 'room', cur: ['epoch', 10, 't-10'], why: 'trimmed' });
  await scene.clock.settle();
});
afterEach(() => scene.end());

function subs(line: Opening) {
  return [...line.frames, ...line.batches.flat()].filter((frame) => frame.t === 'sub');
}

/** The app is done, and names offset 8. */
async function reload(): Promise<void> {
  load.resolve({ epoch: 'epoch', offset: 8, tag: 't-8' });
  await scene.clock.settle();
}

/** The server answers whatever was asked of it, in order. */
async function expectLive(line: Opening, from = 0): Promise<void> {
  for (const sub of subs(line).slice(from)) line.send(subbed(sub, sub.cur?.[1] === 8 ? { items: [entry(9), entry(10)] } : {}));
  await scene.clock.settle();
  expect(scene.client.channel('room').status.get().state).toBe('live');
  line.send({ t: 'msg', c: 'room', items: [entry(11)] });
  await scene.clock.settle();
  expect(seen).toEqual([9, 10, 11]);
}

const ways: Readonly<Record<string, () => Promise<void> | void>> = {
  async 'after a loss'() {
    scene.line.end(1006);
    await scene.reopened();
  },
  async 'beside a doubtful one'() {
    scene.page.tell('network');
    await scene.clock.advance(PATIENCE);
  },
  async 'beside a doubtful one that is lost then'() {
    scene.page.tell('network');
    await scene.clock.advance(PATIENCE);
    scene.transport.openings[0]!.end(1006);
  },
};

describe.each(Object.entries(ways))('an opening %s', (_, open) => {
  it('is asked from the new place, if the app is done before its hello', async () => {
    await open();
    await reload();
    scene.line.welcome();
    await scene.clock.settle();
    expect(subs(scene.line).at(-1)).toMatchObject({ cur: ['epoch', 8, 't-8'] });
    await expectLive(scene.line);
  });

  it('is asked again at its welcome, if the app is done between its hello and that', async () => {
    await open();
    scene.line.open();
    expect(subs(scene.line)).toMatchObject([{ cur: ['epoch', 10, 't-10'] }]);
    await reload();
    scene.line.welcome();
    await scene.clock.settle();
    expect(subs(scene.line)).toMatchObject([{ cur: ['epoch', 10, 't-10'] }, { cur: ['epoch', 8, 't-8'] }]);
    await expectLive(scene.line);
  });

  it('is asked again at once, if the app is done between its welcome and its answer', async () => {
    await open();
    scene.line.welcome();
    await reload();
    expect(subs(scene.line)).toMatchObject([{ cur: ['epoch', 10, 't-10'] }, { cur: ['epoch', 8, 't-8'] }]);
    await expectLive(scene.line);
  });

  it('is asked once, if the app is done before there is an opening', async () => {
    await reload();
    await open();
    scene.line.welcome();
    await scene.clock.settle();
    expect(subs(scene.line)).toMatchObject([{ cur: ['epoch', 8, 't-8'] }]);
    await expectLive(scene.line);
  });
});

describe('an opening that fails', () => {
  it('after the app was done: the doubtful one is asked from the new place', async () => {
    const old = scene.line;
    const before = subs(old).length;
    scene.page.tell('network');
    await scene.clock.advance(PATIENCE);
    scene.line.open();
    await reload();
    scene.line.end(1006);
    old.send({ t: 'pong', x: old.sent('ping').at(-1)!.x! });
    await scene.clock.settle();
    expect(subs(old).at(-1)).toMatchObject({ cur: ['epoch', 8, 't-8'] });
    await expectLive(old, before);
  });
});
