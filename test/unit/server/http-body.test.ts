// Holds I14 (docs/guarantees.md).
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Collector } from '../../../server/http/body.ts';

describe('a body that comes in pieces', () => {
  it('is put together, holds none of the pieces, and never more than its bound', () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 });
    fc.assert(
      fc.property(pieces, fc.nat(400), (given, most) => {
        const collector = new Collector(most);
        const whole = given.flatMap((piece) => [...piece]);
        let size = 0;
        for (const piece of given) {
          size += piece.length;
          expect(collector.add(piece)).toBe(size <= most);
          // What is used again, as the memory that a socket reads into may be.
          piece.fill(0);
        }
        if (size > most) return;
        const joined = collector.join();
        expect([...joined]).toEqual(whole);
        expect(joined.buffer.byteLength).toBe(size);
      }),
    );
  });
});
