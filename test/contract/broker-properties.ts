import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Judged } from '../../server/brokers/broker.ts';
import type { Result } from '../../src/protocol/frame.ts';
import { KEEP, type MakeBroker, PAGE } from './broker-kit.ts';

/** Many histories, each on a store of its own. */
export function propertiesContract(make: MakeBroker): void {
  describe('properties', () => {
    /** Producers that send from a window, again and again, with holes, tombstones and refusals in between. */
    const attempt = fc.record({
      lane: fc.integer({ min: 0, max: 2 }),
      back: fc.integer({ min: 0, max: 12 }),
      length: fc.integer({ min: 1, max: 8 }),
      skip: fc.boolean(),
      refused: fc.boolean(),
    });

    it('I1, I2: each accepted id is in the log once, in the order of its lane', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(attempt, { minLength: 1, maxLength: 60 }), async (attempts) => {
          const { broker: fresh } = await make();
          const next = [1, 1, 1];
          const results = [0, 1, 2].map(() => new Map<number, Result>());
          for (const { lane, back, length, skip, refused } of attempts) {
            const sequence = Math.max(1, next[lane]! - back) + (skip ? 20 : 0);
            const items = Array.from({ length }, (_, index): Judged => {
              const s = sequence + index;
              if (s % 7 === 0) return { item: { id: `${lane}-${s}`, x: 'cancelled' } };
              return {
                item: { id: `${lane}-${s}`, e: 'message', d: s },
                ...(refused ? { refusal: { code: 'forbidden' } } : undefined),
              };
            });
            const answer = await fresh.append({ channel: 'c', lane: { user: 'ann', producer: `p${lane}` }, sequence, first: next[lane] === 1 && sequence === 1, items, keep: KEEP }); // prettier-ignore
            if (answer.stopped !== null) expect(answer.results).toEqual([]);
            answer.results.forEach((result, index) => {
              const known = results[lane]!.get(sequence + index);
              if (known !== undefined) expect(result).toEqual(known);
              results[lane]!.set(sequence + index, result);
            });
            if (answer.results.length > 0) next[lane] = Math.max(next[lane]!, sequence + answer.results.length);
          }
          const page = await fresh.read('c', { latest: 500 }, PAGE, KEEP);
          const log = page.ok ? page.entries : [];
          expect(log.map(({ o }) => o)).toEqual(log.map((_, index) => index + 1));
          for (const lane of [0, 1, 2]) {
            const accepted = [...results[lane]!].filter(([, result]) => Array.isArray(result)).sort(([a], [b]) => a - b);
            expect(log.filter(({ id }) => id.startsWith(`${lane}-`)).map(({ id }) => id)).toEqual(
              accepted.map(([s]) => `${lane}-${s}`),
            );
            for (const [s, result] of accepted) expect(log[(result as [number, string])[0] - 1]).toMatchObject({ id: `${lane}-${s}`, g: (result as [number, string])[1] }); // prettier-ignore
          }
          await fresh.close();
        }),
        { numRuns: 60 },
      );
    });

    it('I5: reading page by page gives every entry once, in order, while others append', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 0, max: 40 }),
          fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 20 }),
          fc.integer({ min: 1, max: 9 }),
          async (before, between, entries) => {
            const { broker: fresh } = await make();
            let made = 0;
            const add = async (count: number): Promise<void> => {
              for (let i = 0; i < count; i += 1) await fresh.publish('c', { id: `i${(made += 1)}`, e: 'message' }, null, KEEP);
            };
            const empty = await fresh.read('c', { latest: 0 }, PAGE, KEEP);
            await add(before);
            let cursor = empty.top;
            const seen: string[] = [];
            for (let turn = 0; ; turn += 1) {
              await add(between[turn] ?? 0);
              const page = await fresh.read('c', { cursor }, { entries, bytes: 1_000_000 }, KEEP);
              if (!page.ok) throw new Error(page.why);
              seen.push(...page.entries.map(({ id }) => id));
              cursor = page.at;
              if (turn >= between.length && cursor[1] === page.top[1]) break;
            }
            expect(seen).toEqual(Array.from({ length: made }, (_, index) => `i${index + 1}`));
            await fresh.close();
          },
        ),
        { numRuns: 40 },
      );
    });
  });
}
