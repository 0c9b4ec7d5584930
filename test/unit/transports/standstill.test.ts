import { describe, expect, it } from 'vitest';
import { longPolling } from '../../../src/transports/long-polling.ts';
import { sse } from '../../../src/transports/sse.ts';
import { answerPoll, createScene } from './scene.ts';

describe('where the page stood still', () => {
  it('a stream gets its time again: chunks may be queued behind the timer', async () => {
    const scene = await createScene(sse());
    scene.latest('sse').respond();
    await scene.clock.advance(100);
    scene.clock.sleep(5000);
    await scene.clock.advance(0);
    expect(scene.ends).toEqual([]);
    await scene.clock.advance(3999);
    expect(scene.ends).toEqual([]);
    scene.clock.sleep(1002);
    // Once: in a hidden tab every timer is late.
    await scene.clock.advance(0);
    expect(scene.ends).toMatchObject([{ code: 4012 }]);
  });

  it('a poll that fails says nothing of patience: it is asked at once, and then held as long as before', async () => {
    const scene = await createScene(longPolling());
    await answerPoll(scene, [{ t: 'subbed', c: 'room', k: 1, cur: ['e', 1, 't'], ok: true }]);
    scene.clock.sleep(3_600_000);
    await scene.clock.advance(0);
    expect(scene.net.to('poll')[1]!.aborted).toBe(true);
    await answerPoll(scene);
    expect(scene.net.to('poll').map(({ hello }) => hello.wait)).toEqual([0, 25_000, 0, 25_000]);
  });
});
