import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Claim, Claimed, Completion } from '../../server/brokers/claim.ts';
import { brokerKit, type MakeBroker, MINUTE } from './broker-kit.ts';

/** Who may run a request, and what the others are told (invariant I11). */
export function claimsContract(make: MakeBroker): void {
  describe('claims', () => {
    const kit = brokerKit(make);
    const claim = (name: string, by: string, more: Partial<Claim> = {}): Promise<Claimed> =>
      kit.broker.claim({ name, by, limit: 10_000, life: 5 * MINUTE, ...more });
    const complete = (name: string, by: string, answer: Completion['answer']): Promise<void> =>
      kit.broker.complete({ name, by, answer, size: 10, life: 5 * MINUTE });

    it('gives a name to one of all who want it', async () => {
      const got = await Promise.all(Array.from({ length: 10 }, (_, n) => claim('a', `by-${n}`)));
      expect(got.map(({ state }) => state)).toEqual(['claimed', ...Array<string>(9).fill('running')]);
      expect(await claim('b', 'x')).toEqual({ state: 'claimed' });
    });

    it.each<readonly [what: string, answer: NonNullable<Completion['answer']>]>([
      ['data', { d: { a: [1, null] } }],
      ['bytes', { d: new Uint8Array([0, 255]) }],
      ['nothing', {}],
      ['a refusal', { err: { code: 'app', app: 'sold-out', message: 'Sold out' } }],
    ])('tells the answer to all who come later: %s', async (_what, answer) => {
      await claim('a', 'x');
      await complete('a', 'x', answer);
      expect(await claim('a', 'y')).toEqual({ state: 'answered', answer });
      expect(await claim('a', 'x')).toEqual({ state: 'answered', answer });
    });

    it('knows no outcome beyond the limit, until it is told, and never gives the name again within its life', async () => {
      await claim('a', 'x');
      await kit.advance(9999);
      expect((await claim('a', 'y')).state).toBe('running');
      await kit.advance(1);
      expect((await claim('a', 'y')).state).toBe('unknown');
      await kit.advance(5 * MINUTE - 1);
      expect((await claim('a', 'y')).state).toBe('unknown');
      await complete('a', 'x', { d: 1 });
      expect(await claim('a', 'y')).toEqual({ state: 'answered', answer: { d: 1 } });
    });

    it('forgets a claim after limit and life, an answer after its life', async () => {
      await claim('a', 'x');
      await claim('b', 'x');
      await kit.advance(9000);
      await complete('b', 'x', { d: 1 });
      await kit.advance(5 * MINUTE - 1);
      expect((await claim('b', 'y')).state).toBe('answered');
      await kit.advance(1);
      expect((await claim('b', 'y')).state).toBe('claimed');
      await kit.advance(1000);
      expect((await claim('a', 'y')).state).toBe('claimed');
    });

    it('takes a completion only from who holds the claim, and only the first', async () => {
      await complete('a', 'x', { d: 0 });
      await claim('a', 'x', { limit: 1, life: 1 });
      await kit.advance(2);
      expect((await claim('a', 'y')).state).toBe('claimed');
      await complete('a', 'x', { d: 1 });
      await complete('a', 'x', null);
      expect((await claim('a', 'z')).state).toBe('running');
      await complete('a', 'y', { d: 2 });
      await complete('a', 'y', { d: 3 });
      await complete('a', 'y', null);
      expect(await claim('a', 'z')).toEqual({ state: 'answered', answer: { d: 2 } });
    });

    it('is given back by one who has done nothing', async () => {
      await claim('a', 'x');
      await complete('a', 'x', null);
      expect((await claim('a', 'y')).state).toBe('claimed');
    });

    it('whatever is done in whatever order: one holder at a time, one answer for each holding', async () => {
      const step = fc.record({ by: fc.constantFrom('x', 'y', 'z'), what: fc.constantFrom('claim', 'answer', 'release', 'wait') });
      let names = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
          const name = `name-${(names += 1)}`;
          let holder: string | null = null;
          let answer: number | null = null;
          for (const [n, { by, what }] of steps.entries()) {
            if (what === 'wait') await kit.advance(1000);
            else if (what === 'claim') {
              const claimed = await claim(name, by);
              if (holder === null) expect(claimed.state).toBe('claimed');
              else if (answer !== null) expect(claimed).toEqual({ state: 'answered', answer: { d: answer } });
              else expect(['running', 'unknown']).toContain(claimed.state);
              holder ??= by;
            } else {
              await complete(name, by, what === 'answer' ? { d: n } : null);
              if (by !== holder || answer !== null) continue;
              if (what === 'answer') answer = n;
              else holder = null;
            }
          }
        }),
        { numRuns: 50 },
      );
    });
  });
}
