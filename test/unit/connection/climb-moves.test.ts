/** A lesser transport carries, and better ones are tried beside it. */
import { describe, expect, it } from 'vitest';
import type { Event, Facts, State } from '../../../src/connection/state.ts';
import { DOUBTED, HELD, NOW, SOUND, ended, race, stateOf } from './facts.ts';
import { PLAN, brief, running, play, welcome, fails, says, heldEnded, preparing, climbing, CLIMB } from './race-play.ts';

describe('a climb', () => {
  const lesser: State = { ...stateOf('stable'), rung: 2, until: NOW };

  it('is an attempt for better ones, beside the one that works', () => {
    const begun = play(lesser, [['due']], CLIMB);
    expect(brief(begun)).toBe('preparing ask-token');
    expect(begun.state).toMatchObject({ held: { rung: 2, trust: 'sound' }, memory: { attempts: [NOW] } });
    expect(brief(play(begun.state, [['token']], CLIMB))).toBe('opening open0');
  });

  it.each<[string, Partial<Facts>, Partial<Extract<State, { state: 'stable' }>['memory']>]>([
    ['hidden', { visible: false }, {}],
    ['offline', { online: false }, {}],
    ['at the limit of attempts', {}, { attempts: Array.from({ length: 15 }, (_, index) => NOW - 15_000 + index) }],
    ['below a floor', {}, { floor: NOW + 1 }],
    ['without a better one that is supported', { climb: [] }, {}],
  ])('is not made %s', (_, given, more) => {
    const before = { ...lesser, memory: { ...lesser.memory, ...more } };
    const next = play(before, [['due']], { ...CLIMB, ...given });
    expect(brief(next)).toBe('stable');
    expect(next.state).toMatchObject({ until: given.climb === undefined ? NOW + 30_000 : null });
  });

  it('that was not made on another network is not tried each second', () => {
    const before = { ...lesser, memory: { ...lesser.memory, climbs: -1 } };
    expect(play(before, [['due']], { ...CLIMB, visible: false }).state).toMatchObject({ until: NOW + 30_000 });
  });

  it.each([
    [0, 30_000],
    [1, 300_000],
    [2, 600_000],
    [3, 1_200_000],
    [4, 2_400_000],
    [5, 3_600_000],
    [50, 3_600_000],
    [-1, 1000],
  ])('after %i in vain comes in %i ms, ± 25 %%', (climbs, mean) => {
    const due = (random: number): number => {
      const { state } = play(stateOf('proving', { climbs }), [['due']], { ...CLIMB, random });
      return state.state === 'stable' ? state.until! - NOW : expect.fail(state.state);
    };
    expect([due(0), due(0.5), due(0.999_999_9)]).toEqual([mean * 0.75, mean, expect.closeTo(mean * 1.25, 0)]);
  });

  it('in vain leaves the one that works as it was, and counts', () => {
    const next = play({ ...climbing, race: race([0]) }, [[fails(0)]], CLIMB);
    expect(brief(next)).toBe('stable drop-new');
    expect(next.state).toMatchObject({
      rung: 2,
      since: HELD.since,
      until: NOW + 300_000,
      memory: { climbs: 1, failures: 0, reason: null },
    });
  });

  it.each([4403, 4202, 4201])('that the server refuses with %i is one in vain: whoever works is left alone', (code) => {
    expect(brief(play(climbing, [[says(0, code)]], CLIMB))).toBe('stable drop-new');
  });

  it('without a token is one in vain', () => {
    const event: Event = { type: 'token-failed', ended: ended(4011).ended };
    const next = play({ ...preparing, held: SOUND }, [[event]], { ...PLAN, climb: [0] });
    expect(brief(next)).toBe('stable drop-new');
    expect(next.state).toMatchObject({ memory: { climbs: 1, token: null } });
  });

  it('gives each less time than the server gives the one that works', () => {
    const begun = play({ ...preparing, held: SOUND }, [['token']], { ...PLAN, climb: [0, 1] });
    expect(begun.state).toMatchObject({ race: { running: [{ rung: 0, until: NOW + 4500 }] } });
    const second = play(begun.state, [[fails(0), 1000]], { ...PLAN, climb: [0, 1] });
    expect(second.state).toMatchObject({ race: { running: [{ rung: 1, until: NOW + 5500 }] } });
  });

  it('for which nothing is left once the token is there ends', () => {
    expect(brief(play({ ...preparing, held: SOUND }, [['token']], { ...PLAN, climb: [] }))).toBe('stable');
  });

  it('that was won counts as one in vain until it is stable, and then none does', () => {
    const won = play({ ...climbing, memory: { ...climbing.memory, climbs: 4 } }, [[welcome(0)]], CLIMB);
    expect(won.state).toMatchObject({ state: 'proving', rung: 0, memory: { climbs: 5 } });
    expect(play(won.state, [['due', 10_000]], CLIMB).state).toMatchObject({ state: 'stable', memory: { climbs: 0 } });
    const lost = play(won.state, [[ended(1006)]], CLIMB);
    expect(lost.state).toMatchObject({ state: 'waiting', memory: { climbs: 5 } });
  });

  it('is forgotten when the best carries', () => {
    expect(play(stateOf('proving', { climbs: 4 }), [['due']], { climb: [] }).state).toMatchObject({
      memory: { climbs: 0 },
      until: null,
    });
  });

  it.each(['online', 'offline', 'visible', 'network', 'jump', 'wake'] as const)(
    'is given up for the question whether the one that works still does: %s',
    (type) => {
      const next = play(climbing, [[{ type }]], CLIMB);
      expect(brief(next)).toBe('doubting drop-new check');
      expect(next.state).toMatchObject({ held: { rung: 2, since: HELD.since }, cause: 'hint', until: NOW + 750 });
    },
  );

  it('is soon on another network', () => {
    const relieved = play({ ...lesser, until: NOW + 20_000 }, [['network'], ['alive', 100]], CLIMB);
    expect(relieved.state).toMatchObject({ state: 'stable', memory: { climbs: -1 }, until: NOW + 1100 });
  });

  it('is not put off by hints that come again and again', () => {
    const before = { ...lesser, memory: { ...lesser.memory, climbs: 3 }, until: NOW + 500_000 };
    const hinted = play(
      before,
      [[{ type: 'visible' }], ['alive', 100], [{ type: 'visible' }, 400_000], ['alive', 400_100]],
      CLIMB,
    );
    expect(hinted.state).toMatchObject({ state: 'stable', until: NOW + 500_000 });
  });

  it('during which the one that works falls silent becomes the race for another one: all of the plan', () => {
    const next = play(climbing, [['silence']], CLIMB);
    expect(brief(next)).toBe('opening open2');
    expect(running(next)).toEqual([0, 2]);
    expect(next.state).toMatchObject({ held: { rung: 2, trust: 'doubted' }, race: { left: [1] } });
    // It shows life: nothing else has said hello yet.
    expect(brief(play(next.state, [['alive', 100]], CLIMB))).toBe('stable drop-new');
  });

  it('during which the one that works is lost becomes the race for another one', () => {
    const next = play(climbing, [[heldEnded()]], CLIMB);
    expect(brief(next)).toBe('opening open2');
    expect(next.state).toMatchObject({ held: null, race: { left: [1] }, memory: { failures: 1, reason: { code: 1006 } } });
    expect(brief(play(next.state, [[fails(0)], [fails(2)], [fails(1)]], CLIMB))).toBe('waiting abandon');
  });

  it.each([
    ['prepared', { ...preparing, held: { ...SOUND, rung: 2 } }, 'preparing'],
    ['prepared for a doubtful one', { ...preparing, held: DOUBTED }, 'preparing'],
  ])('being %s when the other is lost goes on with the plan', (_, before, expected) => {
    const lost = play(before, [[heldEnded()]], CLIMB);
    expect(brief(lost)).toBe(expected);
    expect(brief(play(lost.state, [['token']], CLIMB))).toBe('opening open2');
  });

  it.each([4403, 4400])('during which the one that works ends with %i ends too', (code) => {
    expect(brief(play(climbing, [[heldEnded(code)]], CLIMB))).toBe('closed abandon');
  });
});
