/** The page is left, frozen, kept in the back/forward cache, and goes on (Page Lifecycle; WHATWG HTML, section 7.4.6). */
import { afterEach, describe, expect, it } from 'vitest';
import { ack, entry, subbed } from '../../support/scripted-frames.ts';
import { type Scene, type SceneOptions, createScene } from './scene.ts';

const HOUR = 3_600_000;
const LEAVES = ['freeze', 'pagehide'] as const;
let scene: Scene;
afterEach(() => scene.end());

/** Connected, with `room` read up to offset 2. @returns what is delivered from now on */
async function live(options?: SceneOptions): Promise<unknown[]> {
  scene = createScene(options);
  const seen: unknown[] = [];
  scene.client.channel('room').subscribeAll(({ data }) => seen.push(data));
  await scene.enter();
  const sub = scene.line.frames.find((frame) => frame.t === 'sub') ?? expect.fail('no sub');
  scene.line.send(subbed(sub), { t: 'msg', c: 'room', items: [entry(1), entry(2)] });
  await scene.clock.advance(20_000);
  seen.length = 0;
  return seen;
}

describe.each(LEAVES)('%s', (leave) => {
  it('closes the connection at once, before the page can stand still', async () => {
    await live();
    const { line } = scene;
    scene.page.tell(leave);
    expect([line.state, line.closedWith, scene.transport.links]).toEqual(['closed', 1000, 0]);
    expect(scene.status).toEqual({ state: 'idle' });
    expect(scene.client.channel('room').status.get()).toEqual({ state: 'recovering', why: 'reconnect' });
    await scene.clock.settle();
    expect(scene.client.uiStatus.get()).toEqual({ banner: 'hidden' });
  });

  it('opens nothing for as long as nothing runs, and then connects at once, with cursors', async () => {
    const seen = await live();
    scene.page.tell(leave);
    await scene.clock.settle();
    scene.clock.sleep(HOUR);
    expect(scene.transport.openings).toHaveLength(1);
    scene.page.tell(leave === 'freeze' ? 'resume' : 'pageshow');
    expect(scene.transport.openings).toHaveLength(2);
    scene.line.welcome();
    const sub = scene.line.frames.find((frame) => frame.t === 'sub') ?? expect.fail('no sub');
    expect(sub).toMatchObject({ c: 'room', cur: ['epoch', 2, 't-2'] });
    scene.line.send(subbed(sub, { items: [entry(3), entry(4)] }));
    await scene.clock.advance(1000);
    expect(seen).toEqual([3, 4]);
    expect(scene.client.uiStatus.get()).toEqual({ banner: 'hidden' });
  });

  it('keeps what is published in between', async () => {
    await live();
    const room = scene.client.channel('room');
    const before = room.publish('message', 'under way');
    await scene.clock.settle();
    scene.page.tell(leave);
    const between = room.publish('message', 'between');
    expect(between.state.get()).toMatchObject({ state: 'pending', attempted: false });
    await scene.clock.settle();
    scene.clock.sleep(HOUR);
    scene.page.tell('resume');
    scene.line.welcome();
    await scene.clock.settle();
    const pubs = scene.line.sent('pub');
    expect(pubs.flatMap(({ items }) => items)).toMatchObject([{ d: 'under way' }, { d: 'between' }]);
    scene.line.send(ack(pubs[0]!, 3));
    const places = await Promise.all([before, between].map(({ accepted }) => accepted));
    expect(places.map(({ cursor }) => cursor?.offset)).toEqual([3, 4]);
  });

  it('that no rest follows is over after 3 s', async () => {
    await live();
    scene.page.tell(leave);
    await scene.clock.advance(2999);
    expect(scene.transport.openings).toHaveLength(1);
    await scene.clock.advance(1);
    expect(scene.transport.openings).toHaveLength(2);
  });

  it.each([
    ['online', 2],
    ['visible', 2],
    ['network', 2],
    ['resume', 2],
    ['pageshow', 2],
    ['offline', 1],
    ['hidden', 1],
    ['freeze', 1],
    ['pagehide', 1],
  ] as const)('is over by %s: %i openings', async (hint, openings) => {
    await live();
    scene.page.tell(leave);
    await scene.clock.advance(100);
    scene.page.tell(hint);
    await scene.clock.advance(100);
    expect(scene.transport.openings).toHaveLength(openings);
  });

  it.each([
    ['paused', () => scene.client.disconnect()],
    ['destroyed', () => scene.client.destroy()],
  ])('does not wake a client that is %s', async (_, end) => {
    await live();
    end();
    scene.page.tell(leave);
    scene.clock.sleep(HOUR);
    scene.page.tell('resume');
    await scene.clock.advance(10_000);
    expect(scene.transport.openings).toHaveLength(1);
  });

  it.each([
    ['disconnect', 'idle'],
    ['destroy', 'closed'],
  ] as const)('is ended by %s', async (method, state) => {
    await live();
    scene.page.tell(leave);
    scene.client[method]();
    await scene.clock.settle();
    expect([scene.status.state, scene.clock.pending]).toEqual([state, 0]);
    scene.page.tell('resume');
    await scene.clock.advance(10_000);
    expect(scene.transport.openings).toHaveLength(1);
  });

  it('of a client that the app has paused changes nothing, and its own connect is at once', async () => {
    await live();
    scene.client.disconnect();
    scene.page.tell(leave);
    await scene.clock.settle();
    scene.client.connect();
    await scene.clock.settle();
    expect([scene.transport.openings.length, scene.status.state]).toEqual([2, 'connecting']);
  });
});

describe('a rest', () => {
  it('that is told twice, and its end too, is one', async () => {
    await live();
    for (const hint of ['hidden', 'pagehide', 'freeze'] as const) scene.page.tell(hint);
    await scene.clock.settle();
    scene.clock.sleep(HOUR);
    for (const hint of ['resume', 'pageshow', 'visible'] as const) scene.page.tell(hint);
    await scene.clock.advance(5000);
    expect(scene.transport.openings).toHaveLength(2);
  });

  it('whose timer runs before the page says that it goes on is over once', async () => {
    await live();
    scene.page.tell('freeze');
    scene.clock.sleep(HOUR);
    await scene.clock.advance(0);
    expect(scene.transport.openings).toHaveLength(2);
    scene.page.tell('resume');
    await scene.clock.advance(5000);
    expect(scene.transport.openings).toHaveLength(2);
  });

  it('in the middle of a wait ends it: the next try is at once', async () => {
    await live();
    scene.line.end(1006);
    scene.page.tell('pagehide');
    scene.page.tell('pageshow');
    expect(scene.transport.openings).toHaveLength(2);
    expect(scene.status).toMatchObject({ state: 'connecting', attempt: 2 });
  });

  it('in the middle of a wait that the server asked for ends it, but not below what was asked', async () => {
    await live();
    scene.line.end(4429, { after: 50_000 });
    const floor = scene.clock.now() + 50_000;
    await scene.clock.advance(10_000);
    scene.page.tell('freeze');
    await scene.clock.advance(1000);
    scene.page.tell('resume');
    expect(scene.status).toMatchObject({ state: 'waiting', retryAt: floor });
    await scene.clock.advance(floor - scene.clock.now() - 1);
    expect(scene.transport.openings).toHaveLength(1);
    await scene.clock.advance(1);
    expect(scene.transport.openings).toHaveLength(2);
  });

  it.each(['connect', 'retryNow'] as const)('is ended by the app’s own %s: it runs, so the page does', async (method) => {
    await live();
    scene.page.tell('freeze');
    await scene.clock.advance(1000);
    scene.client[method]();
    expect(scene.transport.openings).toHaveLength(2);
    scene.page.tell('resume');
    await scene.clock.advance(5000);
    expect([scene.transport.openings.length, scene.status.state]).toEqual([2, 'connecting']);
  });

  it('in the middle of getting a token aborts that, and asks again', async () => {
    const signals: AbortSignal[] = [];
    scene = createScene({
      getToken: ({ signal }) => {
        signals.push(signal);
        return signals.length === 1 ? new Promise(() => {}) : 'token';
      },
    });
    scene.client.connect();
    await scene.clock.settle();
    scene.page.tell('freeze');
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    scene.clock.sleep(HOUR);
    scene.page.tell('resume');
    await scene.clock.settle();
    scene.line.open();
    expect(scene.line.hello).toMatchObject({ token: 'token' });
    expect(scene.errors).toEqual([]);
  });

  it('that a token did not outlive ends with another one', async () => {
    const asked: string[] = [];
    scene = createScene({
      getToken: ({ reason }) => {
        asked.push(reason);
        return `token-${asked.length}`;
      },
    });
    scene.client.connect();
    await scene.clock.settle();
    scene.line.welcome({ ttl: 60_000 });
    scene.page.tell('freeze');
    scene.clock.sleep(HOUR);
    scene.page.tell('resume');
    await scene.clock.settle();
    expect(asked).toEqual(['connect', 'refresh']);
  });
});
