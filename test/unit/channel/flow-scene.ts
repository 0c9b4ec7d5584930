/** One subscription's flow, with a clock, a page and frames that a test moves by hand. */
import { type Flow, createFlow } from '../../../src/channel/flow.ts';
import { createEnvironment } from '../../../src/platform/environment.ts';
import type { Message, SubscribeOptions } from '../../../src/types.ts';
import { type FakePage, createFakePage } from '../../support/page.ts';
import { type VirtualClock, createVirtualClock } from '../../support/virtual-clock.ts';

export interface Tick {
  readonly key: string;
  readonly value: number;
}

export const message = (data: unknown, event = 'tick'): Message => ({
  ...{ channel: 'prices', event, data, id: 'i', sentAt: null, by: null, own: false, cursor: null },
});
export const tick = (key: string, value: number): Tick => ({ key, value });
export const byKey = ({ key }: Tick): string => key;
export const push = (flow: Flow, ...values: readonly unknown[]): void => {
  for (const value of values) void flow.push(message(value));
};

export interface FlowScene {
  readonly clock: VirtualClock;
  readonly page: FakePage;
  readonly heard: unknown[];
  readonly errors: unknown[];
  paint(): void;
  make(options: SubscribeOptions, painted?: 'frames' | 'none', run?: (data: unknown) => Promise<unknown> | void): Flow;
  /** Nothing is left that would run later. */
  isQuiet(): boolean;
}

export function createFlowScene(): FlowScene {
  const clock = createVirtualClock();
  const page = createFakePage();
  const frames = new Set<() => void>();
  const heard: unknown[] = [];
  const errors: unknown[] = [];
  const request = (run: () => void): (() => void) => {
    frames.add(run);
    return () => void frames.delete(run);
  };
  return {
    ...{ clock, page, heard, errors },
    paint() {
      for (const run of [...frames]) {
        frames.delete(run);
        run();
      }
    },
    make(options, painted = 'frames', run = () => {}) {
      const { now, setTimeout, clearTimeout } = clock;
      const frame = painted === 'frames' ? request : undefined;
      return createFlow(
        options,
        createEnvironment({ now, setTimeout, clearTimeout, page, frame }),
        ({ data }) => {
          heard.push(data);
          return run(data) ?? undefined;
        },
        (error) => errors.push(error),
      )!;
    },
    isQuiet: () => clock.pending === 0 && frames.size === 0 && page.watchers === 0,
  };
}
