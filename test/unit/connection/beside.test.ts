/** A doubtful connection and another one that is opened beside it, as an app and the two links see them. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Outcome } from '../../../src/types.ts';
import { ack, entry, msg, subbed } from '../../support/scripted-frames.ts';
import type { Opening } from '../../support/scripted-transport.ts';
import { type Scene, type SceneOptions, createScene } from './scene.ts';

let scene: Scene;
afterEach(() => scene.end());

/** Half of whatever is drawn: the second connection is opened 750 ms after a hint. */
const HALF = { random: () => 0.5 };
const PATIENCE = 750;

/** Connected for a minute, with `room` read up to offset 3. @returns what is delivered from now on */
async function live(options: SceneOptions = HALF): Promise<unknown[]> {
  scene = createScene(options);
  const seen: unknown[] = [];
  scene.client.channel('room').subscribeAll(({ data }) => seen.push(data));
  await scene.enter();
  const [sub] = subs(scene.line);
  scene.line.send(subbed(sub!), { t: 'msg', c: 'room', items: [entry(1), entry(2), entry(3)] });
  await scene.clock.advance(20_000);
  scene.line.send({ t: 'ping' });
  await scene.clock.advance(5000);
  seen.length = 0;
  return seen;
}

function subs(line: Opening) {
  return [...line.frames, ...line.batches.flat()].filter((frame) => frame.t === 'sub');
}

/** A hint, and the second opening. */
async function doubt(): Promise<readonly [old: Opening, fresh: Opening]> {
  scene.page.tell('network');
  await scene.clock.advance(PATIENCE);
  const [old, fresh] = scene.transport.openings;
  return [old!, fresh ?? expect.fail('no second opening')];
}

const answer = (line: Opening): void => line.send({ t: 'pong', x: line.sent('ping').at(-1)!.x! });
const said = (from = 0): readonly string[] => [...new Set(scene.statuses.slice(from).map(({ state }) => state))];

describe('a hint, and an old connection that says nothing', () => {
  it.each([
    ['at first', 0, 500],
    ['at last', 0.999_999, 1000],
  ])('another one is opened beside it, %s', async (_, drawn, after) => {
    let random = 0.5;
    await live({ random: () => random });
    random = drawn;
    scene.page.tell('network');
    await scene.clock.advance(after - 1);
    expect(scene.transport.openings).toHaveLength(1);
    await scene.clock.advance(1);
    expect(scene.transport.links).toBe(2);
    expect(scene.transport.openings[0]!.state).toBe('open');
  });

  it('the welcome there closes the old one without waiting, and the app sees no gap', async () => {
    await live();
    const before = scene.statuses.length;
    const [old, fresh] = await doubt();
    fresh.welcome();
    expect([old.state, old.closedWith]).toEqual(['closed', 1000]);
    expect(fresh.hello).toMatchObject({ gen: 2, why: 'reconnect', client: old.hello.client });
    expect(scene.status).toMatchObject({ state: 'connected', since: scene.clock.now() });
    await scene.clock.advance(20_000);
    expect(said(before)).toEqual(['connected']);
    expect(scene.client.uiStatus.get()).toEqual({ banner: 'hidden' });
  });

  it('the channels are resumed there, from their cursors, and nothing is lost or doubled', async () => {
    const seen = await live();
    scene.page.tell('network');
    // On its way before the page asked: too early to prove life.
    scene.line.send(msg('room', 4));
    await scene.clock.advance(PATIENCE);
    const [old, fresh] = scene.transport.openings as [Opening, Opening];
    fresh.open();
    expect(subs(fresh)).toMatchObject([{ c: 'room', cur: ['epoch', 4, 't-4'] }]);
    fresh.welcome();
    expect(scene.client.channel('room').status.get().state).toBe('recovering');
    fresh.send(subbed(subs(fresh)[0]!, { items: [entry(5), entry(6)] }));
    expect(scene.client.channel('room').status.get().state).toBe('live');
    // The old one cannot know.
    old.send(msg('room', 5));
    fresh.send(msg('room', 7));
    await scene.clock.settle();
    expect(seen).toEqual([4, 5, 6, 7]);
    expect([subs(old), subs(fresh)].map(({ length }) => length)).toEqual([1, 1]);
  });

  it('what the old one still delivers until then counts', async () => {
    const seen = await live();
    const [old, fresh] = await doubt();
    fresh.open();
    old.send(msg('room', 4));
    fresh.welcome();
    const [first] = subs(fresh);
    fresh.send(subbed(first!, { items: [entry(4)] }));
    await scene.clock.settle();
    // The answer was about a place where the page no longer was, so it asks once more.
    expect(subs(fresh)).toMatchObject([{ cur: ['epoch', 3, 't-3'] }, { cur: ['epoch', 4, 't-4'] }]);
    fresh.send(subbed(subs(fresh)[1]!, { items: [entry(5)] }));
    await scene.clock.settle();
    expect(seen).toEqual([4, 5]);
  });

  it('a channel that is wanted meanwhile is asked for on both', async () => {
    await live();
    const [old, fresh] = await doubt();
    fresh.open();
    scene.client.channel('hall').subscribe('message', () => {});
    await scene.clock.settle();
    expect(subs(old)).toMatchObject([{ c: 'room' }, { c: 'hall' }]);
    fresh.welcome();
    await scene.clock.settle();
    expect(subs(fresh)).toMatchObject([{ c: 'room' }, { c: 'hall' }]);
  });

  it('a channel that is wanted no more meanwhile is given back', async () => {
    await live({ ...HALF, timing: { releaseAfter: 0 } });
    const stop = scene.client.channel('hall').subscribe('message', () => {});
    await scene.clock.settle();
    const [, fresh] = await doubt();
    fresh.open();
    stop();
    await scene.clock.advance(1);
    fresh.welcome();
    for (const sub of subs(fresh)) fresh.send(subbed(sub));
    await scene.clock.settle();
    expect(subs(fresh)).toMatchObject([{ c: 'room' }, { c: 'hall' }]);
    expect(fresh.sent('unsub')).toEqual([{ t: 'unsub', c: 'hall' }]);
  });
});

describe('publications', () => {
  /** Three, of which the first is acknowledged on the old connection. */
  async function publish(): Promise<readonly Outcome[]> {
    const outcomes: Outcome[] = [];
    scene.client.on('outcome', (outcome) => outcomes.push(outcome));
    const room = scene.client.channel('room');
    room.publish('message', 'a');
    await scene.clock.settle();
    scene.line.send(ack(scene.line.sent('pub')[0]!, 4));
    room.publish('message', 'b');
    room.publish('message', 'c');
    await scene.clock.settle();
    return outcomes;
  }
  const items = (line: Opening) => line.sent('pub').flatMap((pub) => pub.items.map((item) => ('d' in item ? item.d : item)));

  it('that are under way are sent again on the new one, and settled once', async () => {
    await live();
    const outcomes = await publish();
    const [old, fresh] = await doubt();
    expect(items(old)).toEqual(['a', 'b', 'c']);
    fresh.open();
    await scene.clock.settle();
    expect(items(fresh)).toEqual([]);
    fresh.welcome();
    await scene.clock.settle();
    // The newest that was answered is shown again each time, in case that the store has lost it.
    expect(items(fresh)).toEqual(['a', 'b', 'c']);
    const [pub] = fresh.sent('pub');
    expect(pub).toMatchObject({ p: old.sent('pub')[0]!.p, s: 1 });
    // Too late: whatever the old one says is past.
    old.send(ack(old.sent('pub')[1]!, 5));
    await scene.clock.settle();
    expect(outcomes).toHaveLength(1);
    fresh.send(ack(pub!, 4));
    await scene.clock.settle();
    expect(outcomes.map(({ result }) => result)).toEqual(['accepted', 'accepted', 'accepted']);
    expect(outcomes.map((outcome) => ('cursor' in outcome ? outcome.cursor?.offset : null))).toEqual([4, 5, 6]);
  });

  it('that the old one acknowledges before the welcome are settled, and not sent again', async () => {
    await live();
    const outcomes = await publish();
    const [old, fresh] = await doubt();
    fresh.open();
    old.send(ack(old.sent('pub')[1]!, 5));
    fresh.welcome();
    await scene.clock.settle();
    expect(outcomes).toHaveLength(3);
    expect(items(fresh)).toEqual(['c']);
    fresh.send(ack(fresh.sent('pub')[0]!, 6));
    await scene.clock.settle();
    expect(outcomes).toHaveLength(3);
  });

  it('that are made meanwhile go on the old one, and again on the new one', async () => {
    await live();
    const [old, fresh] = await doubt();
    fresh.open();
    const receipt = scene.client.channel('room').publish('message', 'meanwhile');
    await scene.clock.settle();
    fresh.welcome();
    await scene.clock.settle();
    expect([items(old), items(fresh)]).toEqual([['meanwhile'], ['meanwhile']]);
    expect(old.sent('pub')[0]!.items[0]!.id).toBe(fresh.sent('pub')[0]!.items[0]!.id);
    fresh.send(ack(fresh.sent('pub')[0]!, 4));
    await expect(receipt.accepted).resolves.toMatchObject({ cursor: { offset: 4 } });
  });

  it('are sent once if the old one is kept', async () => {
    await live();
    await publish();
    const [old] = await doubt();
    answer(old);
    await scene.clock.advance(5000);
    expect(items(old)).toEqual(['a', 'b', 'c']);
  });
});

describe('the old connection answers', () => {
  it('before the new one has said hello: the new one is dropped, and nothing else happens', async () => {
    const seen = await live();
    const [before, since] = [scene.statuses.length, scene.status];
    const [old, fresh] = await doubt();
    const sent = old.batches.length;
    answer(old);
    expect([fresh.state, fresh.closedWith, old.state]).toEqual(['closed', 1000, 'open']);
    await scene.clock.advance(10_000);
    old.send(msg('room', 4));
    await scene.clock.settle();
    expect(old.batches.slice(sent)).toEqual([]);
    expect(seen).toEqual([4]);
    expect(scene.status).toMatchObject({ ...since, roundTrip: PATIENCE });
    expect(said(before)).toEqual(['connected']);
    expect(scene.transport.openings).toHaveLength(2);
  });

  it('after the new one has said hello: the new one is kept, for the server ends the old one', async () => {
    await live();
    const before = scene.statuses.length;
    const [old, fresh] = await doubt();
    fresh.open();
    answer(old);
    expect([fresh.state, old.state]).toEqual(['open', 'open']);
    await scene.clock.advance(3000);
    fresh.welcome();
    expect([fresh.state, old.state, old.closedWith]).toEqual(['open', 'closed', 1000]);
    expect(said(before)).toEqual(['connected']);
  });

  it('after the new one has said hello, which then fails: the old one is asked again, and kept', async () => {
    await live();
    const before = scene.statuses.length;
    const [old, fresh] = await doubt();
    fresh.open();
    answer(old);
    await scene.clock.advance(1000);
    const asked = old.sent('ping').length;
    fresh.end(1006);
    await scene.clock.settle();
    expect(old.sent('ping')).toHaveLength(asked + 1);
    answer(old);
    await scene.clock.advance(20_000);
    expect([old.state, scene.transport.openings.length]).toEqual(['open', 2]);
    expect(said(before)).toEqual(['connected']);
    // The doubt is over: the next silence is one like the first.
    await scene.clock.advance(11_000 + 1.5 * 1750 + 1000);
    expect(scene.transport.openings).toHaveLength(3);
  });

  it('and what was asked for on the new one alone is asked for on the old one again', async () => {
    await live();
    scene.line.send({ t: 'unsubbed', c: 'room', code: 'busy', retry: true, after: 60_000 });
    await scene.clock.settle();
    const [old, fresh] = await doubt();
    fresh.open();
    expect(subs(fresh)).toHaveLength(1);
    const asked = subs(old).length;
    fresh.end(1006);
    answer(old);
    await scene.clock.settle();
    expect(subs(old).slice(asked)).toMatchObject([{ c: 'room', cur: ['epoch', 3, 't-3'] }]);
    old.send(subbed(subs(old).at(-1)!));
    expect(scene.client.channel('room').status.get().state).toBe('live');
    await scene.clock.advance(20_000);
    expect(subs(old)).toHaveLength(asked + 1);
  });
});
