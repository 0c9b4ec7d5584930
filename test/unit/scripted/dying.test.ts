// Holds I13 (docs/guarantees.md).
import { describe, expect, it } from 'vitest';
import { welcome } from '../../support/scripted-frames.ts';
import { type Stage, useStage } from '../../support/scripted-client.ts';
import type { Script } from '../../support/scripted-server.ts';

const stage = useStage();

/** Each with a connection that never becomes stable. */
const DYING: readonly (readonly [string, Script])[] = [
  ['refused', { connect: (peer) => peer.die() }],
  ['cut as it opens', { hello: (_, peer) => peer.die() }],
  ['closed as it opens', { hello: (_, peer) => peer.close(1011) }],
  [
    'cut after its welcome',
    {
      hello(_, peer) {
        peer.send(welcome());
        peer.die();
      },
    },
  ],
];

/** Waits until the next attempt has failed. @returns how long that was, ms */
async function nextAttempt({ client, clock }: Stage): Promise<number> {
  const status = client.status.get();
  if (status.state !== 'waiting') throw new Error(`not waiting but ${status.state}`);
  const wait = status.retryAt - clock.now();
  await clock.advance(wait);
  return wait;
}

describe.each(DYING)('a server whose connections are %s', (_, script) => {
  it('sees the client come back ever more slowly, up to the cap', async () => {
    const set = stage(script);
    set.client.connect();
    await set.clock.advance(0);
    const waits: number[] = [];
    while (waits.length < 9) waits.push(await nextAttempt(set));
    expect(waits).toEqual([250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
    expect(set.server.peers).toHaveLength(10);
    expect(set.client.status.get()).toMatchObject({ state: 'waiting', attempt: 11 });
    expect(
      set.server.peers
        .map((peer) => peer.got('hello').map(({ gen }) => gen))
        .flat()
        .sort((a, b) => a - b),
    ).toEqual(script.connect === undefined ? [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] : []);
  });

  it('sees at most 15 attempts in any minute, however the dice fall', async () => {
    const starts: number[] = [];
    let now = (): number => 0;
    const set = stage(
      {
        ...script,
        connect(peer) {
          starts.push(now());
          script.connect?.(peer);
        },
      },
      // As impatient as can be: every drawn wait is nothing.
      { environment: { random: () => 0 } },
    );
    now = set.clock.now;
    set.client.connect();
    await set.clock.advance(300_000);
    expect(starts.length).toBeGreaterThan(60);
    for (const start of starts) {
      expect(starts.filter((other) => other >= start && other < start + 60_000).length).toBeLessThanOrEqual(15);
    }
  });
});

describe('attempts', () => {
  it('start anew after a connection that stayed for 10 s, and are then spread over 2 s', async () => {
    const set = stage({ connect: (peer) => peer.die() });
    set.client.connect();
    await set.clock.advance(0);
    for (let n = 0; n < 5; n += 1) await nextAttempt(set);
    set.server.follow({ connect: () => {} });
    await nextAttempt(set);
    await set.clock.advance(10_000);
    set.server.follow({ connect: (peer) => peer.die() });
    set.server.peer.die();
    await set.clock.advance(0);
    expect(set.client.status.get()).toMatchObject({ state: 'waiting', attempt: 2, reason: { code: 1006, opened: true } });
    expect(set.client.status.get()).toHaveProperty('reason.error.code', 'connection-lost');
    expect(await nextAttempt(set)).toBe(1000);
    expect(await nextAttempt(set)).toBe(500);
  });

  it('are made at once by retryNow(), within the limit of 15 a minute', async () => {
    const set = stage({ connect: (peer) => peer.die() });
    set.client.connect();
    await set.clock.advance(0);
    for (let n = 0; n < 100; n += 1) {
      set.client.retryNow();
      await set.clock.advance(1);
    }
    expect(set.server.peers).toHaveLength(15);
    await nextAttempt(set);
    expect(set.server.peers).toHaveLength(16);
  });

  it('made by connect() after disconnect() keep the limit too', async () => {
    const set = stage();
    for (let n = 0; n < 40; n += 1) {
      set.client.connect();
      await set.clock.advance(1);
      set.client.disconnect();
      await set.clock.advance(1);
    }
    expect(set.server.peers).toHaveLength(15);
    set.client.connect();
    await set.clock.advance(60_000);
    expect(set.client.status.get()).toMatchObject({ state: 'connected' });
    expect(set.server.peers).toHaveLength(16);
  });

  it('stop with disconnect() and with destroy()', async () => {
    const set = stage({ connect: (peer) => peer.die() });
    set.client.connect();
    await set.clock.advance(0);
    set.client.disconnect();
    expect(set.client.status.get()).toEqual({ state: 'idle' });
    expect(set.clock.pending).toBe(0);
    set.client.connect();
    await set.clock.advance(0);
    set.client.destroy();
    expect(set.clock.pending).toBe(0);
    await set.clock.advance(600_000);
    expect(set.server.peers).toHaveLength(2);
  });
});
