/** Turns, whatever comes when. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SubscribeOptions } from '../../../src/types.ts';
import { type FlowScene, type Tick, byKey, createFlowScene, message, push, tick } from './flow-scene.ts';

type Happening =
  | { readonly do: 'push'; readonly key: string }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'paint' | 'show' | 'hide' };

const options = fc.record({
  sample: fc.constantFrom(0, 10, 100),
  frame: fc.boolean(),
  whenHidden: fc.constantFrom('keep' as const, 'latest' as const, 'pause' as const),
});
const happenings: fc.Arbitrary<readonly Happening[]> = fc.array(
  fc.oneof<fc.MaybeWeightedArbitrary<Happening>[]>(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('push' as const), key: fc.constantFrom('a', 'b', 'c') }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 120 }) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('paint' as const, 'show' as const, 'hide' as const) }) },
  ),
  { maxLength: 60 },
);

interface Played {
  readonly pushed: readonly Tick[];
  readonly delivered: readonly Tick[];
  readonly scene: FlowScene;
}

/** And then the page is shown for long enough. */
async function play(given: SubscribeOptions, steps: readonly Happening[]): Promise<Played> {
  const scene = createFlowScene();
  const flow = scene.make(given);
  const pushed: Tick[] = [];
  for (const step of steps) {
    if (step.do === 'push') {
      const value = tick(step.key, pushed.length);
      pushed.push(value);
      void flow.push(message(value));
    } else if (step.do === 'wait') await scene.clock.advance(step.ms);
    else if (step.do === 'paint') scene.paint();
    else scene.page.set({ visible: step.do === 'show' });
  }
  scene.page.set({ visible: true });
  await scene.clock.advance(2000);
  return { pushed, delivered: scene.heard as Tick[], scene };
}

describe('whatever comes when', () => {
  it('in order, none twice, and the newest of each key is delivered', async () => {
    await fc.assert(
      fc.asyncProperty(options, happenings, async (given, steps) => {
        const { pushed, delivered, scene } = await play({ ...given, conflate: byKey }, steps);
        const values = delivered.map(({ value }) => value);
        expect(values).toEqual([...new Set(values)].sort((a, b) => a - b));
        for (const key of ['a', 'b', 'c']) {
          const ofKey = (each: Tick): boolean => each.key === key;
          expect(delivered.findLast(ofKey)).toEqual(pushed.findLast(ofKey));
        }
        expect(scene.isQuiet()).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('within one turn no key comes twice, and what waited before it is in it', async () => {
    const keys = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(fc.array(keys, { maxLength: 6 }), async (turns) => {
        const { clock, heard, make } = createFlowScene();
        const flow = make({ conflate: byKey, sample: 50 });
        push(flow, tick('first', -1));
        let value = 0;
        for (const turn of turns) {
          heard.length = 0;
          const last = new Map<string, Tick>();
          for (const key of turn) {
            const next = tick(key, (value += 1));
            last.delete(key);
            last.set(key, next);
            push(flow, next);
          }
          await clock.advance(50);
          expect(heard).toEqual([...last.values()]);
        }
      }),
    );
  });

  it('without `conflate` nothing is lost, but by `latest`', async () => {
    await fc.assert(
      fc.asyncProperty(options, happenings, async (given, steps) => {
        fc.pre(given.whenHidden !== 'latest' && (given.sample > 0 || given.frame || given.whenHidden !== 'keep'));
        const { pushed, delivered } = await play(given, steps);
        expect(delivered).toEqual(pushed);
      }),
      { numRuns: 300 },
    );
  });

  it('no turn sooner than `sample` after the one before', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 80 }), { maxLength: 40 }), async (waits) => {
        const { clock, make } = createFlowScene();
        const turns: number[] = [];
        const flow = make({ sample: 50 }, 'frames', () => {
          if (turns.at(-1) !== clock.now()) turns.push(clock.now());
        });
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
