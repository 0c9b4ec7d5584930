/** Promises of libraries, which are no `Promise`: the databases of pages return them. */
import { expect, it } from 'vitest';
import { createDeferred } from '../../../src/util/deferred.ts';
import { publish } from './losing.ts';
import { crossed, useWorld } from './traffic.ts';

const createWorld = useWorld();

function open(work: Promise<unknown>) {
  const world = createWorld();
  const texts = new Map<string, string>();
  const storage = {
    get: (key: string) => texts.get(key) ?? null,
    set: (key: string, value: string) => void texts.set(key, value),
  };
  const options = { channels: { room: { resume: 'durable' } }, environment: { storage } } as const;
  const page = world.open(options);
  page.client.channel('room').subscribe('e', () => ({ then: work.then.bind(work) }) as never);
  return { world, page, options };
}

it('the place is not kept before they are done', async () => {
  const work = createDeferred<void>();
  const { world, page, options } = open(work.promise);
  await world.clock.advance(100);
  await publish(world, 1);
  page.client.destroy();
  const next = world.open(options);
  next.client.channel('room').subscribe('e', () => {});
  await world.clock.advance(100);
  expect(crossed(next.network, 'up', 'sub').map(({ cur }) => cur?.[1])).toEqual([0]);
  work.resolve();
});

it('one that fails is reported', async () => {
  const work = createDeferred<void>();
  const { world, page } = open(work.promise);
  await world.clock.advance(100);
  await publish(world, 1);
  const cause = new Error('disk full');
  work.reject(cause);
  await world.clock.settle();
  expect(page.errors).toMatchObject([{ code: 'handler-threw', cause }]);
});
