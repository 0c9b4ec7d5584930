/** A client that is connected by a lesser transport than it could be. */
import { afterEach, describe, expect, it } from 'vitest';
import type { SceneOptions } from './scene.ts';
import { scene, choices, welcomes, type Parts, connect, opened, links, at, pass } from './several.ts';

afterEach(() => scene.end());

describe('a lesser transport', () => {
  /** Stable on b since now. a was refused once. */
  async function lesser(options: SceneOptions = {}): Promise<void> {
    await connect([{}, welcomes], options);
    at(0).end(1006);
    await scene.clock.advance(10_000);
    expect(scene.status).toMatchObject({ state: 'connected', transport: 'b' });
  }

  it('is used until a better one is welcomed, which is tried 30 s after it is stable', async () => {
    await lesser();
    await pass(29_999);
    expect(opened()).toEqual([1, 1, 0]);
    await scene.clock.advance(1);
    expect([opened(), links()]).toEqual([
      [2, 1, 0],
      [1, 1, 0],
    ]);
    at(0).open();
    expect(at(0).hello).toMatchObject({ why: 'upgrade', gen: 2 });
    expect(scene.status).toMatchObject({ state: 'connected', transport: 'b' });
    at(0).welcome();
    await scene.clock.settle();
    expect([links(), scene.status, choices.at(-1)]).toMatchObject([[1, 0, 0], { transport: 'a' }, { why: 'better' }]);
    await scene.clock.advance(20_000);
    expect(scene.errors).toEqual([]);
  });

  it('is kept when the better one fails, which is tried again 5, 10, 20 min later', async () => {
    await lesser();
    const tries: number[] = [];
    for (let before = scene.clock.now(); tries.length < 4;) {
      await scene.clock.advance(1000);
      at(1).send({ t: 'ping' });
      const [tried = 0] = opened();
      if (tried < tries.length + 2) continue;
      tries.push(Math.round((scene.clock.now() - before) / 1000));
      before = scene.clock.now();
      at(0).end(1006);
    }
    expect(tries).toEqual([30, 300, 600, 1200]);
    expect([links(), opened(), scene.status]).toMatchObject([[0, 1, 0], [5, 1, 0], { transport: 'b' }]);
  });

  it('is kept when the server refuses the better one', async () => {
    await lesser();
    await pass(30_000);
    at(0).open();
    at(0).send({ t: 'bye', code: 4403, why: 'no' });
    await scene.clock.advance(1000);
    expect([links(), scene.status]).toMatchObject([[0, 1, 0], { state: 'connected', transport: 'b' }]);
  });

  it('is not left while the page is hidden, but once it is shown', async () => {
    await lesser();
    scene.page.set({ visible: false });
    await pass(200_000);
    expect(opened()).toEqual([1, 1, 0]);
    scene.page.set({ visible: true });
    await scene.clock.advance(100);
    at(1).send({ t: 'pong', x: at(1).sent('ping').at(-1)!.x! });
    await pass(30_000);
    expect(opened()).toEqual([2, 1, 0]);
  });

  it('is asked, and the climb given up, when there is a hint; on another network the next climb is soon', async () => {
    await lesser();
    await pass(30_000);
    expect(links()).toEqual([1, 1, 0]);
    scene.page.set({ network: 'cellular' });
    expect([links(), at(0).closedWith]).toEqual([[0, 1, 0], 1000]);
    await scene.clock.advance(100);
    at(1).send({ t: 'pong', x: at(1).sent('ping').at(-1)!.x! });
    await scene.clock.advance(1000);
    expect([links(), scene.status]).toMatchObject([[1, 1, 0], { transport: 'b' }]);
  });

  it('that is lost during a climb leaves the race to all of them', async () => {
    await lesser();
    await pass(30_000);
    at(1).end(1006);
    await scene.clock.settle();
    expect(opened()).toEqual([2, 2, 0]);
    expect(scene.status).toMatchObject({ state: 'connected', transport: 'b' });
  });

  it.each([0, 1])('is left for one that only takes over when it is %i, and never begun with that', async (index) => {
    const upgrade = { upgradeOnly: true, name: 'u' };
    const parts: Parts = index === 0 ? [upgrade, welcomes] : [{ supported: false }, upgrade, welcomes];
    await connect(parts);
    expect(opened()[index]).toBe(0);
    await pass(40_000);
    expect(opened()[index]).toBe(1);
    at(index).welcome();
    await scene.clock.settle();
    expect([scene.status, choices.at(-1)]).toMatchObject([{ transport: 'u' }, { why: 'better' }]);
  });
});
