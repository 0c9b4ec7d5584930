import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Codec } from '../../../src/protocol/codec.ts';
import { DEFAULT_LIMITS } from '../../../src/protocol/frame.ts';
import { json } from '../../../src/protocol/json.ts';
import { msgpack } from '../../../src/protocol/msgpack.ts';
import { type PlainResult, toPlain } from '../../../src/protocol/payload.ts';
import { expectSame } from '../../support/expect-same.ts';
import { bytes, jsonData } from '../../support/frames.ts';

const plain = (value: unknown, limits = DEFAULT_LIMITS): PlainResult => toPlain(value, limits);
const sizeOf = (data: unknown): number => (data === undefined ? 0 : Buffer.byteLength(JSON.stringify(data)));
const accepted = (data: unknown): PlainResult => ({ ok: true, data, size: sizeOf(data) });

class Point {
  #hidden = 1;
  x = 1;
  get y(): number {
    return this.#hidden;
  }
}

/** What JSON.stringify makes of it is what readers get. */
const same: readonly (readonly [name: string, value: unknown])[] = [
  ['null', null],
  ['booleans', [true, false]],
  ['numbers', [0, -1, 0.1, 1e21, 1e-7, Number.MAX_SAFE_INTEGER, 2 ** 53 + 2, Number.MAX_VALUE, Number.MIN_VALUE]],
  ['-0', [-0]],
  ['text', ['', '\0\b\t\n\f\r\x1f"\\/\x7f\u2028é€👋']],
  ['a date', { at: new Date(0) }],
  ['an invalid date', [new Date(NaN)]],
  ['toJSON with its key', { a: { toJSON: (key: string) => `key ${key}` } }],
  ['toJSON with its index', [{ toJSON: (key: string) => `key ${key}` }]],
  ['toJSON that gives something with a toJSON', { toJSON: () => ({ toJSON: 1 }) }],
  ['toJSON that gives a boxed primitive', [{ toJSON: () => new Number(5) }]],
  ['toJSON that gives undefined', { a: { toJSON: () => undefined }, b: [{ toJSON: () => undefined }] }],
  ['undefined keys', { a: undefined, b: 1 }],
  ['undefined elements', [undefined, 1, undefined]],
  ['a sparse array', [, 1, , 2, ,]], // eslint-disable-line no-sparse-arrays -- the point
  ['an array with extra keys', Object.assign([1], { extra: 1 })],
  ['boxed primitives', [new Number(1), new String('a'), new Boolean(false)]],
  ['symbol keys', { [Symbol('a')]: 1, b: 2 }],
  ['keys that are not enumerable', Object.defineProperty({ a: 1 }, 'b', { value: 2 })],
  ['a getter', { get a(): number { return 7; } }], // prettier-ignore
  ['inherited keys', Object.create({ a: 1 })],
  ['no prototype', Object.assign(Object.create(null), { a: 1 })],
  ['an instance of a class', new Point()],
  ['keys that look like indexes', { 2: 'b', 1: 'a', '-1': 'c' }],
  ['keys of every object', { constructor: 1, toString: 2, hasOwnProperty: 3, '': 4 }],
  ['one part used twice', ((part) => [part, part])({ a: 1 })],
];

const cycle: unknown[] = [];
cycle.push([cycle]);
const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth)) as unknown;
const wide = (keys: number): object => Object.fromEntries(Array.from({ length: keys }, (_, i) => [`k${i}`, 1]));
const doubled = (levels: number): unknown => Array.from({ length: levels }).reduce<unknown>((part) => [part, part], []);
function throwing(thrown: unknown): object {
  return Object.defineProperty({}, 'a', {
    enumerable: true,
    get() {
      throw thrown;
    },
  });
}

const refused: readonly (readonly [name: string, value: unknown, why: RegExp])[] = [
  ['NaN', NaN, /NaN/],
  ['Infinity', [Infinity], /Infinity/],
  ['-Infinity', { a: -Infinity }, /-Infinity/],
  ['a boxed NaN', [new Number(NaN)], /NaN/],
  ['a bigint', 1n, /bigint/],
  ['a boxed bigint', Object(1n), /BigInt/],
  ['a function', () => 1, /function/],
  ['a function inside', { a: () => 1 }, /function/],
  ['a symbol', Symbol('a'), /symbol/],
  ['a boxed symbol', [Object(Symbol('a'))], /Symbol/],
  ['a Map', new Map([[1, 2]]), /Map/],
  ['a Set', { a: new Set([1]) }, /Set/],
  ['a Promise that nobody awaited', Promise.resolve(1), /Promise/],
  ['a RegExp', /a/, /RegExp/],
  ['an Error', Object.assign(new Error('a'), { code: 1 }), /Error/],
  ['an ArrayBuffer', new ArrayBuffer(1), /ArrayBuffer/],
  ['a view of bytes that is no Uint8Array', new Float32Array(1), /Uint8Array/],
  ['a DataView', new DataView(new ArrayBuffer(1)), /Uint8Array/],
  ['bytes inside', { a: new Uint8Array(1) }, /Uint8Array/],
  ['bytes in a list', [new Uint8Array(1)], /Uint8Array/],
  ['a Buffer inside, in spite of its toJSON', { a: Buffer.from('a') }, /Uint8Array/],
  ['a cycle', cycle, /refers to itself/],
  ['the key __proto__', JSON.parse('{"a":{"__proto__":1}}'), /__proto__/],
  ['two keys that become one', { '\ud800': 1, '\udfff': 2 }, /surrogates/],
  ['a key that becomes a present one', { '\ud800': 1, '\ufffd': 2 }, /surrogates/],
  ['a getter that throws', throwing(new Error('not now')), /not now/],
  ['a getter that throws anything', throwing(Object.create(null)), /threw/],
  ['a toJSON that throws', { toJSON: () => { throw new TypeError('no JSON'); } }, /no JSON/], // prettier-ignore
  ['a toJSON that gives a function', { toJSON: () => () => 1 }, /function/],
  ['33 levels', nested(33), /deeper than 32/],
  ['100,000 levels', nested(100_000), /deeper than 32/],
  ['1025 keys', wide(1025), /1025 keys/],
];

describe('toPlain', () => {
  it.each(same)('takes %s as JSON.stringify does', (_name, value) => {
    const result = plain(value);
    const data = JSON.parse(JSON.stringify(value)) as unknown;
    expectSame(result, accepted(data));
  });

  it('takes nothing at all for nothing', () => {
    expect(plain(undefined)).toStrictEqual({ ok: true, data: undefined, size: 0 });
  });

  it.each(refused)('refuses %s', (_name, value, why) => {
    expect(plain(value)).toStrictEqual({ ok: false, code: 'invalid', why: expect.stringMatching(why) as string });
  });

  it('takes as much as the limits allow', () => {
    expect(plain(nested(32))).toMatchObject({ ok: true });
    expect(plain(wide(1024))).toMatchObject({ ok: true });
    expect(plain('x'.repeat(65_534))).toMatchObject({ ok: true, size: 65_536 });
    expect(plain(['x'.repeat(65_532)])).toMatchObject({ ok: true, size: 65_536 });
    expect(plain(new Uint8Array(262_144))).toMatchObject({ ok: true, size: 262_144 });
  });

  it.each([
    ['text of one byte more', 'x'.repeat(65_535)],
    ['text of one byte more in UTF-8', 'é'.repeat(32_767) + 'x'],
    ['a list of one byte more', ['x'.repeat(65_533)]],
    ['a key of one byte more', { ['x'.repeat(65_531)]: 1 }],
    ['text far larger, inside', { a: 'x'.repeat(1_000_000) }],
    ['a list far longer', new Array(70_000).fill(1)],
    ['a list of a billion holes', new Array(1_000_000_000)],
    ['bytes, one more', new Uint8Array(262_145)],
    ['parts of parts, doubled 31 times', doubled(31)],
  ])('calls too large: %s', (_name, value) => {
    expect(plain(value)).toStrictEqual({ ok: false, code: 'too-large', why: expect.stringMatching(/65536|262144/) as string });
  });

  it('stops soon after the limit, however often a part is used', () => {
    let visits = 0;
    const leaf = Object.defineProperty({}, 'a', { enumerable: true, get: () => (visits += 1) });
    const tree = Array.from({ length: 30 }).reduce<unknown>((part) => [part, part], leaf);
    expect(plain(tree)).toMatchObject({ ok: false, code: 'too-large' });
    expect(visits).toBeLessThan(65_536);
  });

  it.each([1, 2, 5, 64])('goes by the limits it is given: %i bytes', (frame) => {
    const limits = { frame, binary: frame, depth: 1, keys: 1 };
    const fits = frame < 2 ? 1 : 'x'.repeat(frame - 2);
    expect(toPlain(fits, limits)).toMatchObject({ ok: true, size: frame });
    expect(toPlain('x'.repeat(frame - 1), limits)).toMatchObject({ ok: false, code: 'too-large' });
    expect(toPlain(new Uint8Array(frame), limits)).toMatchObject({ ok: true, size: frame });
    expect(toPlain(new Uint8Array(frame + 1), limits)).toMatchObject({ ok: false, code: 'too-large' });
  });

  it.each([
    ['in text', 'a\ud800b', 'a\ufffdb'],
    ['in the wrong order', '\udc00\ud800', '\ufffd\ufffd'],
    ['beside a pair', '\ud83d\ud83d\udc4b', '\ufffd👋'],
    ['in a key', { '\ud800': 1 }, { '\ufffd': 1 }],
  ])('puts U+FFFD for lone surrogates %s', (_name, value, data) => {
    expect(plain(value)).toStrictEqual(accepted(data));
  });

  it('copies, so that what was published does not change with its source', () => {
    const source = { list: [{ a: 1 }] };
    const result = plain(source);
    source.list[0]!.a = 2;
    expect(result).toMatchObject({ data: { list: [{ a: 1 }] } });
  });

  it.each([
    ['a Uint8Array', new Uint8Array([1, 2])],
    ['a part of another', new Uint8Array([0, 1, 2, 3]).subarray(1, 3)],
    ['a Buffer, whose slice would share its memory', Buffer.from([1, 2])],
  ])('copies bytes of %s', (_name, source) => {
    const result = plain(source) as Extract<PlainResult, { ok: true }>;
    source.fill(9);
    expectSame(result, { ok: true, data: new Uint8Array([1, 2]), size: 2 });
    expect((result.data as Uint8Array).buffer.byteLength).toBe(2);
  });

  it('does to JSON data what JSON does, and knows its size', () => {
    fc.assert(
      fc.property(jsonData, (value) => {
        expectSame(plain(value), accepted(JSON.parse(JSON.stringify(value))));
      }),
      { numRuns: 300 },
    );
  });

  it('makes of any value nothing, or what both codecs carry unchanged', () => {
    const codecs: readonly Codec[] = [json(), msgpack()];
    const odd = fc.anything({ withDate: true, withBoxedValues: true, withSparseArray: true, withNullPrototype: true });
    fc.assert(
      fc.property(
        fc.oneof(odd, jsonData, bytes, fc.string({ unit: fc.constantFrom('\ud800', '\udc00', 'é', '€', '"') })),
        (value) => {
          const result = plain(value);
          if (!result.ok) return;
          const { data } = result;
          if (data instanceof Uint8Array) expect(result.size).toBe(data.length);
          else expect(result.size).toBe(sizeOf(data));
          for (const codec of codecs) {
            const frame = { t: 'tell', c: 'a', id: 'i', e: 'e', ...(data === undefined ? {} : { d: data }) } as const;
            expectSame(codec.decode(codec.encode(frame)), frame);
          }
          expectSame(plain(data), result);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('refuses what JSON.stringify refuses', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withBoxedValues: true }), (value) => {
        let text: string | undefined;
        try {
          text = JSON.stringify(value);
        } catch {
          expect(plain(value).ok).toBe(false);
          return;
        }
        const result = plain(value);
        if (result.ok && !(value instanceof Uint8Array))
          expectSame(result.data, text === undefined ? undefined : JSON.parse(text));
      }),
      { numRuns: 500 },
    );
  });
});
