import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';

/** As `toStrictEqual`, which would compare the types of two objects by a key of theirs named `constructor`. */
export function expectSame(actual: unknown, expected: unknown): void {
  if (isDeepStrictEqual(actual, expected)) return;
  expect(actual).toStrictEqual(expected);
  expect.fail('they differ, though not to toStrictEqual');
}
