/** Turns: when they come, what they deliver, and in which order. */
import * as fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Flow, MOST_WAITING, checkFlow, createFlow } from '../../../src/channel/flow.ts';
import { createEnvironment } from '../../../src/platform/environment.ts';
import type { Message, SubscribeOptions } from '../../../src/types.ts';
import { type FakePage, createFakePage } from '../../support/page.ts';
import { type VirtualClock, createVirtualClock } from '../../support/virtual-clock.ts';

interface Tick {
  readonly key: string;
  readonly value: number;
}

const message = (data: unknown, event = 'tick'): Message => ({
  ...{ channel: 'prices', event, data, id: 'i', sentAt: null, by: null, own: false, cursor: null },
});

let clock: VirtualClock;
let page: FakePage;
/** What a frame will run. */
let frames: Set<() => void>;
let heard: unknown[];
let errors: unknown[];

beforeEach(() => {
  clock = createVirtualClock();
  page = createFakePage();
  frames = new Set();
  heard = [];
  errors = [];
});

const environment = (painted: 'frames' | 'none' = 'frames') =>
  createEnvironment({
    now: clock.now,
    setTimeout: clock.setTimeout,
    clearTimeout: clock.clearTimeout,
    page,
    frame:
      painted === 'none'
        ? undefined
        : (run) => {
            frames.add(run);
            return () => void frames.delete(run);
          },
  });
const paint = (): void => {
  for (const run of [...frames]) {
    frames.delete(run);
    run();
  }
};
const make = (
  options: SubscribeOptions,
  painted?: 'frames' | 'none',
  run: (data: unknown) => Promise<unknown> | void = () => {},
) =>
  createFlow(
    options,
    environment(painted),
    ({ data }) => {
      heard.push(data);
      return run(data) ?? undefined;
    },
    (error) => errors.push(error),
  )!;
const push = (flow: Flow, ...values: readonly unknown[]): void => {
  for (const value of values) void flow.push(message(value));
};
const byKey = ({ key }: Tick): string => key;
const tick = (key: string, value: number): Tick => ({ key, value });
/** Nothing is left that would run later. */
const isQuiet = (): boolean => clock.pending === 0 && frames.size === 0 && page.watchers === 0;

describe('options', () => {
  it.each([
    [{ conflate: 'symbol' }, 'conflate'],
    [{ sample: -1 }, 'sample'],
    [{ sample: Number.NaN }, 'sample'],
    [{ sample: Infinity }, 'sample'],
    [{ sample: '100' }, 'sample'],
    [{ frame: 1 }, 'frame'],
    [{ whenHidden: 'drop' }, 'whenHidden'],
  ])('%j is refused by name', (options, name) => {
    expect(() => checkFlow(options as SubscribeOptions)).toThrow(
      expect.objectContaining({ code: 'invalid-option', message: expect.stringContaining(`\`${name}\``) as string }),
    );
  });

  it.each([{}, { sample: 0 }, { frame: false, whenHidden: 'keep' as const }, { conflate: undefined } as never])(
    '%j asks for nothing',
    (options: SubscribeOptions) => {
      expect(make(options)).toBeNull();
    },
  );
});

describe('sample', () => {
  it('delivers the first at once, and what comes after it in one turn', async () => {
    const flow = make({ sample: 100 });
    push(flow, 1, 2, 3);
    expect(heard).toEqual([1]);
    await clock.advance(99);
    push(flow, 4);
    expect(heard).toEqual([1]);
    await clock.advance(1);
    expect(heard).toEqual([1, 2, 3, 4]);
    expect(isQuiet()).toBe(true);
  });

  it('begins anew after each turn', async () => {
    const flow = make({ sample: 100 });
    push(flow, 1, 2);
    await clock.advance(150);
    push(flow, 3);
    expect(heard).toEqual([1, 2]);
    await clock.advance(50);
    expect(heard).toEqual([1, 2, 3]);
    await clock.advance(100);
    push(flow, 4);
    expect(heard).toEqual([1, 2, 3, 4]);
  });

  it('does not wait longer because the clock was set back', async () => {
    const flow = make({ sample: 100 });
    push(flow, 1);
    clock.sleep(-3_600_000);
    push(flow, 2);
    await clock.advance(100);
    expect(heard).toEqual([1, 2]);
  });
});

describe('conflate', () => {
  it('alone makes a turn of what came in one piece', async () => {
    const flow = make({ conflate: byKey });
    push(flow, tick('a', 1), tick('b', 2), tick('a', 3));
    expect(heard).toEqual([]);
    await clock.settle();
    expect(heard).toEqual([tick('b', 2), tick('a', 3)]);
    push(flow, tick('a', 4));
    await clock.settle();
    expect(heard).toEqual([tick('b', 2), tick('a', 3), tick('a', 4)]);
  });

  it('keeps the newest of each key within one turn', async () => {
    const flow = make({ conflate: byKey, sample: 100 });
    push(flow, tick('a', 1), tick('a', 2), tick('b', 3), tick('a', 4));
    await clock.advance(100);
    expect(heard).toEqual([tick('a', 1), tick('b', 3), tick('a', 4)]);
  });

  it('keeps events apart', async () => {
    const flow = make({ conflate: () => 'same' });
    void flow.push(message(1, 'created'));
    void flow.push(message(2, 'deleted'));
    void flow.push(message(3, 'created'));
    await clock.settle();
    expect(heard).toEqual([2, 3]);
  });

  it.each([[Symbol('a')], [7], ['']])('takes the key %s', async (key) => {
    const flow = make({ conflate: () => key });
    push(flow, 1, 2);
    await clock.settle();
    expect(heard).toEqual([2]);
  });

  it('that throws is reported, and the message is delivered', async () => {
    const flow = make({
      conflate: ({ key }: Tick) => {
        if (key === 'b') throw new Error('no key');
        return key;
      },
    });
    push(flow, tick('a', 1), tick('b', 2), tick('b', 3), tick('a', 4));
    await clock.settle();
    expect(heard).toEqual([tick('b', 2), tick('b', 3), tick('a', 4)]);
    expect(errors).toHaveLength(2);
  });
});

describe('frame', () => {
  it('delivers with the next frame', async () => {
    const flow = make({ frame: true });
    push(flow, 1, 2);
    await clock.advance(500);
    expect(heard).toEqual([]);
    paint();
    expect(heard).toEqual([1, 2]);
    expect(isQuiet()).toBe(true);
  });

  it('with `sample` delivers with the first frame after it', async () => {
    const flow = make({ frame: true, sample: 100 });
    push(flow, 1);
    paint();
    push(flow, 2);
    paint();
    expect(heard).toEqual([1]);
    await clock.advance(100);
    expect(heard).toEqual([1]);
    paint();
    expect(heard).toEqual([1, 2]);
  });

  it('waits no longer than a second for a frame', async () => {
    const flow = make({ frame: true });
    push(flow, 1);
    await clock.advance(999);
    expect(heard).toEqual([]);
    await clock.advance(1);
    expect(heard).toEqual([1]);
    expect(isQuiet()).toBe(true);
  });

  it('goes by timers on a platform without frames', async () => {
    const flow = make({ frame: true }, 'none');
    push(flow, 1);
    expect(heard).toEqual([]);
    await clock.advance(16);
    expect(heard).toEqual([1]);
  });
});

describe('whenHidden', () => {
  it.each([
    ['keep', { sample: 100 }, [1, 2, 3]],
    ['keep', { frame: true }, [1, 2, 3]],
    ['latest', {}, []],
    ['latest', { sample: 100 }, []],
    ['pause', {}, []],
    ['pause', { frame: true }, []],
  ] as const)('%s with %j', async (whenHidden, options, expected) => {
    page.set({ visible: false });
    const flow = make({ ...options, whenHidden });
    push(flow, 1, 2, 3);
    await clock.advance(60_000);
    expect(heard).toEqual(expected);
  });

  it('latest: the newest of each event when the page is shown', () => {
    page.set({ visible: false });
    const flow = make({ whenHidden: 'latest' });
    void flow.push(message(1, 'a'));
    void flow.push(message(2, 'b'));
    void flow.push(message(3, 'a'));
    page.set({ visible: true });
    expect(heard).toEqual([2, 3]);
    expect(isQuiet()).toBe(true);
  });

  it('latest with conflate: the newest of each key', () => {
    page.set({ visible: false });
    const flow = make({ whenHidden: 'latest', conflate: byKey });
    push(flow, tick('a', 1), tick('b', 2), tick('a', 3));
    page.set({ visible: true });
    expect(heard).toEqual([tick('b', 2), tick('a', 3)]);
  });

  it('pause: everything, in order, when the page is shown', () => {
    page.set({ visible: false });
    const flow = make({ whenHidden: 'pause' });
    push(flow, 1, 2, 3);
    page.tell('online');
    expect(heard).toEqual([]);
    page.set({ visible: true });
    expect(heard).toEqual([1, 2, 3]);
    push(flow, 4);
    expect(heard).toEqual([1, 2, 3, 4]);
  });

  it.each([{ sample: 100 }, { frame: true }])('a turn that falls due while the page is hidden waits: %j', async (options) => {
    const flow = make({ ...options, whenHidden: 'pause' });
    push(flow, 1, 2);
    const before = [...heard];
    page.set({ visible: false });
    await clock.advance(5000);
    expect(heard).toEqual(before);
    page.set({ visible: true });
    expect(heard).toEqual([1, 2]);
    expect(isQuiet()).toBe(true);
  });

  it('what comes between being shown and the event of it does not overtake', () => {
    const flow = make({ whenHidden: 'pause' });
    const { watch } = page;
    let visible = false;
    Object.assign(page, { visible: () => visible, watch });
    push(flow, 1);
    visible = true;
    push(flow, 2);
    expect(heard).toEqual([]);
    page.tell('visible');
    expect(heard).toEqual([1, 2]);
  });

  it('beyond the bound everything is delivered, and nothing is lost', () => {
    page.set({ visible: false });
    const flow = make({ whenHidden: 'pause' });
    const all = Array.from({ length: MOST_WAITING + 5 }, (_, index) => index);
    push(flow, ...all);
    expect(heard).toEqual(all.slice(0, MOST_WAITING + 1));
    page.set({ visible: true });
    expect(heard).toEqual(all);
  });
});

describe('ends', () => {
  it('flush delivers what waits, once', async () => {
    const flow = make({ sample: 100 });
    push(flow, 1, 2);
    flow.flush();
    expect(heard).toEqual([1, 2]);
    await clock.advance(1000);
    expect(heard).toEqual([1, 2]);
  });

  it.each([{ sample: 100 }, { frame: true }, { conflate: byKey }, { whenHidden: 'pause' as const }])(
    'stop leaves nothing behind: %j',
    async (options) => {
      page.set({ visible: !('whenHidden' in options) });
      const flow = make(options);
      push(flow, tick('a', 1), tick('b', 2));
      const before = [...heard];
      flow.stop();
      expect(isQuiet()).toBe(true);
      await clock.advance(2000);
      paint();
      expect(heard).toEqual(before);
    },
  );

  it('what waits is done when its turn is, with all that its handlers do', async () => {
    const told: string[] = [];
    let finish = (): void => {};
    const flow = make({ sample: 100, conflate: byKey }, 'frames', (data) =>
      (data as Tick).value === 3 ? new Promise<void>((resolve) => (finish = resolve)) : undefined,
    );
    const watch = (value: number): void => void flow.push(message(tick('a', value))).then(() => told.push(String(value)));
    watch(1);
    await clock.settle();
    expect(told).toEqual(['1']);
    watch(2);
    watch(3);
    await clock.advance(100);
    expect(heard).toEqual([tick('a', 1), tick('a', 3)]);
    expect(told).toEqual(['1']);
    finish();
    await clock.settle();
    expect(told).toEqual(['1', '2', '3']);
  });

  it('what waited when it was stopped is done only when that is said', async () => {
    const told: string[] = [];
    const flow = make({ sample: 100 });
    push(flow, 1);
    void flow.push(message(2)).then(() => told.push('done'));
    const handled = flow.stop();
    await clock.advance(1000);
    expect(told).toEqual([]);
    handled();
    await clock.settle();
    expect(told).toEqual(['done']);
  });

  it('a handler that brings messages about has them in the same turn', async () => {
    const flow: Flow = make({ sample: 100 }, 'frames', (data) => {
      if (data === 2) push(flow, 4);
    });
    push(flow, 1, 2, 3);
    await clock.advance(100);
    expect(heard).toEqual([1, 2, 3, 4]);
  });
});

describe('whatever comes when', () => {
  const options = fc.record({
    sample: fc.constantFrom(0, 10, 100),
    frame: fc.boolean(),
    whenHidden: fc.constantFrom('keep' as const, 'latest' as const, 'pause' as const),
  });
  const happening = fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('push' as const), key: fc.constantFrom('a', 'b', 'c') }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 120 }) }) },
    { weight: 1, arbitrary: fc.constantFrom({ do: 'paint' as const }, { do: 'show' as const }, { do: 'hide' as const }) },
  );

  /** @returns the values that were pushed, by turn: `heard` is cut where something was delivered */
  const play = async (given: SubscribeOptions, happenings: readonly fc.TypeOf<typeof happening>[]) => {
    clock = createVirtualClock();
    page = createFakePage();
    frames = new Set();
    heard = [];
    const flow = createFlow(
      given,
      environment(),
      ({ data }) => void heard.push(data),
      () => {},
    );
    const pushed: Tick[] = [];
    for (const step of happenings) {
      if (step.do === 'push') {
        const value = tick(step.key, pushed.length);
        pushed.push(value);
        if (flow === null) heard.push(value);
        else void flow.push(message(value));
      } else if (step.do === 'wait') await clock.advance(step.ms);
      else if (step.do === 'paint') paint();
      else page.set({ visible: step.do === 'show' });
    }
    const early = [...(heard as Tick[])];
    page.set({ visible: true });
    await clock.advance(2000);
    return { pushed, early, delivered: heard as Tick[] };
  };

  it('in order, none twice, and the newest of each key is never lost', async () => {
    await fc.assert(
      fc.asyncProperty(options, fc.array(happening, { maxLength: 60 }), async (given, happenings) => {
        const { pushed, delivered } = await play({ ...given, conflate: byKey }, happenings);
        const values = delivered.map(({ value }) => value);
        expect(values).toEqual([...new Set(values)].sort((a, b) => a - b));
        for (const key of ['a', 'b', 'c']) {
          const newest = pushed.findLast((each) => each.key === key);
          expect(delivered.findLast((each) => each.key === key)).toEqual(newest);
        }
        expect(isQuiet()).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('without `conflate` nothing is lost, but by `latest`', async () => {
    await fc.assert(
      fc.asyncProperty(options, fc.array(happening, { maxLength: 60 }), async (given, happenings) => {
        fc.pre(given.whenHidden !== 'latest');
        const { pushed, delivered } = await play(given, happenings);
        expect(delivered).toEqual(pushed);
      }),
      { numRuns: 300 },
    );
  });

  it('no turn sooner than `sample` after the one before, while the page stays shown', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 80 }), { maxLength: 40 }), async (waits) => {
        clock = createVirtualClock();
        const turns: number[] = [];
        const flow = createFlow(
          { sample: 50 },
          environment(),
          () => {
            if (turns.at(-1) !== clock.now()) turns.push(clock.now());
            return undefined;
          },
          () => {},
        )!;
        for (const ms of waits) {
          push(flow, 0);
          await clock.advance(ms);
        }
        await clock.advance(50);
        for (const [at, turn] of turns.entries()) if (at > 0) expect(turn - turns[at - 1]!).toBeGreaterThanOrEqual(50);
      }),
    );
  });
});
