import { describe, expect, it } from 'vitest';
import { sse } from '../../../src/transports/sse.ts';
import { createScene, welcomeStream } from './scene.ts';

describe('the renewal of a stream', () => {
  it.each([
    [0, 720_000],
    [0.5, 900_000],
    [0.999, 1_079_640],
  ])('comes by chance %d after %i ms', async (random, ms) => {
    const scene = await createScene(sse(), { environment: { random: () => random } });
    await welcomeStream(scene);
    await scene.clock.advance(ms);
    expect(scene.openings).toBe(1);
    await scene.clock.advance(50);
    expect(scene.openings).toBe(2);
  });

  it('is reckoned from the newest stream', async () => {
    const scene = await createScene(sse());
    await welcomeStream(scene);
    await scene.clock.advance(600_000);
    scene.link.reopen();
    await scene.clock.advance(50);
    await welcomeStream(scene);
    await scene.clock.advance(899_999);
    expect(scene.openings).toBe(2);
    await scene.clock.advance(51);
    expect(scene.openings).toBe(3);
  });
});
