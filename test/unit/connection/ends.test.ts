import { afterEach, describe, expect, it } from 'vitest';
import { type Scene, createScene } from './scene.ts';

let scene: Scene;
afterEach(() => scene.end());

describe('an end', () => {
  it('by `bye` closes the link, and the close that follows is not heard', async () => {
    scene = createScene();
    await scene.enter();
    const { line } = scene;
    line.send({ t: 'bye', code: 4429, why: 'too many pages', after: 5000 });
    expect(line.state).toBe('closed');
    line.end(1006);
    expect(scene.status).toMatchObject({ state: 'waiting', attempt: 2, reason: { code: 4429 } });
  });

  it('waits at least `after`, by bye or by the transport', async () => {
    for (const way of ['bye', 'transport']) {
      scene = createScene({ random: () => 0 });
      await scene.enter();
      if (way === 'bye') scene.line.send({ t: 'bye', code: 4429, why: '', after: 5000 });
      else scene.line.end(1013, { after: 5000 });
      await scene.clock.advance(4999);
      expect(scene.transport.openings).toHaveLength(1);
      await scene.clock.advance(1);
      expect(scene.transport.openings).toHaveLength(2);
      await scene.end();
    }
  });

  it('4000 spreads the next try over `spread`', async () => {
    scene = createScene({ random: () => 0.5 });
    await scene.enter();
    scene.line.send({ t: 'bye', code: 4000, why: 'drain', spread: 60_000 });
    await scene.clock.advance(29_999);
    expect(scene.transport.openings).toHaveLength(1);
    await scene.clock.advance(1);
    expect(scene.transport.openings).toHaveLength(2);
    expect(scene.status).toMatchObject({ attempt: 1 });
  });

  it('in the middle of a batch leaves the rest of it unread', async () => {
    scene = createScene();
    const seen: unknown[] = [];
    scene.client.channel('room').subscribeAll((message) => seen.push(message));
    await scene.enter();
    scene.line.send({ t: 'bye', code: 1001, why: '' }, { t: 'tell', c: 'room', id: 'x', e: 'message' }, { t: 'ping', x: 1 });
    await scene.clock.settle();
    expect(seen).toEqual([]);
    expect(scene.line.sent('pong')).toEqual([]);
  });

  it('for good is reported once, and told to channels and publications', async () => {
    scene = createScene();
    scene.client.channel('room').subscribe('message', () => {});
    const receipt = scene.client.channel('room').publish('message', 1);
    await scene.clock.settle();
    scene.line.open();
    scene.line.send({ t: 'bye', code: 4403, why: 'origin not allowed' });
    await scene.clock.settle();
    expect(scene.errors.map(({ code }) => code)).toEqual(['forbidden']);
    expect(scene.client.channel('room').status.get()).toMatchObject({ state: 'closed', error: { code: 'forbidden' } });
    await expect(receipt.accepted).rejects.toMatchObject({ code: 'forbidden' });
    expect(scene.clock.pending).toBe(0);
  });

  it.each([
    [4400, 'invalid'],
    [4413, 'too-large'],
    [1009, 'too-large'],
  ])('%i over a publication ends that one, not the client', async (code, error) => {
    scene = createScene();
    const receipt = scene.client.channel('room').publish('message', 1);
    await scene.enter();
    expect(scene.line.sent('pub')).toHaveLength(1);
    scene.line.send({ t: 'bye', code, why: '' });
    await scene.reopened();
    scene.line.welcome();
    await scene.clock.settle();
    expect(scene.status.state).toBe('connected');
    const [pub] = scene.line.sent('pub');
    expect(pub).toMatchObject({ s: 1, items: [{ x: error }] });
    // Whether an earlier connection had carried it is for the server to say.
    expect(receipt.state.get()).toMatchObject({ state: 'pending' });
    scene.line.send({ t: 'ack', c: 'room', p: pub!.p, s: 1, ep: 'epoch', r: [{ code: error }] });
    await expect(receipt.accepted).rejects.toMatchObject({ code: error });
  });
});
