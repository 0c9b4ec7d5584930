import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { retryAfter } from '../../../src/transports/retry-after.ts';

const now = Date.UTC(2026, 0, 1);

describe('Retry-After', () => {
  it.each([
    ['0', 0],
    ['120', 120_000],
    ['3600', 3_600_000],
    ['999999999', 3_600_000],
    ['Thu, 31 Dec 2099 00:00:00 GMT', 3_600_000],
    ['Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
    ['Thursday, 01-Jan-26 00:00:30 GMT', 30_000],
    ['Wed, 31 Dec 2025 23:59:59 GMT', 0],

    ['', 0],
    ['-5', 0],
    ['99999999999999999999999', 0],
    ['a while', 0],
  ])('%s is %i ms', (header, ms) => {
    expect(retryAfter(header, now)).toBe(ms);
  });

  it('is a wait whatever it says', () => {
    fc.assert(
      fc.property(fc.string(), (header) => {
        const ms = retryAfter(header, now);
        expect(ms >= 0 && Number.isFinite(ms)).toBe(true);
      }),
    );
  });
});
