/** How a page loses continuity, for tests of the public face. */
import type { TestPage, World } from '../../support/world.ts';

/** A server that keeps three entries. */
export const SHORT = { channels: { room: { subscribe: true, publish: true, history: { entries: 3 } } } };

export async function publish(world: World, ...list: readonly unknown[]): Promise<void> {
  for (const data of list) await world.server.publish('room', 'e', data);
  await world.clock.advance(100);
}

/** Away for a moment, in which more was said than the server keeps. */
export async function fallBehind(world: World, { network }: TestPage, ...said: readonly unknown[]): Promise<void> {
  network.set('refusing');
  network.cut();
  await publish(world, ...said);
  network.set('open');
  await world.clock.advance(30_000);
}

/** Notes messages and resets in the order in which they come. */
export function listen({ client }: TestPage): unknown[] {
  const seen: unknown[] = [];
  client.channel('room').subscribe('e', (data) => seen.push(data));
  return seen;
}
