/** What a server asked for (`after`) is kept to until another one welcomes, whatever happens meanwhile. */
import { describe, expect, it } from 'vitest';
import { step } from '../../../src/connection/machine.ts';
import type { Ended, Event, State } from '../../../src/connection/state.ts';
import { DOUBTED, HELD, NOW, ended, facts, race, reason, stateOf, waitOf } from './facts.ts';

const FLOOR = NOW + 30_000;
const REST: Event = { type: 'rest', reason: reason(1000) };
const heldEnded = (code: number, given: Partial<Ended> = {}): Event => ({ type: 'held-ended', ended: ended(code, given).ended });

/** Plays one event after the other, all at the same time. */
function play(from: State, ...events: readonly (Event | Exclude<Event['type'], 'ended' | 'held-ended'>)[]): State {
  return events.reduce<State>(
    (state, event) => step(state, typeof event === 'string' ? ({ type: event, rung: 0 } as Event) : event, facts()).state,
    from,
  );
}
const floored = (code: number): Event => ended(code, { after: 30_000 });
const WAITS = { state: 'waiting', until: FLOOR, memory: { floor: FLOOR } };

describe('a clock that was set back makes nobody wait for longer than the server asked', () => {
  /** Told an hour from now, by the clock as it is. */
  const FAR = { floor: FLOOR + 3_600_000, told: NOW + 3_600_000 };

  it.each([[['wake']], [['wake', 'visible']], [['wake', 'online', 'network', 'jump']]] as const)(
    'while the page rested: %j',
    (types) => {
      expect(play(stateOf('resting', FAR), ...types)).toMatchObject(WAITS);
    },
  );

  it.each(['proving', 'stable', 'doubting', 'opening'] as const)('while it was %s, hidden or shown', (name) => {
    expect(play(stateOf(name, FAR), ended(4003))).toMatchObject(WAITS);
    expect(play(stateOf(name, FAR), 'jump', ended(4003))).toMatchObject(WAITS);
  });

  it.each(['visible', 'online', 'network', 'jump', 'wake'] as const)('unseen, while it waited, until %s', (type) => {
    expect(play({ ...stateOf('waiting', FAR), until: FAR.floor }, type)).toMatchObject(WAITS);
  });

  it('unseen, while it waited for as long as nothing is heard', () => {
    const due = play(stateOf('waiting', FAR), 'due');
    expect(due).toMatchObject({ state: 'preparing', memory: { floor: 0 } });
  });

  it('and hints that come later do not begin the wait again', () => {
    const shown = play({ ...stateOf('waiting', FAR), until: FAR.floor }, 'visible');
    expect(step(shown, { type: 'online' }, facts({ now: NOW + 10_000 })).state).toMatchObject(WAITS);
  });

  it('once one of several openings was told a floor, and another is given up', () => {
    const told = step({ ...stateOf('opening'), race: race([0, 1]) }, floored(1006), facts());
    const set = facts({ now: NOW - 3_600_000 });
    const shown = step(told.state, { type: 'visible' }, set);
    expect(waitOf(step(shown.state, { type: 'due' }, set).state, set.now)).toBe(30_000);
  });
});

describe('a floor outlasts', () => {
  it.each(['due', 'online', 'visible', 'network', 'jump', 'wake', 'connect', 'retry'] as const)('a rest that %s ends', (type) => {
    expect(play(stateOf('opening'), floored(4429), REST, type)).toMatchObject(WAITS);
  });

  it('an attempt that the app forced, and that failed without a word', () => {
    const state = play(stateOf('opening'), floored(4429), 'retry', 'token', ended(1006));
    expect(state).toMatchObject({ ...WAITS, memory: { floor: FLOOR, failures: 2, reason: { code: 1006 } } });
  });

  it('a nearer one', () => {
    expect(play(stateOf('opening'), floored(4429), 'retry', 'token', ended(1013, { after: 5000 }))).toMatchObject(WAITS);
  });

  it('a reload of the page’s network', () => {
    expect(play(stateOf('opening'), floored(4429), 'offline', 'online', 'network')).toMatchObject(WAITS);
  });

  it('no longer than itself', () => {
    const resting = play(stateOf('opening'), floored(4429), REST);
    expect(step(resting, { type: 'wake' }, facts({ now: FLOOR - 1 })).state.state).toBe('waiting');
    expect(step(resting, { type: 'wake' }, facts({ now: FLOOR })).state.state).toBe('preparing');
  });
});

describe('a floor ends', () => {
  it('with a welcome', () => {
    const state = play(stateOf('opening', { floor: FLOOR }), 'welcome', ended(1006));
    expect(state).toMatchObject({ state: 'waiting', until: NOW + 250, memory: { floor: NOW } });
  });

  it('with a pause: the app’s own connect is at once', () => {
    expect(play(stateOf('opening'), floored(4429), 'pause', 'connect')).toMatchObject({
      state: 'preparing',
      memory: { floor: 0 },
    });
  });
});

describe('a floor told to the connection beside a doubtful one', () => {
  const beside = { ...stateOf('opening'), held: DOUBTED };

  it('holds when the doubtful one’s verdict comes', () => {
    expect(play(beside, floored(1013))).toMatchObject({ state: 'doubting', memory: { floor: FLOOR } });
    expect(play(beside, floored(1013), ended(4003))).toMatchObject({
      ...WAITS,
      memory: { floor: FLOOR, reason: { code: 4003 } },
    });
  });

  it('holds when another hint asks for another connection: only the verdict is awaited', () => {
    expect(play(beside, floored(1013), 'network')).toMatchObject({ state: 'doubting', until: NOW + 750 });
    expect(play(beside, floored(1013), 'network', 'due')).toMatchObject({ state: 'doubting', until: null });
    const due = step(play(beside, floored(1013), 'network'), { type: 'due' }, facts({ now: FLOOR }));
    expect(due.state).toMatchObject({ state: 'preparing', held: HELD });
  });

  it('and one told to the doubtful one hold when the other one fails', () => {
    expect(play(beside, heldEnded(4000, { after: 30_000 }), ended(1006))).toMatchObject(WAITS);
    expect(play({ ...stateOf('preparing'), held: DOUBTED }, heldEnded(4000, { after: 30_000 }))).toMatchObject({
      ...{ state: 'preparing', held: null, memory: { floor: FLOOR } },
    });
  });

  it('ends with the welcome of the next', () => {
    expect(play({ ...beside, memory: { ...beside.memory, floor: FLOOR } }, 'welcome')).toMatchObject({ memory: { floor: 0 } });
  });
});
