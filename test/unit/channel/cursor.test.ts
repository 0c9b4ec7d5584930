import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromWire, judge, lowest, sameCursor, toWire } from '../../../src/channel/cursor.ts';
import type { Cursor } from '../../../src/types.ts';

const cursor = fc.record({ epoch: fc.string(), offset: fc.maxSafeNat(), tag: fc.string() }, { noNullPrototype: true });
const at = (offset: number, tag = `t${offset}`, epoch = 'E'): Cursor => ({ epoch, offset, tag });

describe('an entry, judged from where a reader stands', () => {
  it.each([
    [0, 1, 'apply'],
    [5, 6, 'apply'],
    [5, 5, 'duplicate'],
    [5, 1, 'duplicate'],
    [5, 7, 'hole'],
    [0, 2, 'hole'],
  ] as const)('at %i, entry %i: %s', (standing, offset, verdict) => {
    expect(judge(at(standing), offset)).toBe(verdict);
  });

  it('applies exactly one offset, and calls no later one a duplicate', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.nat(1_000_000), (standing, offset) => {
        const verdict = judge(at(standing), offset);
        expect(verdict).toBe(offset - standing === 1 ? 'apply' : offset - standing > 1 ? 'hole' : 'duplicate');
      }),
    );
  });
});

describe('cursors', () => {
  it('are the same after the wire', () => {
    fc.assert(
      fc.property(cursor, (given) => {
        expect(fromWire(toWire(given))).toEqual(given);
      }),
    );
  });

  it.each([
    ['nothing and nothing', null, null, true],
    ['nothing and a place', null, at(1), false],
    ['equal places', at(1), at(1), true],
    ['another offset', at(1, 'x'), at(2, 'x'), false],
    ['another tag: another branch', at(1, 'a'), at(1, 'b'), false],
    ['another epoch', at(1, 'a', 'E'), at(1, 'a', 'F'), false],
  ])('%s', (_, a, b, same) => {
    expect(sameCursor(a, b)).toBe(same);
    expect(sameCursor(b, a)).toBe(same);
  });

  it.each([
    ['none', [], null],
    ['one', [at(4)], at(4)],
    ['several', [at(4), at(2), at(9)], at(2)],
    ['equal offsets: the first', [at(3, 'a'), at(3, 'b')], at(3, 'a')],
  ])('the lowest of %s', (_, list, expected) => {
    expect(lowest(list)).toEqual(expected);
  });
});
