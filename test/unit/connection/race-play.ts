/** Plays the machine by hand, for tests of several transports at once. */
import { expect } from 'vitest';
import { step } from '../../../src/connection/machine.ts';
import type { Ended, Event, Facts, State, Step } from '../../../src/connection/state.ts';
import { NOW, SOUND, ended, facts, race, reason, stateOf } from './facts.ts';

export const PLAN: Partial<Facts> = { plan: [0, 1, 2] };
export const brief = ({ state, effects }: Step): string =>
  [
    state.state,
    ...effects.map((effect) => [effect.type, 'rung' in effect ? effect.rung : '', 'why' in effect ? effect.why : ''].join('')),
  ].join(' ');
export const running = ({ state }: Step): readonly number[] =>
  state.state === 'opening' ? state.race.running.map(({ rung }) => rung) : expect.fail(state.state);

/** An event and the time at which it comes, ms from now. */
export type Told = readonly [event: Event | 'token' | 'due' | 'silence' | 'alive' | 'network', at?: number];
export function play(from: State, told: readonly Told[], given: Partial<Facts> = PLAN): Step {
  return told.reduce<Step>(
    ({ state }, [event, at = 0]) =>
      step(state, typeof event === 'string' ? { type: event } : event, facts({ ...given, now: NOW + at })),
    { state: from, effects: [] },
  );
}
export const welcome = (rung: number): Event => ({ type: 'welcome', rung });
export const fails = (rung: number, code = 1006, given: Partial<Ended> = {}): Event => ended(code, given, rung);
export const says = (rung: number, code: number, given: Partial<Ended> = {}): Event =>
  ended(code, { ...given, reason: { ...reason(code), by: 'server', layer: 'session' } }, rung);
export const heldEnded = (code = 1006): Event => ({ type: 'held-ended', ended: ended(code).ended });

export const preparing = stateOf('preparing');
export const climbing: Extract<State, { state: 'opening' }> = {
  ...stateOf('opening'),
  held: { ...SOUND, rung: 2 },
  race: race([0], [1]),
  until: NOW + 1500,
};
export const CLIMB: Partial<Facts> = { plan: [2, 0, 1], climb: [0, 1] };
