import { describe, expect, it, vi } from 'vitest';
import type { Appended } from '../../../server/brokers/broker.ts';
import { json } from '../../../src/protocol/json.ts';
import { msgpack } from '../../../src/protocol/msgpack.ts';
import { createDeferred } from '../../../src/util/deferred.ts';
import { createHouse, items, open, pub } from './support.ts';

describe('publishing', () => {
  it('acknowledges each item with its place, and readers get it', async () => {
    const { house, peer } = await open();
    const reader = await house.enter({ token: 'bob' });
    reader.send({ t: 'sub', c: 'room:1', k: 1 });
    await house.clock.settle();
    peer.send(pub(1, items(2, 1, { text: 'hi' })));
    await house.clock.settle();
    const { epoch } = await house.server.cursor('room:1');
    const tags = reader.of('msg').flatMap(({ items: list }) => list.map(({ g }) => g));
    expect(peer.of('ack')).toEqual([{ t: 'ack', c: 'room:1', p: 'p', s: 1, ep: epoch, r: [[1, tags[0]], [2, tags[1]]] }]); // prettier-ignore
    expect(reader.of('msg')[0]!.items).toEqual([{ id: 'i1', e: 'message', d: { text: 'hi' }, o: 1, g: tags[0], ts: house.clock.now(), by: 'ann' }]); // prettier-ignore
    expect(house.count('published')).toBe(2);
  });

  it('answers what comes in one message, and the entries, in one batch', async () => {
    const { house, peer } = await open();
    peer.send({ t: 'sub', c: 'room:1', k: 1 });
    await house.clock.settle();
    peer.messages.length = 0;
    peer.send(pub(1, items(3)), pub(4, items(3, 4)));
    await house.clock.settle();
    expect(peer.messages).toHaveLength(1);
    expect(peer.of('ack').map(({ s }) => s)).toEqual([1, 4]);
    expect(peer.offsets()).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it.each([
    ['a hole', pub(3, items(1)), { s: 3, code: 'out-of-order', expected: 2 }],
    ['an unknown producer', pub(3, items(1), { p: 'other' }), { s: 3, code: 'unknown-producer' }],
  ])('nacks %s', async (_what, frame, nack) => {
    const { house, peer } = await open();
    peer.send(pub(1, items(1)), frame);
    await house.clock.settle();
    expect(peer.of('nack')).toEqual([{ t: 'nack', c: 'room:1', p: frame.p, ...nack }]);
    expect((await house.server.cursor('room:1')).offset).toBe(1);
  });

  it('keeps lanes of users apart, and the bytes of a payload', async () => {
    const { house, peer } = await open();
    const bob = await house.enter({ token: 'bob' }, { codec: msgpack() });
    bob.send({ t: 'sub', c: 'room:1', k: 1 });
    await house.clock.settle();
    peer.send(pub(1, [{ id: 'a', e: 'x', d: new Uint8Array([1, 2, 255]) }]));
    bob.send(pub(2, items(1)));
    await house.clock.settle();
    expect(bob.last('nack')?.code).toBe('unknown-producer');
    expect(bob.last('msg')?.items[0]?.d).toEqual(new Uint8Array([1, 2, 255]));
  });

  it('answers as unavailable when the store fails', async () => {
    const { house, peer } = await open();
    vi.spyOn(house.broker, 'append').mockRejectedValueOnce(new Error('down'));
    peer.send(pub(1, items(2)));
    await house.clock.settle();
    expect(peer.frames.at(-1)).toMatchObject({ t: 'nack', s: 1, code: 'unavailable', after: expect.any(Number) });
  });

  describe('limits', () => {
    it.each([
      ['too many items', { items: 2 }, items(3)],
      ['too many bytes', { batch: 100 }, items(3, 1, 'x'.repeat(40))],
    ])('%s in a batch: 4413', async (_what, limits, list) => {
      const { house, peer } = await open(undefined, { limits });
      peer.send(pub(1, list));
      await house.clock.settle();
      expect([peer.closed?.code, peer.last('bye')?.code]).toEqual([4413, 4413]);
    });

    it('one item alone may be larger than a batch', async () => {
      const { house, peer } = await open(undefined, { limits: { batch: 100 } });
      peer.send(pub(1, items(1, 1, 'x'.repeat(400))));
      await house.clock.settle();
      expect(peer.of('ack')).toHaveLength(1);
    });

    it('a message longer than announced: 1009', async () => {
      const { house, peer } = await open(undefined, { limits: { message: 1000 } });
      peer.raw('x'.repeat(1001));
      await house.clock.settle();
      expect(peer.closed?.code).toBe(1009);
    });

    it('the rate of a user: what is above waits, and says how long', async () => {
      const { house, peer } = await open(undefined, { limits: { publishRate: 10 } });
      peer.send(pub(1, items(30)), pub(31, items(30, 31)));
      await house.clock.settle();
      expect(peer.of('ack').flatMap(({ r }) => r)).toHaveLength(40);
      expect(peer.last('nack')).toEqual({ t: 'nack', c: 'room:1', p: 'p', s: 41, code: 'rate-limited', after: 100 });
      peer.send(pub(41, items(1, 41)));
      await house.clock.settle();
      expect(peer.last('nack')).toMatchObject({ s: 41, code: 'rate-limited' });
      await house.clock.advance(100);
      peer.send(pub(41, items(1, 41)));
      await house.clock.settle();
      expect(peer.last('ack')?.s).toBe(41);
    });

    it('a batch refused at the door is not answered before the one ahead of it in its lane', async () => {
      const { house, peer } = await open(undefined, { limits: { publishRate: 10 } });
      peer.send(pub(1, items(40)), pub(41, items(5, 41)));
      await house.clock.settle();
      const answers = peer.frames.filter(({ t }) => t === 'ack' || t === 'nack');
      expect(answers).toMatchObject([
        { t: 'ack', s: 1 },
        { t: 'nack', s: 41, code: 'rate-limited' },
      ]);
    });

    it('answers keep the order of their lane, whatever order the store answers in', async () => {
      const { house, peer } = await open();
      const answers = [createDeferred<Appended>(), createDeferred<Appended>()];
      let asked = 0;
      vi.spyOn(house.broker, 'append').mockImplementation(() => answers[(asked += 1) - 1]!.promise);
      peer.send(pub(1, items(1)), pub(2, items(1, 2)));
      answers[1]!.resolve({ epoch: 'e', results: [[2, 'b']], stopped: null });
      await house.clock.settle();
      expect(peer.of('ack')).toEqual([]);
      answers[0]!.resolve({ epoch: 'e', results: [[1, 'a']], stopped: null });
      await house.clock.settle();
      expect(peer.of('ack').map(({ s }) => s)).toEqual([1, 2]);
    });

    it('the rate is the user’s, not the connection’s; an anonymous page has its own', async () => {
      const { house, peer } = await open(undefined, { limits: { publishRate: 1 } });
      const second = await house.enter({ token: 'ann' });
      const anonymous = [await house.enter(), await house.enter()];
      peer.send(pub(1, items(4)));
      second.send(pub(1, items(4), { p: 'q' }));
      for (const [index, page] of anonymous.entries()) page.send(pub(1, items(4), { p: `a${index}` }));
      await house.clock.settle();
      expect(second.last('nack')?.code).toBe('rate-limited');
      for (const page of anonymous) expect(page.of('ack')[0]?.r).toHaveLength(4);
    });

    it('what was refused for a hole costs nothing', async () => {
      const { house, peer } = await open(undefined, { limits: { publishRate: 1 } });
      peer.send(pub(1, items(1)));
      for (let i = 0; i < 20; i += 1) {
        peer.send(pub(9, items(3)));
        await house.clock.settle();
      }
      expect(peer.of('nack').every(({ code }) => code === 'out-of-order')).toBe(true);
    });
  });

  describe('from the back end', () => {
    it('resolves with its place; a repeat of the id is dropped', async () => {
      const { house } = await open();
      expect(await house.server.publish('room:1', 'made', { n: 1 }, { id: 'order-1' })).toEqual({ offset: 1, id: 'order-1' });
      expect(await house.server.publish('room:1', 'made', { n: 1 }, { id: 'order-1' })).toEqual({ offset: 1, id: 'order-1' });
      expect(await house.server.publish('room:1', 'made', undefined)).toEqual({ offset: 2, id: expect.any(String) });
    });

    it.each([
      ['a name that is none', 'a b', 'made', 1, /no channel name/],
      ['a channel without a rule', 'other', 'made', 1, /no rule/],
      ['a channel without a log', 'live:1', 'made', 1, /keeps no log/],
      ['an event that is none', 'room:1', '', 1, /event name/],
      ['a payload that is none', 'room:1', 'made', new Map(), /cannot be sent/],
    ])('refuses %s', async (_what, channel, event, data, why) => {
      const house = createHouse({ channels: { 'room:{id}': {}, 'live:{id}': { mode: 'live' } } });
      await expect(house.server.publish(channel, event, data)).rejects.toThrow(why);
    });
  });

  it('forgets lanes that the page says are settled', async () => {
    const { house, peer } = await open();
    peer.send(pub(1, items(1)));
    await house.clock.settle();
    const release = vi.spyOn(house.broker, 'release');
    peer.send({ t: 'bye', code: 1000, done: [{ c: 'room:1', p: 'p' }] });
    await house.clock.settle();
    expect(release).toHaveBeenCalledExactlyOnceWith([{ channel: 'room:1', lane: { user: 'ann', producer: 'p' } }]);
    expect(peer.closed?.code).toBe(1000);
  });

  it('sends JSON bytes as base64url', async () => {
    const { house, peer } = await open();
    const reader = await house.enter({}, { codec: json() });
    reader.send({ t: 'sub', c: 'room:1', k: 1 });
    await house.clock.settle();
    peer.send(pub(1, [{ id: 'a', e: 'x', d: new Uint8Array([255]) }]));
    await house.clock.settle();
    expect(reader.messages.at(-1)).toContain('"b":"_w"');
  });
});
