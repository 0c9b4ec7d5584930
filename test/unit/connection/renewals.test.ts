/** How often a token is renewed, whatever the server says of it. */
import { afterEach, describe, expect, it } from 'vitest';
import { HoldfastError } from '../../../src/errors.ts';
import type { TokenContext } from '../../../src/types.ts';
import { type World, createWorld } from '../../support/world.ts';
import { type Scene, createScene } from './scene.ts';

describe('a server that calls every token ended', () => {
  let scene: Scene;
  afterEach(() => scene.end());

  it('is given another one every 5 s, not in circles', async () => {
    const asked: (readonly [at: number, reason: TokenContext['reason']])[] = [];
    scene = createScene({
      getToken: ({ reason }) => {
        asked.push([scene.clock.now(), reason]);
        return `token-${asked.length}`;
      },
    });
    await scene.enter();
    asked.length = 0;
    const start = scene.clock.now();
    let answered = 0;
    for (let ms = 0; ms < 19_000; ms += 100) {
      const sent = scene.line.sent('auth').length;
      if (ms === 0 || sent > answered) scene.line.send({ t: 'auth', ttl: 0 });
      answered = sent;
      await scene.clock.advance(100);
    }
    expect(asked.map(([at, reason]) => [Math.round((at - start) / 1000), reason])).toEqual(
      [0, 5, 10, 15].map((at) => [at, 'expired']),
    );
    expect(scene.line.sent('auth')).toHaveLength(4);
  });

  it('at the welcome, too', async () => {
    let asked = 0;
    scene = createScene({ getToken: () => `token-${(asked += 1)}` });
    scene.client.connect();
    await scene.clock.settle();
    scene.line.welcome({ ttl: 1 });
    await scene.clock.advance(1);
    expect(asked).toBe(2);
    for (let ms = 0; ms < 9000; ms += 10) {
      scene.line.send({ t: 'auth', ttl: 1 });
      await scene.clock.advance(10);
    }
    expect(asked).toBe(3);
  });
});

describe('getToken that rejects with somebody else’s abort', () => {
  let scene: Scene;
  afterEach(() => scene.end());

  it('has failed: it is reported, and tried again by the backoff', async () => {
    let asked = 0;
    scene = createScene({
      getToken: () => {
        asked += 1;
        return asked < 3 ? Promise.reject(new HoldfastError('aborted', 'drain() was aborted.')) : 'token';
      },
    });
    scene.client.connect();
    await scene.clock.settle();
    expect(scene.status).toMatchObject({ state: 'waiting', reason: { code: 4011, error: { code: 'token-failed' } } });
    await scene.reopened();
    expect(scene.errors).toMatchObject([1, 2].map(() => ({ code: 'token-failed', cause: { code: 'aborted' } })));
    scene.line.open();
    expect(scene.line.hello).toMatchObject({ token: 'token' });
  });

  it('because it was aborted itself is nobody’s business', async () => {
    let asked = 0;
    scene = createScene({
      getToken: ({ signal }) => {
        asked += 1;
        return new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(new HoldfastError('aborted', 'As told.')));
        });
      },
    });
    scene.client.connect();
    await scene.clock.settle();
    scene.client.disconnect();
    await scene.clock.advance(60_000);
    expect([asked, scene.status, scene.errors]).toEqual([1, { state: 'idle' }, []]);
  });
});

describe('with the reference server', () => {
  let world: World;
  afterEach(() => world.end());

  it.each<[string, (first: boolean) => { readonly user: { readonly id: string }; readonly expiresAt: number }]>([
    [
      'that cannot check tokens any more',
      (first) => {
        if (!first) throw new Error('The database is down.');
        return { user: { id: 'ada' }, expiresAt: world.clock.now() + 60_000 };
      },
    ],
    [
      'for which each token but the first has ended already',
      (first) => ({ user: { id: 'ada' }, expiresAt: world.clock.now() + (first ? 60_000 : -1) }),
    ],
  ])('%s the app is asked every 5 s, and the session ends 30 s after its token', async (_, authenticate) => {
    let [checked, asked] = [0, 0];
    world = createWorld({ server: { authenticate: () => authenticate((checked += 1) === 1), onEvent: () => {} } });
    const { client, network } = world.open({ user: 'ada', getToken: () => `token-${(asked += 1)}` });
    const ends: unknown[] = [];
    client.on('trace', ({ name, detail }) => name === 'ended' && ends.push([world.clock.now(), detail['code']]));
    const start = world.clock.now();
    network.delay(25);
    client.connect();
    await world.clock.advance(88_000);
    expect(ends).toEqual([]);
    expect(asked).toBeLessThanOrEqual(1 + 40 / 5 + 1);
    await world.clock.advance(4000);
    expect(ends[0]).toEqual([expect.closeTo(start + 91_000, -4), 4201]);
  });
});
