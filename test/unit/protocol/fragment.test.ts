import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Assembler, fragments } from '../../../src/protocol/fragment.ts';

const message = fc.uint8Array({ maxLength: 400 }).map((bytes) => new Uint8Array(bytes));
const bytesOf = (...bytes: readonly number[]): Uint8Array<ArrayBuffer> => new Uint8Array(bytes);

/** What comes out, and the first thing that is wrong. */
function assemble(parts: readonly Uint8Array<ArrayBuffer>[], assembler = new Assembler(10_000)): unknown[] {
  const out: unknown[] = [];
  for (const part of parts) {
    const taken = assembler.take(part);
    if (taken.state === 'whole') out.push([...taken.message]);
    if (taken.state === 'wrong') return [...out, taken.code];
  }
  return out;
}

describe('a message', () => {
  it('comes out as it went in, whatever the size of its parts, and the next one after it', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(message, fc.integer({ min: 2, max: 500 })), { maxLength: 5 }), (sent) => {
        const parts = sent.flatMap(([bytes, most]) => fragments(bytes, most));
        expect(assemble(parts)).toEqual(sent.map(([bytes]) => [...bytes]));
      }),
    );
  });

  it('has as few parts as can be, each within its bound', () => {
    fc.assert(
      fc.property(message, fc.integer({ min: 2, max: 500 }), (bytes, most) => {
        const parts = fragments(bytes, most);
        expect(parts.length).toBe(Math.max(1, Math.ceil(bytes.length / (most - 1))));
        expect(parts.every(({ length }) => length <= most)).toBe(true);
        expect(parts.map(([flag]) => flag)).toEqual(parts.map((_, n) => (n === parts.length - 1 ? 0 : 1)));
      }),
    );
  });

  it('of text is its UTF-8', () => {
    expect(assemble(fragments('ü→', 3))).toEqual([[...new TextEncoder().encode('ü→')]]);
  });

  it('at the limit passes, and above it does not, however it is cut', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 2, max: 50 }), (limit, most) => {
        expect(assemble(fragments(new Uint8Array(limit), most), new Assembler(limit))).toEqual([Array(limit).fill(0)]);
        expect(assemble(fragments(new Uint8Array(limit + 1), most), new Assembler(limit))).toEqual([1009]);
      }),
    );
  });
});

describe('what is no part', () => {
  it.each([
    ['nothing', bytesOf()],
    ['an unknown first byte', bytesOf(2, 1)],
    ['an empty one that goes on', bytesOf(1)],
  ])('%s', (_what, part) => {
    expect(assemble([part])).toEqual([4400]);
    expect(assemble([bytesOf(1, 5), part])).toEqual([4400]);
  });

  it.each(['', '0', '\0{}'])('text: %j', (text) => {
    expect(new Assembler(100).take(text)).toMatchObject({ state: 'wrong', code: 4400 });
  });

  it('one that goes on, where each stands alone', () => {
    expect(assemble([bytesOf(0, 7), bytesOf(1, 7)], new Assembler(100, 'one'))).toEqual([[7], 4400]);
  });

  it('any bytes give a message or a code, never an exception', () => {
    fc.assert(
      fc.property(fc.array(message), (parts) => {
        for (const told of assemble(parts, new Assembler(200)))
          expect([4400, 1009].includes(told as number) || Array.isArray(told)).toBe(true);
      }),
    );
  });
});

it('memory grows with what comes, to the limit and no further', () => {
  const made: number[] = [];
  const Real = Uint8Array;
  const limit = 4096;
  try {
    globalThis.Uint8Array = class extends Real {
      constructor(length: number) {
        super(length);
        if (typeof length === 'number') made.push(length);
      }
    } as unknown as typeof Uint8Array;
    const assembler = new Assembler(limit);
    const part = Real.of(1, 1);
    for (let n = 0; n < limit; n += 1) expect(assembler.take(part).state).toBe('partial');
    expect(assembler.take(part)).toMatchObject({ code: 1009 });
  } finally {
    globalThis.Uint8Array = Real;
  }
  expect(Math.max(...made)).toBe(limit);
  // Doubled each time: a few buffers for thousands of parts.
  expect(made.length).toBeLessThan(16);
});
