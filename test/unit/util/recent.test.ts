import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Recent } from '../../../src/util/recent.ts';

describe('Recent', () => {
  it('remembers at least so many of the newest, and at most twice as many', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 0, max: 100 }), (least, count) => {
        const recent = new Recent(least);
        const texts = Array.from({ length: count }, (_, index) => `id-${index}`);
        for (const text of texts) recent.add(text);
        const known = texts.map((text) => recent.has(text));
        expect(known.slice(-least)).not.toContain(false);
        expect(known.filter(Boolean).length).toBeLessThanOrEqual(2 * least);
        // The newest without a hole.
        expect(known.lastIndexOf(false)).toBe(known.indexOf(true) === -1 ? count - 1 : known.indexOf(true) - 1);
      }),
    );
  });

  it('knows nothing that it was not given', () => {
    expect(new Recent(3).has('')).toBe(false);
  });
});
