// Holds I10 (docs/guarantees.md).
/** An id that became free, and that another page has by the time that watchers are told. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { memoryBroker } from '../../../server/brokers/memory.ts';
import type { Showing } from '../../../server/brokers/presence.ts';
import type { ServerPres } from '../../../src/protocol/presence-frame.ts';
import { createVirtualClock } from '../../support/virtual-clock.ts';
import { createHouse, type Peer } from './support.ts';

const SECOND = 1000;
const LEASE = 30_000;
const ANN: Showing = { user: 'ann', client: 'x', k: 1, id: 'a', by: 'ann', data: 'ann', holder: 'h' };
const EVE: Showing = { ...ANN, user: 'eve', client: 'y', by: 'eve', data: 'eve' };
const told = (peer: Peer): readonly Omit<ServerPres, 't' | 'c'>[] => peer.of('pres').map(({ t: _t, c: _c, ...rest }) => rest);

describe('an id that another page has now', () => {
  it.each<readonly [what: string, feed: 'heard' | 'missed', next: Showing, gone: readonly string[] | undefined]>([
    ['of another user, who counts from 1 too', 'heard', EVE, ['a']],
    ['of another user, who has counted further', 'heard', { ...EVE, k: 9 }, ['a']],
    ['while the feed was lost', 'missed', EVE, ['a']],
    // It may be the same page, as far as others are told; what it shows is right.
    ['of the same user', 'heard', { ...EVE, user: 'ann', by: 'ann' }, undefined],
    ['of the same user, while the feed was lost', 'missed', { ...EVE, user: 'ann', by: 'ann' }, undefined],
  ])('%s', async (_what, feed, next, gone) => {
    let isLost = false;
    const clock = createVirtualClock();
    const { now, setTimeout, clearTimeout } = clock;
    const broker = memoryBroker({ environment: { now, setTimeout, clearTimeout, random: Math.random } });
    const follow = broker.follow.bind(broker);
    vi.spyOn(broker, 'follow').mockImplementation((channel, follower) =>
      follow(channel, {
        onNotice: () => undefined,
        onVolatile: () => undefined,
        onPresence: (change) => (isLost ? undefined : follower.onPresence?.(change)),
        onDoubt: () => follower.onDoubt(),
      }),
    );
    const house = createHouse({ broker }, {}, clock);
    onTestFinished(() => house.server.close());
    const { presence } = broker;
    await presence.enter('room:1', ANN, LEASE);
    const bob = await house.enter();
    bob.send({ t: 'sub', c: 'room:1', k: 1, pv: '' });
    await clock.advance(SECOND);
    bob.clear();
    isLost = feed === 'missed';
    await presence.drop('room:1', ANN as Showing & { holder: string }, 0);
    await presence.expire('room:1');
    expect(await presence.enter('room:1', next, LEASE)).toBe('shown');
    await clock.advance(6 * SECOND);
    const set = [{ id: 'a', k: next.k, by: next.by, d: 'eve' }];
    expect(told(bob)).toEqual([{ v: expect.any(String), pv: expect.any(String), ...(gone && { gone }), set }]);
  });
});

describe('a page that asks while its channel is being joined', () => {
  it('is told who is there', async () => {
    const clock = createVirtualClock();
    const { now, setTimeout, clearTimeout } = clock;
    const broker = memoryBroker({ environment: { now, setTimeout, clearTimeout, random: Math.random } });
    const follow = broker.follow.bind(broker);
    vi.spyOn(broker, 'follow').mockImplementation(async (...args) => {
      await new Promise<void>((resolve) => void setTimeout(resolve, 100));
      return follow(...args);
    });
    const house = createHouse({ broker }, {}, clock);
    onTestFinished(() => house.server.close());
    await broker.presence.enter('room:1', ANN, LEASE);
    const bob = await house.enter();
    bob.send({ t: 'sub', c: 'room:1', k: 1 });
    await clock.advance(50);
    bob.send({ t: 'sub', c: 'room:1', k: 2, pv: '' });
    await clock.advance(SECOND);
    expect(told(bob)).toEqual([{ v: expect.any(String), set: [{ id: 'a', k: 1, by: 'ann', d: 'ann' }] }]);
  });
});

it('a feed that was joined only after nobody waited for it any more is left', async () => {
  const clock = createVirtualClock();
  const { now, setTimeout, clearTimeout } = clock;
  const broker = memoryBroker({ environment: { now, setTimeout, clearTimeout, random: Math.random } });
  const follow = broker.follow.bind(broker);
  let feeds = 0;
  let pause = 15 * SECOND;
  let joined = 0;
  vi.spyOn(broker, 'follow').mockImplementation(async (channel, follower) => {
    if (follower.onPresence === undefined) return follow(channel, follower);
    const mine = pause;
    pause = 0;
    await new Promise<void>((resolve) => void setTimeout(resolve, mine));
    const leave = await follow(channel, follower);
    joined += 1;
    feeds += 1;
    return () => {
      feeds -= 1;
      leave();
    };
  });
  const house = createHouse({ broker }, {}, clock);
  const bob = await house.enter();
  bob.send({ t: 'sub', c: 'room:1', k: 1, pv: '' });
  for (let seconds = 0; seconds < 40; seconds += 10) {
    bob.send({ t: 'ping' });
    await clock.advance(10 * SECOND);
  }
  expect([joined, feeds]).toEqual([2, 1]);
  await house.server.close();
  await clock.advance(SECOND);
  expect(feeds).toBe(0);
});
