/** What the tests of the public face share: a world that must end without a timer, and the frames on its wires. */
import { afterEach, expect } from 'vitest';
import type { ClientOptions, Environment } from '../../../src/types.ts';
import type { ClientFrame, ServerFrame } from '../../../src/protocol/frame.ts';
import type { Direction, MemoryNetwork } from '../../support/memory-network.ts';
import type { VirtualClock } from '../../support/virtual-clock.ts';
import { type TestPage, type World, createWorld } from '../../support/world.ts';

type Frame = ClientFrame | ServerFrame;
type Options = Parameters<typeof createWorld>[0];

export interface WatchedWorld extends World {
  /** Those that clients have set. */
  readonly timers: ReadonlySet<unknown>;
}

/** Every test makes its own world. Its clients hold no timer any more at the very moment at which they are destroyed. */
export function useWorld(): (options?: Options) => WatchedWorld {
  let made: { readonly world: World; readonly pages: TestPage[]; readonly timers: Set<unknown> }[] = [];
  afterEach(async () => {
    const mine = made;
    made = [];
    for (const { world, pages, timers } of mine) {
      for (const { client } of pages) client.destroy();
      const left = timers.size;
      await world.end();
      expect(left, 'timers that clients left').toBe(0);
      // Servers that were replaced rest for a while.
      await world.clock.advance(120_000);
      expect(world.clock.pending, 'timers that are left').toBe(0);
    }
  });
  return (options) => {
    const world = createWorld(options);
    const pages: TestPage[] = [];
    const timers = new Set<unknown>();
    const open = ({ environment, ...given }: Partial<ClientOptions> = {}): TestPage => {
      const page = world.open({ ...given, environment: { ...watched(world.clock, timers), ...environment } });
      pages.push(page);
      return page;
    };
    made.push({ world, pages, timers });
    return Object.create(world, { open: { value: open }, timers: { value: timers } }) as WatchedWorld;
  };
}

function watched({ setTimeout, clearTimeout }: VirtualClock, timers: Set<unknown>): Partial<Environment> {
  return {
    setTimeout(run, ms) {
      const id = setTimeout(() => {
        timers.delete(id);
        run();
      }, ms);
      timers.add(id);
      return id;
    },
    clearTimeout(id) {
      timers.delete(id);
      clearTimeout(id);
    },
  };
}

/** Everything of one type that crossed a network one way. */
export function crossed<T extends Frame['t']>(
  { wire }: MemoryNetwork,
  direction: Direction,
  type: T,
): readonly Extract<Frame, { readonly t: T }>[] {
  return wire
    .filter((crossing) => crossing.direction === direction)
    .flatMap(({ data }) => JSON.parse(String(data)) as Frame | Frame[])
    .filter((frame): frame is Extract<Frame, { readonly t: T }> => frame.t === type);
}

export const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'resolved',
    (error: unknown) => (error as { readonly code?: unknown }).code,
  );

/** The whole log of a channel, as it stands in the store. */
export async function logOf(world: World, channel = 'room'): Promise<readonly unknown[]> {
  const read = await world.broker.read(channel, { latest: 1000 }, { entries: 1000, bytes: 1e9 }, { entries: 1000, age: 1e9 });
  return read.ok ? read.entries.map(({ d }) => d) : [];
}
