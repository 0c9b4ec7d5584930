// Holds I10 (docs/guarantees.md).
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { memoryBroker } from '../../../server/brokers/memory.ts';
import { json } from '../../../src/protocol/json.ts';
import type { ClientPres, ServerPres } from '../../../src/protocol/presence-frame.ts';
import { createHouse, type House, type Peer } from './support.ts';

const SECOND = 1000;
const pres = (k: number, more: Partial<ClientPres> = {}): ClientPres => ({
  ...{ t: 'pres', c: 'room:1', op: 'enter', k, id: 'a', d: 'ann' },
  ...more,
});
const watch = (pv = '', k = 1) => ({ t: 'sub', c: 'room:1', k, pv }) as const;
const told = (peer: Peer): readonly Omit<ServerPres, 't' | 'c'>[] => peer.of('pres').map(({ t: _t, c: _c, ...rest }) => rest);
const dataOf = async ({ server }: House): Promise<readonly unknown[]> => (await server.members('room:1')).map(({ data }) => data);
const open = (options: Parameters<typeof createHouse>[0] = {}): House => {
  const house = createHouse(options);
  onTestFinished(() => house.server.close());
  return house;
};

describe('what a watcher is told', () => {
  it('everybody, then what changes, each after the version before', async () => {
    const house = open();
    const [ann, bob] = [await house.enter({ token: 'ann' }), await house.enter({ token: 'bob' })];
    ann.send(pres(1));
    await house.clock.advance(SECOND);
    bob.send(watch());
    await house.clock.advance(SECOND);
    ann.send(pres(2, { op: 'update', d: 'ann, away' }));
    await house.clock.advance(SECOND);
    ann.send(pres(3, { op: 'leave' }));
    await house.clock.advance(SECOND);
    const [first, second, third] = told(bob);
    expect(first).toEqual({ v: expect.any(String), set: [{ id: 'a', k: 1, by: 'ann', d: 'ann' }] });
    expect(second).toEqual({ v: expect.any(String), pv: first!.v, set: [{ id: 'a', k: 2, by: 'ann', d: 'ann, away' }] });
    expect(third).toEqual({ v: expect.any(String), pv: second!.v, gone: ['a'] });
    expect(JSON.stringify(bob.frames)).not.toContain('client-1');
  });

  it('nothing if it knows the version, the steps if it knows one of them, everybody if not', async () => {
    const house = open();
    const [ann, bob] = [await house.enter(), await house.enter()];
    bob.send(watch());
    for (const k of [1, 2, 3]) {
      ann.send(pres(k));
      await house.clock.advance(SECOND);
    }
    const versions = told(bob).map(({ v }) => v!);
    for (const [pv, count, last] of [
      [versions.at(-1)!, 0, undefined],
      [versions[0]!, 2, versions[1]],
      ['never', 1, undefined],
    ] as const) {
      bob.clear();
      bob.send(watch(pv));
      await house.clock.advance(SECOND);
      expect(told(bob)).toHaveLength(count);
      expect(told(bob).at(-1)?.pv).toBe(last);
    }
  });

  it('a crowd that comes within a moment as one', async () => {
    const house = open();
    const bob = await house.enter();
    bob.send(watch());
    await house.clock.advance(SECOND);
    const crowd = await Promise.all(Array.from({ length: 30 }, () => house.enter()));
    crowd.forEach((peer, n) => peer.send(pres(1, { id: `p${n}` })));
    await house.clock.advance(SECOND);
    expect(told(bob).length).toBeLessThanOrEqual(3);
    expect(told(bob).flatMap(({ set = [] }) => set)).toHaveLength(30);
  });

  it('nothing more once it says so, or leaves the channel', async () => {
    const house = open();
    const [ann, bob, eve] = [await house.enter(), await house.enter(), await house.enter()];
    bob.send(watch());
    eve.send(watch());
    await house.clock.advance(SECOND);
    bob.send({ t: 'sub', c: 'room:1', k: 2 });
    eve.send({ t: 'unsub', c: 'room:1' });
    ann.send(pres(1));
    await house.clock.advance(SECOND);
    expect([told(bob).length, told(eve).length]).toEqual([1, 1]);
  });

  it('later and in one piece what it lacks, if it is too slow for each', async () => {
    const house = open({ limits: { queue: 2000 } });
    const [ann, bob] = [await house.enter(), await house.enter()];
    bob.send(watch());
    await house.clock.advance(SECOND);
    bob.shut();
    for (let k = 1; k <= 40; k += 1) {
      ann.send(pres(k, { d: 'x'.repeat(600) + String(k) }));
      await house.clock.advance(200);
    }
    bob.take();
    await house.clock.advance(SECOND);
    expect(bob.closed).toBeNull();
    expect(told(bob).length).toBeLessThan(10);
    expect(told(bob).at(-1)!.set![0]!.k).toBe(40);
  });

  it.each([
    ['in number', { members: 3 }, 'x'],
    ['in bytes', { queue: 4000 }, 'x'.repeat(500)],
  ])('a bounded number, the longest there first: %s', async (_what, limits, text) => {
    const house = open({ limits });
    const bob = await house.enter();
    bob.send(watch());
    const crowd = await Promise.all(Array.from({ length: 6 }, () => house.enter()));
    for (const [n, peer] of crowd.entries()) {
      peer.send(pres(1, { id: `p${n}`, d: text }));
      await house.clock.advance(SECOND);
    }
    const shown = (): string[] => {
      const ids = new Set<string>();
      for (const { set = [], gone = [] } of told(bob)) {
        set.forEach(({ id }) => ids.add(id));
        gone.forEach((id) => ids.delete(id));
      }
      return [...ids];
    };
    expect(shown()).toEqual(['p0', 'p1', 'p2']);
    expect(await house.server.members('room:1')).toHaveLength(6);
    crowd[1]!.send(pres(2, { op: 'leave', id: 'p1' }));
    await house.clock.advance(SECOND);
    expect(shown()).toEqual(['p0', 'p2', 'p3']);
  });
});

describe('who holds a page', () => {
  it('a connection, and for the grace when it has ended', async () => {
    const house = open();
    const ann = await house.enter();
    ann.send(pres(1));
    for (let turn = 0; turn < 10; turn += 1) {
      await house.clock.advance(10 * SECOND);
      ann.send({ t: 'ping' });
    }
    expect(await dataOf(house)).toEqual(['ann']);
    ann.lose();
    await house.clock.advance(9 * SECOND);
    expect(await dataOf(house)).toEqual(['ann']);
    await house.clock.advance(SECOND);
    expect(await dataOf(house)).toEqual([]);
  });

  it('the older connection, if the newer one was given up', async () => {
    const house = open();
    const ann = await house.enter({ client: 'page' });
    ann.send(pres(1));
    const newer = await house.enter({ client: 'page', gen: 2 });
    newer.send(pres(1));
    await house.clock.advance(SECOND);
    newer.lose();
    await house.clock.advance(60 * SECOND);
    expect(await dataOf(house)).toEqual(['ann']);
  });

  it('a poll, until the next one is long overdue', async () => {
    const house = open();
    const poll = await house.enter({ client: 'page' }, { kind: 'poll' });
    poll.send(pres(1));
    await house.clock.settle();
    poll.lose();
    await house.clock.advance(59 * SECOND);
    expect(await dataOf(house)).toEqual(['ann']);
    await house.clock.advance(SECOND);
    expect(await dataOf(house)).toEqual([]);
  });

  it('the stream, whatever is said beside it', async () => {
    const house = open();
    const mem = await house.broker.memory();
    const stream = await house.enter({ client: 'page' }, { kind: 'stream' });
    stream.send(pres(1));
    await house.clock.settle();
    const send = await house.enter({ client: 'page', mem }, { kind: 'send' });
    send.send(pres(2, { op: 'update', d: 'ann, away' }));
    await house.clock.settle();
    send.lose();
    await house.clock.advance(60 * SECOND);
    expect(await dataOf(house)).toEqual(['ann, away']);
    stream.lose();
    await house.clock.advance(10 * SECOND);
    expect(await dataOf(house)).toEqual([]);
  });

  it('is asked to say again what the store has lost, once', async () => {
    const house = open();
    const ann = await house.enter();
    ann.send(pres(1), pres(2, { c: 'room:2' }));
    await house.clock.settle();
    for (const c of ['room:1', 'room:2']) {
      await house.broker.presence.drop(c, { user: '', client: 'client-1', holder: 'none' }, 0);
    }
    vi.spyOn(house.broker.presence, 'renew').mockImplementation((_c, held) => Promise.resolve(held.map(() => 'missing')));
    await house.clock.advance(10 * SECOND);
    expect(ann.of('recheck')).toHaveLength(1);
  });

  it('a store that fails once or twice in a row costs nothing', async () => {
    const house = open();
    const ann = await house.enter();
    ann.send(pres(1));
    await house.clock.settle();
    const renew = vi.spyOn(house.broker.presence, 'renew').mockRejectedValue(new Error('not now'));
    await house.clock.advance(21 * SECOND);
    renew.mockRestore();
    await house.clock.advance(40 * SECOND);
    expect(await dataOf(house)).toEqual(['ann']);
    expect(house.events.filter(({ name }) => name === 'broker-failed').length).toBeGreaterThan(0);
  });
});

describe('what is refused', () => {
  it.each<readonly [what: string, frame: Partial<ClientPres>, code: string]>([
    ['a channel without a rule', { c: 'hall' }, 'forbidden'],
    ['too much', { d: 'x'.repeat(1023) }, 'too-large'],
    ['what is nested too deep', { d: [[[[]]]] }, 'invalid'],
    ['bytes', { d: new Uint8Array(3) }, 'invalid'],
    ['an id that another page has', { id: 'taken' }, 'conflict'],
  ])('%s', async (_what, frame, code) => {
    const house = open({ limits: { depth: 3 } });
    const [other, ann] = [await house.enter(), await house.enter()];
    other.send(pres(1, { id: 'taken' }));
    await house.clock.settle();
    ann.send(pres(7, frame));
    await house.clock.settle();
    expect(told(ann)).toMatchObject([{ k: 7, err: { code } }]);
    expect(ann.closed).toBeNull();
    expect(await dataOf(house)).toHaveLength(1);
  });

  it('more channels than a connection may have', async () => {
    const house = open({ limits: { channels: 2 } });
    const ann = await house.enter();
    for (const n of [1, 2, 3]) {
      ann.send(pres(n, { c: `room:${n}` }));
      await house.clock.settle();
    }
    expect(told(ann)).toMatchObject([{ k: 3, err: { code: 'rate-limited', retry: true } }]);
  });

  it('what the rule of a connection that has ended would have allowed', async () => {
    const answers: ((answer: boolean) => void)[] = [];
    const presence = (): Promise<boolean> => new Promise((resolve) => answers.push(resolve));
    const house = open({ channels: { 'room:{id}': { subscribe: true, presence } } });
    const ann = await house.enter();
    ann.send(pres(1), watch());
    await house.clock.settle();
    ann.lose();
    answers.forEach((answer) => answer(true));
    await house.clock.settle();
    expect(await dataOf(house)).toEqual([]);
    expect(told(ann)).toEqual([]);
  });
});

it('servers of one broker agree', async () => {
  const broker = memoryBroker();
  const [one, two] = [open({ broker }), open({ broker })];
  const [ann, bob] = [await one.enter({ client: 'ann' }), await two.enter({ client: 'bob' }, { codec: json() })];
  bob.send(watch());
  await two.clock.advance(SECOND);
  ann.send(pres(1));
  await one.clock.advance(SECOND);
  await two.clock.advance(SECOND);
  expect(told(bob).at(-1)).toMatchObject({ set: [{ id: 'a', d: 'ann' }] });
  expect(await dataOf(two)).toEqual(await dataOf(one));
});

it('a roster that missed a change finds out', async () => {
  const broker = memoryBroker();
  const follow = broker.follow.bind(broker);
  // It is told of nothing.
  vi.spyOn(broker, 'follow').mockImplementation((channel) => {
    return follow(channel, { onNotice() {}, onVolatile() {}, onDoubt() {} });
  });
  const house = open({ broker });
  const [ann, bob] = [await house.enter(), await house.enter()];
  bob.send(watch());
  await house.clock.advance(SECOND);
  ann.send(pres(1));
  await house.clock.advance(SECOND);
  expect(told(bob)).toHaveLength(1);
  await house.clock.advance(6 * SECOND);
  expect(told(bob).at(-1)).toMatchObject({ set: [{ id: 'a' }] });
});
