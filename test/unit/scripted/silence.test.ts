// Holds I7 (docs/guarantees.md).
import { describe, expect, it } from 'vitest';
import { pong, welcome } from '../../support/scripted-frames.ts';
import { useStage } from '../../support/scripted-client.ts';
import type { Peer } from '../../support/scripted-server.ts';

const stage = useStage();

/** Welcomes the first connection, and says nothing to any other. */
const once =
  (given: Parameters<typeof welcome>[0] = {}) =>
  (_: unknown, peer: Peer): void => {
    if (peer.index === 0) peer.send(welcome(given));
  };

describe('a server that falls silent', () => {
  it('is asked after its heartbeat and 6 s, and left for another connection, which resumes from the cursor', async () => {
    const { client, clock, server, states, read } = stage({ ping: () => {} });
    read('room');
    await clock.advance(30_999);
    expect(server.peer.got('ping')).toEqual([{ t: 'ping', x: 1 }]);
    await clock.advance(1);
    expect(server.peer.got('ping')).toEqual([
      { t: 'ping', x: 1 },
      { t: 'ping', x: 2 },
    ]);
    const since = clock.now() - 31_000;
    // Half of 2 to 4 s.
    await clock.advance(2999);
    expect([server.peers.length, client.status.get()]).toMatchObject([1, { state: 'connected', since }]);
    server.follow({ ping: pong });
    await clock.advance(1);
    const [old, fresh] = server.peers;
    expect(old!.closed).toEqual({ by: 'client', code: 1000 });
    expect(fresh!.got('hello')).toMatchObject([{ gen: 2, why: 'reconnect' }]);
    expect(fresh!.got('sub')).toMatchObject([{ c: 'room', cur: ['epoch', 0, ''] }]);
    expect(client.status.get()).toMatchObject({ state: 'connected', since: clock.now(), roundTrip: 0 });
    expect(client.channel('room').status.get()).toEqual({ state: 'live', lossy: false });
    expect(states).toEqual(['connecting', 'connected']);
  });

  it('is given up after its heartbeat and 10 s, though the other one is not welcomed either', async () => {
    const { client, clock, server, read } = stage({ hello: once(), ping: () => {} });
    read('room');
    await clock.advance(34_999);
    expect(client.status.get()).toMatchObject({ state: 'connected', roundTrip: null });
    expect(client.channel('room').status.get()).toEqual({ state: 'live', lossy: false });
    await clock.advance(1);
    expect(client.status.get()).toMatchObject({
      state: 'connecting',
      attempt: 2,
      reason: { code: 4003, name: 'ping-timeout', by: 'client', layer: 'session', opened: true, lastRoundTrip: null },
    });
    expect(client.status.get()).toHaveProperty('reason.error.code', 'connection-lost');
    expect(client.channel('room').status.get()).toEqual({ state: 'recovering', why: 'reconnect' });
    expect(server.peers.map(({ closed }) => closed)).toEqual([{ by: 'client', code: 1000 }, null]);
    server.peer.send(welcome());
    await clock.settle();
    expect(client.status.get()).toMatchObject({ state: 'connected' });
  });

  it.each([1, 1000, 120_000, Number.MAX_SAFE_INTEGER])('is given %i ms and 10 s if it says so', async (ping) => {
    const { client, clock, page, server } = stage({ hello: once({ ping }), ping: () => {} });
    // Shown, it would look at the clock each 2 s, for up to 40 days.
    page.set({ visible: false });
    client.connect();
    await clock.advance(0);
    // Browsers take a delay beyond 2^31 - 1 for none at all.
    await clock.advance(Math.min(ping + 9999, 40 * 86_400_000));
    expect(client.status.get()).toMatchObject({ state: 'connected' });
    expect(server.peers[0]!.closed).toBeNull();
    if (ping > 40 * 86_400_000) return expect(server.peers).toHaveLength(1);
    await clock.advance(1);
    expect(server.peers[0]!.closed).toEqual({ by: 'client', code: 1000 });
    expect(client.status.get()).toMatchObject({ state: 'connecting', reason: { code: 4003 } });
  });

  it('is not given up while anything at all comes, be it unknown', async () => {
    const { client, clock, server } = stage();
    client.connect();
    await clock.advance(0);
    for (let n = 0; n < 20; n += 1) {
      await clock.advance(30_999);
      server.peer.sendRaw('{"t":"news-from-a-later-version"}');
      await clock.settle();
    }
    expect(client.status.get()).toMatchObject({ state: 'connected' });
    expect(server.peers).toHaveLength(1);
    expect(server.peer.got('ping')).toHaveLength(1);
  });

  it('is asked once more after the page slept, and given up 2 s later', async () => {
    const { client, clock, server } = stage({ hello: once(), ping: () => {} });
    client.connect();
    await clock.advance(0);
    clock.sleep(3_600_000);
    await clock.advance(0);
    expect(client.status.get()).toMatchObject({ state: 'connected' });
    expect(server.peer.got('ping')).toEqual([
      { t: 'ping', x: 1 },
      { t: 'ping', x: 2 },
    ]);
    await clock.advance(1999);
    expect(client.status.get()).toMatchObject({ state: 'connected' });
    await clock.advance(1);
    expect(server.peers[0]!.closed).toEqual({ by: 'client', code: 1000 });
    expect(client.status.get()).toMatchObject({ state: 'connecting', reason: { code: 4003, page: 'asleep' } });
  });

  it('is asked on a hint of the platform, and believed if it answers within 2 s', async () => {
    const { client, clock, page, server } = stage({ hello: once() });
    client.connect();
    await clock.advance(20_000);
    page.set({ visible: false });
    page.set({ visible: true });
    await clock.advance(2000);
    expect(client.status.get()).toMatchObject({ state: 'connected' });
    expect(server.peers).toHaveLength(1);
    server.follow({ ping: () => {} });
    page.set({ visible: false });
    page.set({ visible: true });
    await clock.advance(1999);
    expect(client.status.get()).toMatchObject({ state: 'connected' });
    expect(server.peers).toHaveLength(2);
    await clock.advance(1);
    expect(server.peers[0]!.got('ping')).toHaveLength(3);
    expect(server.peers[0]!.closed).toEqual({ by: 'client', code: 1000 });
    expect(client.status.get()).toMatchObject({ state: 'connecting', reason: { code: 4003, page: 'visible' } });
  });
});

describe('heartbeats', () => {
  it('are answered with the same x, and the round trip is measured again', async () => {
    const { client, clock, server } = stage({ ping: () => {} });
    client.connect();
    await clock.advance(40);
    server.peer.send({ t: 'pong', x: 1 });
    await clock.settle();
    expect(client.status.get()).toMatchObject({ state: 'connected', roundTrip: 40 });
    server.peer.send({ t: 'ping', x: 77 }, { t: 'ping' });
    await clock.advance(9);
    expect(server.peer.messages.at(-1)).toEqual([{ t: 'pong', x: 77 }, { t: 'ping', x: 2 }, { t: 'pong' }, { t: 'ping', x: 3 }]);
    server.peer.send({ t: 'pong', x: 3 });
    await clock.settle();
    expect(client.status.get()).toMatchObject({ roundTrip: 9 });
  });

  it('answered with another x measure nothing', async () => {
    const { client, clock, server } = stage({ ping: () => {} });
    client.connect();
    await clock.advance(40);
    server.peer.send({ t: 'pong' }, { t: 'pong', x: 0 }, { t: 'pong', x: 2 });
    await clock.settle();
    expect(client.status.get()).toMatchObject({ roundTrip: null });
    server.peer.send({ t: 'pong', x: 1 });
    await clock.settle();
    expect(client.status.get()).toMatchObject({ roundTrip: 40 });
  });
});
