import { afterEach, describe, expect, it } from 'vitest';
import { HoldfastError } from '../../../src/errors.ts';
import type { ClientOptions, TokenContext } from '../../../src/types.ts';
import { type Scene, createScene } from './scene.ts';

const HOUR = 3_600_000;
let scene: Scene;
let asked: TokenContext['reason'][];
afterEach(() => scene.end());

/** A client whose app gives token-1, token-2 and so on, or whatever `answer` says. */
function open(answer: (count: number) => ReturnType<NonNullable<ClientOptions['getToken']>> = (count) => `token-${count}`): void {
  asked = [];
  scene = createScene({
    getToken: ({ reason }) => {
      asked.push(reason);
      return answer(asked.length);
    },
  });
}

async function enter(ttl?: number): Promise<void> {
  scene.client.connect();
  await scene.clock.settle();
  scene.line.welcome(ttl === undefined ? {} : { ttl });
  await scene.clock.settle();
}

/** The server says a word at half its ping, as a living one does, for so long. */
async function live(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 20_000) {
    await scene.clock.advance(Math.min(left, 20_000));
    if (scene.line.state === 'open') scene.line.send({ t: 'ping' });
  }
}

describe('a token’s life', () => {
  it('is renewed in band at 80 %, without a new connection', async () => {
    open();
    await enter(HOUR);
    await live(0.8 * HOUR - 1000);
    expect(asked).toEqual(['connect']);
    await live(2000);
    expect(asked).toEqual(['connect', 'refresh']);
    expect(scene.line.sent('auth')).toEqual([{ t: 'auth', token: 'token-2' }]);
    expect(scene.transport.openings).toHaveLength(1);
  });

  it('is renewed again at 80 % of what the server says of the new one', async () => {
    open();
    await enter(100_000);
    await live(80_000);
    scene.line.send({ t: 'auth', ttl: 200_000 });
    await live(159_000);
    expect(asked).toHaveLength(2);
    await live(1000);
    expect(asked).toEqual(['connect', 'refresh', 'refresh']);
    expect(scene.line.sent('auth').map(({ token }) => token)).toEqual(['token-2', 'token-3']);
  });

  it('is asked for at once if the server says that none is left', async () => {
    open();
    await enter(HOUR);
    scene.line.send({ t: 'auth', ttl: 0 });
    await scene.clock.settle();
    expect(asked).toEqual(['connect', 'expired']);
    expect(scene.line.sent('auth')).toEqual([{ t: 'auth', token: 'token-2' }]);
  });

  it('without a word of its end is never renewed', async () => {
    open();
    await enter();
    await live(2 * HOUR);
    scene.line.send({ t: 'auth' });
    await live(60_000);
    expect(asked).toEqual(['connect']);
  });

  it('is no matter to a client without getToken', async () => {
    scene = createScene();
    await enter(10_000);
    await live(20_000);
    scene.line.send({ t: 'auth', ttl: 0 });
    await scene.clock.settle();
    expect(scene.line.sent('auth')).toEqual([]);
    expect(scene.status.state).toBe('connected');
  });

  it('that the app does not renew is reported, and the connection goes on', async () => {
    open((count) => (count === 1 ? 'token-1' : Promise.reject(new Error('no network'))));
    await enter(100_000);
    await live(90_000);
    expect(scene.errors.map(({ code }) => code)).toEqual(['token-failed']);
    expect(scene.status.state).toBe('connected');
  });

  it('is not renewed on a connection that came later', async () => {
    let give: (token: string) => void = () => {};
    open((count) => (count === 2 ? new Promise((resolve) => (give = resolve)) : `token-${count}`));
    await enter(HOUR);
    scene.line.send({ t: 'auth', ttl: 0 });
    await scene.clock.settle();
    scene.line.end(1006);
    await scene.reopened();
    scene.line.welcome();
    give('late');
    await scene.clock.settle();
    expect(scene.line.sent('auth')).toEqual([]);
  });
});

describe('on a reconnect', () => {
  it('the token at hand serves as long as it is good', async () => {
    open();
    await enter(HOUR);
    for (let loss = 0; loss < 3; loss += 1) {
      scene.line.end(1006);
      await scene.reopened();
      scene.line.open();
      expect(scene.line.hello.token).toBe('token-1');
    }
    expect(asked).toEqual(['connect']);
  });

  it('one past 80 % of its life is refreshed first', async () => {
    open();
    await enter(HOUR);
    scene.line.end(1006, { after: 0.9 * HOUR });
    await scene.reopened(HOUR);
    scene.line.open();
    expect(asked).toEqual(['connect', 'refresh']);
    expect(scene.line.hello.token).toBe('token-2');
  });

  it('the one that was renewed in band is used', async () => {
    open();
    await enter(100_000);
    await live(80_000);
    scene.line.send({ t: 'auth', ttl: HOUR });
    scene.line.end(1006);
    await scene.reopened();
    scene.line.open();
    expect(scene.line.hello.token).toBe('token-2');
    expect(asked).toHaveLength(2);
  });
});

describe('a token that the server does not take', () => {
  it.each(['bye', 'close'])('4201 by %s: a fresh one is asked for as expired', async (way) => {
    open();
    await enter(HOUR);
    if (way === 'bye') scene.line.send({ t: 'bye', code: 4201, why: 'token expired' });
    else scene.line.end(4201);
    await scene.reopened();
    scene.line.open();
    expect(asked).toEqual(['connect', 'expired']);
    expect(scene.line.hello.token).toBe('token-2');
  });

  it('4201 keeps its reason until a token came', async () => {
    open((count) => {
      if (count === 2) throw new Error('no network');
      return `token-${count}`;
    });
    await enter();
    scene.line.send({ t: 'bye', code: 4201, why: '' });
    await scene.reopened();
    scene.line.open();
    expect(asked).toEqual(['connect', 'expired', 'expired']);
    expect(scene.line.hello.token).toBe('token-3');
  });

  it('4202 asks once for another, and ends the client the second time', async () => {
    open();
    scene.client.connect();
    await scene.clock.settle();
    scene.line.open();
    scene.line.send({ t: 'bye', code: 4202, why: 'no such key' });
    await scene.reopened();
    expect(asked).toEqual(['connect', 'rejected']);
    scene.line.open();
    scene.line.send({ t: 'bye', code: 4202, why: 'no such key' });
    await scene.clock.advance(HOUR);
    expect(scene.transport.openings).toHaveLength(2);
    expect(scene.status).toMatchObject({
      state: 'closed',
      reason: { by: 'server', code: 4202, error: { code: 'unauthorized' } },
    });
    expect(scene.errors.map(({ code }) => code)).toContain('unauthorized');
  });

  it('4202 after a good connection in between is the first time again', async () => {
    open();
    await enter();
    scene.line.send({ t: 'bye', code: 4202, why: '' });
    await scene.reopened();
    scene.line.welcome();
    await scene.stabilise();
    scene.line.send({ t: 'bye', code: 4202, why: '' });
    await scene.clock.settle();
    expect(scene.status.state).toBe('waiting');
  });
});

describe('getToken', () => {
  it('that fails is reported and tried again by the backoff, which grows', async () => {
    open((count) => (count <= 4 ? Promise.reject(new Error('no network')) : 'token'));
    scene.client.connect();
    await scene.clock.settle();
    expect(scene.status).toMatchObject({
      state: 'waiting',
      attempt: 2,
      reason: { by: 'app', layer: 'session', code: 4011, name: 'token-failed', transport: null, error: { code: 'token-failed' } },
    });
    await scene.reopened();
    scene.line.welcome();
    await scene.clock.settle();
    expect(scene.errors.map(({ code }) => code)).toEqual(Array(4).fill('token-failed'));
    expect(asked).toEqual(Array(5).fill('connect'));
    expect(scene.statuses.filter(({ state }) => state === 'waiting')).toMatchObject([2, 3, 4, 5].map((attempt) => ({ attempt })));
    expect(scene.status.state).toBe('connected');
  });

  it('that hangs is given up after 10 s, and tried again', async () => {
    open((count) => (count === 1 ? new Promise(() => {}) : 'token-2'));
    scene.client.connect();
    await scene.clock.advance(9999);
    expect(scene.status.state).toBe('connecting');
    await scene.clock.advance(1);
    expect(scene.status).toMatchObject({ state: 'waiting', reason: { code: 4011 } });
    await scene.reopened();
    scene.line.open();
    expect(scene.line.hello.token).toBe('token-2');
  });

  it('that says unauthorized ends the client', async () => {
    open(() => Promise.reject(new HoldfastError('unauthorized', 'Signed out.')));
    scene.client.connect();
    await scene.clock.advance(HOUR);
    expect(asked).toEqual(['connect']);
    expect(scene.status).toMatchObject({ state: 'closed', reason: { by: 'app', error: { code: 'unauthorized' } } });
    expect(scene.errors.map(({ code }) => code)).toEqual(['unauthorized']);
  });

  it('is told by its signal that nobody waits any more', async () => {
    const signals: AbortSignal[] = [];
    scene = createScene({ getToken: ({ signal }) => new Promise(() => signals.push(signal)) });
    scene.client.connect();
    await scene.clock.settle();
    scene.client.disconnect();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  });

  it('is asked anew by a connect right after a disconnect', async () => {
    open((count) => (count === 1 ? new Promise(() => {}) : 'token-2'));
    scene.client.connect();
    await scene.clock.settle();
    scene.client.disconnect();
    scene.client.connect();
    await scene.clock.settle();
    scene.line.open();
    expect(scene.line.hello.token).toBe('token-2');
    expect(scene.errors).toEqual([]);
  });
});
