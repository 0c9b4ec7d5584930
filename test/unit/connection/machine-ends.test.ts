import { describe, expect, it } from 'vitest';
import { step } from '../../../src/connection/machine.ts';
import { HoldfastError } from '../../../src/errors.ts';
import { type Ended, type State, reasonOf } from '../../../src/connection/state.ts';
import { NOW, ended, facts, reason, stateOf, waitOf } from './facts.ts';

/** The table of protocol.md, "Ends", and what a client does about each. */
const ENDS = {
  retry: [1000, 1001, 1005, 1006, 1011, 1012, 1013, 1014, 4003, 4008, 4009, 4010, 4011, 4429],
  suspect: [1002, 1003, 1007, 1008, 1010, 1015],
  spread: [4000],
  refresh: [4201],
  'refresh-once': [4202],
  split: [1009, 4413],
  end: [4400, 4403, 4406],
  /** Not in the table: below 4400 retry, from 4400 end. */
  'unlisted, retry': [0, 999, 1016, 2999, 3000, 4001, 4399, 5000],
  'unlisted, end': [4401, 4444, 4999],
} as const;

const LIVE = ['opening', 'proving', 'stable'] as const;
const codesOf = (...kinds: readonly (keyof typeof ENDS)[]) =>
  LIVE.flatMap((from) => kinds.flatMap((kind) => ENDS[kind].map((code) => ({ from, kind, code }))));

function after(from: (typeof LIVE)[number], code: number, given: Partial<Ended> = {}, failures = 0): State {
  const { state, effects } = step(stateOf(from, { failures: from === 'stable' ? 0 : failures }), ended(code, given), facts());
  expect(effects).toEqual([{ type: 'abandon' }]);
  return state;
}

describe('the client goes on', () => {
  it.each(codesOf('retry', 'suspect', 'split', 'unlisted, retry'))(
    '$code ($kind) from $from: by the backoff',
    ({ from, code }) => {
      const state = after(from, code, {}, 2);
      expect(state).toMatchObject({ state: 'waiting', memory: { failures: from === 'stable' ? 1 : 3, token: null } });
      expect(state).toMatchObject({ memory: { reason: { code } } });
      // At random 0.5, the middle of the range: 2 s after a stable one, else the third failure's 500 × 2².
      const superseded = code === 4009 && from === 'stable';
      // The page gave up the connection that superseded this one, and nobody else lost theirs: 0.5 s.
      expect(waitOf(state)).toBe(superseded ? 250 : 1000);
    },
  );

  it.each(codesOf('spread'))('$code from $from: within the spread, without growth', ({ from, code }) => {
    const state = after(from, code, { spread: 40_000 }, 2);
    expect(state).toMatchObject({ state: 'waiting', memory: { failures: from === 'stable' ? 0 : 2 } });
    expect(waitOf(state)).toBe(20_000);
  });

  it('4000 without a spread waits as after any other end, and still without growth', () => {
    expect(waitOf(after('stable', 4000))).toBe(1000);
    expect(waitOf(after('proving', 4000, {}, 4))).toBe(0.5 * 500 * 2 ** 4);
    expect(after('proving', 4000, {}, 4)).toMatchObject({ memory: { failures: 4 } });
  });

  it.each(codesOf('refresh'))('$code from $from: with a fresh token', ({ from, code }) => {
    expect(after(from, code)).toMatchObject({ state: 'waiting', memory: { token: 'expired', failures: 1 } });
  });

  it.each(codesOf('refresh-once'))('$code from $from: with another token', ({ from, code }) => {
    expect(after(from, code)).toMatchObject({ state: 'waiting', memory: { token: 'rejected', failures: 1 } });
  });

  it.each(codesOf('retry', 'suspect', 'spread', 'refresh', 'refresh-once', 'split'))(
    '$code from $from: no sooner than `after`',
    ({ from, code }) => {
      const spread = code === 4000 ? 8000 : null;
      const [bare, floored] = [after(from, code, { spread }), after(from, code, { spread, after: 50_000 })];
      expect(waitOf(floored)).toBe(waitOf(bare) + 50_000);
      expect(floored).toMatchObject({ memory: { floor: NOW + 50_000 } });
    },
  );

  it('keeps what it has to ask for when an attempt fails for another reason', () => {
    const { state } = step(stateOf('opening', { token: 'expired' }), ended(1006), facts());
    expect(state).toMatchObject({ memory: { token: 'expired' } });
  });
});

describe('the client ends', () => {
  it.each(codesOf('end', 'unlisted, end'))('$code ($kind) from $from', ({ from, code }) => {
    const state = after(from, code);
    const error = code === 4403 ? 'forbidden' : 'protocol-error';
    expect(state).toMatchObject({ state: 'closed', reason: { code, by: 'network', error: { code: error } } });
  });

  it('names the end’s own words, and keeps its error as the cause', () => {
    const cause = new HoldfastError('connection-lost', 'field `v` of a hello frame');
    const given = { reason: { ...reasonOf('server', 4400, 'bad-frame', cause) } };
    const state = after('opening', 4400, given);
    const { error } = state.state === 'closed' ? state.reason : expect.fail('not closed');
    expect(error).toMatchObject({ message: expect.stringContaining('4400') as string, cause });
    expect(error?.message).toContain('field `v` of a hello frame');
  });

  it.each(LIVE)('not, from %s, if the session removed the cause', (from) => {
    for (const code of ENDS.end) {
      expect(after(from, code, { mended: true })).toMatchObject({ state: 'waiting', memory: { failures: 1 } });
    }
  });

  it.each(LIVE)('4202 the second time in a row, from %s', (from) => {
    const held = stateOf(from, { reason: reason(4202) });
    const { state, effects } = step(held, ended(4202), facts());
    expect(state).toMatchObject({ state: 'closed', reason: { code: 4202, error: { code: 'unauthorized' } } });
    expect(effects).toEqual([{ type: 'abandon' }]);
  });

  it.each(LIVE)('not at 4202 for a token that has grown old meanwhile, from %s', (from) => {
    const { state } = step(stateOf(from, { reason: reason(4202) }), ended(4202), facts({ tokenAge: 30_000 }));
    expect(state).toMatchObject({ state: 'waiting', memory: { token: 'rejected' } });
  });

  it.each(LIVE)('not at 4202 with another end in between, from %s', (from) => {
    const { state } = step(stateOf(from, { reason: reason(1006) }), ended(4202), facts());
    expect(state).toMatchObject({ state: 'waiting', memory: { token: 'rejected' } });
  });

  it('not at 4201, however often', () => {
    const { state } = step(stateOf('opening', { reason: reason(4201) }), ended(4201), facts());
    expect(state).toMatchObject({ state: 'waiting', memory: { token: 'expired' } });
  });
});
