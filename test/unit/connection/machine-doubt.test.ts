/** A doubtful connection, and the other one that is opened beside it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { step } from '../../../src/connection/machine.ts';
import type { Beside, Ended, Event, Facts, Held, State, Step } from '../../../src/connection/state.ts';
import { DOUBTED, HELD, NOW, ended, facts, memory, race, reason, stateOf, waitOf } from './facts.ts';

/** Welcomed 4 s ago. */
const YOUNG: Held = { ...HELD, since: NOW - 4000, life: 'proving' };
const YOUNG_DOUBTED: Beside = { ...YOUNG, trust: 'doubted' };
const HINTS = ['online', 'offline', 'visible', 'network', 'jump', 'wake'] as const;
const FULL = Array.from({ length: 15 }, (_, index) => NOW - 15_000 + index);

const beside = (state: 'preparing' | 'opening', given: Parameters<typeof memory>[0] = {}, held: Beside = DOUBTED): State => ({
  ...stateOf(state, given),
  held,
});
const heldEnded = (code: number, given: Partial<Ended> = {}): Event => ({ type: 'held-ended', ended: ended(code, given).ended });
const brief = ({ state, effects }: Step): string => [state.state, ...effects.map(({ type }) => type)].join(' ');

describe('doubt', () => {
  it.each([
    ['a hint', { type: 'network' }, 500, 1000],
    ['silence', { type: 'silence' }, 2000, 4000],
  ] as const)('by %s waits for a sign of life before another connection is opened', (_, event, least, most) => {
    const until = (random: number): number => {
      const { state } = step(stateOf('stable'), event, facts({ random }));
      return state.state === 'doubting' ? state.until! - NOW : expect.fail(state.state);
    };
    expect([until(0), until(0.5), until(0.999_999)]).toEqual([least, (least + most) / 2, expect.closeTo(most, 1)]);
  });

  it('keeps what the connection was, and ends with it', () => {
    for (const before of [stateOf('stable'), stateOf('proving', { failures: 2, reason: reason(1006) })]) {
      const { state: doubting } = step(before, { type: 'visible' }, facts());
      expect(doubting).toMatchObject({ state: 'doubting', cause: 'hint', held: { since: before.since, life: before.state } });
      expect(step(doubting, { type: 'alive' }, facts())).toEqual({ state: before, effects: [] });
    }
  });

  it('by one hint after another is not put off, nor is a silence', () => {
    const wait = fc.nat(600);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...HINTS), wait)), fc.constantFrom('silence', 'network'), (hints, type) => {
        let { state } = step(stateOf('stable'), { type }, facts({ random: 0.999 }));
        let [now, last] = [NOW, state.state === 'doubting' ? state.until! : expect.fail(state.state)];
        for (const [hint, ms] of hints) {
          now = Math.min(now + ms, last);
          ({ state } = step(state, { type: hint }, facts({ now, random: 0.999 })));
          const until = state.state === 'doubting' ? state.until! : expect.fail(state.state);
          expect(until).toBeLessThanOrEqual(last);
          last = until;
        }
      }),
    );
  });

  it.each([
    ['the browser is sure that there is no network', { online: false }, []],
    ['there were 15 attempts in a minute', {}, FULL],
  ])('opens nothing if %s, and waits for the verdict', (_, given, attempts) => {
    const { state, effects } = step(stateOf('doubting', { attempts }), { type: 'due' }, facts(given));
    expect([state, effects]).toEqual([{ ...stateOf('doubting', { attempts }), until: null }, []]);
  });

  it.each(HINTS)('that only waits for the verdict tries again after %s', (type) => {
    const { state } = step({ ...stateOf('doubting'), until: null }, { type }, facts());
    expect(state).toMatchObject({ state: 'doubting', until: NOW + 750 });
  });

  it('counts the second connection as an attempt', () => {
    const { state } = step(stateOf('doubting'), { type: 'due' }, facts());
    expect(state).toMatchObject({ state: 'preparing', held: HELD, memory: { attempts: [NOW] } });
  });
});

describe('the end of a doubtful connection with no other on its way', () => {
  it.each<[string, Partial<Extract<State, { state: 'doubting' }>>, number]>([
    ['long-lived, after a hint: hardly anybody else had it', { cause: 'hint' }, 500],
    ['long-lived, after silence: all others notice too', { cause: 'silence' }, 2000],
    ['young: by the backoff', { cause: 'hint', held: YOUNG, memory: memory({ failures: 3 }) }, 4000],
  ])('%s', (_, given, most) => {
    const wait = (random: number): number =>
      waitOf(step({ ...stateOf('doubting'), ...given }, ended(4003), facts({ random })).state);
    expect([wait(0), wait(0.5)]).toEqual([0, most / 2]);
  });
});

describe('the doubtful connection shows life', () => {
  it.each<[string, State, Partial<Facts>, string]>([
    ['before the token has come', beside('preparing'), {}, 'stable drop-new'],
    [
      'before the other one has opened',
      beside('opening'),
      { links: new Map([[0, { transport: 't', opened: false }]]) },
      'stable drop-new',
    ],
    [
      'when the other one has said hello',
      beside('opening'),
      { links: new Map([[0, { transport: 't', opened: true }]]) },
      'opening',
    ],
    ['young', beside('opening', {}, YOUNG_DOUBTED), {}, 'proving drop-new'],
  ])('%s', (_, before, given, expected) => {
    const next = step(before, { type: 'alive' }, facts(given));
    expect(brief(next)).toBe(expected);
    if (expected === 'opening') expect(next.state).toBe(before);
  });

  it('and goes on as it was: stable without failures, young with those it had, for the rest of its 10 s', () => {
    const before = { failures: 2, reason: reason(1006), attempts: [NOW] };
    expect(step(beside('opening', before), { type: 'alive' }, facts()).state).toEqual({
      ...{ state: 'stable', memory: memory({ attempts: [NOW] }), rung: 0, since: HELD.since, until: null },
    });
    expect(step(beside('opening', before, YOUNG_DOUBTED), { type: 'alive' }, facts()).state).toEqual({
      ...{ state: 'proving', from: 'attempt', memory: memory(before), rung: 0, since: YOUNG.since, until: NOW + 6000 },
    });
  });
});

describe('the other connection is welcomed', () => {
  it('first: the doubtful one is dropped', () => {
    const next = step(beside('opening', { failures: 1, reason: reason(1006) }), { type: 'welcome', rung: 0 }, facts());
    expect(brief(next)).toBe('proving drop-held');
    expect(next.state).toMatchObject({ since: NOW, until: NOW + 10_000, memory: { failures: 1, reason: null } });
  });
});

describe('the other connection fails', () => {
  it.each<[number, object | null]>([
    [1006, { token: null }],
    [4000, { token: null, failures: 0 }],
    [4009, { token: null }],
    [4201, { token: 'expired' }],
    [4202, { token: 'rejected' }],
    [4429, { token: null }],
    [4403, null],
    [4406, null],
  ])('with %i', (code, kept) => {
    const next = step(beside('opening'), ended(code), facts());
    expect(brief(next)).toBe(kept === null ? 'closed abandon' : 'doubting drop-new check');
    // Only the verdict is awaited: a network on which connections fail is not to be tried without a pause.
    if (kept !== null) expect(next.state).toMatchObject({ held: HELD, until: null, memory: { failures: 1, ...kept } });
  });

  it('and then the verdict on the doubtful one comes: all others may notice too, so the wait is of 0 to 2 s', () => {
    const { state: doubting } = step(beside('opening'), ended(1006), facts());
    expect(doubting).toMatchObject({ cause: 'silence' });
    const wait = (random: number): number => waitOf(step(doubting, ended(4003), facts({ random })).state);
    expect([wait(0), wait(0.5), wait(0.999_999)]).toEqual([0, 1000, expect.closeTo(2000, 1)]);
  });

  it('with a second refusal of its token in a row: the end', () => {
    const { state } = step(beside('opening', { reason: reason(4202) }), ended(4202), facts());
    expect(state).toMatchObject({ state: 'closed', reason: { error: { code: 'unauthorized' } } });
  });

  it('by getting no token, or no welcome in time', () => {
    expect(brief(step(beside('preparing'), { type: 'token-failed', ended: ended(4011).ended }, facts()))).toBe(
      'doubting drop-new check',
    );
    const { state } = step(beside('opening'), { type: 'due' }, facts());
    expect(state).toMatchObject({ state: 'doubting', memory: { reason: { name: 'open-timeout' } } });
  });
});

describe('the doubtful connection ends, while the other one is on its way', () => {
  describe.each(['preparing', 'opening'] as const)('%s', (from) => {
    it.each([
      [1000, 1],
      [1006, 1],
      [1008, 1],
      [4003, 1],
      [4009, 1],
      // The backoff does not grow.
      [4000, 0],
    ])('with %i: it goes on as the first retry', (code, failures) => {
      const next = step(beside(from), heldEnded(code), facts());
      expect(next.effects).toEqual([]);
      expect(next.state).toEqual({ ...stateOf(from, { failures, reason: reason(code) }), memory: expect.anything() as object });
      expect(next.state).toMatchObject({ memory: { failures, reason: { code }, token: null } });
    });

    it.each([
      [4201, 'expired'],
      [4202, 'rejected'],
    ])('with %i: its token is the other one’s too, and another is asked for', (code, token) => {
      const next = step(beside(from), heldEnded(code), facts());
      expect(brief(next)).toBe('waiting abandon');
      expect(next.state).toMatchObject({ memory: { token, failures: 1 } });
    });

    it.each([4400, 4403, 4406])('with %i: the end', (code) => {
      expect(brief(step(beside(from), heldEnded(code), facts()))).toBe('closed abandon');
    });

    it.each([4400, 4413])('with %i, whose cause has been removed: it goes on', (code) => {
      expect(brief(step(beside(from), heldEnded(code, { mended: true }), facts()))).toBe(from);
    });
  });
});

describe('an opening', () => {
  it.each(['online', 'network', 'jump'] as const)('has 4 s left after %s, for its network may be gone', (type) => {
    expect(step(stateOf('opening'), { type }, facts()).state).toMatchObject({ state: 'opening', until: NOW + 4000 });
    const late = { ...stateOf('opening'), race: { ...race([]), running: [{ rung: 0, until: NOW + 3999 }] }, until: NOW + 3999 };
    expect(step(late, { type }, facts()).state).toMatchObject({ state: 'opening', race: late.race, until: late.until });
  });
});

describe('a rest', () => {
  it('is of 3 s, unless the page says when it goes on', () => {
    const { state } = step(stateOf('stable'), { type: 'rest', reason: reason(1000) }, facts());
    expect(state).toMatchObject({ state: 'resting', until: NOW + 3000, memory: { reason: { code: 1000 } } });
  });

  it('keeps what a pause forgets: the failures and the token that is to be asked for', () => {
    const before = stateOf('waiting', { failures: 4, token: 'expired' });
    const { state } = step(before, { type: 'rest', reason: reason(1000) }, facts());
    expect(state).toMatchObject({ memory: { failures: 4, token: 'expired' } });
  });

  it('does not open the limit of 15 attempts a minute', () => {
    const { state } = step(stateOf('resting', { attempts: FULL }), { type: 'wake' }, facts());
    expect(state).toMatchObject({ state: 'waiting', until: FULL[0]! + 60_000 });
  });
});

describe('a clock that was set', () => {
  it('back does not put the proof off, once a doubt is over', () => {
    const young = { ...stateOf('doubting'), held: { ...YOUNG, since: NOW + 3_600_000 } } as const;
    expect(step(young, { type: 'alive' }, facts()).state).toMatchObject({ state: 'proving', until: NOW + 10_000 });
  });

  it('forward leaves a floor as it is, however far away', () => {
    const waiting = stateOf('waiting', { floor: NOW + 300_000, told: NOW - 30_000 });
    expect(step(waiting, { type: 'jump' }, facts()).state).toMatchObject({
      memory: { floor: NOW + 300_000 },
      until: NOW + 300_000,
    });
  });
});
