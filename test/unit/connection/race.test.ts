import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Race, type RaceFacts, above, dueOf, startNext, without } from '../../../src/connection/race.ts';

const NOW = 1_000_000;
const facts = (given: Partial<RaceFacts> = {}): RaceFacts => ({
  now: NOW,
  openTimeout: 10_000,
  raceAfter: [1500, 3000, 2000],
  ...given,
});
const begun = (left: readonly number[], given: Partial<RaceFacts> = {}): Race =>
  startNext({ left, running: [], nextAt: null }, facts(given));

describe('startNext', () => {
  it.each<[string, readonly number[], Partial<RaceFacts>, Race]>([
    [
      'the only one, and nothing is due but its end',
      [0],
      {},
      { left: [], running: [{ rung: 0, until: NOW + 10_000 }], nextAt: null },
    ],
    [
      'the first, and the next when it was silent for its own patience',
      [1, 0],
      {},
      { left: [0], running: [{ rung: 1, until: NOW + 10_000 }], nextAt: NOW + 3000 },
    ],
    [
      'one of unknown patience, and the next when it is given up',
      [0, 1],
      { raceAfter: [], openTimeout: 7000 },
      { left: [1], running: [{ rung: 0, until: NOW + 7000 }], nextAt: NOW + 7000 },
    ],
    ['none of none', [], {}, { left: [], running: [], nextAt: null }],
  ])('%s', (_, left, given, expected) => {
    expect(begun(left, given)).toEqual(expected);
  });

  it('beside those that run, whose time it leaves alone', () => {
    const race = startNext(begun([0, 1, 2]), facts({ now: NOW + 1500 }));
    expect(race).toEqual({
      left: [2],
      running: [
        { rung: 0, until: NOW + 10_000 },
        { rung: 1, until: NOW + 11_500 },
      ],
      nextAt: NOW + 4500,
    });
  });
});

describe('without', () => {
  const two = startNext(begun([0, 1, 2]), facts());

  it.each<[string, Race, number, Race]>([
    ['one of two: the next keeps its time', two, 0, { ...two, running: [two.running[1]!] }],
    ['the last: the next is due at once', begun([0, 1]), 0, { left: [1], running: [], nextAt: NOW + 5 }],
    ['the last of all: nothing is due', begun([0]), 0, { left: [], running: [], nextAt: null }],
    ['one that does not run: nothing changes', two, 2, two],
  ])('%s', (_, race, rung, expected) => {
    expect(without(race, rung, NOW + 5)).toEqual(expected);
  });
});

describe('above', () => {
  it.each([
    [0, []],
    [1, [0]],
    [2, [0, 1]],
  ])('%i: only those that run and are better, and none is started any more', (rung, better) => {
    const race = startNext(startNext(begun([0, 1, 2, 3]), facts()), facts());
    const rest = above(race, rung, [], 0);
    expect([rest.running.map((runner) => runner.rung), rest.left, rest.nextAt]).toEqual([better, [], null]);
  });
});

describe('above, of those that are older', () => {
  it.each([
    [[], NOW, [10_000, 10_000]],
    [[0], NOW + 3000, [3000, 10_000]],
    [[0, 1], NOW + 3000, [3000, 3000]],
    [[1], NOW + 20_000, [10_000, 10_000]],
  ])('%j have until %i at the latest', (older, latest, until) => {
    const race = startNext(startNext(begun([0, 1, 2, 3]), facts()), facts());
    expect(above(race, 2, older, latest).running.map((runner) => runner.until - NOW)).toEqual(until);
  });
});

describe('a race in which nobody is welcomed', () => {
  it('starts each once, in order, and is over when the last one is given up', () => {
    const rungs = fc.uniqueArray(fc.nat(5), { minLength: 1 });
    fc.assert(
      fc.property(rungs, fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 6, maxLength: 6 }), (plan, raceAfter) => {
        let [race, now] = [begun(plan, { raceAfter }), NOW];
        const started = [plan[0]];
        for (let due = dueOf(race); due !== Infinity; due = dueOf(race)) {
          expect(due).toBeGreaterThanOrEqual(now);
          now = due;
          const late = race.running.find(({ until }) => until <= now);
          if (late !== undefined) race = without(race, late.rung, now);
          if (race.nextAt !== null && race.nextAt <= now) {
            race = startNext(race, facts({ now, raceAfter }));
            started.push(race.running.at(-1)!.rung);
          }
        }
        expect(started).toEqual(plan);
        expect([race.left, race.running]).toEqual([[], []]);
        expect(now).toBeLessThanOrEqual(NOW + plan.length * 10_000);
      }),
    );
  });
});
