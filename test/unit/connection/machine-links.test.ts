/** The machine and the links that it has opened: what is open is always what the state says. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { initialState, step } from '../../../src/connection/machine.ts';
import { dueOf } from '../../../src/connection/race.ts';
import { type Effect, type Event, type Facts, type State, dueAt, heldOf } from '../../../src/connection/state.ts';
import type { Reason } from '../../../src/types.ts';
import { NOW, ended, facts, reason } from './facts.ts';

interface Link {
  readonly rung: number;
  life: 'connecting' | 'greeted' | 'welcomed';
  /** A sign of life was asked for, so that there will be one, or a verdict. */
  asked: boolean;
}

const RUNGS = [0, 1, 2];
const PLANS = [
  [0, 1, 2],
  [2, 0, 1],
  [1, 2],
] as const;

/** Plays everything around the machine: the links, as connection.ts performs what they are told, and the time. */
class Model {
  state: State = initialState;
  carrier: Link | null = null;
  /** Carried until another one was welcomed, and is to be dropped by the same step. */
  replaced: Link | null = null;
  readonly racing = new Map<number, Link>();
  /** How many asked for a token and wait for it. */
  asking = 0;
  now = NOW;
  readonly trail: string[] = [];
  /** All that was ever performed or met, so that a property can tell that it was not idle. */
  readonly met = new Set<string>();

  send(event: Event, given: Partial<Facts>): void {
    const links = new Map(
      [...this.racing].map(([rung, { life }]) => [rung, { transport: 'test', opened: life !== 'connecting' }]),
    );
    const rung = heldOf(this.state)?.rung ?? 0;
    const world = { openTimeout: 6000, ...given, links, climb: RUNGS.filter((other) => other < rung), now: this.now };
    const { state, effects } = step(this.state, event, facts(world));
    this.state = state;
    for (const effect of effects) this.#perform(effect);
    const held = state.state === 'preparing' || state.state === 'opening' ? ` ${state.held?.trust ?? 'alone'}` : '';
    this.met.add(`${state.state}${held} ${this.racing.size}`);
    this.#check(this.trail.join(' '));
  }

  welcome(rung: number, given: Partial<Facts>): void {
    const link = this.racing.get(rung)!;
    this.racing.delete(rung);
    [this.replaced, this.carrier] = [this.carrier, link];
    link.life = 'welcomed';
    this.send({ type: 'welcome', rung }, given);
    expect(this.replaced, 'the one that carried is left open').toBeNull();
  }

  /** One of the links ends, as #ended of the connection tells it. */
  end(link: Link, code: number, given: Partial<Facts>, by: 'network' | 'server' = 'network'): void {
    const { ended: told } = ended(code);
    const reason: Reason = { ...told.reason, by, layer: by === 'server' ? 'session' : 'transport' };
    const { state } = this.state;
    const isHeld = link === this.carrier && (state === 'preparing' || state === 'opening');
    if (link === this.carrier) this.carrier = null;
    else this.racing.delete(link.rung);
    const end = { ...told, reason };
    this.send(isHeld ? { type: 'held-ended', ended: end } : { type: 'ended', rung: link.rung, ended: end }, given);
  }

  #perform(effect: Effect): void {
    this.met.add(effect.type);
    switch (effect.type) {
      case 'ask-token':
        return void (this.asking += 1);
      case 'open':
        expect(this.racing.has(effect.rung), `${effect.rung} is opened twice`).toBe(false);
        return void this.racing.set(effect.rung, { rung: effect.rung, life: 'connecting', asked: false });
      case 'abandon':
        this.asking = 0;
        this.carrier = null;
        return this.racing.clear();
      case 'drop':
        this.met.add(`drop ${effect.why}`);
        expect(this.racing.delete(effect.rung), 'drop').toBe(true);
        return;
      case 'drop-new':
        return this.racing.clear();
      case 'no-way':
        return expect.fail('there is a way');
      case 'drop-held':
        expect(this.replaced, 'drop-held').not.toBeNull();
        return void (this.replaced = null);
      case 'check':
        expect(this.carrier, 'check').not.toBeNull();
        expect(this.racing.size, 'check').toBe(0);
        this.carrier!.asked = true;
    }
  }

  #check(after: string): void {
    const { state, carrier } = this;
    const held = heldOf(state);
    expect([carrier?.rung ?? null, `${state.state} after ${after}`]).toEqual([
      held?.rung ?? null,
      `${state.state} after ${after}`,
    ]);
    const running = state.state === 'opening' ? state.race.running.map(({ rung }) => rung) : [];
    expect([...this.racing.keys()].sort(), `${state.state} after ${after}`).toEqual([...running].sort());
    expect(this.racing.size).toBeLessThanOrEqual(RUNGS.length);
    if (state.state === 'opening') {
      expect(running.length, `opens nothing, after ${after}`).toBeGreaterThan(0);
      expect(state.until).toBe(dueOf(state.race));
      expect(state.race.left.filter((rung) => running.includes(rung))).toEqual([]);
      // What is climbed to is better than what carries.
      if (state.held?.trust === 'sound') expect(Math.max(...running, ...state.race.left)).toBeLessThan(state.held.rung);
    }
    // Whoever doubts a connection has asked it, or the doubt would never end.
    if (state.state === 'doubting') expect(carrier!.asked, `a doubt that nobody ends, after ${after}`).toBe(true);
    if (state.state === 'preparing') expect(this.asking, `nobody asks for a token, after ${after}`).toBeGreaterThan(0);
  }
}

const HINTS = ['online', 'offline', 'visible', 'network', 'jump', 'wake'] as const;
const CODES = [1000, 1006, 1009, 4000, 4003, 4009, 4201, 4202, 4403, 4429] as const;

interface Move {
  /** What leads on is frequent, what ends all of it is rare. @default 2 */
  readonly weight?: number;
  /** Only what can happen: nobody is welcomed who is not open. @default always */
  readonly can?: (model: Model) => boolean;
  readonly run: (model: Model, given: Partial<Facts>, code: number) => void;
}

const plain = (event: Event, more: Omit<Move, 'run'> = {}): Move => ({
  ...more,
  run: (model, given) => model.send(event, given),
});
/** Any of those that are being opened, as the draw has it. */
const pickOf = ({ racing }: Model, random: number, life?: Link['life']): Link | undefined => {
  const links = [...racing.values()].filter((link) => life === undefined || link.life === life);
  return links[Math.floor(random * links.length)];
};

const MOVES: Readonly<Record<string, Move>> = {
  need: plain({ type: 'need' }, { can: ({ state }) => state.state === 'idle' }),
  connect: plain({ type: 'connect' }, { weight: 1 }),
  pause: plain({ type: 'pause' }, { weight: 1 }),
  retry: plain({ type: 'retry' }, { weight: 1 }),
  rest: plain({ type: 'rest', reason: reason(1000) }, { weight: 1 }),
  ...Object.fromEntries(HINTS.map((type) => [type, plain({ type }, { weight: 1 })])),
  token: {
    weight: 10,
    can: ({ asking }) => asking > 0,
    run(model, given) {
      model.asking -= 1;
      model.send({ type: 'token' }, given);
    },
  },
  'token-failed': {
    can: ({ asking, state }) => asking > 0 && state.state === 'preparing',
    run(model, given) {
      // One callback serves all who wait.
      model.asking = 0;
      model.send({ type: 'token-failed', ended: ended(4011).ended }, given);
    },
  },
  greet: {
    weight: 10,
    can: (model) => pickOf(model, 0, 'connecting') !== undefined,
    run: (model, { random = 0 }) => void (pickOf(model, random, 'connecting')!.life = 'greeted'),
  },
  welcome: {
    weight: 6,
    can: ({ racing }) => racing.size > 0,
    run: (model, given) => model.welcome(pickOf(model, given.random!)!.rung, given),
  },
  silence: {
    weight: 1,
    can: ({ carrier }) => carrier?.asked === false,
    run(model, given) {
      model.carrier!.asked = true;
      model.send({ type: 'silence' }, given);
    },
  },
  alive: {
    weight: 4,
    can: ({ carrier }) => carrier?.asked === true,
    run(model, given) {
      model.carrier!.asked = false;
      model.send({ type: 'alive' }, given);
    },
  },
  verdict: {
    can: ({ carrier }) => carrier?.asked === true,
    run: (model, given) => model.end(model.carrier!, 4003, given),
  },
  end: {
    weight: 4,
    can: ({ racing }) => racing.size > 0,
    run: (model, given, code) => model.end(pickOf(model, given.random!)!, code, given),
  },
  'end by the server': {
    weight: 1,
    can: ({ racing }) => racing.size > 0,
    run: (model, given, code) => model.end(pickOf(model, given.random!)!, code, given, 'server'),
  },
  'end held': {
    weight: 1,
    can: ({ carrier }) => carrier !== null,
    run: (model, given, code) => model.end(model.carrier!, code, given),
  },
  due: {
    weight: 16,
    can: ({ state }) => dueAt(state) !== null,
    run(model, given) {
      model.now = Math.max(model.now, dueAt(model.state)!);
      model.send({ type: 'due' }, given);
    },
  },
};
const BAG = Object.entries(MOVES).flatMap(([name, { weight = 2 }]) => Array.from({ length: weight }, () => name));

const moves = fc.array(
  fc.record({
    pick: fc.nat(9999),
    code: fc.constantFrom(...CODES),
    random: fc.constantFrom(0, 0.5, 0.999),
    // Hardly ever, for without a network no second connection is opened.
    online: fc.nat(9).map((drawn) => drawn > 0),
    plan: fc.constantFrom(...PLANS),
    wait: fc.nat(1500),
  }),
  // Else most would be of ten moves, and end before a second link is opened.
  { maxLength: 200, size: 'max' },
);

describe('the links', () => {
  it('are those that the state tells of: none is forgotten, none is closed for another, of each transport one is opened at most', () => {
    const met = new Set<string>();
    fc.assert(
      fc.property(moves, (sequence) => {
        const model = new Model();
        model.send({ type: 'need' }, {});
        for (const { pick, code, random, online, plan, wait } of sequence) {
          const possible = BAG.filter((name) => MOVES[name]!.can?.(model) ?? true);
          const name = possible[pick % possible.length]!;
          model.now += wait;
          model.trail.push(name);
          MOVES[name]!.run(model, { random, online, plan }, code);
        }
        model.send({ type: 'destroy' }, {});
        expect([model.carrier, model.racing.size]).toEqual([null, 0]);
        model.met.forEach((what) => met.add(what));
      }),
      { numRuns: 500 },
    );
    // It has seen what it is about.
    const all = [
      ...['ask-token', 'open', 'abandon', 'drop-new', 'drop-held', 'check', 'drop lost', 'drop late'],
      ...['preparing alone 0', 'preparing doubted 0', 'preparing sound 0', 'doubting 0', 'opening alone 3'],
      ...['opening doubted 2', 'opening sound 1', 'opening sound 2'],
    ];
    expect([...met]).toEqual(expect.arrayContaining(all));
  });
});
