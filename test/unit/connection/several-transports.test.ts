/** A client with three transports, as its app sees them: which one carries, why, and what is remembered. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Trace } from '../../../src/types.ts';
import type { Opening } from '../../support/scripted-transport.ts';
import { type Scene, type SceneOptions, createScene } from './scene.ts';

let scene: Scene;
let choices: Readonly<Record<string, unknown>>[];
afterEach(() => scene.end());

const play = (run: (opening: Opening) => void) => ({ play: (opening: Opening) => run(opening) });
const refuses = play((opening) => opening.end(1006));
const welcomes = play((opening) => opening.welcome());

type Parts = readonly [a?: SceneOptions['script'], b?: SceneOptions['script'], c?: SceneOptions['script']];

/** Half of whatever is drawn: the first climb comes 30 s after the connection is stable. */
function make([a = {}, b = {}, c = {}]: Parts = [], options: SceneOptions = {}): Scene {
  scene = createScene({
    random: () => 0.5,
    ...options,
    script: { name: 'a', ...a },
    lesser: [
      { name: 'b', ...b },
      { name: 'c', ...c },
    ],
  });
  choices = [];
  scene.client.on('trace', ({ name, detail }: Trace) => name === 'choose' && choices.push(detail));
  return scene;
}
async function connect(parts?: Parts, options?: SceneOptions): Promise<void> {
  make(parts, options).client.connect();
  await scene.clock.settle();
}
const opened = (): readonly number[] => scene.transports.map(({ openings }) => openings.length);
const links = (): readonly number[] => scene.transports.map((transport) => transport.links);
const at = (index: number): Opening => scene.transports[index]!.latest;

/** Time passes, in which what carries is heard of every 10 s. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 10_000) {
    await scene.clock.advance(Math.min(left, 10_000));
    scene.transports.forEach(({ openings }) =>
      openings.filter(({ state }) => state === 'open').forEach((line) => line.send({ t: 'ping' })),
    );
  }
}

/** A storage that outlasts its client. */
function createStorage(): NonNullable<NonNullable<SceneOptions['environment']>['storage']> & { readonly text: () => unknown } {
  const kept = new Map<string, string>();
  return {
    get: (key) => kept.get(key) ?? null,
    set: (key, value) => void kept.set(key, value),
    text: () => JSON.parse([...kept.values()][0] ?? 'null') as unknown,
  };
}

describe('a transport that hangs', () => {
  it('has the next one beside it after 1.5 s, and the last one after 1.5 s more', async () => {
    await connect();
    expect(opened()).toEqual([1, 0, 0]);
    await scene.clock.advance(1499);
    expect(opened()).toEqual([1, 0, 0]);
    await scene.clock.advance(1);
    expect(opened()).toEqual([1, 1, 0]);
    await scene.clock.advance(1500);
    expect(links()).toEqual([1, 1, 1]);
    expect(scene.status).toMatchObject({ state: 'connecting', attempt: 1 });
  });

  it.each([200, 4000])('or after timing.raceAfter: %i ms', async (raceAfter) => {
    await connect([], { timing: { raceAfter } });
    await scene.clock.advance(raceAfter - 1);
    expect(opened()).toEqual([1, 0, 0]);
    await scene.clock.advance(1);
    expect(opened()).toEqual([1, 1, 0]);
  });

  it('loses to the first welcome, carries nothing, and is dropped when it takes too long', async () => {
    await connect([{}, welcomes]);
    await scene.clock.advance(1500);
    expect(scene.status).toMatchObject({ state: 'connected', transport: 'b' });
    expect(links()).toEqual([1, 1, 0]);
    await scene.clock.advance(8500);
    expect(links()).toEqual([0, 1, 0]);
    expect([at(0).closedWith, scene.status.state, choices]).toMatchObject([
      1000,
      'connected',
      [{ transport: 'b', why: 'others-slow', passed: [{ transport: 'a', why: 'slow' }] }],
    ]);
  });

  it('but is welcomed in the end is an upgrade: the app sees another transport and no gap', async () => {
    await connect([{}, welcomes]);
    await scene.clock.advance(1600);
    const before = scene.statuses.length;
    at(0).welcome();
    expect(scene.status).toMatchObject({ state: 'connected', transport: 'a', since: scene.clock.now() });
    expect(links()).toEqual([1, 0, 0]);
    expect(at(1).closedWith).toBe(1000);
    await scene.clock.settle();
    expect(scene.statuses.slice(before).every(({ state }) => state === 'connected')).toBe(true);
    expect(choices.at(-1)).toMatchObject({ transport: 'a', why: 'better' });
  });

  it('loses at once to a better one', async () => {
    await connect();
    await scene.clock.advance(3000);
    at(0).welcome();
    expect([links(), scene.status]).toMatchObject([[1, 0, 0], { state: 'connected', transport: 'a' }]);
    expect([at(1).closedWith, at(2).closedWith]).toEqual([1000, 1000]);
  });
});

describe('a transport that fails', () => {
  it('has the next one in its place at once', async () => {
    await connect([refuses, refuses, welcomes]);
    expect(scene.status).toMatchObject({ state: 'connected', transport: 'c' });
    expect([opened(), choices]).toMatchObject([
      [1, 1, 1],
      [
        {
          transport: 'c',
          why: 'others-failed',
          passed: [
            { transport: 'a', why: 'abnormal' },
            { transport: 'b', why: 'abnormal' },
          ],
        },
      ],
    ]);
  });

  it('as all the others do is one failed attempt', async () => {
    await connect([refuses, refuses, refuses]);
    expect([opened(), scene.status]).toMatchObject([[1, 1, 1], { state: 'waiting', attempt: 2 }]);
    await scene.clock.advance(250);
    expect(opened()).toEqual([2, 2, 2]);
  });

  it('by the word of the server has no other one in its place', async () => {
    const says = (code: number) =>
      play((opening) => {
        opening.open();
        opening.send({ t: 'bye', code, why: '', after: 5000 });
      });
    await connect([says(1013)]);
    expect([opened(), scene.status]).toMatchObject([
      [1, 0, 0],
      { state: 'waiting', attempt: 2, retryAt: scene.clock.now() + 5250 },
    ]);
    await scene.end();
    await connect([says(4403)]);
    expect([opened(), scene.status.state]).toEqual([[1, 0, 0], 'closed']);
  });

  it('that the platform lacks is not opened, and one is not enough for none', async () => {
    await connect([{ supported: false }, welcomes]);
    expect([opened(), scene.status]).toMatchObject([[0, 1, 0], { transport: 'b' }]);
    await scene.end();
    await connect([{ supported: false }, { supported: false }, { supported: false }]);
    expect(scene.status).toMatchObject({ state: 'closed', reason: { error: { code: 'unsupported' } } });
  });
});

describe('what is remembered', () => {
  it('makes the next client begin with what worked', async () => {
    const storage = createStorage();
    await connect([refuses, welcomes], { environment: { storage } });
    await scene.end();
    await connect([welcomes, welcomes], { environment: { storage } });
    expect([opened(), choices]).toMatchObject([[0, 1, 0], [{ transport: 'b', why: 'remembered', passed: [] }]]);
  });

  it('is of one network', async () => {
    const storage = createStorage();
    await connect([refuses, welcomes], { environment: { storage } });
    await scene.end();
    make([welcomes, welcomes], { environment: { storage } });
    scene.page.set({ network: 'cellular' });
    scene.client.connect();
    await scene.clock.settle();
    expect(opened()).toEqual([1, 0, 0]);
  });

  it('is also which of them dies young, three times in a row', async () => {
    await connect([welcomes, welcomes]);
    for (let death = 1; death <= 3; death += 1) {
      expect([opened()[0], scene.status]).toMatchObject([death, { state: 'connected', transport: 'a' }]);
      await scene.clock.advance(1000);
      at(0).end(1006);
      await scene.clock.advance(5000);
    }
    expect([opened(), scene.status]).toMatchObject([[3, 1, 0], { state: 'connected', transport: 'b' }]);
  });

  it('but not of deaths that were the page’s, or the server’s own', async () => {
    await connect([welcomes]);
    for (let death = 1; death <= 4; death += 1) {
      await scene.clock.advance(1000);
      at(0).send({ t: 'bye', code: 4000, why: '', spread: 0 });
      await scene.clock.advance(20_000);
    }
    expect(opened()).toEqual([5, 0, 0]);
  });

  it('is that one that took too long beside one that works is blocked', async () => {
    const storage = createStorage();
    await connect([{}, welcomes], { environment: { storage } });
    await scene.clock.advance(10_000);
    expect(storage.text()).toMatchObject({
      wifi: { a: { blockedAt: scene.clock.now(), why: 'open-timeout' }, b: { goodAt: 1_001_500 } },
    });
  });
});

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

describe('what is said of it', () => {
  it('is kept for the app: at which time, on which network, and why', async () => {
    await connect([refuses, welcomes]);
    expect(choices).toEqual([
      { at: 1_000_000, network: 'wifi', transport: 'b', why: 'others-failed', passed: [{ transport: 'a', why: 'abnormal' }] },
    ]);
  });
});

describe('destroy', () => {
  it.each<[string, Parts, number]>([
    ['a race of two', [], 1500],
    ['a race of three', [], 3000],
    ['a better one that is slow, and a lesser one that carries', [{}, welcomes], 2000],
    ['a climb', [{ play: (opening, count) => void (count === 1 && opening.end(1006)) }, welcomes], 45_000],
    ['the wait for a climb', [{}, welcomes], 15_000],
  ])('with %s under way leaves no link, no timer and no listener', async (_, parts, ms) => {
    await connect(parts);
    await pass(ms);
    await scene.end();
    expect(links()).toEqual([0, 0, 0]);
  });

  it.each(['disconnect', 'pagehide'] as const)('%s too closes all that race', async (how) => {
    await connect();
    await scene.clock.advance(3000);
    expect(links()).toEqual([1, 1, 1]);
    if (how === 'disconnect') scene.client.disconnect();
    else scene.page.tell('pagehide');
    expect(links()).toEqual([0, 0, 0]);
  });
});
