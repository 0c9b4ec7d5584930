// Holds I5, I8 (docs/guarantees.md).
/** A channel with a snapshot: whatever happens, what the app shows is the fold of the log up to its place. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Reading, createDatabase } from './database.ts';
import { type Act, PageModel } from './page-model.ts';

const pipe = fc.nat(1);

/** @param faults whether the log may also branch or be lost, and then lacks what the database has */
function schedules(faults: 'trims' | 'all'): fc.Arbitrary<Act[]> {
  const acts: readonly (readonly [weight: number, arbitrary: fc.Arbitrary<Act>])[] = [
    [6, fc.record({ do: fc.constant('append'), hidden: fc.boolean() })],
    [
      1,
      fc.record({
        do: fc.constantFrom('trim', ...(faults === 'all' ? (['branch'] as const) : [])),
        count: fc.constantFrom(1, 3),
      }),
    ],
    [1, fc.record({ do: fc.constantFrom('join', ...(faults === 'all' ? (['epoch'] as const) : [])) })],
    [3, fc.record({ do: fc.constantFrom('open', 'retry') })],
    [2, fc.record({ do: fc.constant('close'), pipe })],
    [20, fc.record({ do: fc.constantFrom('serve', 'hear'), pipe })],
    [1, fc.record({ do: fc.constant('repeat'), pipe })],
    [12, fc.record({ do: fc.constant('load'), step: fc.constantFrom('cursor', 'data', 'done') })],
  ];
  return fc.array(fc.oneof(...acts.map(([weight, arbitrary]) => ({ weight, arbitrary }))), { maxLength: 120, size: 'max' });
}

function check(reading: Reading, faults: 'trims' | 'all'): void {
  fc.assert(
    fc.property(schedules(faults), (acts) => {
      const database = createDatabase(reading);
      const page = new PageModel('log', database);
      const compare = (): void => {
        if (page.place === null) return;
        const missed = page.log.upTo(page.place.tag).filter((tag) => !database.state.has(tag));
        expect(missed, `missed before ${page.place.tag}`).toEqual([]);
      };
      for (const each of acts) {
        page.act(each);
        compare();
      }
      page.settle();
      page.log.append(false);
      page.settle();
      compare();
      const [epoch, offset, tag] = page.log.top;
      expect(page.sub.cursor, 'the top is reached (I7)').toEqual({ epoch, offset, tag });
      if (faults === 'trims') expect([...database.state].sort()).toEqual([...page.log.written].sort());
    }),
    { numRuns: 400, includeErrorInReport: true },
  );
}

describe.each(['told', 'before', 'cached'] as const)('the cursor is %s', (reading) => {
  it.each(['trims', 'all'] as const)('nothing is missed, with %s', (faults) => check(reading, faults));
});

describe('the cursor is read after the data', () => {
  it('misses what was written between, and this is noticed', () => {
    expect(() => check('after', 'trims')).toThrow(/missed before/);
  });
});
