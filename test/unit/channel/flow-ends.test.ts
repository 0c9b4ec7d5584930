/** How turns end, and what is left behind. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Flow } from '../../../src/channel/flow.ts';
import type { FakePage } from '../../support/page.ts';
import type { VirtualClock } from '../../support/virtual-clock.ts';
import { type FlowScene, type Tick, byKey, createFlowScene, message, push, tick } from './flow-scene.ts';

let clock: VirtualClock;
let page: FakePage;
let heard: unknown[];
let paint: FlowScene['paint'];
let make: FlowScene['make'];
let isQuiet: FlowScene['isQuiet'];

beforeEach(() => {
  ({ clock, page, heard, paint, make, isQuiet } = createFlowScene());
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
