import { describe, expect, it } from 'vitest';
import { copyOf } from '../../support/copy.ts';

describe('copyOf', () => {
  it.each([
    [[['a', 1], { b: [null, undefined, true, -0, Number.NaN], c: 'd' }]],
    [{ bytes: new Uint8Array([1, 2, 3]).subarray(1), at: new Date(5), map: new Map([[1, { a: 1 }]]) }],
    [JSON.parse('{"__proto__":{"a":1}}')],
    [1n],
  ])('copies as structuredClone does: %o', (value: unknown) => {
    expect(copyOf(value)).toStrictEqual(structuredClone(value));
  });

  it('shares nothing with what it copied', () => {
    const value = { list: [{ a: 1 }], bytes: new Uint8Array([1]) };
    const copied = copyOf(value);
    value.list[0]!.a = 2;
    value.bytes[0] = 2;
    expect(copied).toEqual({ list: [{ a: 1 }], bytes: new Uint8Array([1]) });
  });

  it.each([[() => {}], [{ a: () => {} }], [[Symbol('a')]]])('refuses what cannot be cloned: %o', (value: unknown) => {
    expect(() => copyOf(value)).toThrow(expect.objectContaining({ name: 'DataCloneError' }));
  });
});
