/** What crossed the wire, and messages that somebody else publishes. */
import type { TestPage, World } from '../../support/world.ts';

/** The frames of these kinds that the page sent, in order. */
export function framesOf({ network }: TestPage, ...kinds: readonly string[]): readonly string[] {
  const sent = network.wire.filter(({ direction }) => direction === 'up').map(({ data }) => String(data));
  return sent
    .flatMap((text) => [...text.matchAll(/"t":"([a-z]+)"/g)].map(([, kind]) => kind!))
    .filter((kind) => kinds.includes(kind));
}

/** The server itself publishes. */
export async function say({ server }: World, channel: string, data: unknown, event = 'e'): Promise<void> {
  await server.publish(channel, event, data);
}
