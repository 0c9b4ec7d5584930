/** What `dataSaver` saves, in frames, and what it does not cost. */
import { describe, expect, it } from 'vitest';
import type { ClientOptions } from '../../../src/types.ts';
import type { TestPage } from '../../support/world.ts';
import { crossed, logOf, useWorld } from '../channel/traffic.ts';

const createWorld = useWorld();
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Both ways. */
const framesOf = ({ network }: TestPage): number =>
  network.wire.reduce((sum, { data }) => sum + [JSON.parse(String(data)) as unknown].flat().length, 0);
const state = ({ client }: TestPage): string => client.status.get().state;

async function watching(options: Partial<ClientOptions>, saveData = false) {
  const world = createWorld();
  const page = world.open(options);
  Object.assign(page.page, { saveData: () => saveData });
  const heard: unknown[] = [];
  page.client.channel('room').subscribe('e', (data) => heard.push(data));
  await world.clock.advance(1000);
  return { world, page, heard };
}

describe('an hour in which nothing happens', () => {
  it.each([
    ['shown', false, 'connected', 550, 600],
    ['shown', true, 'connected', 120, 140],
    ['hidden', false, 'connected', 550, 600],
    ['hidden', true, 'idle', 0, 4],
  ] as const)('%s, data saver %s: %s, with %i to %i frames', async (how, dataSaver, expected, least, most) => {
    const { world, page } = await watching({ dataSaver });
    page.page.set({ visible: how === 'shown' });
    const before = framesOf(page);
    await world.clock.advance(HOUR);
    const frames = framesOf(page) - before;
    expect(frames).toBeGreaterThanOrEqual(least);
    expect(frames).toBeLessThanOrEqual(most);
    expect(state(page)).toBe(expected);
  });
});

describe('heartbeats', () => {
  it.each([
    [false, undefined, 25_000],
    [true, 55_000, 55_000],
  ])('data saver %s asks for %s and is granted %i', async (dataSaver, asked, granted) => {
    const { page } = await watching({ dataSaver });
    expect(crossed(page.network, 'up', 'hello').map(({ ping }) => ping)).toEqual([asked]);
    expect(crossed(page.network, 'down', 'welcome').map(({ ping }) => ping)).toEqual([granted]);
  });

  it.each([
    [5000, 20_000],
    [60_000, 60_000],
  ])('a server of %i ms grants %i', async (ping, granted) => {
    const world = createWorld({ server: { timing: { ping } } });
    const page = world.open({ dataSaver: true });
    page.client.connect();
    await world.clock.advance(1000);
    expect(crossed(page.network, 'down', 'welcome').map((welcome) => welcome.ping)).toEqual([granted]);
  });

  it('a dead connection is still found out, a little later', async () => {
    const { world, page } = await watching({ dataSaver: true });
    page.network.stall('down', 'up');
    await world.clock.advance(2 * MINUTE);
    expect(state(page)).not.toBe('connected');
  });
});

describe('a hidden page', () => {
  it('rests after a minute, and is up to date when it is shown', async () => {
    const { world, page, heard } = await watching({ dataSaver: true });
    page.page.set({ visible: false });
    await world.clock.advance(MINUTE - 1);
    expect(state(page)).toBe('connected');
    await world.clock.advance(1);
    expect(state(page)).toBe('idle');
    await world.server.publish('room', 'e', 1);
    page.page.tell('online');
    page.page.tell('network');
    page.page.tell('resume');
    await world.clock.advance(HOUR);
    expect([state(page), heard]).toEqual(['idle', []]);
    page.page.set({ visible: true });
    await world.clock.advance(1000);
    expect([state(page), heard]).toEqual(['connected', [1]]);
  });

  it('that is shown within the minute has not rested', async () => {
    const { world, page } = await watching({ dataSaver: true });
    page.page.set({ visible: false });
    await world.clock.advance(50_000);
    page.page.set({ visible: true });
    await world.clock.advance(50_000);
    page.page.set({ visible: false });
    await world.clock.advance(50_000);
    expect(crossed(page.network, 'up', 'hello')).toHaveLength(1);
    expect(state(page)).toBe('connected');
  });

  it.each([
    ['publishes', ({ client }: TestPage) => client.channel('room').publish('e', 1)],
    ['publishes with low priority', ({ client }: TestPage) => client.channel('room').publish('e', 1, { priority: 'low' })],
    ['subscribes', ({ client }: TestPage) => client.channel('other').subscribe('e', () => {})],
    ['connects', ({ client }: TestPage) => client.connect()],
    ['tries again', ({ client }: TestPage) => client.retryNow()],
  ])('that rests and %s is connected, and rests again', async (_, act) => {
    const { world, page } = await watching({ dataSaver: true });
    page.page.set({ visible: false });
    await world.clock.advance(5 * MINUTE);
    expect(state(page)).toBe('idle');
    act(page);
    await world.clock.advance(1000);
    expect(state(page)).toBe('connected');
    expect(page.client.outbox.status.get().pending).toBe(0);
    await world.clock.advance(2 * MINUTE);
    expect(state(page)).toBe('idle');
  });

  it('does not rest while something waits for the server', async () => {
    const { world, page } = await watching({ dataSaver: true });
    page.page.set({ visible: false });
    page.network.set('refusing');
    page.network.cut();
    page.client.channel('room').publish('e', 1);
    await world.clock.advance(10 * MINUTE);
    expect(state(page)).not.toBe('idle');
    page.network.set('open');
    await world.clock.advance(10 * MINUTE);
    expect(await logOf(world)).toEqual([1]);
    expect(state(page)).toBe('idle');
  });

  it('that is left while it rests goes on when it comes back', async () => {
    const { world, page } = await watching({ dataSaver: true });
    page.page.set({ visible: false });
    await world.clock.advance(2 * MINUTE);
    page.page.tell('pagehide');
    await world.clock.advance(MINUTE);
    expect(state(page)).toBe('idle');
    page.page.set({ visible: true });
    page.page.tell('pageshow');
    await world.clock.advance(1000);
    expect(state(page)).toBe('connected');
  });
});

describe('auto', () => {
  it('follows the browser, also when it changes its mind', async () => {
    const { world, page } = await watching({ dataSaver: 'auto' });
    page.page.set({ visible: false });
    await world.clock.advance(5 * MINUTE);
    expect(state(page)).toBe('connected');
    Object.assign(page.page, { saveData: () => true });
    page.page.tell('save-data');
    await world.clock.advance(MINUTE);
    expect(state(page)).toBe('idle');
  });

  it.each([
    ['auto', null, undefined],
    ['auto', true, 55_000],
    [false, true, undefined],
  ] as const)('%s, where the page says %s', async (dataSaver, saveData, asked) => {
    const world = createWorld();
    const page = world.open({ dataSaver });
    if (saveData !== null) Object.assign(page.page, { saveData: () => saveData });
    page.client.connect();
    await world.clock.advance(1000);
    expect(crossed(page.network, 'up', 'hello').map(({ ping }) => ping)).toEqual([asked]);
  });

  it.each(['yes', 1, null])('%j is refused', (dataSaver) => {
    expect(() => createWorld().open({ dataSaver: dataSaver as never })).toThrow(
      expect.objectContaining({ code: 'invalid-option' }) as Error,
    );
  });
});
