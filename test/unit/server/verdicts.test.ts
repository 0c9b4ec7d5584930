import { describe, expect, it, vi } from 'vitest';
import { reject } from '../../../server/rejection.ts';
import type { ChannelRule } from '../../../server/types.ts';
import type { Pub } from '../../../src/protocol/frame.ts';
import { createDeferred, items, open, pub } from './support.ts';

describe('verdicts', () => {
  const answer = async (rule: ChannelRule, list: Pub['items'] = items(1)) => {
    const { house, peer } = await open(rule);
    peer.send(pub(1, list));
    await house.clock.settle();
    return { house, peer, results: peer.of('ack').flatMap(({ r }) => r), nack: peer.last('nack') };
  };
  const there = [1, expect.any(String)];
  const forbidden = { code: 'forbidden' };

  it.each<[string, ChannelRule, unknown]>([
    ['nothing said', {}, forbidden],
    ['false', { publish: false }, forbidden],
    ['true', { publish: true }, there],
    ['a function: true', { publish: () => true }, there],
    ['a function: something else', { publish: () => 'yes' as never }, forbidden],
    ['a promise: true', { publish: () => Promise.resolve(true) }, there],
    ['a promise: false', { publish: () => Promise.resolve(false) }, forbidden],
    ['the event: true', { publish: { message: true } }, there],
    ['the event: a function', { publish: { message: () => true } }, there],
    ['the event: a promise', { publish: { message: async () => Promise.resolve(true) } }, there],
    ['another event', { publish: { other: true } }, forbidden],
    ['no log', { publish: true, mode: 'live' }, { code: 'invalid', message: expect.any(String) }],
  ])('%s', async (_what, rule, result) => {
    expect((await answer(rule)).results).toEqual([result]);
  });

  it.each(['constructor', '__proto__', 'toString'])('an event called %s finds no rule', async (e) => {
    expect((await answer({ publish: { message: true } }, [{ id: 'a', e }])).results).toEqual([forbidden]);
  });

  it('rules by event get the payload and the context', async () => {
    const message = vi.fn((_data: unknown, _context: unknown) => true);
    await answer({ publish: { message } }, [{ id: 'a', e: 'message', d: { text: 'hi' } }]);
    expect(message.mock.calls[0]).toMatchObject([
      { text: 'hi' },
      { user: { id: 'ann' }, channel: 'room:1', params: { id: '1' } },
    ]);
  });

  it('one item refused, the others go on', async () => {
    const publish = { message: (data: number) => data !== 2 };
    const list = [1, 2, 3].map((d) => ({ id: `i${d}`, e: 'message', d }));
    expect((await answer({ publish }, list)).results).toEqual([there, forbidden, [2, expect.any(String)]]);
  });

  it('tells the app’s own code', async () => {
    const publish = (): never => {
      throw reject('too-long', 'At most 5000');
    };
    expect((await answer({ publish: { message: publish } })).results).toEqual([
      { code: 'app', app: 'too-long', message: 'At most 5000' },
    ]);
  });

  it.each([
    [
      'a throw',
      () => {
        throw new Error('db');
      },
      {},
    ],
    ['a rejection', () => Promise.reject(new Error('db')), {}],
    [
      'a retryable rejection',
      () => {
        throw reject('busy', 'Later', { retryable: true, retryAfter: 2000 });
      },
      { after: 2000 },
    ],
  ])('%s is transient: it stops there and consumes nothing', async (_what, fail, more) => {
    // prettier-ignore
    const publish = { message: (data: number) => (data === 2 ? fail() : true) };
    const list = [1, 2, 3].map((d) => ({ id: `i${d}`, e: 'message', d }));
    const { peer, house, results, nack } = await answer({ publish }, list);
    expect(results).toEqual([there]);
    expect(nack).toEqual({ t: 'nack', c: 'room:1', p: 'p', s: 2, code: 'unavailable', ...more });
    peer.send(pub(2, items(1, 2, 7)));
    await house.clock.settle();
    expect(peer.last('ack')).toMatchObject({ s: 2, r: [[2, expect.any(String)]] });
  });

  it('a repeat is answered by its recorded result, whatever the rule says now', async () => {
    let allowed = true;
    const { house, peer, results } = await answer({ publish: () => allowed });
    allowed = false;
    peer.send(pub(1, items(1)), pub(2, items(1, 2)));
    await house.clock.settle();
    expect(peer.of('ack').map(({ r }) => r)).toEqual([results, results, [forbidden]]);
  });

  it.each([
    [
      'deep',
      (() => {
        let d: unknown = 1;
        for (let i = 0; i < 40; i += 1) d = [d];
        return d;
      })(),
      'invalid',
    ],
    ['a key __proto__', JSON.parse('{"__proto__":1}'), 'invalid'],
    ['many keys', Object.fromEntries(Array.from({ length: 1100 }, (_, i) => [`k${i}`, 1])), 'invalid'],
    ['large', 'x'.repeat(70_000), 'too-large'],
    ['large bytes', new Uint8Array(270_000), 'too-large'],
  ])('a payload that is %s is a verdict on that item alone', async (_what, d, code) => {
    // prettier-ignore
    const { results } = await answer({ publish: true }, [{ id: 'a', e: 'x', d }, ...items(1)]);
    expect(results).toEqual([{ code, message: expect.any(String) }, there]);
  });

  it('tombstones need no permission and take no offset', async () => {
    expect((await answer({}, [{ id: 'a', x: 'cancelled' }])).results).toEqual([{ code: 'cancelled' }]);
  });

  it('hides who sent it where the rule says so', async () => {
    const { house, peer } = await open({ subscribe: true, publish: true, showUser: false });
    const reader = await house.enter({ token: 'bob' });
    reader.send({ t: 'sub', c: 'room:1', k: 1 });
    await house.clock.settle();
    peer.send(pub(1, items(1)), { t: 'tell', c: 'room:1', id: 't', e: 'x' });
    await house.clock.settle();
    expect(reader.last('tell')).toEqual({ t: 'tell', c: 'room:1', id: 't', e: 'x' });
    expect(reader.last('msg')!.items[0]).not.toHaveProperty('by');
  });
});

describe('rules that think', () => {
  it('keep the order of their lane and hold up no other', async () => {
    const slow = createDeferred<boolean>();
    const publish = { message: (data: string) => (data === 'slow' ? slow.promise : true) };
    const { house, peer } = await open({ subscribe: true, publish });
    peer.send({ t: 'sub', c: 'room:1', k: 1 });
    await house.clock.settle();
    peer.send(
      pub(1, items(1, 1, 'slow')),
      pub(2, items(2, 2)),
      pub(1, items(1, 9), { p: 'q' }),
      pub(4, items(1, 4, 'slow')),
      pub(5, items(1, 5)),
    );
    await house.clock.settle();
    expect(peer.of('ack').map(({ p, s }) => [p, s])).toEqual([['q', 1]]);
    slow.resolve(true);
    await house.clock.settle();
    expect(peer.of('ack').map(({ p, s }) => [p, s])).toEqual([['q', 1], ['p', 1], ['p', 2], ['p', 4], ['p', 5]]); // prettier-ignore
    expect(peer.of('msg').flatMap(({ items: list }) => list.map(({ id }) => id))).toEqual(['i9', 'i1', 'i2', 'i3', 'i4', 'i5']);
  });

  it('refuse a batch between two others: it is answered between them', async () => {
    const publish = {
      message: (data: string): boolean => {
        if (data === 'fails') throw new Error('not now');
        return true;
      },
    };
    const { house, peer } = await open({ subscribe: true, publish });
    // All of it is a repeat, so nothing of it is out of order.
    peer.send(pub(1, items(3)));
    await house.clock.settle();
    peer.clear();
    peer.send(pub(1, items(1)), pub(2, items(1, 2, 'fails')), pub(3, items(1, 3)));
    await house.clock.settle();
    expect(peer.frames).toMatchObject([
      { t: 'ack', s: 1 },
      { t: 'nack', s: 2, code: 'unavailable' },
      { t: 'ack', s: 3 },
    ]);
  });

  it('have 10 s', async () => {
    const { house, peer } = await open({ publish: () => new Promise(() => undefined) });
    peer.send(pub(1, items(1)));
    await house.clock.advance(9999);
    expect(peer.of('nack')).toEqual([]);
    await house.clock.advance(1);
    expect(peer.last('nack')).toMatchObject({ s: 1, code: 'unavailable' });
  });

  it('bound the work that waits', async () => {
    const { house, peer } = await open({ publish: () => new Promise(() => undefined) }, { limits: { publishRate: Infinity } });
    for (let i = 0; i < 20; i += 1) peer.send(pub(1 + i * 64, items(64, 1 + i * 64)));
    await house.clock.settle();
    expect(peer.of('nack').map(({ s, code }) => [s, code])).toEqual([16, 17, 18, 19].map((i) => [1 + i * 64, 'unavailable']));
  });

  it('see their signal aborted when the connection ends, and append nothing after', async () => {
    const answer = createDeferred<boolean>();
    let signal: AbortSignal | undefined;
    const publish = (context: { signal: AbortSignal }): Promise<boolean> => {
      ({ signal } = context);
      return answer.promise;
    };
    const { house, peer } = await open({ publish });
    peer.send(pub(1, items(1)));
    peer.lose();
    expect(signal?.aborted).toBe(true);
    answer.resolve(true);
    await house.clock.settle();
    expect((await house.server.cursor('room:1')).offset).toBe(0);
  });
});
