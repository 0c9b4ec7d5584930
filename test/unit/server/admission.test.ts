import { describe, expect, it, vi } from 'vitest';
import { Admission } from '../../../server/admission.ts';
import { json } from '../../../src/protocol/json.ts';
import { createRandom } from '../../support/random.ts';
import { createHouse } from './support.ts';

const REQUEST = { origin: null, host: null };

/** Everybody comes at 0, and who is turned away comes back when told to, to the millisecond. */
function herd(size: number, rate: number, seed: number): { readonly perSecond: number[]; readonly turned: number } {
  const admission = new Admission(rate, createRandom(seed), 0);
  const coming = new Map([[0, size]]);
  const perSecond: number[] = [];
  let turned = 0;
  for (let now = 0; coming.size > 0; now += 1) {
    const count = coming.get(now) ?? 0;
    coming.delete(now);
    const second = Math.floor(now / 1000);
    perSecond[second] = (perSecond[second] ?? 0) + count;
    for (let i = 0; i < count; i += 1) {
      const after = admission.ask(now);
      if (after === null) continue;
      turned += 1;
      coming.set(now + after, (coming.get(now + after) ?? 0) + 1);
    }
  }
  return { perSecond, turned };
}

describe('admission', () => {
  it.each([
    [1000, 4000],
    [10, 40],
    [0.5, 2],
    [0.01, 1],
  ])('at %d a second lets %d in at once, and then one after the other', (rate, burst) => {
    const admission = new Admission(rate, createRandom(1), 0);
    for (let i = 0; i < burst; i += 1) expect(admission.ask(0)).toBeNull();
    expect(admission.ask(0)).not.toBeNull();
    expect(admission.ask(1000 / rate - 1)).not.toBeNull();
    expect(admission.ask(1000 / rate)).toBeNull();
    expect(admission.ask(1000 / rate)).not.toBeNull();
  });

  it('without a bound lets everybody in', () => {
    const admission = new Admission(Infinity, createRandom(1), 0);
    for (let i = 0; i < 10_000; i += 1) expect(admission.ask(0)).toBeNull();
  });

  it('tells each one a time around its turn, and never more than 30 s', () => {
    const admission = new Admission(10, createRandom(1), 0);
    for (let i = 0; i < 40; i += 1) admission.ask(0);
    for (let place = 1; place <= 1000; place += 1) {
      const turn = Math.min(20_000, place * 100);
      const after = admission.ask(0)!;
      expect(Number.isInteger(after)).toBe(true);
      expect(after).toBeGreaterThanOrEqual(turn / 2);
      expect(after).toBeLessThanOrEqual(1.5 * turn);
    }
  });

  it('sends nobody back sooner than the next one can be let in, or later than 30 s', () => {
    const told = (rate: number): number => {
      const admission = new Admission(rate, () => 0, 0);
      while (admission.ask(0) === null);
      return admission.ask(0)!;
    };
    expect([told(10), told(1), told(0.05), told(0.01)]).toEqual([100, 1000, 20_000, 30_000]);
  });

  it('forgets the turns that are over', () => {
    const admission = new Admission(10, () => 0.5, 0);
    for (let i = 0; i < 140; i += 1) admission.ask(0);
    expect(admission.ask(0)).toBe(10_100);
    for (let i = 0; i < 40; i += 1) expect(admission.ask(5000)).toBeNull();
    expect(admission.ask(5000)).toBe(5200);
    // A clock that is set back makes nobody wait longer.
    expect(admission.ask(0)).toBe(5300);
  });

  it.each(Array.from({ length: 10 }, (_, seed) => seed))('turns a wave into a stream: seed %d', (seed) => {
    const [size, rate] = [2000, 100];
    const { perSecond, turned } = herd(size, rate, seed);
    // The first second has the wave itself. A draw from 0 to the end of the queue gives 2.7 times the rate here.
    expect(Math.max(...perSecond.slice(1))).toBeLessThan(1.6 * rate);
    // Nearly everybody is turned away once at most.
    expect(turned).toBeLessThan(1.1 * (size - 4 * rate));
    // 16 s at the rate, and half as much again for chance.
    expect(perSecond.length).toBeLessThanOrEqual(26);
  });

  it('of a wave longer than it may send away for, lets everybody in all the same', () => {
    const { perSecond } = herd(6000, 100, 1);
    expect(Math.max(...perSecond.slice(1))).toBeLessThan(4 * 100);
    // 56 s at the rate.
    expect(perSecond.length).toBeLessThan(70);
  });
});

describe('a server above its rate', () => {
  const limits = { admitRate: 1 };

  it('turns requests away with 503, and a time', () => {
    const house = createHouse({ limits });
    for (let i = 0; i < 4; i += 1) expect(house.server.turnAway(REQUEST)).toBeNull();
    expect(house.server.turnAway(REQUEST)).toEqual({
      status: 503,
      code: 1013,
      why: expect.any(String),
      after: expect.any(Number),
    });
    expect([house.count('turnedAway'), house.count('admitLimited'), house.count('connections')]).toEqual([1, 1, 0]);
  });

  it('ends open sockets with 1013 and a time, and hears nothing from them', async () => {
    const authenticate = vi.fn(() => ({ user: null }));
    const house = createHouse({ limits, authenticate });
    for (let i = 0; i < 4; i += 1) await house.enter();
    const peer = await house.enter();
    expect(peer.frames).toEqual([{ t: 'bye', code: 1013, why: expect.any(String), after: expect.any(Number) }]);
    expect(peer.closed?.code).toBe(1013);
    expect(authenticate).toHaveBeenCalledTimes(4);
    expect(house.server.metrics.get()).toMatchObject({ connections: 4, accepted: 4, turnedAway: 1, admitLimited: 1 });
    await house.clock.advance(peer.last('bye')!.after!);
    expect((await house.enter()).last('welcome')).toBeDefined();
  });

  it('counts one that was let in by turnAway once', async () => {
    const house = createHouse({ limits });
    for (let i = 0; i < 4; i += 1) {
      expect(house.server.turnAway(REQUEST)).toBeNull();
      expect((await house.enter({}, { admitted: true })).last('welcome')).toBeDefined();
    }
    expect(house.server.turnAway(REQUEST)).not.toBeNull();
  });

  it('takes nothing from others for those whom it refuses anyway', async () => {
    const house = createHouse({ limits, origins: [] });
    for (let i = 0; i < 10; i += 1) {
      expect(house.server.turnAway({ origin: 'https://evil.example', host: null })?.status).toBe(403);
      expect((await house.enter({}, { origin: 'https://evil.example' })).closed?.code).toBe(4403);
    }
    for (let i = 0; i < 4; i += 1) expect(house.server.turnAway(REQUEST)).toBeNull();
    expect([house.count('turnedAway'), house.count('admitLimited')]).toEqual([20, 0]);
  });

  it('reports a transport that fails to say goodbye', () => {
    const house = createHouse({ limits });
    const error = new Error('gone');
    const close = vi.fn(() => {
      throw error;
    });
    for (let i = 0; i < 4; i += 1) house.server.turnAway(REQUEST);
    const socket = { send: () => undefined, close, buffered: 0 };
    const line = house.server.accept(socket, { codec: json(), origin: null, ip: '' });
    line.onDrain();
    line.onClose();
    expect(close).toHaveBeenCalledExactlyOnceWith(1013, expect.any(String));
    expect(house.events).toEqual([expect.objectContaining({ name: 'connection-failed', detail: { error, user: '' } })]);
  });
});
