// Holds I16 (docs/guarantees.md).
import { afterEach, describe, expect, it } from 'vitest';
import { WELCOME } from '../../support/scripted-transport.ts';
import { type Scene, createScene } from './scene.ts';
import { STATES } from './states.ts';

let scene: Scene;
afterEach(() => scene.end());

describe('destroy', () => {
  it.each(STATES)('from %s leaves no timer, listener or link (I16)', async (_, { options, reach }) => {
    scene = createScene(options);
    await reach(scene);
    scene.client.destroy();
    await scene.clock.settle();
    expect({ timers: scene.clock.pending, watchers: scene.page.watchers, links: scene.transport.links }).toEqual({
      ...{ timers: 0, watchers: 0, links: 0 },
    });
    const opened = scene.transport.openings.length;
    scene.page.set({ online: true, visible: false });
    scene.page.set({ visible: true });
    scene.client.retryNow();
    scene.client.disconnect();
    await scene.clock.advance(600_000);
    expect(scene.transport.openings).toHaveLength(opened);
    expect(scene.status).toMatchObject({ state: 'closed' });
  });

  it.each(STATES)('from %s leaves nothing of channels and publications either', async (_, { options, reach }) => {
    scene = createScene(options);
    scene.client.channel('room').subscribe('message', () => {});
    const stop = scene.client.channel('other').subscribe('message', () => {});
    const receipt = scene.client.channel('room').publish('message', 1, { ttl: 5_000_000 });
    receipt.accepted.catch(() => {});
    stop();
    await reach(scene);
    scene.client.destroy();
    await scene.clock.settle();
    expect({ timers: scene.clock.pending, watchers: scene.page.watchers, links: scene.transport.links }).toEqual({
      ...{ timers: 0, watchers: 0, links: 0 },
    });
  });

  it('is told to a subscriber of status, as the app’s own doing', async () => {
    scene = createScene();
    await scene.enter();
    scene.client.destroy();
    await scene.clock.settle();
    expect(scene.statuses.at(-1)).toMatchObject({ state: 'closed', reason: { by: 'app', name: 'destroyed', error: null } });
    expect(scene.errors).toEqual([]);
  });

  it('twice is once, and `using` is the same', async () => {
    scene = createScene();
    await scene.enter();
    scene.client[Symbol.dispose]();
    scene.client.destroy();
    expect(scene.line.closedWith).toBe(1000);
  });

  it.each(['connect', 'channel'] as const)('makes %s throw `destroyed`', (method) => {
    scene = createScene();
    scene.client.destroy();
    expect(() => (method === 'connect' ? scene.client.connect() : scene.client.channel('room'))).toThrow(
      expect.objectContaining({ code: 'destroyed' }),
    );
  });

  it('by a handler, in the middle of a batch, leaves the rest of it unread', async () => {
    scene = createScene();
    let seen = 0;
    scene.client.channel('room').subscribeAll(() => {
      seen += 1;
      scene.client.destroy();
    });
    await scene.enter();
    const tell = { t: 'tell', c: 'room', e: 'message' } as const;
    scene.line.send({ ...tell, id: 'a' }, { ...tell, id: 'b' }, { t: 'ping', x: 1 }, WELCOME);
    await scene.clock.settle();
    expect([seen, scene.line.sent('pong'), scene.clock.pending]).toEqual([1, [], 0]);
    expect(scene.status).toMatchObject({ state: 'closed', reason: { name: 'destroyed' } });
  });

  it('silences the link: what comes afterwards is not heard', async () => {
    scene = createScene();
    await scene.enter();
    const seen: unknown[] = [];
    scene.client.channel('room').subscribeAll((message) => seen.push(message));
    await scene.clock.settle();
    scene.client.destroy();
    scene.line.send({ t: 'tell', c: 'room', id: 'x', e: 'message' });
    scene.line.end(1006);
    await scene.clock.settle();
    expect(seen).toEqual([]);
  });
});

describe('the option `signal`', () => {
  it('ends the client when it aborts', async () => {
    const abort = new AbortController();
    scene = createScene({ signal: abort.signal });
    await scene.enter();
    abort.abort();
    await scene.clock.settle();
    expect(scene.status).toMatchObject({ state: 'closed', reason: { by: 'app' } });
    expect(scene.transport.links).toBe(0);
    expect(() => scene.client.connect()).toThrow(expect.objectContaining({ code: 'destroyed' }));
  });

  it('aborted already ends it before anything is sent', async () => {
    scene = createScene({ signal: AbortSignal.abort() });
    await scene.clock.settle();
    expect(scene.status.state).toBe('closed');
    expect(() => scene.client.connect()).toThrow(expect.objectContaining({ code: 'destroyed' }));
  });

  it('is let go by destroy', () => {
    const { signal } = new AbortController();
    const listeners: string[] = [];
    signal.addEventListener = () => listeners.push('+');
    signal.removeEventListener = () => listeners.push('-');
    scene = createScene({ signal });
    scene.client.destroy();
    expect(listeners).toEqual(['+', '-']);
  });
});
