/** Several transports at once: which are opened, which are dropped, and what becomes of the one that carries. */
import { describe, expect, it } from 'vitest';
import type { State, Step } from '../../../src/connection/state.ts';
import { DOUBTED, NOW, ended, race, reason, stateOf } from './facts.ts';
import {
  PLAN,
  brief,
  running,
  type Told,
  play,
  welcome,
  fails,
  says,
  heldEnded,
  preparing,
  climbing,
  CLIMB,
} from './race-play.ts';

describe('the race', () => {
  it.each<[string, readonly Told[], string, readonly number[]]>([
    ['begins with the first alone', [['token']], 'opening open0', [0]],
    ['starts the next beside one that was silent for 1.5 s', [['token'], ['due', 1500]], 'opening open1', [0, 1]],
    ['and the last one 1.5 s later', [['token'], ['due', 1500], ['due', 3000]], 'opening open2', [0, 1, 2]],
    ['starts the next at once in the place of the only one, which failed', [['token'], [fails(0), 20]], 'opening open1', [1]],
    ['does not, while another one is running', [['token'], ['due', 1500], [fails(0), 1600]], 'opening', [1]],
    ['then at its time', [['token'], ['due', 1500], [fails(0), 1600], ['due', 3000]], 'opening open2', [1, 2]],
    ['starts none beyond the last', [['token'], [fails(0)], [fails(1)]], 'opening open2', [2]],
  ])('%s', (_, told, expected, runs) => {
    const next = play(preparing, told);
    expect(brief(next)).toBe(expected);
    expect(running(next)).toEqual(runs);
  });

  it.each([[1500], [200], [5000]])('is hedged after raceAfter: %i ms', (after) => {
    const { state } = play(preparing, [['token']], { ...PLAN, raceAfter: [after, 1, 1] });
    expect(state).toMatchObject({ until: NOW + after, race: { nextAt: NOW + after } });
  });

  it('is lost when all have failed, and counts as one attempt', () => {
    const next = play(preparing, [['token'], [fails(0)], [fails(1)], [fails(2)]]);
    expect(brief(next)).toBe('waiting abandon');
    expect(next.state).toMatchObject({ memory: { failures: 1 } });
  });

  it('gives each one openTimeout of its own, from its own start', () => {
    const told: readonly Told[] = [['token'], ['due', 1500], ['due', 3000], ['due', 10_000]];
    expect(brief(play(preparing, told))).toBe('opening drop0late');
    expect(brief(play(preparing, [...told, ['due', 11_500]]))).toBe('opening drop1late');
    const last = play(preparing, [...told, ['due', 11_500], ['due', 13_000]]);
    expect(brief(last)).toBe('waiting drop2late abandon');
    expect(last.state).toMatchObject({ memory: { failures: 1, reason: { name: 'open-timeout' } } });
  });

  it('tells of one that took too long which transport it was', () => {
    const links = new Map([[0, { transport: 'sse', opened: true }]]);
    const { state } = play(stateOf('opening'), [['due', 10_000]], { links });
    expect(state).toMatchObject({ memory: { reason: { transport: 'sse', opened: true, layer: 'transport', by: 'client' } } });
  });

  it('is not prolonged by a clock that was set back', () => {
    const next = play(preparing, [['token'], ['due', -3_600_000]], { plan: [0] });
    expect(brief(next)).toBe('waiting drop0late abandon');
    expect(brief(play(preparing, [['token'], ['due', -3_600_000]]))).toBe('opening open1');
  });

  const BACK = -3_600_000;
  it.each<[string, readonly Told[]]>([
    ['the next one was started', [['token'], ['due', 1500], ['due', BACK]]],
    ['one of two failed', [['token'], ['due', 1500], [fails(1), BACK]]],
    ['a lesser one was welcomed', [['token'], ['due', 1500], [welcome(1), BACK]]],
    ['the page was shown', [['token'], ['due', 1500], [{ type: 'visible' }, BACK], [fails(1), BACK]]],
  ])('has no opening that outlives its own time once a clock was set back and %s', (_, told) => {
    const { state } = play(preparing, told);
    if (state.state !== 'opening') return expect.fail(state.state);
    for (const { until } of state.race.running) expect(until).toBeLessThanOrEqual(NOW + BACK + 10_000);
    expect(state.until).toBeLessThanOrEqual(NOW + BACK + 10_000);
  });

  it('starts the next in time once a clock was set back and one of two failed', () => {
    const { state } = play(preparing, [['token'], ['due', 1500], [fails(0), BACK]], { ...PLAN, raceAfter: [1500, 60_000, 1] });
    expect(state).toMatchObject({ until: NOW + BACK + 10_000, race: { nextAt: NOW + BACK + 10_000 } });
  });
});

describe('the first welcome wins', () => {
  const all = (rung: number): Step => play(preparing, [['token'], ['due', 1500], ['due', 3000], [welcome(rung), 3500]]);

  it.each([
    [0, 'proving drop1lost drop2lost', null],
    [1, 'opening drop2lost', [0]],
    [2, 'opening', [0, 1]],
  ])('rung %i: lesser ones are dropped, better ones may still come', (rung, expected, runs) => {
    const next = all(rung);
    expect(brief(next)).toBe(expected);
    if (runs === null) return expect(next.state).toMatchObject({ rung, since: NOW + 3500, until: NOW + 13_500 });
    expect(running(next)).toEqual(runs);
    expect(next.state).toMatchObject({ held: { rung, life: 'proving', trust: 'sound' }, race: { left: [], nextAt: null } });
    expect(next.state).toMatchObject({ until: NOW + 10_000 });
  });

  it('a better one that has said hello before has 3 s left, for then the server ends it', () => {
    const links = new Map([[0, { transport: 't', opened: false }], [1, { transport: 't', opened: true }]]); // prettier-ignore
    const told: readonly Told[] = [['token'], ['due', 1500], ['due', 3000], [welcome(2), 3500]];
    const next = play(preparing, told, { ...PLAN, links });
    expect(next.state).toMatchObject({ until: NOW + 6500, race: { running: [{ until: NOW + 10_000 }, { until: NOW + 6500 }] } });
    expect(brief(play(next.state, [['due', 6500]], { ...PLAN, links }))).toBe('opening drop1late');
  });

  it('is not opened again at once if it is lost, while a better one may still come', () => {
    const lost = play(all(2).state, [[heldEnded(), 3600]]);
    expect(brief(lost)).toBe('opening');
    expect(running(lost)).toEqual([0, 1]);
    expect(lost.state).toMatchObject({ held: null, race: { left: [] }, memory: { failures: 1 } });
    expect(brief(play(lost.state, [[fails(0)], [fails(1)]]))).toBe('waiting abandon');
  });

  it('one that is left is not started any more', () => {
    expect(play(preparing, [['token'], ['due', 1500], [welcome(1), 1600]]).state).toMatchObject({ race: { left: [] } });
  });

  it('a better one that comes later is an upgrade: the lesser one is dropped', () => {
    const next = play(all(2).state, [[welcome(0), 4000]], { ...PLAN, climb: [0, 1] });
    expect(brief(next)).toBe('proving drop-held drop1lost');
    expect(next.state).toMatchObject({ rung: 0, since: NOW + 4000, from: 'climb' });
  });

  it('a middle one first, and then the best', () => {
    const middle = play(all(2).state, [[welcome(1), 4000]], { ...PLAN, climb: [0, 1] });
    expect(brief(middle)).toBe('opening drop-held');
    expect(middle.state).toMatchObject({ held: { rung: 1, since: NOW + 4000, trust: 'sound' } });
    expect(brief(play(middle.state, [[welcome(0), 4500]], { ...PLAN, climb: [0] }))).toBe('proving drop-held');
  });

  it('better ones that never come were a climb in vain, and the one that works goes on', () => {
    const next = play(
      all(2).state,
      [
        [fails(0), 4000],
        [fails(1), 4000],
      ],
      { ...PLAN, climb: [0, 1] },
    );
    expect(brief(next)).toBe('proving drop-new');
    expect(next.state).toMatchObject({ rung: 2, since: NOW + 3500, until: NOW + 13_500, memory: { climbs: 1, failures: 0 } });
  });
});

describe('what the server itself says', () => {
  it.each([
    [4403, 'closed abandon'],
    [4406, 'closed abandon'],
    [4201, 'waiting abandon'],
    [4202, 'waiting abandon'],
    [4429, 'waiting abandon'],
    [1013, 'waiting abandon'],
    [4000, 'waiting abandon'],
  ])('%i ends the whole attempt: no other transport is asked', (code, expected) => {
    for (const told of [[['token']], [['token'], ['due', 1500]]] satisfies (readonly Told[])[]) {
      expect(brief(play(preparing, [...told, [says(0, code), 1600]]))).toBe(expected);
    }
  });

  it('is not multiplied by the number of transports: one failure, one floor', () => {
    const { state } = play(preparing, [['token'], ['due', 1500], [says(0, 4429, { after: 60_000 }), 1600]]);
    expect(state).toMatchObject({ state: 'waiting', until: NOW + 61_850, memory: { failures: 1, floor: NOW + 61_600 } });
  });

  it.each([
    ['the transport ends', ended(4000, { reason: { ...reason(4000), by: 'server' } })],
    ['this client could not read', ended(1007, { reason: { ...reason(1007), by: 'client', layer: 'session' } })],
  ])('but what %s holds for that transport only', (_, event) => {
    expect(brief(play(preparing, [['token'], [event, 20]]))).toBe('opening open1');
  });
});

describe('a floor that one transport was told', () => {
  it('is kept while others are tried, and holds when they fail too', () => {
    const first = play(preparing, [['token'], [fails(0, 1013, { after: 30_000 })]]);
    expect(first.state).toMatchObject({ state: 'opening', memory: { floor: NOW + 30_000 } });
    expect(play(first.state, [[fails(1)], [fails(2)]]).state).toMatchObject({ state: 'waiting', until: NOW + 30_000 });
  });

  it('ends with a welcome', () => {
    expect(play(preparing, [['token'], [fails(0, 1013, { after: 30_000 })], [welcome(1)]]).state).toMatchObject({
      memory: { floor: 0 },
    });
  });

  it('during a climb is kept too: neither the next climb nor a lost connection comes before it', () => {
    const next = play({ ...climbing, race: race([0]) }, [[fails(0, 1013, { after: 900_000 })]], CLIMB);
    expect(next.state).toMatchObject({ state: 'stable', memory: { floor: NOW + 900_000 } });
    expect(brief(play(next.state, [['due', 300_000]], CLIMB))).toBe('stable');
    expect(brief(play(next.state, [['due', 900_000]], CLIMB))).toBe('preparing ask-token');
  });
});

describe('a doubtful connection', () => {
  const doubted: State = { ...stateOf('opening'), held: DOUBTED, race: race([0], [1, 2]), until: NOW + 1500 };

  it('is kept by the whole race, and asked again only when all of it failed', () => {
    expect(brief(play(doubted, [[fails(0)]]))).toBe('opening open1');
    expect(brief(play(doubted, [[fails(0)], [fails(1)], [fails(2)]]))).toBe('doubting drop-new check');
  });

  it.each([
    ['nobody', [false, false], 'stable drop-new'],
    ['the second', [false, true], 'opening'],
  ])('that shows life when %s of the others has said hello', (_, opened, expected) => {
    const links = new Map(opened.map((value, rung) => [rung, { transport: 't', opened: value }]));
    expect(brief(play({ ...doubted, race: race([0, 1], [2]) }, [['alive']], { ...PLAN, links }))).toBe(expected);
  });
});
