import { describe, expect, it } from 'vitest';
import type { WireCursor } from '../../../src/protocol/frame.ts';
import { createHouse, fill, top } from './support.ts';

describe('subscribing: modes', () => {
  describe('mode latest', () => {
    const rules = { 'price:{id}': { subscribe: true, publish: true, mode: 'latest' as const } };

    it('begins with the newest', async () => {
      const house = createHouse({ channels: rules });
      await fill(house.server, 'price:1', 3);
      const peer = await house.enter();
      peer.send({ t: 'sub', c: 'price:1', k: 1, mode: 'latest' });
      await house.clock.settle();
      expect(peer.last('subbed')).toMatchObject({ ok: null });
      expect(peer.offsets()).toEqual([3]);
    });

    it.each([
      ['at the top', (cur: WireCursor): WireCursor => cur, { ok: true }, []],
      ['behind', (cur: WireCursor): WireCursor => [cur[0], 1, 'any'], { ok: true }, [3]],
      ['of another epoch', (cur: WireCursor): WireCursor => ['other', 9, cur[2]], { ok: false, why: 'epoch' }, [3]],
      ['of another branch', (cur: WireCursor): WireCursor => [cur[0], 3, 'other'], { ok: false, why: 'branch' }, [3]],
      ['ahead', (cur: WireCursor): WireCursor => [cur[0], 9, 'other'], { ok: false, why: 'ahead' }, [3]],
    ])('resumes from a cursor %s', async (_what, change, subbed, offsets) => {
      const house = createHouse({ channels: rules });
      await fill(house.server, 'price:1', 3);
      const peer = await house.enter();
      peer.send({ t: 'sub', c: 'price:1', k: 1, mode: 'latest', cur: change(await top(house, 'price:1')) });
      await house.clock.settle();
      expect(peer.last('subbed')).toMatchObject(subbed);
      expect(peer.offsets()).toEqual(offsets);
    });

    it('leaves a resync in the middle of a tick with the newest last', async () => {
      const house = createHouse({ channels: rules });
      const peer = await house.enter();
      peer.send({ t: 'sub', c: 'price:1', k: 1, mode: 'latest' });
      await fill(house.server, 'price:1', 1);
      await house.clock.settle();
      const cur = await top(house, 'price:1');
      peer.clear();
      const first = house.server.publish('price:1', 'e', 'first');
      peer.send({ t: 'sub', c: 'price:1', k: 2, mode: 'latest', cur });
      // The read of the resync has been answered, and nothing has left the tick yet.
      await first;
      await Promise.resolve();
      await Promise.resolve();
      await house.server.publish('price:1', 'e', 'second');
      await house.clock.settle();
      const answered = peer.frames.findIndex(({ t }) => t === 'subbed');
      const after = peer.frames
        .slice(answered)
        .flatMap((frame) => (frame.t === 'msg' || frame.t === 'subbed' ? (frame.items ?? []) : []));
      expect(after.at(-1)).toMatchObject({ o: 3, d: 'second' });
    });

    it('sends only the newest of a tick', async () => {
      const house = createHouse({ channels: rules });
      const peer = await house.enter();
      peer.send({ t: 'sub', c: 'price:1', k: 1, mode: 'latest' });
      await house.clock.settle();
      const lane = { user: '', producer: 'p' };
      const items = Array.from({ length: 5 }, (_, index) => ({ item: { id: `i${index}`, e: 'tick', d: index } }));
      await house.broker.append({ channel: 'price:1', lane, sequence: 1, first: true, items, keep: { entries: 1, age: 1000 } });
      await house.clock.settle();
      expect(peer.offsets()).toEqual([5]);
      await fill(house.server, 'price:1', 1);
      await house.clock.settle();
      expect(peer.offsets()).toEqual([5, 6]);
    });
  });

  it('mode live gets what comes from now on, without a cursor', async () => {
    const house = createHouse();
    await fill(house.server, 'room:1', 3);
    const peer = await house.enter();
    peer.send({ t: 'sub', c: 'room:1', k: 1, mode: 'live' });
    await house.clock.settle();
    expect(peer.last('subbed')).toEqual({ t: 'subbed', c: 'room:1', k: 1, cur: ['', 0, ''], ok: null });
    await fill(house.server, 'room:1', 1);
    await house.clock.settle();
    expect(peer.offsets()).toEqual([4]);
  });
});
