// Holds I11, I14 (docs/guarantees.md).
/** Requests that are repeated: with a key, from wherever; and over HTTP, where a browser may repeat a POST. */
import { describe, expect, it } from 'vitest';
import { memoryBroker } from '../../../server/brokers/memory.ts';
import type { Broker } from '../../../server/brokers/broker.ts';
import { reject } from '../../../server/rejection.ts';
import type { RequestHandlers } from '../../../server/request-types.ts';
import type { ClientFrame, Req } from '../../../src/protocol/frame.ts';
import { createVirtualClock } from '../../support/virtual-clock.ts';
import { hello, request, type Reply } from './http-support.ts';
import { createDeferred, createHouse, type House, type Peer } from './support.ts';

const req = (id: string, more: Partial<Req> = {}): Req => ({ t: 'req', id, m: 'm', key: 'k', ...more });
const told = (peer: Pick<Peer, 'of'>): unknown[] => peer.of('res').map(({ err, d }) => err?.code ?? d);

/** A handler that counts its runs, and ends when the test says so. */
function counted(): { readonly handler: RequestHandlers[string]; readonly runs: ReturnType<typeof createDeferred<unknown>>[] } {
  const runs: ReturnType<typeof createDeferred<unknown>>[] = [];
  return {
    runs,
    handler() {
      const run = createDeferred<unknown>();
      runs.push(run);
      return run.promise;
    },
  };
}

/** Servers that share a store. */
function houses(
  handler: RequestHandlers[string],
  count = 2,
  wrap: (broker: Broker) => Broker = (broker) => broker,
): readonly House[] {
  const clock = createVirtualClock();
  const { now, setTimeout, clearTimeout } = clock;
  const broker = wrap(memoryBroker({ environment: { now, setTimeout, clearTimeout, random: Math.random } }));
  return Array.from({ length: count }, () => createHouse({ broker, requests: { m: handler, n: handler } }, {}, clock));
}

describe('a key', () => {
  it('runs once, however often it is asked, and all get that answer', async () => {
    const { handler, runs } = counted();
    const [house, other] = houses(handler) as [House, House];
    const peers = [await house.enter({ token: 'ann' }), await house.enter({ token: 'ann' }), await other.enter({ token: 'ann' })];
    for (const [n, peer] of peers.entries()) peer.send(req(`${n}`), req(`${n}-again`));
    await house.clock.advance(500);
    expect([runs.length, peers.flatMap(told)]).toEqual([1, []]);
    runs[0]!.resolve('once');
    // Another server looks again.
    await house.clock.advance(1000);
    expect([runs.length, peers.flatMap(told)]).toEqual([1, Array(6).fill('once')]);
    const late = await other.enter({ token: 'ann', client: 'reloaded' });
    late.send(req('0'));
    await house.clock.advance(290_000);
    expect([runs.length, told(late)]).toEqual([1, ['once']]);
  });

  it.each<readonly [what: string, other: { readonly token?: string; readonly client?: string }, req: Partial<Req>]>([
    ['user', { token: 'bob' }, {}],
    ['method', { token: 'ann' }, { m: 'n' }],
    ['key', { token: 'ann' }, { key: 'l' }],
    ['page of an anonymous visitor', { client: 'other' }, {}],
  ])('is another one for another %s', async (_what, other, more) => {
    let runs = 0;
    const [house] = houses(() => (runs += 1)) as [House];
    const isAnonymous = other.token === undefined;
    const peers = [await house.enter(isAnonymous ? { client: 'one' } : { token: 'ann' }), await house.enter(other)];
    peers[0]!.send(req('1'));
    peers[1]!.send(req('1', more));
    await house.clock.settle();
    expect([runs, ...peers.flatMap(told).sort()]).toEqual([2, 1, 2]);
  });

  it('of an anonymous visitor holds for the page', async () => {
    let runs = 0;
    const [house, other] = houses(() => (runs += 1)) as [House, House];
    const peers = [await house.enter({ client: 'page' }), await other.enter({ client: 'page', gen: 2 })];
    for (const peer of peers) {
      peer.send(req('1'));
      await house.clock.settle();
    }
    expect([runs, peers.flatMap(told)]).toEqual([1, [1, 1]]);
  });

  it.each<readonly [what: string, ends: () => unknown, codes: readonly unknown[], runs: number]>([
    ['a refusal', () => { throw reject('sold-out', 'Sold out'); }, ['app', 'app'], 1],
    ['a fault', () => { throw new Error('x'); }, ['unavailable', 'unavailable'], 1],
    ['what cannot be sent', () => Number.NaN, ['unavailable', 'unavailable'], 1],
    ['nothing', () => undefined, [undefined, undefined], 1],
    // It says itself that it did nothing.
    ['a refusal that may be tried again', () => { throw reject('busy', 'Busy', { retryable: true }); }, ['app', 'app'], 2],
  ])('remembers %s', async (_what, ends, codes, count) => {
    let runs = 0;
    const [house] = houses(() => ((runs += 1), ends())) as [House];
    const peer = await house.enter({ token: 'ann' });
    peer.send(req('1'));
    await house.clock.settle();
    peer.send(req('2'));
    await house.clock.settle();
    expect([runs, told(peer)]).toEqual([count, codes]);
  }); // prettier-ignore

  it('whose handler is late has an unknown outcome, until it ends', async () => {
    const { handler, runs } = counted();
    const [house, other] = houses(handler) as [House, House];
    const [peer, joined, elsewhere] = [await house.enter({ token: 'ann' }), await house.enter({ token: 'ann' }), await other.enter({ token: 'ann' })]; // prettier-ignore
    peer.send(req('1', { timeout: 1000 }));
    joined.send(req('1', { timeout: 5000 }));
    elsewhere.send(req('1', { timeout: 5000 }));
    await house.clock.advance(3000);
    expect([told(peer), told(joined), told(elsewhere)]).toEqual([['timeout'], ['unknown-outcome'], ['unknown-outcome']]);
    joined.send(req('2'));
    elsewhere.send(req('2'));
    await house.clock.settle();
    expect([told(joined)[1], told(elsewhere)[1]]).toEqual(['unknown-outcome', 'unknown-outcome']);
    runs[0]!.resolve('late');
    await house.clock.settle();
    elsewhere.send(req('3'));
    await house.clock.settle();
    expect([runs.length, told(elsewhere)[2]]).toEqual([1, 'late']);
  });

  it('whose server died has an unknown outcome after its time limit', async () => {
    const { handler, runs } = counted();
    const [house, other] = houses(handler) as [House, House];
    const peer = await house.enter({ token: 'ann' });
    peer.send(req('1', { timeout: 4000 }));
    await house.clock.settle();
    const closed = house.server.close();
    const elsewhere = await other.enter({ token: 'ann' });
    elsewhere.send(req('1', { timeout: 10_000 }));
    await house.clock.advance(3900);
    expect(told(elsewhere)).toEqual([]);
    await house.clock.advance(2000);
    await closed;
    expect([runs.length, told(elsewhere)]).toEqual([1, ['unknown-outcome']]);
  });

  it('is joined by who comes back after its connection was lost', async () => {
    const { handler, runs } = counted();
    const [house] = houses(handler) as [House];
    const peer = await house.enter({ token: 'ann' });
    peer.send(req('1'));
    await house.clock.settle();
    peer.lose();
    const again = await house.enter({ token: 'ann' });
    again.send(req('1'));
    await house.clock.settle();
    runs[0]!.resolve(7);
    await house.clock.settle();
    expect([runs.length, told(again)]).toEqual([1, [7]]);
  });

  it('runs nothing where the store does not answer, and says so', async () => {
    let runs = 0;
    const broken = (broker: Broker): Broker => ({ ...bindAll(broker), claim: () => Promise.reject(new Error('down')) });
    const [house] = houses(() => (runs += 1), 1, broken) as [House];
    const peer = await house.enter({ token: 'ann' });
    peer.send(req('1'));
    await house.clock.settle();
    expect([runs, peer.of('res')]).toEqual([0, [{ t: 'res', id: '1', err: { code: 'unavailable', after: 1000 } }]]);
    expect(house.events.map(({ name }) => name)).toContain('broker-failed');
  });

  it('whose answer cannot be kept is told all the same, and kept when the store is back', async () => {
    let runs = 0;
    let down = true;
    const flaky = (broker: Broker): Broker => ({ ...bindAll(broker), complete: (completion) => (down ? Promise.reject(new Error('down')) : broker.complete(completion)) }); // prettier-ignore
    const [house, other] = houses(() => (runs += 1), 2, flaky) as [House, House];
    const [peer, elsewhere] = [await house.enter({ token: 'ann' }), await other.enter({ token: 'ann' })];
    peer.send(req('1', { timeout: 1000 }));
    await house.clock.advance(1500);
    elsewhere.send(req('1'));
    await house.clock.settle();
    down = false;
    await house.clock.advance(3000);
    elsewhere.send(req('2'));
    await house.clock.settle();
    expect([runs, told(peer), told(elsewhere)]).toEqual([1, [1], ['unknown-outcome', 1]]);
  });
});

describe('a memory that is full', () => {
  const claim = (name: string) => ({ name, by: name, limit: 10, life: 60_000 });
  it('forgets the oldest claim, and of the answers the oldest before that', async () => {
    const { now, setTimeout, clearTimeout, sleep } = createVirtualClock();
    const broker = memoryBroker({ environment: { now, setTimeout, clearTimeout }, maxClaims: 3, maxAnswers: 25 });
    for (const name of ['a', 'b', 'c']) {
      await broker.claim(claim(name));
      await broker.complete({ name, by: name, answer: { d: name }, size: 10, life: 60_000 });
    }
    sleep(10);
    const states = async (...names: string[]): Promise<string[]> =>
      Promise.all(names.map(async (name) => (await broker.claim(claim(name))).state));
    expect(await states('a', 'b', 'c')).toEqual(['unknown', 'answered', 'answered']);
    expect(await states('d', 'b', 'c')).toEqual(['claimed', 'answered', 'answered']);
    expect(await states('a')).toEqual(['claimed']);
    expect(await states('c', 'd')).toEqual(['answered', 'running']);
  });
});

describe('over HTTP', () => {
  const post = async (house: House, frames: readonly ClientFrame[], client = 'page'): Promise<Reply> => {
    const mem = await house.broker.memory();
    return request(house, { path: '/send', frames: [hello({ client, mem }), ...frames] });
  };
  const plain = (id: string): Req => ({ t: 'req', id, m: 'm' });

  it.each([
    ['the same server', 0],
    ['another server', 1],
  ])('a request without a key runs once: its POST is repeated, at %s', async (_where, at) => {
    const { handler, runs } = counted();
    const all = houses(handler);
    const first = await post(all[0]!, [plain('1')]);
    await all[0]!.clock.settle();
    first.abort();
    const second = await post(all[at]!, [plain('1')]);
    await all[0]!.clock.advance(300);
    expect([runs.length, second.state]).toEqual([1, 'open']);
    runs[0]!.resolve('once');
    await all[0]!.clock.advance(1000);
    const third = await post(all[at]!, [plain('1')]);
    await all[0]!.clock.settle();
    expect([runs.length, told(second), told(third), third.state]).toEqual([1, ['once'], ['once'], 'answered']);
  });

  it('another id, and another page, is another request', async () => {
    let count = 0;
    const [house] = houses(() => (count += 1)) as [House];
    const replies = [await post(house, [plain('1')]), await post(house, [plain('2')]), await post(house, [plain('1')], 'other')];
    await house.clock.settle();
    expect([count, replies.flatMap(told).sort()]).toEqual([3, [1, 2, 3]]);
  });

  it('is cancelled by another POST', async () => {
    const reasons: string[] = [];
    const [house] = houses((_params, { signal }) => new Promise((_yes, no) => signal.addEventListener('abort', () => {
      reasons.push((signal.reason as Error).message);
      no(signal.reason as Error);
    }))) as [House]; // prettier-ignore
    const first = await post(house, [plain('1')]);
    await house.clock.settle();
    const second = await post(house, [{ t: 'cancel', id: '1' }]);
    await post(house, [{ t: 'cancel', id: '1' }], 'other');
    await house.clock.settle();
    expect([reasons, told(first), first.state, second.state]).toEqual([['the caller gave up'], ['aborted'], 'answered', 'answered']); // prettier-ignore
  });

  it('lasts as long as its time limit, longer than a silent connection may', async () => {
    const { handler, runs } = counted();
    const clock = createVirtualClock();
    const house = createHouse({ requests: { m: handler }, timing: { ping: 1000 } }, {}, clock);
    const reply = await post(house, [plain('1')]);
    await clock.advance(40_000);
    expect(reply.state).toBe('open');
    runs[0]!.resolve(1);
    await clock.settle();
    expect([told(reply), reply.state]).toEqual([[1], 'answered']);
  });
});

function bindAll(broker: Broker): Broker {
  return {
    name: broker.name,
    memory: () => broker.memory(),
    append: (request) => broker.append(request),
    publish: (...args) => broker.publish(...args),
    read: (...args) => broker.read(...args),
    history: (...args) => broker.history(...args),
    follow: (...args) => broker.follow(...args),
    tell: (...args) => broker.tell(...args),
    claim: (claim) => broker.claim(claim),
    complete: (completion) => broker.complete(completion),
    release: (lanes) => broker.release(lanes),
    presence: broker.presence,
    onRecheck: (listener) => broker.onRecheck(listener),
    close: () => broker.close(),
  };
}
