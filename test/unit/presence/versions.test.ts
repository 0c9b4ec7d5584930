// Holds I10 (docs/guarantees.md).
/** What a page makes of what servers tell of who is there, frame by frame. */
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ServerPres } from '../../../src/protocol/presence-frame.ts';
import { createScene, type Scene, type SceneOptions } from '../connection/scene.ts';
import { dataOf } from './town.ts';

const member = (id: string, k = 1) => ({ id, k, d: `${id}${k}` });
const tell = ({ line }: Scene, fields: Partial<ServerPres>): void => line.send({ t: 'pres', c: 'room', ...fields });

async function enter(
  options?: SceneOptions,
  caps: readonly string[] = ['pres'],
): Promise<Scene & { shown(): string; asked(): unknown[] }> {
  const scene = createScene({ random: () => 0.5, ...options });
  onTestFinished(() => scene.end());
  const { presence } = scene.client.channel('room');
  presence.members.subscribe(() => {});
  await scene.clock.settle();
  scene.line.welcome({ caps });
  await scene.clock.settle();
  return Object.assign(Object.create(scene) as Scene, {
    shown: () => dataOf(presence.members.get()),
    asked: () => scene.line.sent('sub').map(({ pv }) => pv),
  });
}

describe('versions', () => {
  it('takes everybody, then what follows the version that it has', async () => {
    const scene = await enter();
    expect(scene.line.frames).toMatchObject([{ t: 'hello' }, { t: 'sub', pv: '' }]);
    tell(scene, { v: 'v1', set: [member('a'), member('b')] });
    expect(scene.shown()).toBe('a1 b1');
    tell(scene, { v: 'v2', pv: 'v1', set: [member('a', 2), member('c')], gone: ['b'] });
    expect(scene.shown()).toBe('a2 c1');
    expect(scene.asked()).toEqual([]);
  });

  it('asks for everybody when a change follows another version, once, and shows meanwhile what it had', async () => {
    const scene = await enter();
    tell(scene, { v: 'v1', set: [member('a')] });
    tell(scene, { v: 'v3', pv: 'v2', set: [member('c')] });
    tell(scene, { v: 'v4', pv: 'v3', set: [member('d')] });
    await scene.clock.settle();
    expect([scene.shown(), scene.asked()]).toEqual(['a1', ['']]);
    tell(scene, { v: 'v4', set: [member('c'), member('d')] });
    expect(scene.shown()).toBe('c1 d1');
  });

  it('ignores what leads to the version that it has', async () => {
    const scene = await enter();
    tell(scene, { v: 'v1', set: [member('a')] });
    tell(scene, { v: 'v2', pv: 'v1', set: [member('b')] });
    tell(scene, { v: 'v2', pv: 'v1', set: [member('b')] });
    tell(scene, { v: 'v2', set: [] });
    await scene.clock.settle();
    expect([scene.shown(), scene.asked()]).toEqual(['a1 b1', []]);
  });

  it('takes everybody from the connection that was chosen, where one that was opened later had told it before', async () => {
    const scene = createScene({ lesser: [{}] });
    onTestFinished(() => scene.end());
    const { presence } = scene.client.channel('room');
    presence.members.subscribe(() => {});
    await scene.clock.settle();
    scene.line.open();
    await scene.clock.advance(3000);
    const later = scene.transports[1]!.latest;
    later.open();
    later.welcome({ caps: ['pres'] });
    later.send({ t: 'pres', c: 'room', v: 'v1', set: [member('a')] });
    expect(dataOf(presence.members.get())).toBe('a1');
    scene.line.welcome({ caps: ['pres'] });
    expect(scene.status).toMatchObject({ state: 'connected', transport: 'scripted' });
    tell(scene, { v: 'v3', pv: 'v2', set: [member('c')] });
    await scene.clock.settle();
    tell(scene, { v: 'v3', set: [member('b'), member('c')] });
    expect(dataOf(presence.members.get())).toBe('b1 c1');
  });

  it('says in its next opening what it knows', async () => {
    const scene = await enter();
    tell(scene, { v: 'v1', set: [member('a')] });
    scene.line.end(1006);
    const line = await scene.reopened();
    line.welcome({ caps: ['pres'] });
    expect(line.frames).toMatchObject([{ t: 'hello' }, { t: 'sub', pv: 'v1' }]);
    expect(scene.shown()).toBe('a1');
  });

  it('who comes to watch between the opening and the welcome is asked for after it', async () => {
    const scene = createScene();
    onTestFinished(() => scene.end());
    scene.client.channel('room').subscribeAll(() => {});
    await scene.clock.settle();
    scene.line.open();
    scene.client.channel('room').presence.members.subscribe(() => {});
    scene.line.welcome({ caps: ['pres'] });
    await scene.clock.settle();
    expect(scene.line.sent('sub')).toMatchObject([{ pv: '' }]);
  });

  it('who was refused for now, and may ask again between the opening and the welcome, asks after it', async () => {
    const scene = await enter();
    tell(scene, { err: { code: 'unavailable', retry: true, after: 3000 } });
    scene.line.end(1006);
    const line = await scene.reopened();
    line.open();
    expect(line.frames).toMatchObject([{ t: 'hello' }, { t: 'sub' }]);
    expect(line.frames[1]).not.toHaveProperty('pv');
    await scene.clock.advance(4000);
    line.welcome({ caps: ['pres'] });
    await scene.clock.advance(4000);
    expect(scene.line.sent('sub')).toMatchObject([{ pv: '' }]);
  });

  it('what was asked on a connection that was given up is asked on the one after it', async () => {
    const scene = await enter();
    const older = scene.line;
    tell(scene, { v: 'v1', set: [member('a')] });
    // Silent for so long that another one is opened beside it.
    const line = await scene.reopened();
    line.open();
    expect(line.frames).toMatchObject([{ t: 'hello' }, { t: 'sub', pv: 'v1' }]);
    older.send({ t: 'pres', c: 'room', v: 'v3', pv: 'v2', set: [member('b')] });
    await scene.clock.settle();
    expect(older.sent('sub').at(-1)).toMatchObject({ pv: '' });
    line.welcome({ caps: ['pres'] });
    await scene.clock.settle();
    expect(line.sent('sub')).toMatchObject([{ pv: '' }]);
  });

  it.each<readonly [how: string, retry: boolean]>([
    ['for now', true],
    ['for good', false],
  ])('who was refused %s, looked away, and looks again asks for everybody', async (_how, retry) => {
    const scene = await enter();
    const channel = scene.client.channel('read');
    channel.subscribeAll(() => {});
    const stop = channel.presence.on('join', () => {});
    await scene.clock.settle();
    tell(scene, { c: 'read', v: 'v1', set: [member('a')] });
    tell(scene, { c: 'read', err: { code: 'unavailable', retry } });
    stop();
    await scene.clock.advance(3000);
    const before = scene.asked();
    channel.presence.on('join', () => {});
    await scene.clock.settle();
    expect(scene.asked()).toEqual([...before, '']);
  });
});

describe('an id that was free, and is another page’s now', () => {
  type Set = NonNullable<ServerPres['set']>;
  const start: Set = [
    { id: 'a', k: 1, by: 'ann', d: 'ann' },
    { id: 'b', k: 1, by: 'bob', d: 'bob' },
  ];
  it.each<readonly [what: string, first: Set, then: Partial<ServerPres>, events: readonly string[], shown: string]>([
    ['a user who counts from 1 too', start, { set: [{ id: 'a', k: 1, by: 'eve', d: 'eve' }, start[1]!] }, ['leave ann', 'join eve'], 'eve bob'],
    ['who has counted further', start, { pv: 'v1', set: [{ id: 'a', k: 7, by: 'eve', d: 'eve' }] }, ['leave ann', 'join eve'], 'eve bob'],
    ['told as gone and as set', start, { pv: 'v1', gone: ['a'], set: [{ id: 'a', k: 1, by: 'ann', d: 'anew' }] }, ['leave ann', 'join anew'], 'bob anew'],
    ['where users are not shown', [{ id: 'a', k: 1, d: 'ann' }], { set: [{ id: 'a', k: 1, d: 'eve' }] }, ['update eve'], 'eve'],
    ['and it is not', start, { set: start }, [], 'ann bob'],
  ])('%s', async (_what, first, then, events, shown) => {
    const scene = await enter();
    const told: string[] = [];
    const { presence } = scene.client.channel('room');
    for (const event of ['join', 'update', 'leave'] as const)
      presence.on(event, ({ data }) => told.push(`${event} ${String(data)}`));
    tell(scene, { v: 'v1', set: first });
    const before = presence.members.get();
    tell(scene, { v: 'v2', ...then });
    expect([told, scene.shown(), before === presence.members.get()]).toEqual([events, shown, events.length === 0]);
  }); // prettier-ignore
});

it('a server without presence is told once, and nobody is there', async () => {
  const scene = await enter({}, ['hist']);
  scene.client.channel('room').presence.enter('ann');
  scene.client.channel('other').presence.on('join', () => {});
  scene.line.end(1006);
  (await scene.reopened()).welcome();
  await scene.clock.settle();
  expect(scene.errors).toMatchObject([{ code: 'unsupported' }]);
  expect(scene.line.sent('pres')).toEqual([]);
  expect(scene.shown()).toBe('');
});

it('an id that another page has is replaced by another one', async () => {
  const scene = await enter();
  scene.client.channel('room').presence.enter('ann');
  await scene.clock.settle();
  const [first] = scene.line.sent('pres');
  tell(scene, { k: first!.k, err: { code: 'conflict', retry: true } });
  // Of what it showed before: no concern of it.
  tell(scene, { k: 99, err: { code: 'forbidden' } });
  await scene.clock.advance(1000);
  const [, second] = scene.line.sent('pres');
  expect(second).toMatchObject({ op: 'enter', k: first!.k, d: 'ann' });
  expect(second!.id).not.toBe(first!.id);
  tell(scene, { v: 'v1', set: [member(first!.id), member(second!.id)] });
  expect(scene.shown()).toBe(`${first!.id}1 ${second!.id}1*`);
  expect(scene.errors).toEqual([]);
});

it('connections made of requests are made anew for an enter, and not for what changes', async () => {
  const scene = await enter({ script: { requests: true } });
  const { presence } = scene.client.channel('room');
  const before = scene.line.reopens;
  const stop = presence.enter('ann');
  await scene.clock.settle();
  expect(scene.line.reopens).toBe(before + 1);
  presence.update('ann, away');
  stop();
  await scene.clock.settle();
  expect(scene.line.reopens).toBe(before + 1);
  expect(scene.line.sent('pres').map(({ op }) => op)).toEqual(['enter', 'update', 'leave']);
});

it.each<readonly [how: string, retry: boolean]>([
  ['for now', true],
  ['for good', false],
])('and for what changes after it was refused %s, which the newest of them may not stand for', async (_how, retry) => {
  const scene = await enter({ script: { requests: true } });
  const { presence } = scene.client.channel('room');
  presence.enter('ann');
  await scene.clock.settle();
  const before = scene.line.reopens;
  const [first] = scene.line.sent('pres');
  tell(scene, { k: first!.k, err: { code: 'unavailable', ...(retry && { retry, after: 1000 }) } });
  presence.update('ann, here');
  await scene.clock.settle();
  expect(scene.line.reopens).toBe(before + 1);
  expect(scene.line.sent('pres').map(({ op }) => op)).toEqual(['enter', 'enter']);
});

describe('a store that failed over may have lost', () => {
  it('what is shown: it is said again', async () => {
    const scene = await enter();
    scene.client.channel('room').presence.enter('ann');
    await scene.clock.settle();
    scene.line.send({ t: 'recheck' });
    await scene.clock.settle();
    const [first, again] = scene.line.sent('pres');
    expect(again).toEqual({ ...first, op: 'update' });
  });

  it('that a page has left: so is that, for a minute', async () => {
    const scene = await enter();
    scene.client.channel('room').presence.enter('ann')();
    for (const ms of [20_000, 20_000, 19_999]) {
      scene.line.send({ t: 'ping' });
      await scene.clock.advance(ms);
    }
    scene.line.send({ t: 'recheck' });
    await scene.clock.settle();
    const [, left, again] = scene.line.sent('pres');
    expect(left).toMatchObject({ op: 'leave' });
    expect(again).toEqual(left);
    await scene.clock.advance(1);
    scene.line.send({ t: 'recheck' });
    await scene.clock.settle();
    expect(scene.line.sent('pres')).toHaveLength(3);
  });

  it('nothing of who was never there', async () => {
    const scene = await enter();
    scene.line.send({ t: 'recheck' });
    await scene.clock.settle();
    expect(scene.line.sent('pres')).toEqual([]);
  });
});
