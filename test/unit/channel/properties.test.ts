// Holds I5 (docs/guarantees.md).
/**
 * Any order of appends, trims, failovers, connections, losses, repeats and reloads: whatever happens, deliveries follow one
 * another (I5, I6), none comes during a reload (I8), and once the faults stop the top is reached (I7).
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Input, createSubscription, step } from '../../../src/channel/step.ts';
import { cursor, entry, serverFrames } from '../../support/frames.ts';
import { type Act, PageModel } from './page-model.ts';

const pipe = fc.nat(1);

interface Variant {
  readonly mode: 'log' | 'latest';
  /** A `skip` covers whatever came before it, so no client can see a loss in front of one. */
  readonly faults: 'filter' | 'losses';
}

function schedules({ faults }: Variant): fc.Arbitrary<Act[]> {
  const hidden = faults === 'filter' ? fc.boolean() : fc.constant(false);
  const acts: readonly (readonly [weight: number, arbitrary: fc.Arbitrary<Act>])[] = [
    [6, fc.record({ do: fc.constant('append'), hidden })],
    [1, fc.record({ do: fc.constantFrom('trim', 'branch'), count: fc.integer({ min: 1, max: 3 }) })],
    [1, fc.record({ do: fc.constant('epoch') })],
    [3, fc.record({ do: fc.constantFrom('open', 'retry') })],
    [2, fc.record({ do: fc.constant('close'), pipe })],
    [20, fc.record({ do: fc.constantFrom('serve', 'hear'), pipe })],
    [2, fc.record({ do: fc.constantFrom('repeat', faults === 'losses' ? 'lose' : 'repeat'), pipe })],
    [4, fc.record({ do: fc.constant('reload'), from: fc.constantFrom('told', 'top', 'old') })],
  ];
  const act = fc.oneof(...acts.map(([weight, arbitrary]) => ({ weight, arbitrary })));
  return fc.array(act, { maxLength: 120, size: 'max' });
}

describe.each<Variant>([
  { mode: 'log', faults: 'losses' },
  { mode: 'log', faults: 'filter' },
  { mode: 'latest', faults: 'losses' },
])('mode $mode, with $faults', (variant) => {
  it('keeps its promises under any schedule', () => {
    fc.assert(
      fc.property(schedules(variant), (acts) => {
        const page = new PageModel(variant.mode);
        for (const each of acts) page.act(each);
        page.settle();
        // What was lost at the very end shows only when something follows.
        page.log.append(false);
        const told = page.resets;
        page.settle();
        const [epoch, offset, tag] = page.log.top;
        expect(page.sub.cursor, 'the top is reached (I7)').toEqual({ epoch, offset, tag });
        if (page.resets === told) expect(page.last, 'and delivered').toBe(tag);
      }),
      { numRuns: 400 },
    );
  });
});

describe('whatever comes', () => {
  const gen = fc.nat(3);
  const { subbed, skip, gap } = serverFrames;
  const input: fc.Arbitrary<(k: number) => Input> = fc.oneof(
    gen.map((of) => (k: number): Input => ({ type: 'ask', gen: of, k })),
    gen.map((of) => (k: number): Input => ({ type: 'lost', gen: of, k })),
    fc
      .tuple(gen, subbed, fc.nat(2))
      .map(([of, frame, ago]) => (k: number): Input => ({ type: 'subbed', gen: of, k, frame: { ...frame, k: k - 1 - ago } })),
    fc
      .tuple(gen, fc.array(entry, { maxLength: 4 }))
      .map(([of, entries]) => (k: number): Input => ({ type: 'entries', gen: of, k, entries })),
    fc.tuple(gen, skip).map(([of, { o, g }]) => (): Input => ({ type: 'skip', gen: of, offset: o, tag: g })),
    fc.tuple(gen, gap).map(([of, { cur, why }]) => (): Input => ({ type: 'gap', gen: of, cursor: cur, why })),
    fc.option(cursor).map((named) => (k: number): Input => {
      const [epoch, offset, tag] = named ?? ['', 0, ''];
      return { type: 'reloaded', k, cursor: named === null ? null : { epoch, offset, tag } };
    }),
  );

  it.each(['log', 'latest', 'live'] as const)('mode %s throws nothing, and asks at most once a step', (mode) => {
    fc.assert(
      fc.property(fc.array(input, { maxLength: 40 }), (inputs) => {
        let sub = createSubscription(mode);
        inputs.forEach((make, index) => {
          const { next, effects } = step(sub, make(index + 1));
          expect(effects.filter(({ type }) => type === 'sub').length).toBeLessThan(2);
          sub = next;
        });
      }),
      { numRuns: 300 },
    );
  });
});
