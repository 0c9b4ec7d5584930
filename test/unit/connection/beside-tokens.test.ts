/** Tokens, while a doubtful connection and another one beside it are open. */
import { afterEach, describe, expect, it } from 'vitest';
import type { ClientOptions, TokenContext } from '../../../src/types.ts';
import type { Opening } from '../../support/scripted-transport.ts';
import { type Scene, createScene } from './scene.ts';

const PATIENCE = 750;
let scene: Scene;
let asked: TokenContext['reason'][];
afterEach(() => scene.end());

type Answer = ReturnType<NonNullable<ClientOptions['getToken']>>;

/** Connected for 20 s, with a token of so long a life. The app gives token-1, token-2 and so on, or what it is told to. */
async function live(ttl?: number, answer: (count: number) => Answer = (count) => `token-${count}`): Promise<Opening> {
  asked = [];
  scene = createScene({
    random: () => 0.5,
    getToken: ({ reason }) => {
      asked.push(reason);
      return answer(asked.length);
    },
  });
  scene.client.connect();
  await scene.clock.settle();
  scene.line.welcome(ttl === undefined ? {} : { ttl });
  await scene.clock.advance(20_000);
  return scene.line;
}

async function doubt(patience = PATIENCE): Promise<Opening> {
  scene.page.tell('network');
  await scene.clock.advance(patience);
  return scene.line;
}

const answer = (line: Opening): void => line.send({ t: 'pong', x: line.sent('ping').at(-1)!.x! });
const bye = (code: number) => ({ t: 'bye', code, why: 'by script' }) as const;

describe('the new connection', () => {
  it('says hello with the token at hand', async () => {
    await live();
    const fresh = await doubt();
    fresh.open();
    expect(fresh.hello).toMatchObject({ token: 'token-1', gen: 2 });
    expect(asked).toEqual(['connect']);
  });

  it.each([
    [4201, 'expired'],
    [4202, 'rejected'],
  ])('fails with %i: the next attempt asks for a token as %s', async (code, reason) => {
    const old = await live();
    const fresh = await doubt();
    fresh.open();
    fresh.send(bye(code));
    expect(asked).toEqual(['connect']);
    answer(old);
    await scene.clock.settle();
    // The answer took that long, and the next one is given more.
    await doubt(1.5 * PATIENCE + 250);
    expect(asked).toEqual(['connect', reason]);
    scene.line.open();
    expect(scene.line.hello).toMatchObject({ token: 'token-2', gen: 3 });
  });

  it('gets no token: the old one’s verdict decides', async () => {
    const old = await live(undefined, (count) => (count === 1 ? 'token' : Promise.reject(new Error('offline'))));
    old.send({ t: 'auth', ttl: 1 });
    await scene.clock.advance(10);
    await doubt();
    expect([scene.status.state, scene.transport.openings.length]).toEqual(['connected', 1]);
    expect(scene.errors.every(({ code }) => code === 'token-failed')).toBe(true);
    answer(old);
    await scene.clock.advance(20_000);
    expect([scene.status.state, old.state]).toEqual(['connected', 'open']);
  });
});

describe('the old connection', () => {
  it('ends in the middle of getting a token: the new one is opened as soon as that is there', async () => {
    let give = (_: string): void => {};
    const old = await live(undefined, (count) => (count === 1 ? 'token' : new Promise<string>((resolve) => (give = resolve))));
    // The token is at its end, so that the second connection asks for another.
    old.send({ t: 'auth', ttl: 1 });
    await scene.clock.advance(10);
    await doubt();
    old.end(1006);
    expect(scene.status).toMatchObject({ state: 'connecting', attempt: 2, reason: { code: 1006 } });
    give('another');
    await scene.clock.settle();
    scene.line.welcome();
    expect(scene.line.hello).toMatchObject({ token: 'another', gen: 2 });
    expect(scene.status.state).toBe('connected');
  });

  it.each([
    [4201, 'expired'],
    [4202, 'rejected'],
  ])('ends with %i: the new one has the same token, so both are closed and another is asked for', async (code, reason) => {
    const old = await live();
    const fresh = await doubt();
    old.send(bye(code));
    expect([fresh.closedWith, scene.transport.links]).toEqual([1000, 0]);
    expect(scene.status).toMatchObject({ state: 'waiting', reason: { code } });
    await scene.reopened(1000);
    expect(asked).toEqual(['connect', reason]);
  });
});

describe('a token is renewed', () => {
  it('on the connection that was kept, by what the welcome there said of it', async () => {
    const old = await live(60_000);
    const fresh = await doubt();
    fresh.welcome({ ttl: 10_000 });
    expect(old.state).toBe('closed');
    await scene.clock.advance(7999);
    expect(asked).toEqual(['connect']);
    await scene.clock.advance(1);
    expect(asked).toEqual(['connect', 'refresh']);
    expect(fresh.sent('auth')).toEqual([{ t: 'auth', token: 'token-2' }]);
  });

  it('on the old connection, if that was kept', async () => {
    const old = await live(50_000);
    await doubt();
    answer(old);
    expect(scene.transport.links).toBe(1);
    await scene.clock.advance(40_000 - 20_000 - PATIENCE - 1);
    expect(asked).toEqual(['connect']);
    await scene.clock.advance(1);
    expect(old.sent('auth')).toEqual([{ t: 'auth', token: 'token-2' }]);
  });

  it('on the old connection, while the new one is not welcomed', async () => {
    const old = await live(25_500);
    // 80 % of it are 20.4 s.
    const fresh = await doubt();
    fresh.open();
    expect(asked).toEqual(['connect', 'refresh']);
    expect(old.sent('auth')).toEqual([{ t: 'auth', token: 'token-2' }]);
    expect(fresh.hello).toMatchObject({ token: 'token-2' });
  });

  it('for nobody, if the connection that it was for is gone when it comes', async () => {
    let give = (_: string): void => {};
    await live(25_500, (count) => (count === 1 ? 'token-1' : new Promise<string>((resolve) => (give = resolve))));
    const fresh = await doubt();
    // The second connection waits for the same token.
    expect(scene.transport.openings).toHaveLength(1);
    scene.transport.openings[0]!.end(1006);
    give('token-2');
    await scene.clock.settle();
    scene.line.welcome();
    await scene.clock.settle();
    expect(scene.line.hello).toMatchObject({ token: 'token-2' });
    expect([fresh, scene.line].flatMap((line) => line.sent('auth'))).toEqual([]);
  });
});
