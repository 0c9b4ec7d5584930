import { describe, expect, it } from 'vitest';
import { welcome } from '../../support/scripted-frames.ts';
import { useStage } from '../../support/scripted-client.ts';
import type { HoldfastError } from '../../../src/index.ts';
import type { Script } from '../../support/scripted-server.ts';

const stage = useStage();

describe('an opening', () => {
  it('sends hello first, with what is wanted, and measures the round trip once welcomed', async () => {
    const { client, clock, server, states, read } = stage();
    read('room');
    client.connect();
    await clock.advance(0);
    expect(states).toEqual(['connecting', 'connected']);
    expect(client.status.get()).toEqual({ state: 'connected', transport: 'websocket', since: clock.now(), roundTrip: 0 });
    expect(server.peer.url).toBe('wss://server.test/realtime/ws');
    expect(server.peer.protocols).toEqual(['holdfast.1.json']);
    expect(server.peer.messages[0]).toMatchObject([
      { t: 'hello', v: [1, 1], gen: 1, why: 'connect' },
      { t: 'sub', c: 'room', k: 1 },
    ]);
    expect(server.peer.got().map(({ t }) => t)).toEqual(['hello', 'sub', 'ping']);
    expect(client.channel('room').status.get()).toEqual({ state: 'live', lossy: false });
  });

  it.each<[string, Script, boolean]>([
    ['the handshake is never answered', { connect: (peer) => peer.hang() }, false],
    ['the socket opens and the server stays mute', { hello: () => {} }, true],
  ])('is given up after 10 s when %s', async (_, script, opened) => {
    const { client, clock, server, states } = stage(script);
    client.connect();
    await clock.advance(9999);
    expect(client.status.get()).toEqual({ state: 'connecting', attempt: 1, transport: 'websocket', reason: null });
    expect(server.peers).toHaveLength(1);
    await clock.advance(1);
    expect(client.status.get()).toMatchObject({
      state: 'waiting',
      attempt: 2,
      retryAt: clock.now() + 250,
      reason: { code: 4010, name: 'open-timeout', by: 'client', layer: 'transport', transport: 'websocket', opened },
    });
    expect(client.status.get()).toHaveProperty('reason.error.code', 'timeout');
    expect(server.peer.closed).toEqual({ by: 'client', code: 1000 });
    expect(server.peer.got().map(({ t }) => t)).toEqual(opened ? ['hello'] : []);

    server.follow({ connect: () => {}, hello: (_, peer) => peer.send(welcome()) });
    await clock.advance(250);
    expect(client.status.get()).toMatchObject({ state: 'connected' });
    expect(states).toEqual(['connecting', 'waiting', 'connecting', 'connected']);
    // One that never said hello was no connection of this page to anybody.
    expect(server.peer.got('hello')).toMatchObject([opened ? { gen: 2, why: 'reconnect' } : { gen: 1, why: 'connect' }]);
  });

  it('ignores a socket that opens after it was given up', async () => {
    const late: (() => void)[] = [];
    const { client, clock, server } = stage({ hello: (_, peer) => late.push(() => peer.send(welcome())) });
    client.connect();
    await clock.advance(10_000);
    late.forEach((welcomeNow) => welcomeNow());
    await clock.settle();
    expect(client.status.get()).toMatchObject({ state: 'waiting' });
    expect(server.peers).toHaveLength(1);
  });

  it('that is refused is told as a failure of the network, and tried again', async () => {
    const { client, clock, server } = stage({ connect: (peer) => peer.die() });
    client.connect();
    await clock.advance(0);
    expect(client.status.get()).toMatchObject({
      state: 'waiting',
      attempt: 2,
      retryAt: clock.now() + 250,
      reason: { code: 1006, name: 'abnormal', by: 'network', layer: 'transport', opened: false },
    });
    expect(client.status.get()).toHaveProperty('reason.error.code', 'connection-failed');
    server.follow({ connect: () => {} });
    await clock.advance(250);
    expect(client.status.get()).toMatchObject({ state: 'connected' });
    expect(server.peers).toHaveLength(2);
  });

  it('that the platform forbids is told as the work of the browser', async () => {
    const Forbidding = function () {
      throw new DOMException('An insecure WebSocket may not be initiated from an https page.', 'SecurityError');
    } as unknown as typeof WebSocket;
    const { client, clock, server } = stage({}, { environment: { WebSocket: Forbidding } });
    client.connect();
    await clock.advance(0);
    expect(client.status.get()).toMatchObject({ state: 'waiting', reason: { code: 1006, by: 'browser', opened: false } });
    expect(client.status.get()).toHaveProperty('reason.error.message', expect.stringContaining('insecure WebSocket'));
    expect(server.peers).toEqual([]);
  });

  it('without any WebSocket closes the client with a clear error', async () => {
    const { client, clock, errors } = stage({}, { environment: { WebSocket: undefined } });
    const receipt = client.channel('room').publish('message', 1);
    await clock.advance(0);
    expect(client.status.get()).toMatchObject({ state: 'closed' });
    expect(errors.map(({ code }) => code)).toEqual(['unsupported']);
    await expect(receipt.accepted).rejects.toMatchObject({ code: 'unsupported' });
  });
});

describe('destroy() leaves nothing', () => {
  it.each<[string, Script, string]>([
    ['while the handshake hangs', { connect: (peer) => peer.hang() }, 'destroyed'],
    ['before the welcome', { hello: () => {} }, 'destroyed'],
    ['once connected', {}, 'destroyed'],
    ['while it waits for the next attempt', { connect: (peer) => peer.die() }, 'destroyed'],
    ['after the server has ended the session for good', { hello: (_, peer) => peer.bye(4403) }, 'forbidden'],
  ])('%s', async (_, script, reason) => {
    const { client, clock, server, read } = stage(script);
    read('room');
    const receipt = client.channel('room').publish('message', 1);
    const drained = client.outbox.drain();
    await clock.advance(0);
    client.destroy();
    expect(clock.pending).toBe(0);
    // Whatever ended the client first is the reason that everybody is given.
    expect(await code(drained)).toBe(reason);
    await expect(receipt.accepted).rejects.toMatchObject({ code: reason });
    await clock.advance(600_000);
    expect(server.peers).toHaveLength(1);
    expect(() => client.connect()).toThrow(expect.objectContaining({ code: 'destroyed' }));
  });

  it('while the app is asked for a token, which is called off', async () => {
    let signal: AbortSignal | null = null;
    const { client, clock, server } = stage({}, { getToken: (context) => new Promise(() => (signal = context.signal)) });
    client.connect();
    await clock.advance(0);
    client.destroy();
    await clock.settle();
    expect(signal).toMatchObject({ aborted: true });
    expect(clock.pending).toBe(0);
    await clock.advance(600_000);
    expect(server.peers).toEqual([]);
  });
});

const code = (promise: Promise<void>): Promise<string> => promise.then(String, (error: unknown) => (error as HoldfastError).code);
