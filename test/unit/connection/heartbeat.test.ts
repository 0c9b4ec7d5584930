import { afterEach, describe, expect, it } from 'vitest';
import { type Scene, createScene } from './scene.ts';

let scene: Scene;
afterEach(() => scene.end());

const roundTrip = (): number | null => (scene.status.state === 'connected' ? scene.status.roundTrip : -1);

describe('ping', () => {
  it.each([{ x: 7 }, { x: 0 }, {}])('is answered with its number: %j', async (x) => {
    scene = createScene();
    await scene.enter();
    scene.line.send({ t: 'ping', ...x });
    await scene.clock.settle();
    expect(scene.line.sent('pong')).toEqual([{ t: 'pong', ...x }]);
  });

  it('and what else arises in the tick is one batch', async () => {
    scene = createScene();
    await scene.enter();
    const before = scene.line.batches.length;
    scene.line.send({ t: 'ping', x: 1 }, { t: 'ping', x: 2 });
    await scene.clock.settle();
    expect(scene.line.batches.slice(before).map((batch) => batch.map(({ t }) => t))).toEqual([['pong', 'ping', 'pong', 'ping']]);
  });
});

describe('the round trip', () => {
  it('is measured right after welcome, and at each ping of the server', async () => {
    scene = createScene();
    await scene.enter();
    expect(scene.line.sent('ping')).toEqual([{ t: 'ping', x: 1 }]);
    expect(roundTrip()).toBeNull();
    await scene.clock.advance(80);
    scene.line.send({ t: 'pong', x: 1 });
    expect(roundTrip()).toBe(80);
    await scene.clock.advance(20_000);
    scene.line.send({ t: 'ping' });
    await scene.clock.advance(200);
    scene.line.send({ t: 'pong', x: 2 });
    expect(roundTrip()).toBe(200);
  });

  it('is told to a subscriber of status, and leaves the rest as it is', async () => {
    scene = createScene();
    await scene.enter();
    await scene.clock.advance(80);
    scene.line.send({ t: 'pong', x: 1 });
    await scene.clock.settle();
    expect(scene.statuses.slice(-2)).toMatchObject([
      { state: 'connected', roundTrip: null },
      { state: 'connected', roundTrip: 80 },
    ]);
  });

  it('begins anew on another connection', async () => {
    scene = createScene();
    await scene.enter();
    await scene.clock.advance(80);
    scene.line.send({ t: 'pong', x: 1 });
    scene.line.end(1006);
    await scene.reopened();
    scene.line.welcome();
    expect(roundTrip()).toBeNull();
  });
});

describe('silence', () => {
  it('is asked about after ping + 6 s, and for ping + 10 s abandons the connection, even if it never closes', async () => {
    scene = createScene();
    scene.client.connect();
    await scene.clock.settle();
    const { line } = scene;
    line.welcome({ ping: 5000 });
    await scene.clock.advance(10_999);
    expect(line.sent('ping')).toHaveLength(1);
    await scene.clock.advance(1);
    expect(line.sent('ping')).toHaveLength(2);
    await scene.clock.advance(3999);
    expect([line.state, scene.status.state]).toEqual(['open', 'connected']);
    await scene.clock.advance(1);
    expect([line.state, line.closedWith]).toEqual(['closed', 1000]);
    // Another one has been on its way for a while.
    expect(scene.transport.openings).toHaveLength(2);
    expect(scene.status).toMatchObject({
      state: 'connecting',
      attempt: 2,
      reason: { by: 'client', layer: 'session', code: 4003, name: 'ping-timeout', error: { code: 'connection-lost' } },
    });
  });

  it('is broken by any frame', async () => {
    scene = createScene();
    await scene.enter();
    for (let round = 0; round < 10; round += 1) {
      await scene.clock.advance(30_999);
      scene.line.send({ t: 'tell', c: 'nobody', id: `${round}`, e: 'message' });
    }
    expect(scene.line.sent('ping')).toHaveLength(1);
    expect(scene.transport.openings).toHaveLength(1);
  });

  it.each([
    ['its answer, at once', 0, { t: 'pong', x: 2 }],
    ['any frame, a little later', 250, { t: 'tell', c: 'nobody', id: 'a', e: 'message' }],
  ] as const)('that is asked about is broken by %s', async (_, later, frame) => {
    scene = createScene();
    await scene.enter();
    await scene.clock.advance(31_000 + later);
    scene.line.send(frame);
    await scene.clock.advance(30_999);
    expect(scene.line.sent('ping')).toHaveLength(2);
    expect(scene.transport.openings).toHaveLength(1);
  });

  it('is judged by timestamps: after a night’s sleep the server is asked first', async () => {
    scene = createScene();
    await scene.enter();
    await scene.stabilise();
    scene.clock.sleep(8 * 3_600_000);
    await scene.clock.advance(0);
    expect(scene.line.sent('ping').at(-1)).toEqual({ t: 'ping', x: 2 });
    scene.line.send({ t: 'pong', x: 2 });
    await scene.clock.advance(10_000);
    expect(scene.status.state).toBe('connected');
    expect(scene.transport.openings).toHaveLength(1);
  });

  it('after a night’s sleep is told within 2 s', async () => {
    scene = createScene();
    await scene.enter();
    await scene.stabilise();
    const { line } = scene;
    scene.clock.sleep(8 * 3_600_000);
    await scene.clock.advance(1999);
    expect([line.state, scene.status.state]).toEqual(['open', 'connected']);
    await scene.clock.advance(1);
    expect([line.state, scene.status.state]).toEqual(['closed', 'connecting']);
  });
});

describe('a hint of the page', () => {
  const hints = {
    online: () => {
      scene.page.set({ online: false });
      scene.page.set({ online: true });
    },
    offline: () => scene.page.set({ online: false }),
    visible: () => {
      scene.page.set({ visible: false });
      scene.page.set({ visible: true });
    },
    network: () => scene.page.tell('network'),
    resume: () => scene.page.tell('resume'),
    pageshow: () => scene.page.tell('pageshow'),
  };

  describe.each(Object.entries(hints))('%s', (_, hint) => {
    it('asks the server at once, and believes an answer', async () => {
      scene = createScene();
      await scene.enter();
      await scene.clock.advance(5000);
      hint();
      await scene.clock.settle();
      expect(scene.line.sent('ping')).toEqual([
        { t: 'ping', x: 1 },
        { t: 'ping', x: 2 },
      ]);
      expect(scene.status.state).toBe('connected');
      await scene.clock.advance(499);
      scene.line.send({ t: 'pong', x: 2 });
      await scene.clock.advance(10_000);
      expect(scene.transport.openings).toHaveLength(1);
    });

    it.each(['proving', 'stable'])('has a verdict after 2 s (%s)', async (age) => {
      scene = createScene();
      await scene.enter();
      await scene.clock.advance(age === 'stable' ? 11_000 : 1000);
      const { line } = scene;
      hint();
      await scene.clock.advance(1999);
      expect([line.state, scene.status.state]).toEqual(['open', 'connected']);
      await scene.clock.advance(1);
      expect([line.state, line.closedWith]).toEqual(['closed', 1000]);
    });
  });

  it('hidden asks nothing', async () => {
    scene = createScene();
    await scene.enter();
    await scene.clock.advance(5000);
    scene.page.set({ visible: false });
    await scene.clock.advance(5000);
    expect(scene.line.sent('ping')).toHaveLength(1);
  });

  it('in any number is one question', async () => {
    scene = createScene();
    await scene.enter();
    await scene.clock.advance(5000);
    for (let round = 0; round < 5; round += 1) {
      hints.online();
      hints.visible();
      await scene.clock.advance(100);
    }
    expect(scene.line.sent('ping')).toHaveLength(2);
  });
});
