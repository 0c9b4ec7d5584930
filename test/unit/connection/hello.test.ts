// Holds I12 (docs/guarantees.md).
import { afterEach, describe, expect, it } from 'vitest';
import { type Scene, createScene } from './scene.ts';

let scene: Scene;
afterEach(() => scene.end());

describe('an opening', () => {
  it('goes to the url, without a slash at the end', async () => {
    scene = createScene({ url: 'https://test.example/realtime/' });
    scene.client.connect();
    await scene.clock.settle();
    expect(scene.line.url).toBe('https://test.example/realtime');
  });

  it('resolves a relative url by the page', async () => {
    scene = createScene({ url: '/realtime', environment: { baseUrl: 'https://shop.example/basket?id=1' } });
    scene.client.connect();
    await scene.clock.settle();
    expect(scene.line.url).toBe('https://shop.example/realtime');
  });

  it('ends the client if a relative url has no page to resolve it by', async () => {
    scene = createScene({ url: '/realtime' });
    scene.client.connect();
    await scene.clock.settle();
    expect(scene.status).toMatchObject({ state: 'closed', reason: { by: 'client', error: { code: 'invalid-option' } } });
    expect(scene.transport.openings).toHaveLength(0);
  });

  it('ends the client if the platform supports none of the transports', async () => {
    scene = createScene({ script: { supported: false, name: 'pigeon' } });
    scene.client.connect();
    await scene.clock.settle();
    expect(scene.status).toMatchObject({ state: 'closed', reason: { by: 'client', error: { code: 'unsupported' } } });
    expect(scene.errors.map(({ code, message }) => [code, message])).toEqual([
      ['unsupported', 'This platform supports none of the transports given (pigeon).'],
    ]);
  });

  it('says what to pass where there is no WebSocket', async () => {
    scene = createScene({ script: { supported: false, name: 'websocket' } });
    scene.client.connect();
    await scene.clock.settle();
    expect(scene.errors[0]?.message).toContain('environment: { WebSocket }');
  });
});

describe('hello', () => {
  it('comes first, and says who and why', async () => {
    scene = createScene();
    scene.client.connect();
    await scene.clock.settle();
    scene.line.open();
    const { client, ...rest } = scene.line.hello;
    expect(rest).toEqual({ t: 'hello', v: [1, 1], gen: 1, why: 'connect' });
    expect(client).toMatch(/^[\w-]{22}$/);
    expect(scene.line.frames).toHaveLength(1);
  });

  it('keeps the client’s id, and counts connections, through every kind of new one', async () => {
    scene = createScene();
    await scene.enter();
    scene.line.end(1006);
    await scene.reopened();
    scene.line.end(1006);
    await scene.reopened();
    scene.line.welcome();
    scene.client.disconnect();
    scene.client.connect();
    await scene.clock.settle();
    scene.line.welcome();
    const [first, silent, ...others] = scene.transport.openings;
    // The second never opened, so nobody heard of it: it never had a number.
    expect(silent!.frames).toEqual([]);
    expect(others.map(({ hello }) => hello)).toEqual([
      { ...first!.hello, gen: 2, why: 'reconnect' },
      { ...first!.hello, gen: 3, why: 'reconnect' },
    ]);
    expect(scene.transport.openings).toHaveLength(4);
  });

  it('is another client’s for another client', async () => {
    scene = createScene();
    await scene.enter();
    const other = createScene({ environment: { createId: () => 'another' } });
    await other.enter();
    expect(other.line.hello.client).toBe('another');
    expect(scene.line.hello.client).not.toBe('another');
    await other.end();
  });

  it('has the token, and no such field without one', async () => {
    scene = createScene({ getToken: () => 'secret' });
    await scene.enter();
    expect(scene.line.hello.token).toBe('secret');
    expect(scene.line.url).not.toContain('secret');
    const anonymous = createScene({ getToken: () => null });
    await anonymous.enter();
    expect(anonymous.line.hello).not.toHaveProperty('token');
    await anonymous.end();
  });

  it('is followed by one `sub` for each wanted channel, wanted when the transport opens', async () => {
    scene = createScene();
    scene.client.channel('before').subscribe('message', () => {});
    await scene.clock.settle();
    scene.client.channel('meanwhile').subscribe('message', () => {});
    scene.line.open();
    expect(scene.line.frames.map((frame) => (frame.t === 'sub' ? frame.c : frame.t))).toEqual(['hello', 'before', 'meanwhile']);
  });
});

describe('before welcome', () => {
  it('nothing is sent but the opening frames', async () => {
    scene = createScene();
    scene.client.connect();
    await scene.clock.settle();
    scene.line.open();
    scene.client.channel('room').subscribe('message', () => {});
    scene.client.channel('room').publish('message', 1);
    expect(scene.client.channel('room').publishVolatile('typing')).toBe(false);
    scene.page.set({ visible: false });
    scene.page.set({ visible: true });
    await scene.clock.advance(5000);
    expect(scene.line.batches).toEqual([]);
    scene.line.welcome();
    await scene.clock.settle();
    expect(scene.line.sent('pub')).toHaveLength(1);
  });

  it('frames of the server are ignored, but for `bye`', async () => {
    scene = createScene();
    const seen: unknown[] = [];
    scene.client.channel('room').subscribeAll((message) => seen.push(message));
    await scene.clock.settle();
    scene.line.open();
    scene.line.send(
      { t: 'ping', x: 1 },
      { t: 'auth', ttl: 0 },
      { t: 'subbed', c: 'room', k: 1, cur: ['e', 1, 'a'], ok: null, items: [{ id: 'i', e: 'message', o: 1, g: 'a' }] },
      { t: 'tell', c: 'room', id: 'x', e: 'message' },
      { t: 'recheck' },
    );
    await scene.clock.advance(100);
    expect(scene.line.batches).toEqual([]);
    expect(seen).toEqual([]);
    expect(scene.status.state).toBe('connecting');
    scene.line.send({ t: 'bye', code: 4403, why: 'not you' });
    await scene.clock.settle();
    expect(scene.status).toMatchObject({ state: 'closed', reason: { code: 4403 } });
  });
});

describe('welcome', () => {
  it.each([
    ['the same user', 'ada', 'ada'],
    ['nobody to the anonymous', undefined, undefined],
    ['the anonymous by name', undefined, 'anonymous'],
  ])('of %s is taken', async (_, user, named) => {
    scene = createScene(user === undefined ? {} : { user });
    scene.client.connect();
    await scene.clock.settle();
    scene.line.welcome(named === undefined ? {} : { user: named });
    await scene.clock.settle();
    expect(scene.status.state).toBe('connected');
  });

  it.each([
    ['another user', 'ada', 'bob'],
    ['nobody', 'ada', undefined],
    ['somebody to the anonymous', undefined, 'bob'],
  ])('of %s ends the client as unauthorized, and nothing is sent', async (_, user, named) => {
    scene = createScene(user === undefined ? {} : { user });
    const receipt = scene.client.channel('room').publish('message', 'secret of ada');
    await scene.clock.settle();
    scene.line.welcome(named === undefined ? {} : { user: named });
    await scene.clock.advance(100_000);
    expect(scene.line.batches).toEqual([]);
    expect(scene.line.state).toBe('closed');
    expect(scene.transport.openings).toHaveLength(1);
    expect(scene.status).toMatchObject({ state: 'closed', reason: { by: 'client', error: { code: 'unauthorized' } } });
    expect(scene.errors.map(({ code }) => code)).toContain('unauthorized');
    await expect(receipt.accepted).rejects.toMatchObject({ code: 'unauthorized' });
  });

  it('on a reconnect is judged too', async () => {
    scene = createScene({ user: 'ada' });
    scene.client.connect();
    await scene.clock.settle();
    scene.line.welcome({ user: 'ada' });
    scene.line.end(1006);
    await scene.reopened();
    scene.line.welcome({ user: 'bob' });
    await scene.clock.settle();
    expect(scene.status).toMatchObject({ state: 'closed', reason: { error: { code: 'unauthorized' } } });
  });

  it('of a version that was not offered ends the client', async () => {
    scene = createScene();
    scene.client.connect();
    await scene.clock.settle();
    scene.line.welcome({ v: 2 });
    await scene.clock.settle();
    expect(scene.status).toMatchObject({ state: 'closed', reason: { code: 4406, error: { code: 'protocol-error' } } });
    expect([scene.line.batches, scene.line.state]).toEqual([[], 'closed']);
  });

  it('a second time, of the same server memory and user, changes nothing', async () => {
    scene = createScene();
    await scene.enter();
    await scene.clock.advance(3000);
    const before = scene.status;
    scene.line.welcome({ v: 9, ping: 1000 });
    await scene.clock.settle();
    expect(scene.status).toBe(before);
  });

  it('that never comes: the opening is given up after openTimeout', async () => {
    scene = createScene({ timing: { openTimeout: 3000 } });
    scene.client.connect();
    await scene.clock.settle();
    scene.line.open();
    await scene.clock.advance(2999);
    expect(scene.line.state).toBe('open');
    await scene.clock.advance(1);
    expect([scene.line.state, scene.line.closedWith]).toEqual(['closed', 1000]);
    expect(scene.status).toMatchObject({ state: 'waiting', reason: { code: 4010, error: { code: 'timeout' } } });
  });

  it('that comes after its opening was given up is not heard', async () => {
    scene = createScene();
    scene.client.connect();
    await scene.clock.settle();
    scene.line.open();
    await scene.clock.advance(10_000);
    scene.line.welcome();
    await scene.clock.settle();
    expect(scene.status.state).toBe('waiting');
  });
});
