// Holds I14 (docs/guarantees.md).
/** The server's requests: who runs, who joins, who is refused, and what a handler is told. */
import { describe, expect, it } from 'vitest';
import { reject } from '../../../server/rejection.ts';
import type { RequestContext, RequestHandlers } from '../../../server/request-types.ts';
import type { Req, Res } from '../../../src/protocol/frame.ts';
import type { ServerOptions } from '../../../server/types.ts';
import { createHouse, type House, type Peer } from './support.ts';

const req = (id: string, more: Partial<Req> = {}): Req => ({ t: 'req', id, m: 'm', ...more });

async function open(m: RequestHandlers['m'], options: Partial<ServerOptions> = {}): Promise<{ house: House; peer: Peer }> {
  const house = createHouse({ requests: { m }, ...options });
  return { house, peer: await house.enter({ token: 'ann' }) };
}

/** Answers by id. */
const told = (peer: Peer): Record<string, unknown> =>
  Object.fromEntries(peer.of('res').map(({ id, err, d }: Res) => [id, err?.code ?? d ?? 'nothing']));

describe('a handler', () => {
  it.each<readonly [what: string, result: unknown, d: unknown]>([
    ['data', { a: [1, null] }, { a: [1, null] }],
    ['what JSON makes of it', { at: new Date(0), gone: undefined }, { at: '1970-01-01T00:00:00.000Z' }],
    ['a promise', Promise.resolve(7), 7],
    ['bytes', new Uint8Array([1, 2]), new Uint8Array([1, 2])],
    ['nothing', undefined, undefined],
    ['null', null, null],
  ])('answers with %s', async (_what, result, d) => {
    const { house, peer } = await open(() => result);
    peer.send(req('1'));
    await house.clock.settle();
    expect(peer.of('res')).toEqual([{ t: 'res', id: '1', ...(d !== undefined && { d }) }]);
  });

  it('gets the params, the user and the key', async () => {
    const seen: unknown[] = [];
    const { house, peer } = await open((params, { user, key, signal }) => void seen.push(params, user, key, signal.aborted));
    peer.send(req('1', { d: { a: 1 }, key: 'k' }), req('2'));
    await house.clock.settle();
    // The one with a key waits for its claim.
    expect(seen).toEqual([undefined, { id: 'ann' }, null, false, { a: 1 }, { id: 'ann' }, 'k', false]);
  });

  it.each<readonly [what: string, throws: () => unknown, err: Res['err'], faults: number]>([
    ['a rejection', () => { throw reject('sold-out', 'Sold out'); }, { code: 'app', app: 'sold-out', message: 'Sold out' }, 0],
    ['one that may be tried again', () => { throw reject('busy', 'Busy', { retryable: true, retryAfter: 7.5 }); }, { code: 'app', app: 'busy', message: 'Busy', retry: true, after: 8 }, 0],
    ['a promise of one', () => Promise.reject(reject('no', 'No')), { code: 'app', app: 'no', message: 'No' }, 0],
    ['an error, whose message is not told', () => { throw new Error('password=1'); }, { code: 'unavailable' }, 1],
    ['a promise of an error', () => Promise.reject(new Error('password=1')), { code: 'unavailable' }, 1],
    ['what is no error', () => Promise.reject(Object.create(null) as Error), { code: 'unavailable' }, 1],
    ['a result that no codec carries', () => ({ f: () => 1 }), { code: 'unavailable', message: 'its result cannot be sent' }, 1],
    ['a result above the limit', () => 'x'.repeat(70_000), { code: 'too-large', message: 'its result cannot be sent' }, 1],
  ])('that ends with %s', async (_what, handler, err, faults) => {
    const { house, peer } = await open(handler);
    peer.send(req('1'));
    await house.clock.settle();
    expect(peer.of('res')).toEqual([{ t: 'res', id: '1', err }]);
    const events = house.events.filter(({ name }) => name === 'handler-failed');
    expect(events.map(({ detail }) => [detail['method'], detail['user']])).toEqual(Array(faults).fill(['m', 'ann']));
  }); // prettier-ignore

  it('must be a function', () => {
    expect(() => createHouse({ requests: { m: 7 as never } })).toThrow("requests: the handler of 'm' must be a function");
  });
});

describe('what is refused before any handler', () => {
  it.each<readonly [code: string, frame: Req, options: Partial<ServerOptions> | null]>([
    ['not-found', req('1', { m: 'other' }), null],
    ['not-found', req('1', { m: 'constructor' }), null],
    ['not-found', req('1', { m: '__proto__' }), null],
    ['too-large', req('1', { d: 'x'.repeat(70_000) }), null],
    ['invalid', req('1', { d: JSON.parse('['.repeat(40) + ']'.repeat(40)) }), null],
    ['rate-limited', req('1'), { limits: { requestRate: 0.1 } }],
  ])('%s %#', async (code, frame, options) => {
    let runs = 0;
    const { house, peer } = await open(() => (runs += 1), options ?? {});
    if (options !== null) peer.send(req('0'));
    await house.clock.settle();
    [runs, peer.frames.length] = [0, 0];
    peer.send(frame);
    await house.clock.settle();
    expect([told(peer), runs]).toEqual([{ 1: code }, 0]);
  });

  it('an id that is under way', async () => {
    const { house, peer } = await open(() => new Promise(() => undefined));
    peer.send(req('1'), req('1'));
    await house.clock.settle();
    expect(told(peer)).toEqual({ 1: 'invalid' });
  });

  it('what comes after the token has ended', async () => {
    const house = createHouse({
      requests: { m: () => 1 },
      authenticate: () => ({ user: { id: 'ann' }, expiresAt: house.clock.now() + 1000 }),
    });
    const peer = await house.enter({ token: 'ann' });
    await house.clock.advance(1001);
    peer.send(req('1'));
    await house.clock.settle();
    expect(told(peer)).toEqual({ 1: 'token-expired' });
  });

  it('more than 64 of one page at a time, handlers that go on after their end among them', async () => {
    const { house, peer } = await open(() => new Promise(() => undefined));
    peer.send(...Array.from({ length: 64 }, (_, n) => req(`a${n}`, { timeout: 1000 })), req('b'));
    await house.clock.settle();
    expect(told(peer)).toEqual({ b: 'rate-limited' });
    expect(peer.of('res')[0]?.err).toMatchObject({ after: 1000 });
    await house.clock.advance(1000);
    expect(Object.values(told(peer)).filter((code) => code === 'timeout')).toHaveLength(64);
    peer.send(req('c'));
    await house.clock.settle();
    expect(told(peer)['c']).toBe('rate-limited');
    const other = await house.enter({ token: 'ann', client: 'another page' });
    other.send(req('d', { timeout: 1 }));
    await house.clock.advance(1);
    expect(told(other)).toEqual({ d: 'timeout' });
  });

  it('counts each only as long as it lasts', async () => {
    const { house, peer } = await open(() => 1, { limits: { requests: 2, requestRate: Infinity } });
    for (let n = 0; n < 10; n += 1) {
      peer.send(req(`a${n}`), req(`b${n}`));
      await house.clock.settle();
    }
    expect(new Set(Object.values(told(peer)))).toEqual(new Set([1]));
  });
});

describe('the signal of a handler', () => {
  const watched = (): { handler: (params: unknown, context: RequestContext) => Promise<never>; reasons: string[] } => {
    const reasons: string[] = [];
    return {
      reasons,
      handler: (_params, { signal }) =>
        new Promise((_resolve, fail) => {
          signal.addEventListener('abort', () => {
            reasons.push((signal.reason as Error).message);
            fail(signal.reason as Error);
          });
        }),
    };
  };

  it('is aborted by cancel, which is answered too', async () => {
    const { handler, reasons } = watched();
    const { house, peer } = await open(handler);
    peer.send(req('1'), req('2'));
    await house.clock.settle();
    peer.send({ t: 'cancel', id: '1' }, { t: 'cancel', id: 'unknown' });
    await house.clock.settle();
    expect([reasons, told(peer)]).toEqual([['the caller gave up'], { 1: 'aborted' }]);
    // To stop when it says so is no fault.
    expect(house.events.filter(({ name }) => name === 'handler-failed')).toEqual([]);
  });

  it.each([
    ['what the caller still waits', 700, {}, 700],
    ['the longest time', 90_000, {}, 60_000],
    ['the longest time, where none is given', undefined, { timing: { requestTimeout: 800 } }, 800],
  ])('is aborted after %s', async (_what, timeout, options, ms) => {
    const { handler, reasons } = watched();
    const { house, peer } = await open(handler, options);
    peer.send(req('1', timeout === undefined ? {} : { timeout }));
    await house.clock.settle();
    for (let left = ms - 1; left > 0; left -= 5000) {
      await house.clock.advance(Math.min(left, 5000));
      peer.send({ t: 'pong' });
    }
    expect(reasons).toEqual([]);
    await house.clock.advance(1);
    expect([reasons, told(peer)]).toEqual([['the time limit is over'], { 1: 'timeout' }]);
  });

  it('is aborted by the end of the connection, unless a repeat can come', async () => {
    const { handler, reasons } = watched();
    const { house, peer } = await open(handler);
    peer.send(req('1'), req('2', { key: 'k' }));
    await house.clock.settle();
    peer.lose();
    await house.clock.settle();
    expect(reasons).toEqual(['the connection has ended']);
    await house.clock.advance(60_000);
    expect(reasons).toEqual(['the connection has ended', 'the time limit is over']);
  });

  it('is aborted by the end of the server', async () => {
    const { handler, reasons } = watched();
    const { house, peer } = await open(handler);
    peer.send(req('1', { key: 'k' }));
    await house.clock.settle();
    const closed = house.server.close();
    await house.clock.settle();
    peer.lose();
    await house.clock.advance(2000);
    await closed;
    expect([reasons, house.clock.pending]).toEqual([['the server was closed'], 0]);
  });
});

describe('answers that are not read', () => {
  it('wait for room, and do not end the connection', async () => {
    const { house, peer } = await open(() => new Uint8Array(200_000), { limits: { requestRate: Infinity } });
    peer.shut();
    peer.send(...Array.from({ length: 60 }, (_, n) => req(`${n}`)));
    await house.clock.advance(2000);
    expect([peer.closed, peer.of('res')]).toEqual([null, []]);
    for (let n = 0; n < 60; n += 1) {
      peer.take();
      await house.clock.settle();
    }
    expect(peer.of('res')).toHaveLength(60);
  });
});
