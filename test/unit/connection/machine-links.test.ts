/** The machine and the links that it has opened: what is open is always what the state says, and never more than two. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { initialState, step } from '../../../src/connection/machine.ts';
import { type Effect, type Event, type Facts, type State, dueAt } from '../../../src/connection/state.ts';
import { NOW, ended, facts, reason } from './facts.ts';

interface Link {
  life: 'connecting' | 'greeted' | 'welcomed';
  /** A sign of life was asked for, so that there will be one, or a verdict. */
  asked: boolean;
}

/** Plays everything around the machine: the links, as connection.ts performs what they are told, and the time. */
class Model {
  state: State = initialState;
  /** The doubtful one first, if there are two. */
  links: Link[] = [];
  /** How many asked for a token and wait for it. */
  asking = 0;
  now = NOW;
  readonly trail: string[] = [];
  /** All that was ever performed or met, so that a property can tell that it was not idle. */
  readonly met = new Set<string>();

  get newest(): Link | undefined {
    return this.links.at(-1);
  }

  send(event: Event, given: Partial<Facts>): void {
    const { newest } = this;
    const link = newest === undefined ? {} : { link: { transport: 'test', opened: newest.life !== 'connecting' } };
    const { state, effects } = step(this.state, event, facts({ openTimeout: 3000, ...given, ...link, now: this.now }));
    this.state = state;
    for (const effect of effects) this.#perform(effect);
    this.met.add(`${this.links.length} ${state.state}`);
    this.#check(this.trail.join(' '));
  }

  /** One of the links ends, as #ended of the connection tells it. */
  end(which: 'held' | 'newest', code: number, given: Partial<Facts>): void {
    const [held, newest] = this.links.length === 2 ? this.links : [undefined, this.links[0]];
    const link = which === 'held' ? held : newest;
    if (link === undefined) return;
    const isHeld = link === held || this.state.state === 'preparing';
    this.links = this.links.filter((other) => other !== link);
    this.send(isHeld ? { type: 'held-ended', ended: ended(code).ended } : ended(code), given);
  }

  #perform(effect: Effect): void {
    this.met.add(effect.type);
    switch (effect.type) {
      case 'ask-token':
        return void (this.asking += 1);
      case 'open':
        return void this.links.push({ life: 'connecting', asked: false });
      case 'abandon':
        this.asking = 0;
        return void (this.links = []);
      case 'drop-new':
        if (this.links.length === 2) this.links.pop();
        return;
      case 'drop-held':
        expect(this.links, 'drop-held').toHaveLength(2);
        return void this.links.shift();
      case 'check':
        expect(this.links, 'check').toMatchObject([{ life: 'welcomed' }]);
        this.links[0]!.asked = true;
    }
  }

  #check(after: string): void {
    const { state } = this;
    const lives = this.links.map(({ life }) => (life === 'welcomed' ? 'welcomed' : 'opening'));
    expect(lives, `${state.state} after ${after}`).toEqual(expectedLives(state));
    // Whoever doubts a connection has asked it, or the doubt would never end.
    if (state.state === 'doubting') expect(this.links[0]!.asked, `a doubt that nobody ends, after ${after}`).toBe(true);
    if (state.state === 'preparing') expect(this.asking, `nobody asks for a token, after ${after}`).toBeGreaterThan(0);
  }
}

function expectedLives(state: State): readonly string[] {
  switch (state.state) {
    case 'preparing':
      return state.held === null ? [] : ['welcomed'];
    case 'opening':
      return state.held === null ? ['opening'] : ['welcomed', 'opening'];
    case 'proving':
    case 'stable':
    case 'doubting':
      return ['welcomed'];
    default:
      return [];
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
const isUnderWay = ({ newest }: Model): boolean => newest !== undefined && newest.life !== 'welcomed';
const first = ({ links }: Model): Link | null => (links[0]?.life === 'welcomed' ? links[0] : null);

const MOVES: Readonly<Record<string, Move>> = {
  need: plain({ type: 'need' }, { can: ({ state }) => state.state === 'idle' }),
  connect: plain({ type: 'connect' }),
  pause: plain({ type: 'pause' }, { weight: 1 }),
  retry: plain({ type: 'retry' }),
  rest: plain({ type: 'rest', reason: reason(1000) }, { weight: 1 }),
  ...Object.fromEntries(HINTS.map((type) => [type, plain({ type })])),
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
    can: ({ newest }) => newest?.life === 'connecting',
    run: ({ newest }) => void (newest!.life = 'greeted'),
  },
  welcome: {
    weight: 6,
    can: isUnderWay,
    run(model, given) {
      model.newest!.life = 'welcomed';
      model.send({ type: 'welcome' }, given);
    },
  },
  silence: {
    can: (model) => first(model)?.asked === false,
    run(model, given) {
      first(model)!.asked = true;
      model.send({ type: 'silence' }, given);
    },
  },
  alive: {
    weight: 4,
    can: (model) => first(model)?.asked === true,
    run(model, given) {
      first(model)!.asked = false;
      model.send({ type: 'alive' }, given);
    },
  },
  verdict: {
    can: (model) => first(model)?.asked === true,
    run: (model, given) => model.end(model.links.length === 2 ? 'held' : 'newest', 4003, given),
  },
  end: {
    can: ({ links }) => links.length > 0,
    run: (model, given, code) => model.end('newest', code, given),
  },
  'end held': {
    can: ({ links }) => links.length === 2,
    run: (model, given, code) => model.end('held', code, given),
  },
  due: {
    weight: 10,
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
    wait: fc.nat(5000),
  }),
  // Else most would be of ten moves, and end before a second link is opened.
  { maxLength: 120, size: 'max' },
);

describe('the links', () => {
  it('are those that the state tells of: none is forgotten, none is closed for another, there are never three', () => {
    const met = new Set<string>();
    fc.assert(
      fc.property(moves, (sequence) => {
        const model = new Model();
        model.send({ type: 'need' }, {});
        for (const { pick, code, random, online, wait } of sequence) {
          const possible = BAG.filter((name) => MOVES[name]!.can?.(model) ?? true);
          const name = possible[pick % possible.length]!;
          model.now += wait;
          model.trail.push(name);
          MOVES[name]!.run(model, { random, online }, code);
        }
        model.send({ type: 'destroy' }, {});
        expect(model.links).toEqual([]);
        model.met.forEach((what) => met.add(what));
      }),
      { numRuns: 500 },
    );
    // It has seen what it is about.
    const all = ['ask-token', 'open', 'abandon', 'drop-new', 'drop-held', 'check', '1 preparing', '2 opening', '1 doubting'];
    expect([...met]).toEqual(expect.arrayContaining(all));
  });
});
