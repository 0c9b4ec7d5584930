/** A client with three transports, as its app sees them: which one carries, why, and what is remembered. */
import { afterEach, describe, expect, it } from 'vitest';
import {
  scene,
  choices,
  play,
  refuses,
  welcomes,
  type Parts,
  make,
  connect,
  opened,
  links,
  at,
  pass,
  createStorage,
} from './several.ts';

afterEach(() => scene.end());

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

  it.each<[string, () => void]>([
    ['', () => at(0).end(1006)],
    [' because a newer connection was there before its own welcome came', () => at(0).send({ t: 'bye', code: 4009, why: '' })],
  ])('is also which of them dies young, three times in a row%s', async (_, die) => {
    await connect([welcomes, welcomes]);
    for (let death = 1; death <= 3; death += 1) {
      expect([opened()[0], scene.status]).toMatchObject([death, { state: 'connected', transport: 'a' }]);
      await scene.clock.advance(1000);
      die();
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
    ['a climb', [{ play: (opening, count) => count === 1 && opening.end(1006) }, welcomes], 45_000],
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

describe('where the machine slept during an opening', () => {
  it.each<readonly [string, () => void]>([
    ['takes too long', () => {}],
    ['breaks', () => at(0).end(1006)],
  ])('one that %s then does not speak against its transport', async (_, then) => {
    const storage = createStorage();
    await connect([{}, {}, welcomes], { environment: { storage } });
    await scene.clock.advance(2000);
    scene.clock.sleep(9000);
    then();
    await scene.clock.advance(100);
    expect(scene.status).toMatchObject({ state: 'connected', transport: 'c' });
    expect(JSON.stringify(storage.text())).not.toContain('blockedAt');
  });
});
