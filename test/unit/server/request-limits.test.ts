// Holds I14 (docs/guarantees.md).
/** How many requests are run at a time: what a page repeats counts once, and who hangs up makes no room for more. */
import { describe, expect, it } from 'vitest';
import type { Req, Res } from '../../../src/protocol/frame.ts';
import type { ServerOptions } from '../../../server/types.ts';
import { hello, request } from './http-support.ts';
import { createDeferred, createHouse, type House, type Peer } from './support.ts';

const PAGE = { token: 'ann', client: 'page' } as const;
const keyed = (count: number, prefix = 'a', more: Partial<Req> = {}): Req[] =>
  Array.from({ length: count }, (_, n) => ({ t: 'req', id: `${prefix}${n}`, m: 'm', key: `${prefix}${n}`, ...more }));
const plain = (id: string): Req => ({ t: 'req', id, m: 'm' });
const codes = (peer: Pick<Peer, 'of'>): unknown[] => peer.of('res').map(({ err, d }: Res) => err?.code ?? d);
const limited = (peer: Pick<Peer, 'of'>): string[] =>
  peer.of('res').flatMap(({ id, err }: Res) => (err?.code === 'rate-limited' ? [id] : []));

/** Handlers that end when the test says so, and count how many run. */
function hold(limits: ServerOptions['limits'] = {}): { house: House; runs: () => number; release: () => void } {
  const gate = createDeferred<number>();
  let count = 0;
  const handler = async (): Promise<number> => {
    count += 1;
    await gate.promise;
    count -= 1;
    return 1;
  };
  const house = createHouse({ requests: { m: handler }, limits: { requests: 4, requestRate: Infinity, ...limits } });
  return { house, runs: () => count, release: () => gate.resolve(0) };
}

async function say(house: House, peer: Peer, ...frames: readonly Req[]): Promise<void> {
  peer.send(...frames);
  await house.clock.settle();
}

describe('what a page repeats after a reconnect', () => {
  it.each<readonly [what: string, ends: (peer: Peer) => void, limits: ServerOptions['limits']]>([
    ['is joined, where the server has seen the end', (peer) => peer.lose(), {}],
    ['is joined, where it has not', () => undefined, {}],
    // Four in a burst, and none is left.
    ['uses up no allowance', (peer) => peer.lose(), { requestRate: 1 }],
  ])('%s', async (_what, ends, limits) => {
    const { house, runs, release } = hold(limits);
    const first = await house.enter(PAGE);
    await say(house, first, ...keyed(4));
    expect(runs()).toBe(4);
    ends(first);
    const again = await house.enter({ ...PAGE, gen: 2 });
    await say(house, again, ...keyed(4));
    expect([runs(), codes(again)]).toEqual([4, []]);
    release();
    await house.clock.settle();
    expect(codes(again)).toEqual([1, 1, 1, 1]);
  });

  it('counts once: when one is answered there is room for one more, on whatever connection', async () => {
    const ends: (() => void)[] = [];
    const handler = (): Promise<number> => new Promise((resolve) => ends.push(() => resolve(1)));
    const house = createHouse({ requests: { m: handler }, limits: { requests: 4 } });
    const peers = [await house.enter(PAGE), await house.enter({ ...PAGE, gen: 2 })] as const;
    for (const peer of peers) await say(house, peer, ...keyed(4));
    ends[0]!();
    await house.clock.settle();
    await say(house, peers[1], plain('b'), plain('c'));
    expect([ends.length, limited(peers[1])]).toEqual([5, ['c']]);
  });

  it('is told what became of it, though the page has no room', async () => {
    const { house } = hold();
    const first = await house.enter(PAGE);
    await say(house, first, ...keyed(4, 'a', { timeout: 1000 }));
    await house.clock.advance(1000);
    const again = await house.enter({ ...PAGE, gen: 2 });
    await say(house, again, ...keyed(1), plain('b'));
    expect(codes(again)).toEqual(['unknown-outcome', 'rate-limited']);
  });

  it('is one more where the same key is asked for again beside it', async () => {
    const { house, runs } = hold();
    const peer = await house.enter(PAGE);
    await say(house, peer, ...['1', '2', '3', '4', '5'].map((id): Req => ({ t: 'req', id, m: 'm', key: 'k' })));
    expect([runs(), limited(peer)]).toEqual([1, ['5']]);
  });
});

describe('who hangs up', () => {
  it.each([
    ['with a key', (round: number) => keyed(4, `${round}-`)],
    ['without one', (round: number) => keyed(4, `${round}-`).map(({ key: _, ...rest }): Req => rest)],
  ])('has no room for more while the handlers go on, %s', async (_what, frames) => {
    const { house, runs, release } = hold();
    for (let round = 0; round < 5; round += 1) {
      const peer = await house.enter({ ...PAGE, gen: round + 1 });
      await say(house, peer, ...frames(round));
      peer.lose();
      await house.clock.settle();
    }
    expect(runs()).toBe(4);
    release();
    await house.clock.settle();
    const peer = await house.enter({ ...PAGE, gen: 9 });
    await say(house, peer, ...keyed(4, 'z'));
    expect(codes(peer)).toEqual([1, 1, 1, 1]);
  });

  it('has none over HTTP either, where the POST may be repeated', async () => {
    const { house, runs } = hold();
    const mem = await house.broker.memory();
    for (let round = 0; round < 5; round += 1) {
      const frames = [hello({ token: 'ann', client: 'page', mem }), ...[0, 1, 2, 3].map((n) => plain(`${round}-${n}`))];
      const reply = request(house, { path: '/send', frames });
      await house.clock.settle();
      // What is refused is answered already.
      if (reply.state === 'open') reply.abort();
      await house.clock.settle();
    }
    expect(runs()).toBe(4);
  });

  it('cannot let one request wait as often as it likes', async () => {
    const { house, runs, release } = hold();
    const mem = await house.broker.memory();
    const frames = [hello({ token: 'ann', client: 'page', mem }), plain('a')];
    const replies = Array.from({ length: 20 }, () => request(house, { path: '/send', frames }));
    await house.clock.settle();
    // Eight for one place, and one for each of the three others.
    const answered = (): number => replies.filter(({ state }) => state !== 'open').length;
    expect([runs(), answered()]).toEqual([1, 9]);
    replies.find(({ state }) => state === 'open')!.abort();
    await house.clock.settle();
    replies.push(request(house, { path: '/send', frames }), request(house, { path: '/send', frames }));
    await house.clock.settle();
    expect([runs(), answered()]).toEqual([1, 11]);
    release();
    await house.clock.settle();
    expect([runs(), answered()]).toEqual([0, 22]);
    const peer = await house.enter({ ...PAGE, gen: 9 });
    await say(house, peer, ...keyed(4, 'z'));
    expect(codes(peer)).toEqual([1, 1, 1, 1]);
  });

  it('has no more than all its pages could have, under whatever names they come', async () => {
    const { house, runs } = hold({ connections: 3 });
    for (let round = 0; round < 9; round += 1) {
      const peer = await house.enter({ token: 'ann', client: `page ${round}` });
      await say(house, peer, ...keyed(4, `${round}-`));
      expect(limited(peer)).toHaveLength(round < 3 ? 0 : 4);
      peer.lose();
      await house.clock.settle();
    }
    expect(runs()).toBe(12);
    const other = await house.enter({ token: 'bob' });
    await say(house, other, plain('1'));
    expect(runs()).toBe(13);
  });

  it('and comes back for one of its runs has its place there, and not another', async () => {
    const { house, runs } = hold();
    for (let round = 0; round < 5; round += 1) {
      const peer = await house.enter({ ...PAGE, gen: round + 1 });
      await say(house, peer, ...keyed(4), plain(`${round}`));
      expect(limited(peer)).toEqual([`${round}`]);
      peer.send({ t: 'cancel', id: 'a0' });
      peer.lose();
      await house.clock.settle();
    }
    expect(runs()).toBe(4);
  });
});

describe('answers that are not read', () => {
  it('are no more than the limit, though to ask costs nothing', async () => {
    const wait = (params: unknown): unknown => (params === 'large' ? new Uint8Array(200_000) : new Promise(() => undefined));
    const house = createHouse({ requests: { m: wait }, limits: { requests: 8, requestRate: Infinity, queue: 300_000 } });
    const peer = await house.enter(PAGE);
    await say(house, peer, ...keyed(1, 'late', { timeout: 1 }));
    await house.clock.advance(1);
    peer.shut();
    await say(house, peer, ...['x', 'y', 'z'].map((id): Req => ({ ...plain(id), d: 'large' })));
    await say(house, peer, ...Array.from({ length: 100 }, (_, n): Req => ({ ...keyed(1, 'late')[0]!, id: `${n}` })));
    for (let n = 0; n < 20; n += 1) {
      peer.take();
      await house.clock.settle();
    }
    const told = codes(peer).filter((code) => code === 'unknown-outcome');
    expect([peer.closed, told.length <= 8, limited(peer).length + told.length]).toEqual([null, true, 100]);
  });
});
