/** A connection that is made of requests: what is subscribed, and who asks, changes only with the next one. */
import { afterEach, describe, expect, it } from 'vitest';
import { HOLD_LIMIT } from '../../../src/channel/step.ts';
import type { Entry } from '../../../src/protocol/frame.ts';
import { createDeferred } from '../../../src/util/deferred.ts';
import { subbed } from '../../support/scripted-frames.ts';
import type { Opening } from '../../support/scripted-transport.ts';
import { type Scene, type SceneOptions, createScene } from './scene.ts';

let scene: Scene;
afterEach(() => scene.end());

async function enter(options: SceneOptions = {}): Promise<Opening> {
  scene = createScene({
    random: () => 0.5,
    timing: { releaseAfter: 0 },
    ...options,
    script: { requests: true, ...options.script },
  });
  await scene.enter();
  await scene.clock.settle();
  return scene.line;
}
const subs = (line: Opening): readonly string[] => line.frames.flatMap((frame) => (frame.t === 'sub' ? [frame.c] : []));

describe('what a request has fixed', () => {
  it('changes by another one: what is wanted now is said there, nothing is sent', async () => {
    const line = await enter();
    const stop = scene.client.channel('room').subscribe('message', () => {});
    await scene.clock.settle();
    expect([line.reopens, line.batches]).toEqual([1, []]);
    line.renew();
    expect(subs(line)).toEqual(['room']);
    expect(line.hello).toMatchObject({ gen: 1, client: line.hello.client });
    stop();
    await scene.clock.advance(1);
    expect([line.reopens, line.batches]).toEqual([2, []]);
    line.renew();
    expect(subs(line)).toEqual([]);
  });

  it('a token too', async () => {
    scene = createScene({ script: { requests: true }, getToken: ({ reason }) => reason });
    scene.client.connect();
    await scene.clock.settle();
    scene.line.welcome({ ttl: 20_000 });
    await scene.clock.advance(16_000);
    expect([scene.line.reopens, scene.line.batches]).toEqual([1, []]);
    scene.line.renew();
    expect(scene.line.hello).toMatchObject({ gen: 1, token: 'refresh' });
  });

  it('but not a publication: it is sent', async () => {
    const line = await enter();
    scene.client.channel('room').publish('message', 1);
    await scene.clock.settle();
    expect(line.batches.flat().map(({ t }) => t)).toEqual(['pub']);
    expect(line.reopens).toBe(0);
  });
});

describe('the heartbeat', () => {
  it('is the request’s own: neither ping nor pong is sent, and no request is made for them', async () => {
    const line = await enter();
    line.send({ t: 'ping', x: 7 }, { t: 'ping' }, { t: 'pong', x: 1 });
    await scene.clock.advance(1000);
    expect([line.reopens, line.batches]).toEqual([0, []]);
  });

  it('after a silence is a request, and its welcome is the sign of life', async () => {
    const line = await enter();
    await scene.clock.advance(31_000);
    expect([line.reopens, line.batches]).toEqual([1, []]);
    line.renew();
    line.welcome();
    await scene.clock.advance(20_000);
    expect([scene.transport.openings.length, scene.status.state]).toEqual([1, 'connected']);
  });

  it('after a hint is a request too, and its welcome is the sign at once', async () => {
    const line = await enter();
    await scene.clock.advance(20_000);
    line.send({ t: 'ping' });
    scene.page.tell('network');
    await scene.clock.advance(100);
    expect(line.reopens).toBe(1);
    line.welcome();
    await scene.clock.advance(5000);
    expect(scene.transport.openings).toHaveLength(1);
  });

  it('that does not come ends the connection', async () => {
    const line = await enter();
    await scene.clock.advance(20_000);
    scene.page.tell('network');
    await scene.clock.advance(2000);
    expect(line.state).toBe('closed');
  });

  it('on a slow line gets three round trips, as the first request measured them', async () => {
    scene = createScene({ script: { requests: true } });
    scene.client.connect();
    await scene.clock.settle();
    scene.line.open();
    await scene.clock.advance(1500);
    scene.line.welcome();
    await scene.clock.advance(20_000);
    scene.page.tell('network');
    await scene.clock.advance(4499);
    expect(scene.transport.openings[0]!.state).toBe('open');
    await scene.clock.advance(1);
    expect(scene.transport.openings[0]!.state).toBe('closed');
  });

  it('measures the round trip of the first request', async () => {
    scene = createScene({ script: { requests: true } });
    scene.client.connect();
    await scene.clock.settle();
    scene.line.open();
    await scene.clock.advance(120);
    scene.line.welcome();
    expect(scene.status).toMatchObject({ state: 'connected', roundTrip: 120 });
    await scene.clock.advance(500);
    scene.line.renew();
    await scene.clock.advance(9000);
    scene.line.welcome();
    expect(scene.status).toMatchObject({ roundTrip: 120 });
  });
});

describe('a welcome in answer to a later request', () => {
  it('of the same memory and user changes nothing', async () => {
    const line = await enter();
    const before = scene.status;
    line.welcome();
    await scene.clock.advance(1000);
    expect([scene.status, line.state]).toEqual([before, 'open']);
  });

  it.each([
    ['another memory', { mem: 'mem-2' }],
    ['another user', { user: 'bob' }],
  ])('of %s ends the connection as a restart: another one learns who is there', async (_, fields) => {
    const line = await enter();
    line.welcome(fields);
    expect(line.state).toBe('closed');
    expect(scene.status).toMatchObject({ state: 'waiting', reason: { code: 1012, name: 'restart', by: 'server' } });
    await scene.reopened();
    scene.line.open();
    expect(scene.line.hello.gen).toBe(2);
  });

  it('tells the token’s life again', async () => {
    let asked = 0;
    scene = createScene({ script: { requests: true }, getToken: () => `token-${(asked += 1)}` });
    scene.client.connect();
    await scene.clock.settle();
    scene.line.welcome({ ttl: 60_000 });
    await scene.clock.advance(10_000);
    scene.line.renew();
    scene.line.welcome({ ttl: 20_000 });
    await scene.clock.advance(15_999);
    expect(asked).toBe(1);
    await scene.clock.advance(1);
    expect(asked).toBe(2);
  });

  it('does not put the renewal of the token off, however often it comes', async () => {
    let asked = 0;
    scene = createScene({ script: { requests: true }, getToken: () => `token-${(asked += 1)}` });
    scene.client.connect();
    await scene.clock.settle();
    scene.line.welcome({ ttl: 100_000 });
    for (let left = 90_000; left > 20_000; left -= 10_000) {
      await scene.clock.advance(10_000);
      scene.line.renew();
      scene.line.welcome({ ttl: left });
    }
    expect(asked).toBe(1);
    await scene.clock.advance(10_000);
    expect(asked).toBe(2);
  });
});

describe('a token', () => {
  it('has lived on while the answer that told of it was held', async () => {
    let asked = 0;
    scene = createScene({ script: { requests: true }, getToken: () => `token-${(asked += 1)}` });
    scene.client.connect();
    await scene.clock.settle();
    scene.line.welcome({ ttl: 60_000 });
    scene.line.renew();
    await scene.clock.advance(20_000);
    scene.line.welcome({ ttl: 60_000 });
    // 80 % of the life that it had at first.
    await scene.clock.advance(27_999);
    expect(asked).toBe(1);
    await scene.clock.advance(1);
    expect(asked).toBe(2);
  });
});

describe('a channel', () => {
  it('stays live while the next request is under way', async () => {
    const line = await enter();
    const room = scene.client.channel('room');
    room.subscribe('message', () => {});
    line.renew();
    const [, sub] = line.frames;
    line.welcome();
    line.send(subbed(sub as Parameters<typeof subbed>[0]));
    expect(room.status.get()).toEqual({ state: 'live', lossy: false });
    line.renew();
    expect(room.status.get()).toEqual({ state: 'live', lossy: false });
  });

  it('is told that volatile messages may be missed', async () => {
    const line = await enter({ script: { lossy: true } });
    const room = scene.client.channel('room');
    room.subscribe('message', () => {});
    line.renew();
    const [, sub] = line.frames;
    line.send(subbed(sub as Parameters<typeof subbed>[0]));
    expect(room.status.get()).toEqual({ state: 'live', lossy: true });
  });

  it('that holds all it can is not asked for by the next request, which would be answered at once, again and again', async () => {
    const line = await enter();
    const room = scene.client.channel('room');
    const { promise, resolve } = createDeferred<void>();
    let came = 0;
    room.subscribe('message', () => void (came += 1));
    room.onReset(() => promise);
    line.renew();
    line.send(subbed(line.frames[1] as Parameters<typeof subbed>[0]));
    line.send({ t: 'gap', c: 'room', cur: ['e', 0, ''], why: 'branch' });
    const entry = (o: number): Entry => ({ id: `m-${o}`, e: 'message', o, g: `t${o}` });
    line.send({ t: 'msg', c: 'room', items: Array.from({ length: HOLD_LIMIT + 1 }, (_, index) => entry(index + 1)) });
    line.renew();
    expect(subs(line)).toEqual([]);
    const before = line.reopens;
    resolve();
    await scene.clock.settle();
    expect([came, line.reopens]).toEqual([HOLD_LIMIT, before + 1]);
    line.renew();
    expect(line.frames[1]).toMatchObject({ t: 'sub', cur: ['e', HOLD_LIMIT, `t${HOLD_LIMIT}`] });
  });

  it('that the server refused for now is not asked for by the next request, but by another connection', async () => {
    const line = await enter();
    for (const name of ['room', 'busy']) scene.client.channel(name).subscribe('message', () => {});
    line.renew();
    expect(subs(line)).toEqual(['room', 'busy']);
    line.send({ t: 'unsubbed', c: 'busy', code: 'rate-limited', retry: true, after: 10_000 });
    line.renew();
    expect(subs(line)).toEqual(['room']);
    const before = line.reopens;
    await scene.clock.advance(10_500);
    expect(line.reopens).toBe(before + 1);
    line.renew();
    expect(subs(line)).toEqual(['room', 'busy']);
    line.send({ t: 'unsubbed', c: 'busy', code: 'rate-limited', retry: true, after: 60_000 });
    line.end(1006);
    await scene.reopened();
    scene.line.open();
    expect(subs(scene.line)).toEqual(['room', 'busy']);
  });
});
