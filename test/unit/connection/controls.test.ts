import { afterEach, describe, expect, it } from 'vitest';
import { type Scene, createScene } from './scene.ts';
import { STATES } from './states.ts';

let scene: Scene;
afterEach(() => scene.end());

const SETTLED = STATES.filter(([name]) => name !== 'untouched' && !name.includes('before the callback'));
it.each(SETTLED)('%s is what these tests reach', async (name, { options, reach }) => {
  scene = createScene(options);
  let state: unknown;
  scene.client.on('trace', ({ detail }) => (state = detail['to']));
  await reach(scene);
  await scene.clock.settle();
  expect(state).toBe(name.split(/[ ,]/)[0]);
  expect(scene.transport.links === 2).toBe(name.startsWith('opening beside'));
});

describe('disconnect', () => {
  it.each(STATES.filter(([name]) => name !== 'closed'))(
    'from %s rests without timers of the connection',
    async (_, { options, reach }) => {
      scene = createScene(options);
      await reach(scene);
      scene.client.disconnect();
      await scene.clock.settle();
      expect(scene.status).toEqual({ state: 'idle' });
      expect({ timers: scene.clock.pending, links: scene.transport.links }).toEqual({ timers: 0, links: 0 });
      const opened = scene.transport.openings.length;
      scene.page.set({ online: false, visible: false });
      scene.page.set({ online: true, visible: true });
      scene.client.retryNow();
      await scene.clock.advance(600_000);
      expect(scene.transport.openings).toHaveLength(opened);
    },
  );

  it('keeps subscriptions and publications for the next connect', async () => {
    scene = createScene();
    scene.client.channel('room').subscribe('message', () => {});
    await scene.enter();
    scene.client.disconnect();
    await scene.clock.settle();
    scene.client.connect();
    await scene.clock.settle();
    scene.line.open();
    expect(scene.line.frames.map(({ t }) => t)).toEqual(['hello', 'sub']);
  });

  it('and connect at once: another connection, without a wait', async () => {
    scene = createScene();
    await scene.enter();
    scene.client.disconnect();
    scene.client.connect();
    await scene.clock.settle();
    expect(scene.transport.openings).toHaveLength(2);
    expect(scene.transport.openings[0]!.closedWith).toBe(1000);
    expect(scene.status).toMatchObject({ state: 'connecting', attempt: 1, reason: null });
  });

  it('is a pause: what is subscribed or published meanwhile waits for connect', async () => {
    scene = createScene();
    await scene.enter();
    scene.client.disconnect();
    scene.client.channel('room').subscribe('message', () => {});
    const receipt = scene.client.channel('room').publish('message', 'later');
    await scene.clock.advance(600_000);
    expect(scene.transport.openings).toHaveLength(1);
    expect(receipt.state.get()).toMatchObject({ state: 'pending', attempted: false });
    scene.client.connect();
    await scene.clock.settle();
    scene.line.open();
    expect(scene.line.frames.map(({ t }) => t)).toEqual(['hello', 'sub']);
  });
});

describe('connect', () => {
  it('again changes nothing', async () => {
    scene = createScene();
    scene.client.connect();
    scene.client.connect();
    await scene.clock.settle();
    scene.client.connect();
    scene.line.welcome();
    scene.client.connect();
    await scene.clock.advance(20_000);
    scene.client.connect();
    expect(scene.transport.openings).toHaveLength(1);
  });

  it('does not cut a wait short', async () => {
    scene = createScene({ random: () => 0.9 });
    await scene.enter();
    scene.line.end(1006, { after: 5000 });
    scene.client.connect();
    await scene.clock.advance(4999);
    expect(scene.transport.openings).toHaveLength(1);
  });

  it('is done by the first subscription, and by the first publication', async () => {
    for (const need of ['subscribe', 'publish'] as const) {
      scene = createScene();
      expect(scene.status).toEqual({ state: 'idle' });
      if (need === 'publish') scene.client.channel('room').publish('message');
      else scene.client.channel('room').subscribe('message', () => {});
      await scene.clock.settle();
      expect(scene.transport.openings).toHaveLength(1);
      await scene.end();
    }
  });

  it('of a closed client changes nothing', async () => {
    scene = createScene();
    await scene.enter();
    scene.line.send({ t: 'bye', code: 4403, why: '' });
    scene.client.connect();
    await scene.clock.advance(100_000);
    expect(scene.transport.openings).toHaveLength(1);
  });
});

describe('retryNow', () => {
  it.each([true, false])('ends a wait at once, even below the server’s floor (online: %s)', async (online) => {
    scene = createScene();
    await scene.enter();
    scene.page.set({ online });
    scene.line.end(1006, { after: 50_000 });
    await scene.clock.advance(1000);
    scene.client.retryNow();
    await scene.clock.settle();
    expect(scene.transport.openings).toHaveLength(2);
  });

  it.each(STATES.filter(([name]) => !['waiting', 'offline', 'resting'].includes(name)))(
    'does nothing to %s',
    async (_, { options, reach }) => {
      scene = createScene(options);
      await reach(scene);
      const [status, opened] = [scene.status, scene.transport.openings.length];
      scene.client.retryNow();
      expect(scene.status).toBe(status);
      expect(scene.transport.openings).toHaveLength(opened);
    },
  );
});
