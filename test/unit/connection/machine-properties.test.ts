import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { initialState, step } from '../../../src/connection/machine.ts';
import { type Ended, type Event, type Facts, type State, dueAt } from '../../../src/connection/state.ts';
import { statusOf } from '../../../src/connection/status.ts';
import { NOW, STATES, facts, reason, stateOf } from './facts.ts';

/** How an end is written in a counterexample: short, so that a long one can be read. */
type Move = readonly [name: string, wait: number, random: number, online: boolean, visible: boolean];

const CODES = [1000, 1006, 1007, 1009, 4000, 4009, 4201, 4202, 4400, 4403, 4413, 4429, 4777];
const HINTS = ['online', 'offline', 'visible', 'network', 'jump', 'wake'] as const;
const NAMES = [
  'need',
  'connect',
  'pause',
  'retry',
  'token',
  'welcome',
  'due',
  'silence',
  'alive',
  'rest',
  'destroy',
  ...HINTS,
] as const;

/**
 * `4000` ends with that code, `4000+60000` with `after`, `4000~5000` with a spread, `4400*` with its cause removed, and
 * `held:4000` ends the doubtful one.
 */
function eventOf(name: string): Event {
  if (name === 'fatal') return { type: 'fatal', reason: reason(4403) };
  if (name === 'rest') return { type: 'rest', reason: reason(1000) };
  if (name === 'token-failed') return { type: 'token-failed', ended: endOf(4011) };
  const [, held, code, sign, value] = /^(held:)?(\d+)([+~*]?)(\d*)$/.exec(name) ?? [];
  if (code === undefined) return { type: name, rung: 0 } as Event;
  const ended = endOf(Number(code), sign, Number(value));
  return held === undefined ? { type: 'ended', rung: 0, ended } : { type: 'held-ended', ended };
}

function endOf(code: number, sign?: string, value = 0): Ended {
  const [after, spread, mended] = [sign === '+' ? value : 0, sign === '~' ? value : null, sign === '*'];
  return { reason: reason(code), after, spread, mended };
}

const moves = (names: fc.Arbitrary<string>, maxWait: number, length: fc.ArrayConstraints) =>
  fc.array(fc.tuple(names, fc.nat(maxWait), fc.constantFrom(0, 0.5, 0.999), fc.boolean(), fc.boolean()), length);

const someEnd = fc
  .tuple(fc.constantFrom('', '', 'held:'), fc.constantFrom(...CODES), fc.constantFrom('', '', '+60000', '~0', '~5000', '*'))
  .map(([which, code, more]) => `${which}${code}${more}`);
const anyEvent = fc.oneof(fc.constantFrom(...NAMES, 'fatal', 'token-failed'), someEnd);

describe('any sequence of events', () => {
  it('never throws, never leaves `closed`, always has a status and a time to go on', () => {
    fc.assert(
      fc.property(fc.constantFrom(...STATES), moves(anyEvent, 20_000, { maxLength: 60, size: 'max' }), (from, sequence) => {
        let state: State = from === 'idle' ? initialState : stateOf(from);
        let now = NOW;
        for (const [name, wait, random, online, visible] of sequence) {
          now += wait;
          const next = step(state, eventOf(name), facts({ now, random, online, visible }));
          if (state.state === 'closed') expect(next).toEqual({ state, effects: [] });
          // Whatever waits for time says for how long, or it would wait for ever.
          const due = dueAt(next.state);
          const timed = ['opening', 'proving', 'waiting', 'offline', 'resting'].includes(next.state.state);
          // A doubt may have no time of its own: then only the verdict on the connection is awaited.
          if (next.state.state !== 'doubting') expect(due !== null).toBe(timed);
          if (due !== null) expect(Number.isFinite(due)).toBe(true);
          const status = statusOf(next.state, 'websocket', null);
          if ('reason' in status && status.state !== 'connecting') expect(status.reason).not.toBeNull();
          // At every new opening or ending there is nothing left of the one before.
          const opens = next.effects.some(({ type }) => type === 'open');
          expect(opens).toBe(next.state.state === 'opening' && state.state === 'preparing');
          state = next.state;
        }
      }),
      { numRuns: 300 },
    );
  });

  it('leaves every state of its input as it was', () => {
    const freeze = <T extends object>(value: T): T => {
      Object.values(value).forEach((part: unknown) => typeof part === 'object' && part !== null && freeze(part));
      return Object.freeze(value);
    };
    fc.assert(
      fc.property(fc.constantFrom(...STATES), anyEvent, (from, name) => {
        const reached = (from === 'idle' ? initialState : stateOf(from)) satisfies State;
        step(freeze(copy(reached)), freeze(copy(eventOf(name))), facts());
      }),
    );
  });
});

/** Errors keep their identity: they are not part of what a step could change. */
function copy<T extends object>(value: T): T {
  if (value instanceof Error || Array.isArray(value)) return value;
  const parts = Object.entries(value).map(([key, part]: [string, unknown]) => [
    key,
    typeof part === 'object' && part !== null ? copy(part) : part,
  ]);
  return Object.fromEntries(parts) as T;
}

/** Runs the machine as the connection does: its timer fires when due, nothing else passes the time. */
class Run {
  readonly attempts: number[] = [];
  #state: State = initialState;
  #now = NOW;
  readonly #timing: Partial<Facts>;

  constructor(timing: Partial<Facts>) {
    this.#timing = timing;
  }

  get state(): State['state'] {
    return this.#state.state;
  }

  get now(): number {
    return this.#now;
  }

  send(name: string, given: Partial<Facts> = {}): void {
    const { state, effects } = step(this.#state, eventOf(name), facts({ ...this.#timing, ...given, now: this.#now }));
    this.#state = state;
    if (effects.some(({ type }) => type === 'ask-token')) this.attempts.push(this.#now);
  }

  pass(ms: number, given: Partial<Facts>): void {
    const end = this.#now + ms;
    for (let due = dueAt(this.#state); due !== null && due <= end; due = dueAt(this.#state)) {
      this.#now = Math.max(this.#now, due);
      this.send('due', given);
    }
    this.#now = end;
  }

  /** The most attempts in any 60 s. */
  get busiest(): number {
    return Math.max(0, ...this.attempts.map((from) => this.attempts.filter((at) => at >= from && at < from + 60_000).length));
  }
}

describe('at most 15 attempts in any 60 s (I13)', () => {
  const lively = { backoffBase: 1, backoffCap: 10, backoffCapHidden: 10 };
  const kick = fc.oneof(
    { weight: 3, arbitrary: fc.constant('token') },
    {
      weight: 1,
      arbitrary: fc.constantFrom('need', 'pause', 'retry', 'welcome', 'token-failed', 'silence', 'alive', 'rest', ...HINTS),
    },
    { weight: 3, arbitrary: fc.constantFrom('1006', '4000~0', '4000', '4201', '4429+60000', 'held:1006', 'held:4009') },
  );

  it('whatever happens', () => {
    const most: number[] = [];
    fc.assert(
      fc.property(moves(kick, 400, { minLength: 150, maxLength: 400 }), (sequence: readonly Move[]) => {
        const run = new Run(lively);
        run.send('need');
        for (const [name, wait, random, online, visible] of sequence) {
          run.send(name, { random, online, visible });
          run.pass(wait, { random, online, visible });
        }
        most.push(run.busiest);
        expect(run.busiest).toBeLessThanOrEqual(15);
      }),
      // Shrinking 400 events one by one would take minutes.
      { numRuns: 400, interruptAfterTimeLimit: 10_000 },
    );
    // The events were such that the limit was met, or this would prove nothing.
    expect(Math.max(...most)).toBe(15);
  });

  /** A number passes the time, ms. */
  it.each<[string, readonly (string | number)[]]>([
    ['a server that welcomes and drains at once', ['token', 'welcome', '4000~0']],
    ['a network that refuses', ['token', '1006']],
    ['a callback that fails', ['token-failed']],
    ['hints without end', ['token', '1006', 'online', 'visible']],
    ['connect and disconnect in turns', ['pause', 'connect']],
    ['a button that is hit again and again', ['token', '1006', 'retry', 'retry']],
    ['a page that is frozen and goes on', ['rest', 'wake']],
    ['a doubtful connection that shows life once another is opened', ['token', 'welcome', 'network', 500, 'token', 'alive']],
    ['a doubtful connection that is lost once another is opened', ['token', 'welcome', 'network', 500, 'held:1006', '1006']],
  ])('%s, for ten minutes', (_, names) => {
    const run = new Run(lively);
    run.send('need');
    while (run.now < NOW + 600_000) {
      for (const name of names) {
        if (typeof name === 'number') run.pass(name, { random: 0 });
        else run.send(name, { random: 0 });
      }
      run.pass(50, { random: 0 });
    }
    expect(run.busiest).toBe(15);
    expect(run.attempts.length).toBeGreaterThanOrEqual(150);
    expect(run.attempts.length).toBeLessThanOrEqual(15 * 11);
  });

  it.each(['waiting', 'offline'] as const)('a retry of %s that has to wait for the limit waits just so long', (from) => {
    const attempts = Array.from({ length: 15 }, (_, index) => NOW - 50_000 + index);
    const { state, effects } = step(stateOf(from, { attempts }), { type: 'retry' }, facts());
    expect(state).toMatchObject({ state: from, until: NOW + 10_000 });
    expect(effects).toEqual([]);
  });

  it('a connect that has to wait for the limit says until when', () => {
    const attempts = Array.from({ length: 15 }, (_, index) => NOW - 15_000 + index);
    const { state } = step(stateOf('idle', { attempts }), { type: 'need' }, facts());
    expect(state).toMatchObject({ state: 'waiting', until: NOW + 45_000, memory: { reason: { by: 'app' } } });
  });

  it('attempts of a time that has not come yet do not count: the clock was set back', () => {
    const attempts = Array.from({ length: 15 }, (_, index) => NOW + 3_600_000 + index);
    expect(step(stateOf('idle', { attempts }), { type: 'need' }, facts()).state.state).toBe('preparing');
  });
});
