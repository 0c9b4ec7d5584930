/** How pages of the past are asked for: how long, how often, how many, on which connection. */
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Hist } from '../../../src/protocol/frame.ts';
import type { HistoryPage } from '../../../src/types.ts';
import { createScene, type Scene, type SceneOptions } from '../connection/scene.ts';
import { entry } from '../../support/scripted-frames.ts';
import type { Opening } from '../../support/scripted-transport.ts';

function open(options?: SceneOptions): Scene {
  const scene = createScene({ random: () => 0.5, ...options });
  scene.client.on('error', () => {});
  onTestFinished(() => scene.end());
  return scene;
}

/** Welcomed by a server that can be asked. */
async function enter(options?: SceneOptions): Promise<Scene> {
  const scene = open(options);
  scene.client.connect();
  await scene.clock.settle();
  scene.line.welcome({ caps: ['hist'] });
  await scene.clock.settle();
  return scene;
}

const state = (promise: Promise<HistoryPage>): (() => string) => {
  let now = 'open';
  promise.then(
    ({ messages }) => (now = messages.map(({ data }) => String(data)).join()),
    (error: unknown) => (now = (error as { code: string }).code),
  );
  return () => now;
};
const answer = (line: Opening, { id }: Hist, ...offsets: readonly number[]): void =>
  line.send({ t: 'res', id, ep: 'e', items: offsets.map((o) => entry(o)) });

describe('a page of the past', () => {
  it('is asked for in one frame', async () => {
    const scene = await enter();
    const at = (offset: number) => ({ epoch: 'e', offset, tag: 't' });
    const page = state(scene.client.channel('room').history({ limit: 7, from: at(1), to: at(9) }));
    await scene.clock.settle();
    const id = expect.any(String) as string;
    expect(scene.line.sent('hist')).toEqual([{ t: 'hist', id, c: 'room', n: 7, from: ['e', 1, 't'], to: ['e', 9, 't'] }]);
    answer(scene.line, scene.line.sent('hist')[0]!, 1, 2);
    await scene.clock.settle();
    expect(page()).toBe('2,1');
  });

  it('is told by its id, in whatever order the answers come', async () => {
    const scene = await enter();
    const pages = [1, 2, 3].map((limit) => state(scene.client.channel('room').history({ limit })));
    await scene.clock.settle();
    const asked = scene.line.sent('hist');
    answer(scene.line, { ...asked[0]!, id: 'unknown' }, 9);
    answer(scene.line, asked[2]!, 3);
    answer(scene.line, asked[0]!, 1);
    answer(scene.line, asked[0]!, 9);
    await scene.clock.settle();
    expect(pages.map((page) => page())).toEqual(['1', 'open', '3']);
    answer(scene.line, asked[1]!, 2);
    await scene.clock.settle();
    expect(pages.map((page) => page())).toEqual(['1', '2', '3']);
  });

  it('is asked for again on each connection that takes over, and answered once', async () => {
    const scene = await enter();
    const page = state(scene.client.channel('room').history());
    await scene.clock.settle();
    const [first] = scene.line.sent('hist');
    for (let turn = 0; turn < 3; turn += 1) {
      scene.line.end(1006);
      const line = await scene.reopened();
      line.welcome({ caps: ['hist'] });
      await scene.clock.settle();
      expect(line.sent('hist')).toEqual([first]);
    }
    answer(scene.line, first!, 1);
    await scene.clock.settle();
    expect(page()).toBe('1');
  });

  it('has 10 s on one connection', async () => {
    const scene = await enter();
    const page = state(scene.client.channel('room').history());
    await scene.clock.advance(9999);
    expect(page()).toBe('open');
    await scene.clock.advance(1);
    expect(page()).toBe('timeout');
    expect(scene.status.state).toBe('connected');
    answer(scene.line, scene.line.sent('hist')[0]!, 1);
    await scene.clock.settle();
    expect(page()).toBe('timeout');
  });

  it('has 30 s in all, the wait for a connection included', async () => {
    const scene = open({ timing: { openTimeout: 60_000 } });
    const page = state(scene.client.channel('room').history());
    await scene.clock.advance(29_999);
    expect([page(), scene.status.state]).toEqual(['open', 'connecting']);
    await scene.clock.advance(1);
    expect(page()).toBe('timeout');
  });

  it('does not wait for an answer where the connection has ended', async () => {
    const scene = await enter();
    const page = state(scene.client.channel('room').history());
    await scene.clock.advance(9000);
    scene.line.end(1006);
    const line = await scene.reopened();
    await scene.clock.advance(5000);
    expect(page()).toBe('open');
    line.welcome({ caps: ['hist'] });
    await scene.clock.advance(9000);
    expect(page()).toBe('open');
    await scene.clock.advance(1000);
    expect(page()).toBe('timeout');
  });

  it('has no more than what is left of the 30 s', async () => {
    const scene = open({ timing: { openTimeout: 60_000 } });
    const page = state(scene.client.channel('room').history());
    await scene.clock.advance(25_000);
    scene.line.welcome({ caps: ['hist'] });
    await scene.clock.advance(4999);
    expect(page()).toBe('open');
    await scene.clock.advance(1);
    expect(page()).toBe('timeout');
  });

  it('cannot be had of a server that does not say that it answers', async () => {
    const scene = open();
    const page = state(scene.client.channel('room').history());
    await scene.clock.settle();
    scene.line.welcome({ caps: ['gzip'] });
    await scene.clock.settle();
    expect([page(), scene.line.sent('hist')]).toEqual(['unsupported', []]);
  });

  it('cannot be had any more if the next server does not say so', async () => {
    const scene = await enter();
    const pages = [1, 2, 3, 4, 5].map((limit) => state(scene.client.channel('room').history({ limit })));
    await scene.clock.settle();
    scene.line.end(1006);
    (await scene.reopened()).welcome();
    await scene.clock.settle();
    expect(pages.map((page) => page())).toEqual(Array(5).fill('unsupported'));
  });

  it.each([
    ['before it is asked', true],
    ['while it is asked', false],
  ])('is given up by its signal: %s', async (_when, early) => {
    const scene = early ? open() : await enter();
    const controller = new AbortController();
    const asked = scene.client.channel('room').history({ signal: controller.signal });
    asked.catch(() => {});
    await scene.clock.settle();
    const why = new Error('enough');
    controller.abort(why);
    await expect(asked).rejects.toMatchObject({ code: 'aborted', cause: why });
    if (early) scene.line.welcome({ caps: ['hist'] });
    await scene.clock.settle();
    expect(scene.line.sent('hist')).toHaveLength(early ? 0 : 1);
  });

  it('is not asked for again once it was given up', async () => {
    const scene = await enter();
    const controller = new AbortController();
    state(scene.client.channel('room').history({ signal: controller.signal }));
    await scene.clock.settle();
    controller.abort();
    scene.line.end(1006);
    const line = await scene.reopened();
    line.welcome({ caps: ['hist'] });
    await scene.clock.settle();
    expect(line.sent('hist')).toEqual([]);
  });

  it('is not even begun if the signal was aborted before', async () => {
    const scene = open();
    const why = new Error('enough');
    const asked = scene.client.channel('room').history({ signal: AbortSignal.abort(why) });
    await expect(asked).rejects.toMatchObject({ code: 'aborted', cause: why });
    expect(scene.status.state).toBe('idle');
  });

  it('is given up by the signal of an older page too', async () => {
    const scene = await enter();
    const asked = scene.client.channel('room').history();
    await scene.clock.settle();
    scene.line.send({ t: 'res', id: scene.line.sent('hist')[0]!.id, ep: 'e', items: [entry(5)], older: [4, 't-4'] });
    const { older } = await asked;
    const controller = new AbortController();
    const page = state(older!({ signal: controller.signal }));
    await scene.clock.settle();
    expect(scene.line.sent('hist')[1]).toMatchObject({ c: 'room', n: 50, to: ['e', 4, 't-4'] });
    controller.abort();
    await scene.clock.settle();
    expect(page()).toBe('aborted');
  });

  it('waits until fewer than four are under way; one that was given up is, until it is answered', async () => {
    const scene = await enter();
    const controller = new AbortController();
    const room = scene.client.channel('room');
    const pages = [1, 2, 3, 4, 5, 6, 7].map((limit) => state(room.history({ limit, signal: controller.signal })));
    const last = state(room.history({ limit: 8 }));
    const asked = (): number[] => scene.line.sent('hist').map(({ n }) => n);
    await scene.clock.settle();
    expect(asked()).toEqual([1, 2, 3, 4]);
    answer(scene.line, scene.line.sent('hist')[1]!, 2);
    await scene.clock.settle();
    expect(asked()).toEqual([1, 2, 3, 4, 5]);
    controller.abort();
    await scene.clock.settle();
    expect(asked()).toEqual([1, 2, 3, 4, 5]);
    answer(scene.line, scene.line.sent('hist')[0]!, 1);
    await scene.clock.settle();
    expect(asked()).toEqual([1, 2, 3, 4, 5, 8]);
    answer(scene.line, scene.line.sent('hist')[5]!, 8);
    await scene.clock.settle();
    expect([...pages, last].map((page) => page())).toEqual(['aborted', '2', ...Array<string>(5).fill('aborted'), '8']);
  });

  it('takes the place of one that was not answered in time', async () => {
    const scene = await enter();
    for (let n = 0; n < 4; n += 1) state(scene.client.channel('room').history());
    await scene.clock.advance(5000);
    const page = state(scene.client.channel('room').history({ limit: 9 }));
    await scene.clock.advance(5000);
    answer(scene.line, scene.line.sent('hist')[4]!, 9);
    await scene.clock.settle();
    expect(page()).toBe('9');
  });

  it.each([
    [
      { code: 'rate-limited', after: 1000 },
      { code: 'rate-limited', retryAfter: 1000, retryable: true },
    ],
    [{ code: 'unavailable' }, { code: 'unavailable', retryAfter: null }],
    [
      { code: 'teleported', message: 'Beam me up' },
      { code: 'app', message: 'Beam me up' },
    ],
  ])('is refused: %j', async (err, error) => {
    const scene = await enter();
    const asked = scene.client.channel('room').history();
    asked.catch(() => {});
    await scene.clock.settle();
    scene.line.send({ t: 'res', id: scene.line.sent('hist')[0]!.id, err });
    await expect(asked).rejects.toMatchObject(error);
  });

  it('is refused if it belongs to no log', async () => {
    const scene = await enter();
    const page = state(scene.client.channel('room').history());
    await scene.clock.settle();
    scene.line.send({ t: 'res', id: scene.line.sent('hist')[0]!.id, items: [entry(1)] });
    await scene.clock.settle();
    expect(page()).toBe('protocol-error');
  });

  it.each<readonly [what: string, code: string, end: (scene: Scene) => void]>([
    ['destroyed', 'destroyed', ({ client }) => client.destroy()],
    ['refused for good', 'forbidden', ({ line }) => line.end(4403)],
  ])('ends with the client: %s', async (_what, code, end) => {
    const scene = await enter();
    const room = scene.client.channel('room');
    const asked = room.history();
    const pages = [asked, ...Array.from({ length: 5 }, () => room.history())].map(state);
    await scene.clock.settle();
    end(scene);
    await scene.clock.settle();
    expect(pages.map((page) => page())).toEqual(Array(6).fill(code));
  });

  it('is asked for over requests without making the opening anew', async () => {
    const scene = await enter({ script: { requests: true } });
    const page = state(scene.client.channel('room').history());
    await scene.clock.settle();
    expect([scene.line.sent('hist').length, scene.line.reopens]).toEqual([1, 0]);
    answer(scene.line, scene.line.sent('hist')[0]!, 1);
    await scene.clock.settle();
    expect(page()).toBe('1');
  });
});
