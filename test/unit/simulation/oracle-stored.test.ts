import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../../src/types.ts';
import { HoldfastError } from '../../../src/errors.ts';
import { Logs } from '../../simulation/oracle-logs.ts';
import { Stored } from '../../simulation/oracle-stored.ts';

const BASE = { id: 'x', channel: 'a', event: 'said' };
const ACCEPTED: Outcome = { ...BASE, result: 'accepted', cursor: { epoch: 'e', offset: 1, tag: 't' }, maybeDuplicate: false };
const SOMEWHERE: Outcome = { ...ACCEPTED, cursor: null };
const ELSEWHERE: Outcome = { ...ACCEPTED, cursor: { epoch: 'e', offset: 2, tag: 'u' } };
const REJECTED: Outcome = { ...BASE, result: 'rejected', error: new HoldfastError('forbidden', 'no') };
const INVALID: Outcome = { ...BASE, result: 'rejected', error: new HoldfastError('invalid', 'no') };
const EXPIRED: Outcome = { ...BASE, result: 'expired' };
const UNCERTAIN: Outcome = { ...BASE, result: 'uncertain' };

function setUp() {
  let now = 100_000;
  const failed: string[] = [];
  const fail = (invariant: string): void => void failed.push(invariant);
  const logs = new Logs(() => now, fail);
  const stored = new Stored(() => now, fail, logs);
  stored.offered({ profile: 'profile', page: 1, id: 'x', channel: 'a', whenInDoubt: 'resend' });
  const append = (): void => {
    const entry = { o: 1, g: 't', id: 'x', e: 'said', d: { page: 1, n: 1, user: 'ü' }, ts: now };
    logs.appended(1, 'a', { epoch: 'e', entry, previous: '' }, 1);
  };
  return { failed, logs, stored, append, wait: (ms: number) => void (now += ms) };
}

describe('what is held against the tabs of a profile', () => {
  it.each([
    { one: ACCEPTED, other: ACCEPTED, failed: [] },
    { one: ACCEPTED, other: SOMEWHERE, failed: [] },
    { one: UNCERTAIN, other: ACCEPTED, failed: [] },
    { one: ACCEPTED, other: ELSEWHERE, failed: ['I3'] },
    { one: ACCEPTED, other: EXPIRED, failed: ['I3'] },
    { one: EXPIRED, other: EXPIRED, failed: [] },
    { one: REJECTED, other: INVALID, failed: ['I3'] },
  ])('two pages tell $one.result and $other.result', ({ one, other, failed }) => {
    const oracle = setUp();
    oracle.stored.ended(1, one);
    oracle.stored.ended(2, other);
    expect(oracle.failed).toEqual(failed);
  });

  it('pages may tell two things if the store lost what it knew between', () => {
    const { failed, logs, stored, wait } = setUp();
    stored.ended(1, ACCEPTED);
    wait(60_000);
    logs.lostStore();
    stored.ended(2, EXPIRED);
    stored.settle();
    expect(failed).toEqual([]);
  });

  it.each([
    { what: 'nothing else', excuse: () => {}, failed: ['I3'] },
    { what: 'the power fails soon', excuse: ({ stored }: Setting) => stored.powerLost('profile', 'relaxed'), failed: [] },
    { what: 'the power of another fails', excuse: ({ stored }: Setting) => stored.powerLost('other', 'relaxed'), failed: ['I3'] },
    { what: 'every write is strict', excuse: ({ stored }: Setting) => stored.powerLost('profile', 'strict'), failed: ['I3'] },
    {
      what: 'the power fails later',
      excuse: ({ stored, wait }: Setting) => (wait(5001), stored.powerLost('profile', 'relaxed')),
      failed: ['I3'],
    },
    { what: 'the browser makes room', excuse: ({ stored }: Setting) => stored.evicted('profile'), failed: [] },
    { what: 'another page tells', excuse: ({ stored }: Setting) => stored.ended(2, EXPIRED), failed: [] },
  ])('a stored publication must end: $what', ({ excuse, failed }) => {
    const oracle = setUp();
    oracle.stored.stored('x');
    excuse(oracle);
    oracle.stored.settle();
    expect(oracle.failed).toEqual(failed);
  });

  it.each([
    { outcome: ACCEPTED, stands: true, failed: [] },
    { outcome: ACCEPTED, stands: false, failed: ['I1'] },
    { outcome: EXPIRED, stands: true, failed: ['I1'] },
    { outcome: UNCERTAIN, stands: true, failed: [] },
    { outcome: REJECTED, stands: false, failed: [] },
  ])('another page tells $outcome.result, and in the log: $stands', ({ outcome, stands, failed }) => {
    const oracle = setUp();
    if (stands) oracle.append();
    oracle.stored.ended(2, outcome);
    oracle.stored.settle();
    expect(oracle.failed).toEqual(failed);
  });

  it('nothing is asked of what was never told to be stored', () => {
    const { failed, stored } = setUp();
    stored.settle();
    expect(failed).toEqual([]);
  });
});

type Setting = ReturnType<typeof setUp>;
