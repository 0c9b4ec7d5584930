import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Happening,
  type Knowledge,
  type Ladder,
  climbOf,
  createLadder,
  note,
  patienceOf,
  planOf,
} from '../../../src/connection/ladder.ts';

const NOW = 1_700_000_000_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ALL = [0, 1, 2];
const rungs = ['a', 'b', 'c'].map((name) => ({ name, upgradeOnly: false }));
const knowing = (here: Readonly<Record<string, Knowledge>>): Ladder => createLadder(rungs, 'wifi', { wifi: here });
const play = (ladder: Ladder, ...told: readonly (readonly [Happening, at?: number])[]): Ladder =>
  told.reduce((before, [happening, at = 0]) => note(before, happening, NOW + at), ladder);
const welcome = (rung: number, more: Partial<Extract<Happening, { type: 'welcome' }>> = {}): Happening => ({
  ...{ type: 'welcome', rung, running: [rung], beside: false },
  ...more,
});
const failed = (rung: number, beside = false): Happening => ({ type: 'failed', rung, why: 'abnormal', beside });
const died = (rung: number, fault = true): Happening => ({ type: 'ended', rung, why: 'abnormal', fault });
const fresh = createLadder(rungs, 'wifi');
const here = ({ memories, network }: Ladder, name: string): Knowledge => memories[network]?.[name] ?? {};

describe('the order of an attempt', () => {
  it.each<[string, Readonly<Record<string, Knowledge>>, readonly number[]]>([
    ['by preference, where nothing is known', {}, [0, 1, 2]],
    ['what worked is first', { b: { goodAt: NOW - HOUR } }, [1, 0, 2]],
    ['for less than 24 h', { b: { goodAt: NOW - 24 * HOUR + 1 } }, [1, 0, 2]],
    ['but not after', { b: { goodAt: NOW - 24 * HOUR } }, [0, 1, 2]],
    ['the best of those that worked, and then by preference', { b: { goodAt: NOW }, c: { goodAt: NOW } }, [1, 0, 2]],
    ['what is blocked is last', { a: { blockedAt: NOW } }, [1, 2, 0]],
    ['for less than 20 min', { a: { blockedAt: NOW - 20 * MINUTE + 1 } }, [1, 2, 0]],
    ['but not after', { a: { blockedAt: NOW - 20 * MINUTE } }, [0, 1, 2]],
    ['all blocked: by preference', { a: { blockedAt: NOW }, b: { blockedAt: NOW }, c: { blockedAt: NOW } }, [0, 1, 2]],
    ['blocked after it worked: last', { b: { goodAt: NOW - 2, blockedAt: NOW - 1 } }, [0, 2, 1]],
    ['it worked after it was blocked: first', { b: { blockedAt: NOW - 2, goodAt: NOW - 1 } }, [1, 0, 2]],
    ['by a clock that was set back nothing is younger than now: not good', { b: { goodAt: NOW + 1 } }, [0, 1, 2]],
    ['and it outweighs no block', { a: { blockedAt: NOW - 1, goodAt: NOW + HOUR } }, [1, 2, 0]],
    ['nor blocked', { a: { blockedAt: NOW + HOUR } }, [0, 1, 2]],
    ['what another program wrote there means nothing', { b: { goodAt: 'x' as unknown as number } }, [0, 1, 2]],
  ])('%s', (_, known, expected) => {
    expect(planOf(knowing(known), ALL, NOW)).toEqual(expected);
  });

  it('is by network', () => {
    const ladder = play(knowing({ b: { goodAt: NOW } }), [{ type: 'network', name: 'cellular' }]);
    expect(planOf(ladder, ALL, NOW)).toEqual([0, 1, 2]);
    expect(planOf(play(ladder, [{ type: 'network', name: 'wifi' }]), ALL, NOW)).toEqual([1, 0, 2]);
  });

  it('has only what is supported', () => {
    expect(planOf(knowing({ a: { goodAt: NOW } }), [1, 2], NOW)).toEqual([1, 2]);
    expect(planOf(fresh, [], NOW)).toEqual([]);
  });

  it('never has what only takes over, however well it worked', () => {
    const ladder = createLadder([{ name: 'rtc', upgradeOnly: true }, ...rungs], 'wifi', { wifi: { rtc: { goodAt: NOW } } });
    expect(planOf(ladder, [0, 1, 2, 3], NOW)).toEqual([1, 2, 3]);
  });

  it('has each that is supported once, whatever is known', () => {
    const time = fc.integer({ min: NOW - 48 * HOUR, max: NOW + HOUR });
    const knowledge = fc.record({ goodAt: time, blockedAt: time, strikes: fc.nat(3) }, { requiredKeys: [] });
    const known = fc.record({ a: knowledge, b: knowledge, c: knowledge }, { requiredKeys: [] });
    fc.assert(
      fc.property(known, fc.subarray(ALL), (memory, supported) => {
        expect([...planOf(knowing(memory), supported, NOW)].sort()).toEqual(supported);
      }),
    );
  });
});

describe('what would be better', () => {
  it.each([
    [0, []],
    [1, [0]],
    [2, [0, 1]],
  ])('than %i: %j, the best first', (rung, expected) => {
    expect(climbOf(fresh, rung, ALL)).toEqual(expected);
  });

  it('has what only takes over last, for it gains least, and only what is supported', () => {
    const ladder = createLadder([{ name: 'rtc', upgradeOnly: true }, ...rungs], 'wifi');
    expect(climbOf(ladder, 3, [0, 1, 2, 3])).toEqual([1, 2, 0]);
    expect(climbOf(ladder, 1, [0, 1, 2, 3])).toEqual([0]);
    expect(climbOf(ladder, 3, [2, 3])).toEqual([2]);
  });
});

describe('how long each may be silent', () => {
  it.each([
    [undefined, 1500],
    [0, 1500],
    [375, 1500],
    [500, 2000],
    [1250, 5000],
    [60_000, 5000],
  ])('a round trip of %s ms: %i ms', (roundTrip, expected) => {
    expect(patienceOf(knowing({ a: roundTrip === undefined ? {} : { roundTrip } }))).toEqual([expected, 1500, 1500]);
  });
});

describe('what is learnt', () => {
  it('of a welcome: it works here, from now on', () => {
    expect(here(play(fresh, [welcome(1)]), 'b')).toEqual({ goodAt: NOW });
  });

  it('of a stable connection: its round trip too, and no strikes', () => {
    const ladder = play(knowing({ b: { strikes: 2 } }), [{ type: 'stable', rung: 1, roundTrip: 80 }]);
    expect(here(ladder, 'b')).toEqual({ goodAt: NOW, roundTrip: 80, strikes: 0 });
    expect(here(play(ladder, [{ type: 'stable', rung: 1, roundTrip: null }, 5]), 'b')).toEqual({
      goodAt: NOW + 5,
      roundTrip: 80,
      strikes: 0,
    });
  });

  it('of a failure: nothing, until another one worked, for the network itself may be at fault', () => {
    const down = play(fresh, [failed(0)], [failed(1)], [failed(2)]);
    expect(down.memories).toEqual({});
    const ladder = play(down, [{ type: 'attempt' }], [failed(0)], [welcome(1), 100]);
    expect(here(ladder, 'a')).toEqual({ blockedAt: NOW + 100, why: 'abnormal' });
    expect(here(ladder, 'c')).toEqual({});
  });

  it('of a failure on the network before this one: nothing', () => {
    const ladder = play(fresh, [failed(0)], [{ type: 'network', name: 'cellular' }], [welcome(1)]);
    expect(ladder.memories).toEqual({ cellular: { b: { goodAt: NOW } } });
  });

  it('of a failure beside one that works: blocked at once', () => {
    expect(here(play(fresh, [failed(0, true)]), 'a')).toEqual({ blockedAt: NOW, why: 'abnormal' });
  });

  it.each([
    [1, { goodAt: NOW, strikes: 1 }],
    [2, { goodAt: NOW, strikes: 2 }],
    [3, { goodAt: NOW, strikes: 0, blockedAt: NOW, why: 'abnormal' }],
  ])('of %i young deaths in a row', (times, expected) => {
    const deaths = Array.from({ length: times }, () => [[welcome(0)], [died(0)]] as const).flat();
    const ladder = play(fresh, ...deaths);
    expect(here(ladder, 'a')).toEqual(expected);
    expect(planOf(ladder, ALL, NOW)).toEqual(times < 3 ? [0, 1, 2] : [1, 2, 0]);
  });

  it('of one that is held back by something between: blocked at once', () => {
    const ladder = play(fresh, [welcome(0)], [{ type: 'ended', rung: 0, why: 'buffered', fault: true }]);
    expect(here(ladder, 'a')).toEqual({ goodAt: NOW, strikes: 0, blockedAt: NOW, why: 'buffered' });
  });

  it('of an end that was not its fault: the row is broken', () => {
    const ladder = play(fresh, [died(0)], [died(0)], [died(0, false)], [died(0)], [died(0)]);
    expect(here(ladder, 'a')).toEqual({ strikes: 2 });
    expect(play(fresh, [died(0, false)])).toBe(fresh);
  });

  it('of three deaths of different transports: nothing yet', () => {
    expect(planOf(play(fresh, [died(0)], [died(1)], [died(2)]), ALL, NOW)).toEqual([0, 1, 2]);
  });

  it('of a welcome of one that died young: not that it works, before it is stable', () => {
    const ladder = play(fresh, [died(1)], [welcome(1), 5]);
    expect(here(ladder, 'b')).toEqual({ strikes: 1 });
    expect(here(play(ladder, [{ type: 'stable', rung: 1, roundTrip: null }, 10]), 'b')).toEqual({ strikes: 0, goodAt: NOW + 10 });
  });

  it('of at most 8 networks: the one that was used longest ago is forgotten', () => {
    const names = Array.from({ length: 12 }, (_, index) => `net-${index}`);
    const ladder = play(fresh, ...names.flatMap((name) => [[{ type: 'network', name }], [welcome(0)]] as const));
    expect(Object.keys(ladder.memories)).toEqual(names.slice(-8));
    const again = play(
      ladder,
      [{ type: 'network', name: 'net-4' }],
      [welcome(1)],
      [{ type: 'network', name: 'new' }],
      [welcome(0)],
    );
    expect(Object.keys(again.memories)).toEqual([...names.slice(-6), 'net-4', 'new']);
    expect(again.memories['net-4']).toEqual({ a: { goodAt: NOW }, b: { goodAt: NOW } });
  });

  it('leaves what was known before as it was', () => {
    const freeze = <T>(value: T): T => {
      if (typeof value === 'object' && value !== null) Object.values(value).forEach(freeze);
      return Object.freeze(value);
    };
    const before = freeze(knowing({ a: { goodAt: NOW } }));
    play(before, [failed(0, true)], [welcome(1)], [died(1)], [{ type: 'stable', rung: 1, roundTrip: 3 }]);
    expect(before.memories).toEqual({ wifi: { a: { goodAt: NOW } } });
  });
});

describe('a choice', () => {
  const passed = (transport: string, why: string) => ({ transport, why });

  it.each<[string, readonly (readonly [Happening])[], object]>([
    ['the preferred one', [[welcome(0)]], { transport: 'a', why: 'preferred', passed: [] }],
    ['one that was tried first', [[welcome(1)]], { transport: 'b', why: 'remembered', passed: [] }],
    ['others failed', [[failed(0)], [welcome(1)]], { transport: 'b', why: 'others-failed', passed: [passed('a', 'abnormal')] }],
    [
      'others are slow',
      [[welcome(1, { running: [0, 1, 2] })]],
      { transport: 'b', why: 'others-slow', passed: [passed('a', 'slow')] },
    ],
    [
      'one failed and one is slow',
      [[failed(0)], [welcome(2, { running: [1, 2] })]],
      { transport: 'c', why: 'others-failed', passed: [passed('a', 'abnormal'), passed('b', 'slow')] },
    ],
    ['a better one', [[welcome(0, { beside: true })]], { transport: 'a', why: 'better', passed: [] }],
    ['a failure of the attempt before', [[failed(0)], [{ type: 'attempt' }], [welcome(1)]], { why: 'remembered', passed: [] }],
  ])('%s', (_, told, expected) => {
    expect(play(fresh, ...told).choices).toMatchObject([{ at: NOW, network: 'wifi', ...expected }]);
  });

  it('of the first that a connection can begin with is the preferred one', () => {
    const ladder = createLadder([{ name: 'rtc', upgradeOnly: true }, ...rungs], 'wifi');
    expect(play(ladder, [welcome(1)]).choices).toMatchObject([{ transport: 'a', why: 'preferred' }]);
  });

  it('is kept with the last 20, the newest last', () => {
    const many = Array.from({ length: 25 }, (_, index) => [welcome(0), index] as const);
    expect(play(fresh, ...many).choices.map(({ at }) => at - NOW)).toEqual(Array.from({ length: 20 }, (_, index) => index + 5));
  });
});
