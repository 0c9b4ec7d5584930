// Holds I6 (docs/guarantees.md).
import { describe, expect, it, vi } from 'vitest';
import type { Follower, Read } from '../../../server/brokers/broker.ts';
import type { Entry, WireCursor } from '../../../src/protocol/frame.ts';
import { createDeferred, createHouse, fill, type House, type Peer } from './support.ts';

/** A reader at offset 3, and the follower through which the store speaks to the server. */
const settled = async (
  mode: 'log' | 'latest' = 'log',
): Promise<{ house: House; peer: Peer; follower: Follower; cur: WireCursor }> => {
  const house = createHouse();
  const follow = vi.spyOn(house.broker, 'follow');
  await fill(house.server, 'room:1', 3);
  const peer = await house.enter();
  peer.send({ t: 'sub', c: 'room:1', k: 1, mode });
  await house.clock.settle();
  peer.clear();
  const { epoch, offset, tag } = await house.server.cursor('room:1');
  return { house, peer, follower: follow.mock.calls[0]![1], cur: [epoch, offset, tag] };
};
const entry = (o: number, g: string): Entry => ({ id: `x${o}`, e: 'message', o, g });

describe('R3, R7: what does not follow is not delivered', () => {
  it.each<[string, (cur: WireCursor) => Parameters<Follower['onNotice']>[0]]>([
    ['another tag before', (cur) => ({ epoch: cur[0], entry: entry(4, 'x'), previous: 'other' })],
    ['another epoch', (cur) => ({ epoch: 'other', entry: entry(4, 'x'), previous: cur[2] })],
    ['a hole', (cur) => ({ epoch: cur[0], entry: entry(6, 'x'), previous: 'other' })],
    ['the same place again with another tag', (cur) => ({ epoch: cur[0], entry: entry(3, 'x'), previous: 'other' })],
    ['a place long passed', (cur) => ({ epoch: cur[0], entry: entry(1, 'x'), previous: '' })],
  ])('%s: it reads again from its own place, and is told of a branch', async (_what, notice) => {
    const { house, peer, follower, cur } = await settled();
    const top: WireCursor = [cur[0], 4, 'new'];
    const read = vi.spyOn(house.broker, 'read').mockResolvedValueOnce({ ok: false, why: 'branch', top });
    follower.onNotice(notice(cur));
    await house.clock.settle();
    expect(read).toHaveBeenCalledExactlyOnceWith('room:1', { cursor: cur }, expect.anything(), expect.anything());
    expect(peer.frames).toEqual([{ t: 'gap', c: 'room:1', cur: top, why: 'branch' }]);
    follower.onNotice({ epoch: cur[0], entry: entry(5, 'y'), previous: 'new' });
    await house.clock.settle();
    expect(peer.offsets()).toEqual([5]);
  });

  it('the same notice again is nothing', async () => {
    const { house, peer, follower, cur } = await settled();
    const read = vi.spyOn(house.broker, 'read');
    follower.onNotice({ epoch: cur[0], entry: entry(3, cur[2]), previous: 'any' });
    await house.clock.settle();
    expect(peer.frames).toEqual([]);
    expect(read).not.toHaveBeenCalled();
  });

  it('a false alarm tells nobody', async () => {
    const { house, peer, follower, cur } = await settled();
    follower.onNotice({ epoch: cur[0], entry: entry(9, 'x'), previous: 'w' });
    await house.clock.settle();
    expect(peer.frames).toEqual([]);
    await fill(house.server, 'room:1', 1);
    await house.clock.settle();
    expect(peer.offsets()).toEqual([4]);
  });

  it.each(['log', 'latest'] as const)('a doubt brings what was missed, in mode %s', async (mode) => {
    const { house, peer, follower } = await settled(mode);
    const lost = vi.spyOn(follower, 'onNotice').mockImplementation(() => undefined);
    await fill(house.server, 'room:1', 2);
    lost.mockRestore();
    await house.clock.settle();
    expect(peer.frames).toEqual([]);
    follower.onDoubt();
    await house.clock.settle();
    expect(peer.offsets()).toEqual(mode === 'log' ? [4, 5] : [5]);
  });

  it('a doubt voids what is being read', async () => {
    const { house, peer, follower, cur } = await settled();
    const answer = createDeferred<Read>();
    vi.spyOn(house.broker, 'read').mockReturnValueOnce(answer.promise);
    follower.onDoubt();
    follower.onDoubt();
    answer.resolve({ ok: true, entries: [entry(4, 'stale')], at: [cur[0], 4, 'stale'], top: [cur[0], 4, 'stale'] });
    await house.clock.settle();
    expect(peer.frames).toEqual([]);
  });

  it.each(['ahead', 'epoch', 'branch'] as const)('mode latest gets a gap and the newest when it was %s', async (why) => {
    const { house, peer, follower, cur } = await settled('latest');
    const top: WireCursor = why === 'epoch' ? ['other', 9, 't'] : [cur[0], why === 'ahead' ? 2 : 3, 't'];
    vi.spyOn(house.broker, 'read').mockResolvedValueOnce({ ok: true, entries: [entry(top[1], 't')], at: top, top });
    follower.onDoubt();
    await house.clock.settle();
    expect(peer.frames).toEqual([
      { t: 'gap', c: 'room:1', cur: top, why },
      { t: 'msg', c: 'room:1', items: [entry(top[1], 't')] },
    ]);
  });
});

describe('reads that are shared', () => {
  it('are not shared with one who came after something was noted', async () => {
    const house = createHouse();
    const [first, second] = [await house.enter(), await house.enter()];
    const cur: WireCursor = [(await house.server.cursor('room:1')).epoch, 0, ''];
    first.send({ t: 'sub', c: 'room:1', k: 1, mode: 'live' });
    await house.clock.settle();
    const answer = createDeferred<void>();
    const read = house.broker.read.bind(house.broker);
    vi.spyOn(house.broker, 'read').mockImplementationOnce(async (...args) => {
      const early = await read(...args);
      await answer.promise;
      return early;
    });
    first.send({ t: 'sub', c: 'room:1', k: 2, cur });
    await house.clock.settle();
    await fill(house.server, 'room:1', 1);
    second.send({ t: 'sub', c: 'room:1', k: 1, cur });
    await house.clock.settle();
    answer.resolve();
    await house.clock.settle();
    expect([first.offsets().at(-1), second.offsets()]).toEqual([1, [1]]);
  });

  it('are not needed again for what they brought already', async () => {
    const house = createHouse();
    const peer = await house.enter();
    const cur: WireCursor = [(await house.server.cursor('room:1')).epoch, 0, ''];
    const read = house.broker.read.bind(house.broker);
    const spy = vi.spyOn(house.broker, 'read').mockImplementationOnce(async (...args) => {
      await fill(house.server, 'room:1', 2);
      return read(...args);
    });
    peer.send({ t: 'sub', c: 'room:1', k: 1, cur });
    await house.clock.settle();
    expect(peer.offsets()).toEqual([1, 2]);
    expect(spy).toHaveBeenCalledOnce();
  });
});
