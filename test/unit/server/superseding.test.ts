import { describe, expect, it } from 'vitest';
import { createHouse, type House, type Peer } from './support.ts';

/** Connections of one page, in order of their coming. */
const page = async (gens: readonly number[]): Promise<{ house: House; peers: Peer[] }> => {
  const house = createHouse();
  const peers: Peer[] = [];
  for (const gen of gens) peers.push(await house.enter({ client: 'page', gen }));
  return { house, peers };
};

const codes = (peers: readonly Peer[]): (number | undefined)[] => peers.map(({ closed }) => closed?.code);

describe('the newer of two connections of one page ends first', () => {
  it.each<[how: string, end: (peer: Peer) => void]>([
    ['lost', (peer) => peer.lose()],
    ['closed by its client', (peer) => peer.send({ t: 'bye', code: 1000 })],
    ['ended by the server', (peer) => peer.raw('{')],
  ])('%s: the older one lives on, and is served', async (_how, end) => {
    const { house, peers } = await page([1, 2]);
    const [old, young] = peers as [Peer, Peer];
    old.send({ t: 'sub', c: 'room:1', k: 1 });
    await house.clock.advance(4900);
    end(young);
    await house.clock.advance(20_000);
    await house.server.publish('room:1', 'message', null);
    await house.clock.settle();
    expect([old.closed, old.offsets()]).toEqual([null, [1]]);
  });

  it('too late: the older one has ended', async () => {
    const { house, peers } = await page([1, 2]);
    await house.clock.advance(5000);
    peers[1]!.lose();
    await house.clock.advance(5000);
    expect(codes(peers)).toEqual([4009, undefined]);
  });

  it('and a newer one comes again: the older one has its 5 s from then', async () => {
    const { house, peers } = await page([1, 2]);
    await house.clock.advance(4000);
    peers[1]!.lose();
    await house.clock.advance(4000);
    const third = await house.enter({ client: 'page', gen: 3 });
    await house.clock.advance(4999);
    expect(peers[0]!.closed).toBeNull();
    await house.clock.advance(1);
    expect([peers[0]!.closed?.code, third.closed]).toEqual([4009, null]);
  });
});

describe('of several connections of one page', () => {
  it.each<[order: string, gens: readonly number[], lost: number, left: readonly (number | undefined)[]]>([
    ['the next newest lives on, and only that', [1, 2, 3], 2, [4009, undefined, undefined]],
    ['in whatever order they came', [3, 1, 2], 0, [undefined, 4009, undefined]],
    ['and of equals the later', [1, 1, 2], 2, [4009, undefined, undefined]],
    ['one that was to end anyway changes nothing', [1, 2, 3], 1, [4009, undefined, undefined]],
  ])('%s', async (_order, gens, lost, left) => {
    const { house, peers } = await page(gens);
    peers[lost]!.lose();
    await house.clock.advance(6000);
    expect(codes(peers)).toEqual(left);
  });

  it('one is left even when too many come in the wrong order', async () => {
    const { house, peers } = await page([9, 1, 2, 3, 4]);
    await house.clock.advance(6000);
    expect(codes(peers)).toEqual([4009, 4009, 4009, 4009, undefined]);
  });
});

it('a page that is gone leaves no timer', async () => {
  const { house, peers } = await page([1, 2, 3]);
  peers.forEach((peer) => peer.lose());
  await house.clock.settle();
  const idle = createHouse();
  await idle.enter().then((peer) => peer.lose());
  expect(house.clock.pending).toBe(idle.clock.pending);
});
