/** Mode `live` has no cursor: while two connections are open, only the tags tell what has come already. */
import { afterEach, describe, expect, it } from 'vitest';
import type { ChannelOptions } from '../../../src/types.ts';
import { entry, subbed } from '../../support/scripted-frames.ts';
import type { Opening } from '../../support/scripted-transport.ts';
import { type World, createWorld } from '../../support/world.ts';
import { type Scene, createScene } from '../connection/scene.ts';

const sub = ({ frames }: Opening) => frames.find((frame) => frame.t === 'sub') ?? expect.fail('no sub');
const say = (line: Opening, ...offsets: readonly number[]): void =>
  line.send({ t: 'msg', c: 'room', items: offsets.map((offset) => entry(offset)) });

describe('a live channel, with two connections open', () => {
  let scene: Scene;
  afterEach(() => scene.end());

  it('delivers what both bring once, in order', async () => {
    scene = createScene({ random: () => 0.5, channels: { room: { mode: 'live' } } });
    const seen: unknown[] = [];
    scene.client.channel('room').subscribe('message', (data) => seen.push(data));
    await scene.enter();
    scene.line.send(subbed(sub(scene.line), { cur: ['', 0, ''] }));
    await scene.clock.advance(12_000);
    scene.page.tell('network');
    await scene.clock.advance(750);
    const [old, fresh] = scene.transport.openings as readonly [Opening, Opening];
    fresh.open();
    say(old, 5, 6);
    fresh.welcome();
    fresh.send(subbed(sub(fresh), { cur: ['', 0, ''] }));
    say(fresh, 5, 6, 7);
    say(fresh, 8);
    await scene.clock.settle();
    expect(seen).toEqual([5, 6, 7, 8]);
  });

  it('delivers two that are alike but for their tags', async () => {
    scene = createScene({ channels: { room: { mode: 'live' } } });
    const seen: unknown[] = [];
    scene.client.channel('room').subscribe('message', (data) => seen.push(data));
    await scene.enter();
    scene.line.send(subbed(sub(scene.line), { cur: ['', 0, ''] }));
    scene.line.send({ t: 'msg', c: 'room', items: [entry(1), { ...entry(1), g: 'another' }] });
    await scene.clock.settle();
    expect(seen).toEqual([1, 1]);
  });
});

describe('with the reference server, and answers that are held up for 1.8 s', () => {
  let world: World;
  afterEach(() => world.end());

  it.each([1, 2, 3, 4, 5].flatMap((seed) => (['live', 'log'] as const).map((mode) => [mode, seed] as const)))(
    'mode %s, seed %i: nothing twice, all in order',
    async (mode: NonNullable<ChannelOptions['mode']>, seed) => {
      world = createWorld({ seed });
      const [{ client, network, page }, other] = [world.open({ channels: { room: { mode } } }), world.open()];
      const seen: number[] = [];
      client.channel('room').subscribe('message', (data) => seen.push(data as number));
      await world.clock.advance(30_000);
      network.delay(20);
      network.stall('down');
      world.clock.setTimeout(() => network.heal(), 1800);
      page.tell('network');
      for (let n = 1; n <= 60; n += 1) {
        other.client.channel('room').publish('message', n);
        await world.clock.advance(100);
      }
      await world.clock.advance(5000);
      expect(network.opened).toBe(2);
      expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
      expect(seen.at(-1)).toBe(60);
    },
  );
});
