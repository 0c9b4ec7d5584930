/** Resets that nobody answers, that end in the middle, or that never end. */
import { describe, expect, it } from 'vitest';
import type { Reset } from '../../../src/types.ts';
import { createDeferred } from '../../../src/util/deferred.ts';
import { SHORT, fallBehind, listen, publish } from './losing.ts';
import { crossed, useWorld } from './traffic.ts';

const createWorld = useWorld();

describe('with nobody to load anything', () => {
  it('delivery goes on from the new place, and the app is told once', async () => {
    const world = createWorld({ server: SHORT });
    const page = world.open();
    const seen = listen(page);
    await world.clock.advance(100);
    await publish(world, 1);
    await fallBehind(world, page, 2, 3, 4, 5);
    await publish(world, 6);
    await fallBehind(world, page, 7, 8, 9, 10);
    await publish(world, 11);
    expect(seen).toEqual([1, 6, 11]);
    expect(page.errors).toMatchObject([{ code: 'continuity-lost', details: { why: 'trimmed' } }]);
  });

  it('a listener of the event is enough', async () => {
    const world = createWorld({ server: SHORT });
    const page = world.open();
    const resets: Reset[] = [];
    const seen = listen(page);
    page.client.on('reset', (reset) => resets.push(reset));
    await world.clock.advance(100);
    await publish(world, 1);
    await fallBehind(world, page, 2, 3, 4, 5);
    await publish(world, 6);
    expect([seen, resets.length, page.errors]).toEqual([[1, 6], 1, []]);
  });

  it.each([true, false])('a handler whose signal is aborted (before: %s) loads nothing', async (before) => {
    const world = createWorld({ server: SHORT });
    const page = world.open();
    const controller = new AbortController();
    if (before) controller.abort();
    let called = 0;
    listen(page);
    page.client.channel('room').onReset(() => void (called += 1), { signal: controller.signal });
    await world.clock.advance(100);
    controller.abort();
    await publish(world, 1);
    await fallBehind(world, page, 2, 3, 4, 5);
    expect(called).toBe(0);
  });
});

describe('the end in the middle of a reset', () => {
  it('a listener of the event may destroy the client: no handler is called any more', async () => {
    const world = createWorld({ server: SHORT });
    const page = world.open();
    let called = 0;
    listen(page);
    page.client.channel('room').onReset(() => void (called += 1));
    page.client.on('reset', () => page.client.destroy());
    await world.clock.advance(100);
    await publish(world, 1);
    await fallBehind(world, page, 2, 3, 4, 5);
    expect(called).toBe(0);
  });

  it('so may a listener of errors that is told of resets without end', async () => {
    const world = createWorld();
    const page = world.open();
    let called = 0;
    listen(page);
    page.client.channel('room').onReset(() => {
      called += 1;
      return { epoch: 'gone', offset: 1, tag: 'x' };
    });
    let left: number | null = null;
    page.client.on('error', () => {
      page.client.destroy();
      queueMicrotask(() => (left = world.timers.size));
    });
    await world.clock.advance(100);
    world.restart({ keepStore: false });
    await world.clock.advance(60_000);
    expect(page.errors).toHaveLength(1);
    // The third is what was reported.
    expect(called).toBe(2);
    expect(left).toBe(0);
  });

  it('a load that ends after the client delivers nothing', async () => {
    const world = createWorld({ server: SHORT });
    const page = world.open();
    const seen = listen(page);
    const loaded = createDeferred<void>();
    page.client.channel('room').onReset(() => loaded.promise);
    await world.clock.advance(100);
    await publish(world, 1);
    await fallBehind(world, page, 2, 3, 4, 5);
    await publish(world, 6);
    page.client.destroy();
    loaded.resolve();
    await world.clock.settle();
    expect(seen).toEqual([1]);
  });
});

describe('a loader that always names a place that is gone', () => {
  it('is reported as too slow, and asked less and less often', async () => {
    const world = createWorld();
    const page = world.open();
    listen(page);
    page.client.channel('room').onReset(() => ({ epoch: 'gone', offset: 1, tag: 'x' }));
    await world.clock.advance(100);
    world.restart({ keepStore: false });
    await world.clock.advance(10 * 60_000);
    const asked = crossed(page.network, 'up', 'sub').length;
    expect(page.errors.length).toBeGreaterThan(0);
    expect(page.errors.every(({ code }) => code === 'too-slow')).toBe(true);
    expect(asked).toBeGreaterThan(5);
    // Half of 30 s on average once the backoff has grown.
    expect(asked).toBeLessThan(150);
  });
});
