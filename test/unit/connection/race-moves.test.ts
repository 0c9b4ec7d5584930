/** Several transports at once: which are opened, which are dropped, and what becomes of the one that carries. */
import { describe, expect, it } from 'vitest';
import { step } from '../../../src/connection/machine.ts';
import type { Ended, Event, Facts, State, Step } from '../../../src/connection/state.ts';
import { DOUBTED, HELD, NOW, SOUND, ended, facts, race, reason, stateOf } from './facts.ts';

const PLAN: Partial<Facts> = { plan: [0, 1, 2] };
const brief = ({ state, effects }: Step): string =>
  [
    state.state,
    ...effects.map((effect) => [effect.type, 'rung' in effect ? effect.rung : '', 'why' in effect ? effect.why : ''].join('')),
  ].join(' ');
const running = ({ state }: Step): readonly number[] =>
  state.state === 'opening' ? state.race.running.map(({ rung }) => rung) : expect.fail(state.state);

/** An event and the time at which it comes, ms from now. */
type Told = readonly [event: Event | 'token' | 'due' | 'silence' | 'alive' | 'network', at?: number];
function play(from: State, told: readonly Told[], given: Partial<Facts> = PLAN): Step {
  return told.reduce<Step>(
    ({ state }, [event, at = 0]) =>
      step(state, typeof event === 'string' ? ({ type: event } as Event) : event, facts({ ...given, now: NOW + at })),
    { state: from, effects: [] },
  );
}
const welcome = (rung: number): Event => ({ type: 'welcome', rung });
const fails = (rung: number, code = 1006, given: Partial<Ended> = {}): Event => ended(code, given, rung);
const says = (rung: number, code: number, given: Partial<Ended> = {}): Event =>
  ended(code, { ...given, reason: { ...reason(code), by: 'server', layer: 'session' } }, rung);
const heldEnded = (code = 1006): Event => ({ type: 'held-ended', ended: ended(code).ended });

const preparing = stateOf('preparing');
const climbing: State = { ...stateOf('opening'), held: { ...SOUND, rung: 2 }, race: race([0], [1]), until: NOW + 1500 };
const CLIMB: Partial<Facts> = { plan: [2, 0, 1], climb: [0, 1] };

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

  it('one that is left is not started any more', () => {
    expect(play(preparing, [['token'], ['due', 1500], [welcome(1), 1600]]).state).toMatchObject({ race: { left: [] } });
  });

  it('a better one that comes later is an upgrade: the lesser one is dropped', () => {
    const next = play(all(2).state, [[welcome(0), 4000]], { ...PLAN, climb: [0, 1] });
    expect(brief(next)).toBe('proving drop-held drop1lost');
    expect(next.state).toMatchObject({ rung: 0, since: NOW + 4000, memory: { climbs: 0 } });
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

  it('for which nothing is left once the token is there ends', () => {
    expect(brief(play({ ...preparing, held: SOUND }, [['token']], { ...PLAN, climb: [] }))).toBe('stable');
  });

  it('that was won is forgotten, and so are all in vain when the best carries', () => {
    const won = play({ ...climbing, memory: { ...climbing.memory, climbs: 4 } }, [[welcome(0)]], CLIMB);
    expect(won.state).toMatchObject({ state: 'proving', rung: 0, memory: { climbs: 0 } });
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
