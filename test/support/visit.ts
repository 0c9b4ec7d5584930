/** What the client can do wherever it runs: a page under a strict policy, a worker, another engine. */
import type * as HoldfastModule from '../../src/index.ts';

export interface Visit {
  /** By transport: what came back of what was published, over which transport. */
  readonly heard: Readonly<Record<string, readonly unknown[]>>;
  /** A publication made offline: whether it was on disk, and what became of it. */
  readonly outbox: { readonly durable: boolean; readonly queued: number; readonly result: string };
}

/** What {@link visit} finds where nothing is in its way. */
export const WELL: Visit = {
  heard: { webSocket: ['websocket', 'hello'], sse: ['sse', 'hello'], longPolling: ['long-polling', 'hello'] },
  outbox: { durable: true, queued: 1, result: 'accepted' },
};

/**
 * Runs where the client runs, so it may use nothing of this module.
 *
 * @param room of its own, or the echoes of several would mix
 */
export async function visit(holdfast: typeof HoldfastModule, url: string, room: string): Promise<Visit> {
  const heard: Record<string, readonly unknown[]> = {};
  for (const name of ['webSocket', 'sse', 'longPolling'] as const) {
    const client = holdfast.createClient(url, { transports: [holdfast[name]()] });
    const channel = client.channel(`${room}-${name}`);
    const echo = new Promise<unknown>((resolve) => channel.subscribe('message', resolve));
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (channel.status.get().state === 'live') resolve();
      };
      channel.status.subscribe(look);
      look();
    });
    await channel.publish('message', 'hello').accepted;
    const data = await echo;
    const status = client.status.get();
    heard[name] = [status.state === 'connected' ? status.transport : status.state, data];
    client.destroy();
  }
  const client = holdfast.createClient(url);
  client.disconnect();
  const { stored, accepted } = client.channel(`${room}-outbox`).publish('message', 'later');
  await stored;
  const { durable, pending: queued } = client.outbox.status.get();
  client.connect();
  const result = await accepted.then(
    () => 'accepted',
    (error: unknown) => String(error),
  );
  client.destroy();
  return { heard, outbox: { durable, queued, result } };
}
