import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { END, endRule } from '../../../src/protocol/end-codes.ts';

const table = [
  [1000, 'normal', 'retry'],
  [1001, 'gone', 'retry'],
  [1002, 'protocol-error', 'suspect'],
  [1003, 'unsupported-data', 'suspect'],
  [1005, 'no-status', 'retry'],
  [1006, 'abnormal', 'retry'],
  [1007, 'invalid-data', 'suspect'],
  [1008, 'policy', 'suspect'],
  [1009, 'too-large', 'split'],
  [1010, 'extension', 'suspect'],
  [1011, 'server-error', 'retry'],
  [1012, 'restart', 'retry'],
  [1013, 'try-later', 'retry'],
  [1014, 'bad-gateway', 'retry'],
  [1015, 'tls', 'suspect'],
  [4000, 'going-away', 'spread'],
  [4003, 'ping-timeout', 'retry'],
  [4008, 'slow-consumer', 'retry'],
  [4009, 'superseded', 'retry'],
  [4010, 'open-timeout', 'retry'],
  [4011, 'token-failed', 'retry'],
  [4012, 'buffered', 'suspect'],
  [4201, 'token-expired', 'refresh'],
  [4202, 'token-rejected', 'refresh-once'],
  [4400, 'bad-frame', 'end'],
  [4403, 'forbidden', 'end'],
  [4406, 'no-common-version', 'end'],
  [4413, 'too-large', 'split'],
  [4429, 'limits', 'retry'],
] as const;

describe('end codes', () => {
  it.each(table)('%i is %s: %s', (code, name, action) => {
    expect(endRule(code)).toStrictEqual({ name, action });
  });

  it.each(Object.entries(END))('names %s (%i)', (_key, code) => {
    expect(table.map(([listed]) => listed)).toContain(code);
  });

  it('goes by the range for every other code', () => {
    const listed = new Set<number>(table.map(([code]) => code));
    fc.assert(
      fc.property(fc.oneof(fc.integer({ min: 0, max: 5100 }), fc.integer()), (code) => {
        fc.pre(!listed.has(code));
        expect(endRule(code)).toStrictEqual({ name: `code-${code}`, action: code >= 4400 && code <= 4999 ? 'end' : 'retry' });
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    [0, 'retry'],
    [999, 'retry'],
    [1004, 'retry'],
    [1016, 'retry'],
    [3000, 'retry'],
    [3999, 'retry'],
    [4001, 'retry'],
    [4399, 'retry'],
    [4401, 'end'],
    [4999, 'end'],
    [5000, 'retry'],
    [NaN, 'retry'],
  ])('%d, which has no name, means: %s', (code, action) => {
    expect(endRule(code).action).toBe(action);
  });
});
