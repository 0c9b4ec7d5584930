// Holds I14 (docs/guarantees.md).
import { describe, expect, it, vi } from 'vitest';
import { memoryBroker } from '../../../server/brokers/memory.ts';
import { reject } from '../../../server/rejection.ts';
import type { ChannelRule, ServerOptions } from '../../../server/types.ts';
import type { Hist, Res, WireCursor } from '../../../src/protocol/frame.ts';
import { createDeferred, createHouse, fill, type House, type Peer } from './support.ts';

const hist = (more: Partial<Hist> = {}): Hist => ({ t: 'hist', id: 'h1', c: 'room:1', n: 10, ...more });
const offsets = (res: Res | undefined): number[] => (res?.items ?? []).map(({ o }) => o);
const placeOf = (res: Res | undefined, offset: number): WireCursor => {
  const entry = res?.items?.find(({ o }) => o === offset);
  return [res?.ep ?? '', offset, entry?.g ?? ''];
};

async function ask(house: House, peer: Peer, ...frames: readonly Hist[]): Promise<Res | undefined> {
  peer.send(...frames);
  await house.clock.settle();
  return peer.last('res');
}

/** One question of a page that has only just come. */
async function once(options: Partial<ServerOptions>, frame = hist()): Promise<{ readonly house: House; readonly res?: Res }> {
  const house = createHouse(options);
  const peer = await house.enter({ token: 'ann' });
  const res = await ask(house, peer, frame);
  return { house, ...(res !== undefined && { res }) };
}
const room = (rule: ChannelRule): Partial<ServerOptions> => ({ channels: { 'room:{id}': rule } });

describe('history', () => {
  it('answers a page of the newest, the oldest first, and where the older ones begin', async () => {
    const house = createHouse();
    await fill(house.server, 'room:1', 6);
    const peer = await house.enter();
    const res = await ask(house, peer, hist({ n: 4 }));
    expect([res?.id, offsets(res), res?.err]).toEqual(['h1', [3, 4, 5, 6], undefined]);
    expect(res?.ep).toBe((await house.server.cursor('room:1')).epoch);
    const older = await ask(house, peer, hist({ id: 'h2', to: [res!.ep!, ...res!.older!] }));
    expect([older?.id, offsets(older)]).toEqual(['h2', [1, 2]]);
    expect([older?.older, older?.trimmed]).toEqual([undefined, undefined]);
    expect(offsets(await ask(house, peer, hist({ from: placeOf(res, 4), to: placeOf(res, 5) })))).toEqual([4, 5]);
  });

  it('needs no subscription, and makes none', async () => {
    const house = createHouse();
    const peer = await house.enter();
    await ask(house, peer, hist());
    expect(peer.last('res')).toEqual({ t: 'res', id: 'h1', ep: '' });
    await fill(house.server, 'room:1', 1);
    await house.clock.settle();
    expect([house.count('subscriptions'), peer.of('msg')]).toEqual([0, []]);
  });

  it('gives 500 entries at most', async () => {
    const house = createHouse();
    await fill(house.server, 'room:1', 501);
    const peer = await house.enter();
    const res = await ask(house, peer, hist({ n: 10_000 }));
    expect([offsets(res).length, res?.older?.[0]]).toEqual([500, 1]);
  });

  it('keeps within the limit of a message', async () => {
    const house = createHouse({ limits: { message: 5000 } });
    await fill(house.server, 'room:1', 10, 'x'.repeat(1000));
    const peer = await house.enter();
    const res = await ask(house, peer, hist({ n: 10 }));
    expect(offsets(res)).toEqual([7, 8, 9, 10]);
    expect(peer.messages.at(-1)!.length).toBeLessThan(5000);
  });

  it.each([
    ['epoch', ([, offset, tag]: WireCursor): WireCursor => ['other', offset, tag]],
    ['ahead', ([epoch]: WireCursor): WireCursor => [epoch, 9, 'x']],
    ['branch', ([epoch, offset]: WireCursor): WireCursor => [epoch, offset, 'other']],
  ])('finds no such place: %s', async (why, change) => {
    const house = createHouse();
    await fill(house.server, 'room:1', 3);
    const peer = await house.enter();
    const place = placeOf(await ask(house, peer, hist()), 2);
    for (const end of ['from', 'to'] as const) {
      const res = await ask(house, peer, hist({ [end]: change(place) }));
      expect(res).toEqual({
        t: 'res',
        id: 'h1',
        err: { code: 'not-found', message: `\`${end}\` is no place of the log: ${why}` },
      });
    }
  });

  it('tells what is gone', async () => {
    const house = createHouse(room({ subscribe: true, history: { entries: 3 } }));
    await fill(house.server, 'room:1', 10);
    const peer = await house.enter();
    const res = await ask(house, peer, hist());
    expect([offsets(res), res?.older, res?.trimmed]).toEqual([[7, 8, 9, 10], undefined, true]);
  });

  describe('who may', () => {
    it.each<readonly [what: string, rule: ChannelRule, err: Res['err']]>([
      ['no rule', {}, { code: 'forbidden' }],
      ['false', { subscribe: false }, { code: 'forbidden' }],
      ['a promise of false', { subscribe: () => Promise.resolve(false) }, { code: 'forbidden' }],
      [
        'a rule that rejects',
        { subscribe: () => Promise.reject(reject('banned', 'Until Monday')) },
        { code: 'app', app: 'banned', message: 'Until Monday' },
      ],
      [
        'a rule that rejects for now',
        { subscribe: () => Promise.reject(reject('full', 'Later', { retryable: true, retryAfter: 300 })) },
        { code: 'app', app: 'full', message: 'Later', after: 300 },
      ],
      ['a rule that fails', { subscribe: () => Promise.reject(new Error('db')) }, { code: 'unavailable' }],
      [
        'a channel without a log',
        { subscribe: true, mode: 'live' },
        { code: 'unsupported', message: 'this channel keeps no log' },
      ],
    ])('%s', async (_what, rule, err) => {
      const { house, res } = await once(room(rule));
      expect(res).toEqual({ t: 'res', id: 'h1', err });
      expect(house.count('pages')).toBe(0);
    });

    it('forbids channels that no pattern fits', async () => {
      expect((await once({}, hist({ c: 'other' }))).res?.err).toEqual({ code: 'forbidden' });
    });

    it('asks with user, channel and params', async () => {
      const subscribe = vi.fn((_context: unknown) => true);
      await once(room({ subscribe }));
      expect(subscribe.mock.calls).toMatchObject([[{ user: { id: 'ann' }, channel: 'room:1', params: { id: '1' } }]]);
    });

    it('takes it back while a rule or the store is asked', async () => {
      const house = createHouse(room({ subscribe: () => new Promise<boolean>(() => undefined) }));
      const peer = await house.enter({ token: 'ann' });
      peer.send(hist(), hist({ id: 'h2', c: 'room:2' }));
      await house.server.revoke('ann', { channel: 'room:1' });
      await house.clock.settle();
      expect(peer.of('res')).toEqual([{ t: 'res', id: 'h1', err: { code: 'forbidden' } }]);
    });
  });

  it('gives a rule 10 s', async () => {
    let signal: AbortSignal | undefined;
    const house = createHouse(
      room({
        subscribe(context) {
          ({ signal } = context);
          return new Promise<boolean>(() => undefined);
        },
      }),
    );
    const peer = await house.enter();
    peer.send(hist());
    await house.clock.advance(9999);
    expect([peer.of('res').length, signal?.aborted]).toEqual([0, false]);
    await house.clock.advance(1);
    expect([peer.last('res')?.err?.code, signal?.aborted]).toEqual(['unavailable', true]);
  });

  it.each([
    ['rejects', () => Promise.reject(new Error('down')), 0],
    ['throws', () => { throw new Error('down'); }, 0], // prettier-ignore
    ['says nothing', () => new Promise<never>(() => undefined), 10_000],
  ] as const)('says so if the store %s', async (_what, history, wait) => {
    const house = createHouse({ broker: Object.assign(memoryBroker(), { history }) });
    const peer = await house.enter();
    peer.send(hist());
    await house.clock.advance(wait);
    await house.clock.settle();
    expect(peer.last('res')).toEqual({ t: 'res', id: 'h1', err: { code: 'unavailable', after: 1000 } });
    expect(house.events).toContainEqual(expect.objectContaining({ name: 'broker-failed' }));
  });

  it('serves four at a time', async () => {
    const may = createDeferred<boolean>();
    const house = createHouse(room({ subscribe: () => may.promise }));
    const peer = await house.enter();
    peer.send(...[1, 2, 3, 4, 5, 6].map((n) => hist({ id: `h${n}` })));
    await house.clock.settle();
    expect(peer.of('res').map(({ id, err }) => [id, err?.code, err?.after])).toEqual([
      ['h5', 'rate-limited', 1000],
      ['h6', 'rate-limited', 1000],
    ]);
    peer.clear();
    may.resolve(true);
    await house.clock.settle();
    expect(peer.of('res').map(({ id }) => id)).toEqual(['h1', 'h2', 'h3', 'h4']);
    expect((await ask(house, peer, hist({ id: 'h7' })))?.id).toBe('h7');
  });

  it('waits for room: a peer that takes nothing is served as it takes, and holds no more than twice the bound', async () => {
    const house = createHouse({ limits: { queue: 100_000 } });
    await fill(house.server, 'room:1', 20, 'x'.repeat(9000));
    const peer = await house.enter();
    peer.shut();
    const before = house.count('bytesOut');
    for (let round = 0; round < 30; round += 1) {
      peer.send(hist({ id: `h${round}`, n: 20 }));
      await house.clock.settle();
    }
    expect([peer.closed, peer.of('res')]).toEqual([null, []]);
    // What could not be sent is not read.
    expect(house.count('pages')).toBeLessThan(4);
    expect(house.count('bytesOut') - before).toBeLessThan(2 * 100_000);
    expect(house.count('bytesOut') - before).toBeGreaterThan(100_000);
    peer.take();
    await house.clock.settle();
    const answered = peer.of('res').map(({ id, err }) => [id, err?.code]);
    expect(answered.filter(([, code]) => code === undefined).length).toBeGreaterThan(4);
    expect(new Set(answered.map(([id]) => id)).size).toBe(30);
    for (const res of peer.of('res')) if (res.err === undefined) expect(offsets(res).at(-1)).toBe(20);
  });

  it('keeps nothing of a page for which there is no room any more: it is read again', async () => {
    const slow = createDeferred<void>();
    const store = memoryBroker();
    const inner = store.history.bind(store);
    const history: typeof inner = async (...args) => {
      await slow.promise;
      return inner(...args);
    };
    const house = createHouse({ limits: { queue: 100_000 }, broker: Object.assign(store, { history }) });
    await fill(house.server, 'room:1', 20, 'x'.repeat(9000));
    const peer = await house.enter();
    peer.send({ t: 'sub', c: 'room:1', k: 1, n: 0 });
    await house.clock.settle();
    peer.shut();
    peer.send(...[1, 2, 3, 4].map((n) => hist({ id: `h${n}`, n: 20 })));
    await fill(house.server, 'room:1', 20, 'x'.repeat(9000));
    await house.clock.settle();
    slow.resolve();
    await house.clock.settle();
    expect(peer.closed).toBeNull();
    peer.take();
    await house.clock.settle();
    expect(peer.of('res').map(({ id, items }) => [id, items?.at(-1)?.o])).toEqual([1, 2, 3, 4].map((n) => [`h${n}`, 40]));
    expect(house.count('pages')).toBeGreaterThanOrEqual(8);
  });

  it('is over with the connection: no rule is blamed for its signal, and nothing is read', async () => {
    const subscribe = ({ signal }: { readonly signal: AbortSignal }): Promise<boolean> =>
      new Promise((_, fail) => signal.addEventListener('abort', () => fail(signal.reason as Error)));
    const house = createHouse(room({ subscribe }));
    const peer = await house.enter();
    peer.send(hist());
    await house.clock.settle();
    peer.lose();
    await house.clock.settle();
    expect(house.events.filter(({ name }) => name === 'rule-failed')).toEqual([]);
    expect(house.count('pages')).toBe(0);
  });
});
