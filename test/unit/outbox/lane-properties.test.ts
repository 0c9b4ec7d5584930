// Holds I1, I2 (docs/guarantees.md).
/** Any order of publications, cuts, lost answers, refusals and losses of the server's memory. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Act, isRefusal, LaneModel } from './lane-model.ts';

type Weighted = readonly [weight: number, arbitrary: fc.Arbitrary<Act>];
const counted = (what: Extract<Act, { readonly count: number }>['do'], max: number): fc.Arbitrary<Act> =>
  fc.record({ do: fc.constant(what), count: fc.integer({ min: 1, max }) });
const plain = (...what: readonly Exclude<Act, { readonly count: number }>['do'][]): fc.Arbitrary<Act> =>
  fc.record({ do: fc.constantFrom(...what) });

const USUAL: readonly Weighted[] = [
  [6, counted('publish', 40)],
  [8, counted('pump', 64)],
  [16, plain('serve', 'hear')],
  [3, plain('open', 'resume')],
  [2, plain('cut', 'turn-away')],
  [1, counted('transient', 10)],
  [1, counted('cancel', 60)],
];

function schedules(...more: readonly Weighted[]): fc.Arbitrary<Act[]> {
  const acts = [...USUAL, ...more].map(([weight, arbitrary]) => ({ weight, arbitrary }));
  return fc.array(fc.oneof(...acts), { maxLength: 100, size: 'max' });
}

function play(acts: readonly Act[]): LaneModel {
  const model = new LaneModel();
  for (const act of acts) model.act(act);
  model.settle();
  return model;
}

const numbers = (ids: readonly string[]): readonly number[] => ids.map((id) => Number(id.slice(1)));
const ascending = (list: readonly number[]): readonly number[] => [...new Set(list)].sort((a, b) => a - b);
/** Accepted, and not told as lost since. */
const acceptedIds = ({ ends, lost }: LaneModel): readonly number[] =>
  numbers([...ends].filter(([id, result]) => !isRefusal(result) && !lost.has(id)).map(([id]) => id));

describe('while the lane memory survives', () => {
  it('all that is accepted is in the log, exactly once (I1), in the order in which it was published (I2)', () => {
    fc.assert(
      fc.property(schedules([1, plain('recheck', 'forget')]), (acts) => {
        const model = play(acts);
        expect(numbers(model.log)).toEqual(ascending(acceptedIds(model)));
        expect([...model.lost]).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});

describe('when memory and log are lost together', () => {
  it('order holds (I2), nothing is there twice, and what is retained is repaired (I4)', () => {
    fc.assert(
      fc.property(schedules([1, plain('recheck', 'forget')], [1, plain('lose-memory')]), (acts) => {
        const model = play(acts);
        expect(numbers(model.log), 'in order, once each').toEqual(ascending(numbers(model.log)));
        // Once more when all is settled: then only retention can bring anything back.
        model.act({ do: 'lose-memory' });
        model.settle();
        const retained = acceptedIds(model).filter((number) => number > model.published - model.lane.retained);
        expect(numbers(model.log), 'what is retained').toEqual(ascending(retained));
      }),
      { numRuns: 300 },
    );
  });
});

describe('when the store goes back to an older state and says so', () => {
  it('everything that was accepted is in the log again, exactly once, in order, or told as lost (I4)', () => {
    const rollback = counted('rollback', 80);
    fc.assert(
      fc.property(schedules([1, rollback], [1, plain('recheck')]), rollback, (acts, last) => {
        const model = play(acts);
        // Only as far back as answered records are retained.
        fc.pre(model.published <= 256);
        model.act(last);
        model.settle();
        expect(numbers(model.log)).toEqual(ascending(acceptedIds(model)));
      }),
      { numRuns: 300 },
    );
  });
});
