/** A doubtful connection and another one beside it: how each of them may end. */
import { afterEach, describe, expect, it } from 'vitest';
import { ack, subbed } from '../../support/scripted-frames.ts';
import type { Opening } from '../../support/scripted-transport.ts';
import { type Scene, type SceneOptions, createScene } from './scene.ts';
import { STATES } from './states.ts';

let scene: Scene;
afterEach(() => scene.end());

/** Half of whatever is drawn: the second connection is opened 750 ms after a hint. */
const PATIENCE = 750;
const VERDICT = 2000;

async function live(options: SceneOptions = {}): Promise<Opening> {
  scene = createScene({ random: () => 0.5, ...options });
  scene.client.channel('room').subscribe('message', () => {});
  await scene.enter();
  scene.line.send(subbed(scene.line.frames.find((frame) => frame.t === 'sub') ?? expect.fail('no sub')));
  await scene.clock.advance(20_000);
  return scene.line;
}

/** Live, a hint, and the second opening, which says hello. */
async function doubt(options?: SceneOptions): Promise<readonly [old: Opening, fresh: Opening]> {
  const old = await live(options);
  scene.page.tell('network');
  await scene.clock.advance(PATIENCE);
  expect(scene.transport.openings).toHaveLength(2);
  scene.line.open();
  return [old, scene.line];
}

const answer = (line: Opening): void => line.send({ t: 'pong', x: line.sent('ping').at(-1)!.x! });
const bye = (code: number) => ({ t: 'bye', code, why: 'by script' }) as const;

describe('the new connection fails', () => {
  const ways: readonly (readonly [string, (fresh: Opening) => Promise<void> | void])[] = [
    ['as the network breaks it', (fresh) => fresh.end(1006)],
    ['as the network refuses it', (fresh) => fresh.end(1006, { opened: false })],
    ['as the server drains', (fresh) => fresh.send(bye(4000))],
    ['as the server is full', (fresh) => fresh.send(bye(4429))],
    ['by a token that has expired', (fresh) => fresh.send(bye(4201))],
    ['by a token that is refused', (fresh) => fresh.send(bye(4202))],
    ['by not being welcomed in time', () => scene.clock.advance(600)],
  ];
  const options: SceneOptions = { timing: { openTimeout: 600 } };

  describe.each(ways)('%s', (_, fail) => {
    it('and the old one shows life: nothing has happened', async () => {
      const [old, fresh] = await doubt(options);
      const before = scene.statuses.length;
      await fail(fresh);
      expect(['closed', 'ended']).toContain(fresh.state);
      expect([old.state, scene.status.state]).toEqual(['open', 'connected']);
      answer(old);
      await scene.clock.advance(20_000);
      expect([old.state, scene.transport.openings.length]).toEqual(['open', 2]);
      expect(scene.statuses.slice(before).every(({ state }) => state === 'connected')).toBe(true);
      expect(scene.status).toMatchObject({ roundTrip: expect.any(Number) as number });
    });

    it('and the old one shows none: its verdict comes in time, and the first try is spread', async () => {
      const [old, fresh] = await doubt(options);
      const verdict = scene.clock.now() - PATIENCE + VERDICT;
      await fail(fresh);
      await scene.clock.advance(verdict - 1 - scene.clock.now());
      expect([old.state, scene.status.state]).toEqual(['open', 'connected']);
      await scene.clock.advance(1);
      expect([old.closedWith, scene.transport.links]).toEqual([1000, 0]);
      expect(scene.status).toMatchObject({ state: 'waiting', reason: { code: 4003 }, retryAt: verdict + 1000 });
      await scene.clock.advance(1000);
      expect(scene.transport.openings).toHaveLength(3);
    });
  });

  it.each([
    [4403, 'forbidden'],
    [4406, 'protocol-error'],
  ])('with %i: the client ends, and the old connection with it', async (code, error) => {
    const [old, fresh] = await doubt();
    fresh.send(bye(code));
    expect([old.closedWith, fresh.closedWith]).toEqual([1000, 1000]);
    expect(scene.status).toMatchObject({ state: 'closed', reason: { code, error: { code: error } } });
    expect(scene.client.channel('room').status.get()).toMatchObject({ state: 'closed' });
    expect(scene.errors).toMatchObject([{ code: error }]);
    await scene.clock.settle();
    expect([scene.clock.pending, scene.page.watchers, scene.transport.links]).toEqual([0, 0, 0]);
  });

  it('by naming another user: the client ends, and the old connection with it', async () => {
    const [old, fresh] = await doubt();
    fresh.welcome({ user: 'mallory' });
    expect([old.closedWith, fresh.closedWith]).toEqual([1000, 1000]);
    expect(scene.status).toMatchObject({ state: 'closed', reason: { error: { code: 'unauthorized' } } });
    await scene.clock.settle();
    expect([scene.clock.pending, scene.page.watchers, scene.transport.links]).toEqual([0, 0, 0]);
  });

  it('over what is too large for it: no publication is to blame, for none was sent there', async () => {
    const [old, fresh] = await doubt();
    const receipt = scene.client.channel('room').publish('message', 'innocent');
    await scene.clock.settle();
    expect(old.sent('pub')).toHaveLength(1);
    fresh.end(1009);
    expect(receipt.state.get()).toMatchObject({ state: 'pending', attempted: true });
    old.send(ack(old.sent('pub')[0]!, 1));
    await expect(receipt.accepted).resolves.toMatchObject({ cursor: { offset: 1 } });
    expect(old.sent('pub')).toHaveLength(1);
  });
});

describe('the old connection ends first', () => {
  const ways: readonly (readonly [string, (old: Opening) => Promise<void> | void, number])[] = [
    ['as the network breaks it', (old) => old.end(1006), 1006],
    ['as the server drains', (old) => old.send(bye(4000)), 4000],
    ['as the server has seen the newer one', (old) => old.send(bye(4009)), 4009],
    ['as its verdict comes', () => scene.clock.advance(VERDICT - PATIENCE), 4003],
  ];

  it.each(ways)('%s: the new one is the next attempt already', async (_, end, code) => {
    const [, fresh] = await doubt();
    await end(scene.transport.openings[0]!);
    expect(scene.status).toMatchObject({ state: 'connecting', attempt: code === 4000 ? 1 : 2, reason: { code } });
    expect(scene.status).toHaveProperty('reason.error.code', 'connection-lost');
    expect(scene.client.channel('room').status.get()).toEqual({ state: 'recovering', why: 'reconnect' });
    expect([fresh.state, scene.transport.links]).toEqual(['open', 1]);
    fresh.welcome();
    await scene.clock.settle();
    expect(scene.status).toMatchObject({ state: 'connected', since: scene.clock.now() });
    expect(scene.transport.openings).toHaveLength(2);
    expect(scene.client.uiStatus.get()).toEqual({ banner: 'hidden' });
  });

  it('and then the new one: a wait by the backoff', async () => {
    const [old, fresh] = await doubt();
    old.end(1006);
    fresh.end(1006);
    expect(scene.status).toMatchObject({ state: 'waiting', attempt: 3, retryAt: scene.clock.now() + 500 });
    expect(scene.transport.links).toBe(0);
  });

  it('with 4403: the client ends, and the new connection with it', async () => {
    const [old, fresh] = await doubt();
    old.send(bye(4403));
    expect([old.closedWith, fresh.closedWith]).toEqual([1000, 1000]);
    expect(scene.status).toMatchObject({ state: 'closed', reason: { code: 4403, error: { code: 'forbidden' } } });
    expect(scene.errors).toMatchObject([{ code: 'forbidden' }]);
    await scene.clock.settle();
    expect([scene.clock.pending, scene.page.watchers, scene.transport.links]).toEqual([0, 0, 0]);
  });

  it('before another was opened: the next try is nearly at once', async () => {
    const old = await live();
    scene.page.tell('network');
    await scene.clock.advance(100);
    old.end(1006);
    expect(scene.status).toMatchObject({ state: 'waiting', retryAt: scene.clock.now() + 250 });
  });
});

describe('a second connection is not opened', () => {
  it('sooner or later for hints that come during the doubt', async () => {
    const old = await live();
    const asks = old.sent('ping').length;
    for (const hint of ['network', 'online', 'resume', 'offline', 'visible'] as const) {
      scene.page.tell(hint);
      await scene.clock.advance(149);
    }
    expect([old.sent('ping').length, scene.transport.openings.length]).toEqual([asks + 1, 1]);
    await scene.clock.advance(PATIENCE - 5 * 149);
    expect([old.sent('ping').length, scene.transport.openings.length]).toEqual([asks + 1, 2]);
  });

  it('while the browser is sure that there is no network, and soon once it says otherwise', async () => {
    await live();
    scene.page.set({ online: false });
    await scene.clock.advance(1500);
    expect([scene.status.state, scene.transport.openings.length]).toEqual(['connected', 1]);
    scene.page.set({ online: true });
    await scene.clock.advance(499);
    expect([scene.status.state, scene.transport.openings.length]).toEqual(['connected', 1]);
    await scene.clock.advance(1);
    // By then the verdict is there, and the next try is within 500 ms of it.
    expect(scene.status.state).toBe('waiting');
    await scene.clock.advance(250);
    expect(scene.transport.openings).toHaveLength(2);
  });

  it('beyond 15 attempts a minute, and the old one’s verdict decides', async () => {
    let random = 0;
    scene = createScene({ random: () => random, timing: { backoffBase: 1 } });
    scene.client.connect();
    await scene.clock.settle();
    for (let attempt = 1; attempt < 15; attempt += 1) {
      scene.line.end(1006);
      await scene.reopened();
    }
    scene.line.welcome();
    random = 0.5;
    await scene.clock.advance(11_000);
    scene.page.tell('network');
    await scene.clock.advance(VERDICT - 1);
    expect([scene.status.state, scene.transport.openings.length]).toEqual(['connected', 15]);
    await scene.clock.advance(1);
    expect(scene.status.state).toBe('waiting');
    await scene.clock.advance(40_000);
    expect(scene.transport.openings).toHaveLength(15);
    await scene.clock.advance(10_000);
    expect(scene.transport.openings).toHaveLength(16);
  });
});

describe('a freeze', () => {
  it.each(STATES.filter(([name]) => !['untouched', 'paused', 'closed', 'resting'].includes(name)))(
    'of %s leaves no link, and no timer but the one that goes on if nothing rests',
    async (_, { options, reach }) => {
      scene = createScene(options);
      await reach(scene);
      const opened = scene.transport.openings.length;
      scene.page.tell('freeze');
      await scene.clock.settle();
      expect({ links: scene.transport.links, timers: scene.clock.pending }).toEqual({ links: 0, timers: 1 });
      expect(scene.status).toEqual({ state: 'idle' });
      await scene.clock.advance(2999);
      expect(scene.transport.openings).toHaveLength(opened);
    },
  );
});
