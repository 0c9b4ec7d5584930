/** Who waits: lanes after a transient refusal, and callers of `drain()`. */
import { beforeEach, describe, expect, it } from 'vitest';
import { HoldfastError } from '../../../src/errors.ts';
import { Drains } from '../../../src/outbox/drains.ts';
import { Pauses } from '../../../src/outbox/pauses.ts';
import { createEnvironment } from '../../../src/platform/environment.ts';
import { type VirtualClock, createVirtualClock } from '../../support/virtual-clock.ts';

describe('pauses', () => {
  let clock: VirtualClock;
  let ended: string[];
  let random: number;
  let pauses: Pauses<string>;
  beforeEach(() => {
    clock = createVirtualClock();
    ended = [];
    random = 0.5;
    const { now, setTimeout, clearTimeout } = clock;
    const environment = createEnvironment({ now, setTimeout, clearTimeout, random: () => random });
    pauses = new Pauses(environment, (waiter) => ended.push(`${waiter} ${clock.now() - 1_000_000}`));
  });

  it('begin at half a second, double, and end at 30 s: a random part of each', async () => {
    random = 0.999;
    const waits: number[] = [];
    for (let round = 0; round < 9; round += 1) {
      const from = clock.now();
      pauses.start('a', 0);
      await clock.advance(60_000);
      waits.push(Number(ended.at(-1)!.split(' ')[1]) + 1_000_000 - from);
    }
    expect(waits).toEqual([500, 999, 1998, 3996, 7992, 15984, 29970, 29970, 29970]);
  });

  it('what the server asked for is a floor', async () => {
    pauses.start('a', 2000);
    await clock.advance(2249);
    expect(ended).toEqual([]);
    await clock.advance(1);
    expect(ended).toEqual(['a 2250']);
  });

  it('after something went through the next one is a first one again', async () => {
    pauses.start('a', 0);
    await clock.advance(250);
    pauses.start('a', 0);
    await clock.advance(500);
    pauses.forgive('a');
    pauses.start('a', 0);
    await clock.advance(250);
    expect(ended).toEqual(['a 250', 'a 750', 'a 1000']);
    expect(() => pauses.forgive('nobody')).not.toThrow();
  });

  it('lanes wait each for itself', async () => {
    pauses.start('a', 0);
    pauses.start('b', 100);
    await clock.advance(1000);
    expect(ended).toEqual(['a 250', 'b 350']);
  });

  it('clear leaves no timer and forgets how often it was', async () => {
    pauses.start('a', 0);
    pauses.start('a', 0);
    pauses.clear();
    expect(clock.pending).toBe(0);
    pauses.start('a', 0);
    await clock.advance(250);
    expect(ended).toEqual(['a 250']);
  });
});

describe('drains', () => {
  const settled = (promise: Promise<void>): Promise<unknown> =>
    promise.then(
      () => 'drained',
      (error: unknown) => (error as HoldfastError).code,
    );

  it('all callers are told', async () => {
    const drains = new Drains();
    const both = [settled(drains.wait({})), settled(drains.wait({}))];
    drains.settle(null);
    expect(await Promise.all(both)).toEqual(['drained', 'drained']);
  });

  it('each caller once: a later one waits for the next time', async () => {
    const drains = new Drains();
    const first = settled(drains.wait({}));
    drains.settle(null);
    const second = settled(drains.wait({}));
    drains.settle(new HoldfastError('destroyed', 'The client was destroyed.'));
    expect(await Promise.all([first, second])).toEqual(['drained', 'destroyed']);
  });

  it.each([true, false])('a signal that is aborted (before: %s) ends only its own caller', async (before) => {
    const drains = new Drains();
    const controller = new AbortController();
    if (before) controller.abort('too long');
    const aborted = drains.wait({ signal: controller.signal });
    const other = settled(drains.wait({}));
    controller.abort('too long');
    await expect(aborted).rejects.toMatchObject({ code: 'aborted', cause: 'too long' });
    drains.settle(null);
    expect(await other).toBe('drained');
  });

  it('a signal that aborts afterwards changes nothing', async () => {
    const drains = new Drains();
    const controller = new AbortController();
    const waiting = drains.wait({ signal: controller.signal });
    drains.settle(null);
    controller.abort();
    expect(await settled(waiting)).toBe('drained');
  });
});
