/** Where a page begins to read, if the app says so itself. */
import { describe, expect, it } from 'vitest';
import type { Cursor } from '../../../src/types.ts';
import { createDeferred } from '../../../src/util/deferred.ts';
import type { TestPage } from '../../support/world.ts';
import { listen, publish } from './losing.ts';
import { crossed, useWorld } from './traffic.ts';

const createWorld = useWorld();

const asked = ({ network }: TestPage): readonly (number | undefined)[] =>
  crossed(network, 'up', 'sub').map(({ cur }) => cur?.[1]);

describe('a function', () => {
  it('is asked once, and the channel waits for it', async () => {
    const world = createWorld();
    await publish(world, 1);
    const place = await world.server.cursor('room');
    await publish(world, 2);
    const answer = createDeferred<Cursor | null>();
    const calls: string[] = [];
    const resume = (channel: string): Promise<Cursor | null> => {
      calls.push(channel);
      return answer.promise;
    };
    const page = world.open({ channels: { room: { resume } } });
    const seen = listen(page);
    await world.clock.advance(1000);
    expect([asked(page), page.client.channel('room').status.get()]).toEqual([[], { state: 'subscribing' }]);
    answer.resolve(place);
    await world.clock.advance(100);
    page.network.cut();
    await world.clock.advance(10_000);
    await publish(world, 3);
    expect([seen, calls, asked(page)]).toEqual([[2, 3], ['room'], [1, 2]]);
  });

  it.each([
    ['null', null, []],
    ['no cursor', { rows: [] }, ['invalid']],
  ])('that returns %s: from the top', async (_, answer, told) => {
    const world = createWorld();
    const page = world.open({ channels: { room: { resume: () => answer as unknown as Cursor } } });
    const seen = listen(page);
    await world.clock.advance(100);
    await publish(world, 1);
    expect([asked(page), seen, page.errors.map(({ code }) => code)]).toEqual([[undefined], [1], told]);
  });

  it('that fails is reported once and asked again, after full jitter', async () => {
    const world = createWorld();
    let calls = 0;
    const resume = (): null => {
      calls += 1;
      if (calls < 4) throw new Error(`failure ${calls}`);
      return null;
    };
    const page = world.open({ channels: { room: { resume } }, environment: { random: () => 0.5 } });
    const seen = listen(page);
    await world.clock.advance(3400);
    expect(calls).toBe(3);
    await world.clock.advance(200);
    await publish(world, 1);
    expect([calls, seen]).toEqual([4, [1]]);
    expect(page.errors).toMatchObject([{ code: 'handler-threw', cause: new Error('failure 1') }]);
  });

  it('that answers after the channel was released has no effect', async () => {
    const world = createWorld();
    const answer = createDeferred<null>();
    const page = world.open({ channels: { room: { resume: () => answer.promise } } });
    page.client.channel('room').subscribe('e', () => {})();
    await world.clock.advance(5000);
    answer.resolve(null);
    await world.clock.advance(100);
    expect([asked(page), page.client.channel('room').status.get()]).toEqual([[], { state: 'idle' }]);
  });
});
