import { afterEach, describe, expect, it } from 'vitest';
import type { Status } from '../../../src/types.ts';
import type { Opening } from '../../support/scripted-transport.ts';
import { type Scene, createScene } from './scene.ts';

let scene: Scene;
afterEach(() => scene.end());

const brief = (status: Status): string => [status.state, 'attempt' in status ? status.attempt : ''].join(' ').trim();

describe('what a subscriber of status is told', () => {
  it('in a typical life', async () => {
    scene = createScene();
    scene.client.connect();
    await scene.clock.settle();
    scene.line.end(1006);
    await scene.reopened();
    scene.line.welcome();
    await scene.clock.advance(40);
    scene.line.send({ t: 'pong', x: 1 });
    await scene.stabilise();
    scene.line.end(1001, { by: 'server' });
    await scene.reopened();
    scene.page.set({ online: false });
    scene.line.end(1006);
    await scene.clock.settle();
    scene.page.set({ online: true });
    await scene.reopened();
    scene.line.welcome();
    await scene.clock.settle();
    scene.client.disconnect();
    await scene.clock.settle();
    scene.client.connect();
    await scene.clock.settle();
    scene.client.destroy();
    await scene.clock.settle();
    expect(scene.statuses.map(brief)).toEqual([
      ...['connecting 1', 'waiting 2', 'connecting 2', 'connected', 'connected'],
      ...['waiting 2', 'connecting 2', 'offline 3', 'waiting 3', 'connecting 3', 'connected'],
      ...['idle', 'connecting 1', 'closed'],
    ]);
  });

  it('`connected` says since when, by which transport, and stays as it is when the connection is stable', async () => {
    scene = createScene({ script: { name: 'pigeon' } });
    await scene.enter();
    const { status } = scene;
    expect(status).toEqual({ state: 'connected', transport: 'pigeon', since: scene.clock.now(), roundTrip: null });
    await scene.stabilise();
    expect(scene.status).toBe(status);
  });

  it('`waiting` says when the next try is, and it is then', async () => {
    scene = createScene();
    await scene.enter();
    scene.line.end(1006);
    const { status } = scene;
    const retryAt = status.state === 'waiting' ? Math.ceil(status.retryAt) : expect.fail(status.state);
    await scene.clock.advance(retryAt - scene.clock.now() - 1);
    expect(scene.transport.openings).toHaveLength(1);
    await scene.clock.advance(1);
    expect(scene.transport.openings).toHaveLength(2);
  });

  it('the reason stays through the next attempt, until it is stable', async () => {
    scene = createScene();
    await scene.enter();
    scene.line.end(1011, { why: 'out of memory' });
    await scene.reopened();
    expect(scene.status).toMatchObject({ state: 'connecting', reason: { code: 1011 } });
    scene.line.welcome();
    await scene.stabilise();
    scene.client.disconnect();
    scene.client.connect();
    await scene.clock.settle();
    expect(scene.status).toMatchObject({ state: 'connecting', reason: null });
  });
});

describe('the reason', () => {
  const base = { layer: 'transport', transport: 'scripted', opened: true, page: 'visible', lastRoundTrip: null };

  it.each<[string, (line: Opening) => void, object, string]>([
    [
      'the network broke it',
      (line) => line.end(1006),
      { ...base, by: 'network', code: 1006, name: 'abnormal' },
      'The scripted connection ended (1006 abnormal).',
    ],
    [
      'the server closed it',
      (line) => line.end(1012, { by: 'server', why: 'new version' }),
      { ...base, by: 'server', code: 1012, name: 'restart' },
      'The scripted connection ended (1012 restart: new version).',
    ],
    [
      'the browser refused it',
      (line) => line.end(1006, { by: 'browser', opened: false, why: 'mixed content' }),
      { ...base, by: 'browser', opened: false, code: 1006, name: 'abnormal' },
      'The scripted connection ended (1006 abnormal: mixed content).',
    ],
    [
      'the client could not read it',
      (line) => line.end(1007, { by: 'client', why: 'not json' }),
      { ...base, by: 'client', layer: 'session', code: 1007, name: 'invalid-data' },
      'The scripted connection ended (1007 invalid-data: not json).',
    ],
    [
      'the server said bye',
      (line) => line.send({ t: 'bye', code: 4008, why: 'slow-consumer' }),
      { ...base, by: 'server', layer: 'session', code: 4008, name: 'slow-consumer' },
      'The scripted connection ended (4008 slow-consumer).',
    ],
    [
      'a code of tomorrow',
      (line) => line.send({ t: 'bye', code: 4099, why: 'reasons' }),
      { ...base, by: 'server', layer: 'session', code: 4099, name: 'code-4099' },
      'The scripted connection ended (4099 code-4099: reasons).',
    ],
  ])('%s', async (_, end, expected, message) => {
    scene = createScene();
    await scene.enter();
    end(scene.line);
    const { status } = scene;
    const { error, ...reason } = status.state === 'waiting' ? status.reason : expect.fail(status.state);
    expect(reason).toEqual(expected);
    expect(error).toMatchObject({ code: 'connection-lost', retryable: true, message });
  });

  it('before a welcome is a failure to connect, not a loss', async () => {
    scene = createScene();
    scene.client.connect();
    await scene.clock.settle();
    scene.line.end(1006);
    expect(scene.status).toMatchObject({
      state: 'waiting',
      reason: { ...base, opened: false, by: 'network', error: { code: 'connection-failed' } },
    });
  });

  it('holds the last round trip', async () => {
    scene = createScene();
    await scene.enter();
    await scene.clock.advance(123);
    scene.line.send({ t: 'pong', x: 1 });
    scene.line.end(1006);
    expect(scene.status).toMatchObject({ reason: { lastRoundTrip: 123 } });
  });

  it.each<[string, (act: Scene) => Promise<void> | void, string]>([
    ['is shown', () => {}, 'visible'],
    ['is hidden', ({ page }) => page.set({ visible: false }), 'hidden'],
    [
      'slept since the last frame',
      async ({ clock }) => {
        clock.sleep(3_600_000);
        await clock.advance(0);
      },
      'asleep',
    ],
    [
      'slept before the last frame',
      async ({ clock, line }) => {
        clock.sleep(3_600_000);
        await clock.advance(300);
        line.send({ t: 'ping' });
      },
      'visible',
    ],
    [
      'was frozen before this connection',
      async (act) => {
        act.page.tell('freeze');
        await act.clock.advance(100);
        act.page.tell('resume');
        await act.clock.advance(100);
        act.line.welcome();
        await act.clock.advance(100);
      },
      'visible',
    ],
  ])('says that the page %s', async (_, act, page) => {
    scene = createScene();
    await scene.enter();
    await scene.clock.advance(10_000);
    await act(scene);
    scene.line.end(1006);
    expect(scene.status).toMatchObject({ state: 'waiting', reason: { page } });
  });

  it('says that the page was frozen, when it goes on', async () => {
    scene = createScene();
    await scene.enter();
    scene.page.tell('pagehide');
    scene.clock.sleep(3_600_000);
    scene.page.tell('pageshow');
    expect(scene.status).toMatchObject({ state: 'connecting', reason: { by: 'browser', name: 'page-pagehide', page: 'frozen' } });
  });

  it.each([true, false])('of an opening that took too long says whether the transport was open: %s', async (opened) => {
    scene = createScene();
    scene.client.connect();
    await scene.clock.settle();
    if (opened) scene.line.open();
    await scene.clock.advance(10_000);
    expect(scene.status).toMatchObject({
      state: 'waiting',
      reason: { by: 'client', layer: 'transport', code: 4010, name: 'open-timeout', transport: 'scripted', opened },
    });
  });
});

describe('the backoff of a client', () => {
  it('grows over failures, and begins anew only after 10 s of life', async () => {
    scene = createScene({ random: () => 0.999_999 });
    const waits: number[] = [];
    const fail = async (): Promise<void> => {
      const from = scene.clock.now();
      scene.line.end(1006);
      await scene.reopened();
      waits.push(scene.clock.now() - from);
    };
    scene.client.connect();
    await scene.clock.settle();
    for (let failure = 0; failure < 3; failure += 1) await fail();
    // A server that welcomes and drops everybody is still failing.
    scene.line.welcome();
    await scene.clock.advance(9999);
    await fail();
    scene.line.welcome();
    await scene.clock.advance(10_000);
    await fail();
    await fail();
    expect(waits).toEqual([500, 1000, 2000, 4000, 2000, 1000]);
  });

  it('keeps to 15 attempts a minute with a server that drains everybody at once', async () => {
    const at: number[] = [];
    scene = createScene({
      script: {
        play: (line) => {
          at.push(scene.clock.now());
          line.welcome();
          line.send({ t: 'bye', code: 4000, why: 'drain', spread: 0 });
        },
      },
    });
    scene.client.connect();
    await scene.clock.advance(300_000);
    const within = at.map((from) => at.filter((other) => other >= from && other < from + 60_000).length);
    expect(Math.max(...within)).toBe(15);
    expect(at.length).toBeGreaterThanOrEqual(75);
  });

  it('goes on while the browser says offline, and is quick when it says online', async () => {
    scene = createScene();
    await scene.enter();
    scene.page.set({ online: false });
    scene.line.end(1006);
    expect(scene.status.state).toBe('offline');
    await scene.reopened(30_000);
    scene.line.end(1006);
    await scene.clock.settle();
    scene.page.set({ online: true });
    await scene.reopened(500);
  });

  it('of a hidden page reaches the hidden cap, and is quick when it is shown', async () => {
    scene = createScene({ random: () => 0.999 });
    scene.page.set({ visible: false });
    await scene.enter();
    for (let failure = 0; failure < 10; failure += 1) {
      scene.line.end(1006);
      await scene.reopened(300_000);
    }
    const from = scene.clock.now();
    scene.line.end(1006);
    expect(scene.status).toMatchObject({ state: 'waiting', retryAt: from + 0.999 * 300_000 });
    scene.page.set({ visible: true });
    await scene.reopened(500);
  });
});
