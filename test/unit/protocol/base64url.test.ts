import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromBase64url, toBase64url } from '../../../src/protocol/base64url.ts';

const ALPHABET = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'];
const bytes = fc.uint8Array({ maxLength: 200, size: 'max' });

describe('base64url', () => {
  it('writes what Buffer writes, and reads it again', () => {
    fc.assert(
      fc.property(bytes, (given) => {
        const text = toBase64url(given);
        expect(text).toBe(Buffer.from(given).toString('base64url'));
        expect(fromBase64url(text)).toStrictEqual(new Uint8Array(given));
      }),
    );
  });

  it('reads no other form than the one it writes', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...ALPHABET), maxLength: 12 }), (text) => {
        const read = fromBase64url(text);
        const canonical = Buffer.from(text, 'base64url').toString('base64url') === text;
        expect(read === null ? null : toBase64url(read)).toBe(canonical ? text : null);
      }),
      { numRuns: 500 },
    );
  });

  it('refuses any character outside of the alphabet', () => {
    fc.assert(
      fc.property(bytes, fc.nat(), fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }), (given, at, other) => {
        fc.pre(!ALPHABET.includes(other));
        const text = toBase64url(given);
        const place = at % (text.length + 1);
        expect(fromBase64url(text.slice(0, place) + other + text.slice(place))).toBeNull();
        expect(fromBase64url(text.slice(0, place) + other + text.slice(place + 1))).toBeNull();
      }),
    );
  });

  it.each([
    ['', []],
    ['AA', [0]],
    ['_w', [255]],
    ['-_8', [251, 255]],
    ['AAAA', [0, 0, 0]],
  ])('reads %j', (text, given) => {
    expect(fromBase64url(text)).toStrictEqual(new Uint8Array(given));
  });

  it.each([
    ['one character too few', 'A'],
    ['five characters', 'AAAAA'],
    ['spare bits of one byte', 'AB'],
    ['spare bits of two bytes', 'AAB'],
    ['padding', 'AA=='],
    ['the other alphabet', '+/8'],
    ['a space', 'AA A'],
    ['a line end', 'AAAA\n'],
    ['a character beyond ASCII', 'AAAĀ'],
    ['a character whose low byte is a letter', 'AAA\u0141'],
  ])('refuses %s', (_name, text) => {
    expect(fromBase64url(text)).toBeNull();
  });
});
