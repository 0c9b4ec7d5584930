/** Turns: when they come, what they deliver, and in which order. */
import { beforeEach, describe, expect, it } from 'vitest';
import { MOST_WAITING, checkFlow } from '../../../src/channel/flow.ts';
import type { SubscribeOptions } from '../../../src/types.ts';
import type { FakePage } from '../../support/page.ts';
import type { VirtualClock } from '../../support/virtual-clock.ts';
import { type FlowScene, type Tick, byKey, createFlowScene, message, push, tick } from './flow-scene.ts';

let clock: VirtualClock;
let page: FakePage;
let heard: unknown[];
let errors: unknown[];
let paint: FlowScene['paint'];
let make: FlowScene['make'];
let isQuiet: FlowScene['isQuiet'];

beforeEach(() => {
  ({ clock, page, heard, errors, paint, make, isQuiet } = createFlowScene());
});

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
