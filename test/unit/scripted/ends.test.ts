import { describe, expect, it } from 'vitest';
import { useStage } from '../../support/scripted-client.ts';
import type { Script } from '../../support/scripted-server.ts';
import { welcome } from '../../support/scripted-frames.ts';

const stage = useStage();

/** From docs/protocol.md, "Ends": what the client does next. */
const RETRIES: readonly (readonly [code: number, name: string])[] = [
  [1000, 'normal'],
  [1001, 'gone'],
  [1002, 'protocol-error'],
  [1003, 'unsupported-data'],
  [1005, 'no-status'],
  [1006, 'abnormal'],
  [1007, 'invalid-data'],
  [1008, 'policy'],
  [1009, 'too-large'],
  [1010, 'extension'],
  [1011, 'server-error'],
  [1012, 'restart'],
  [1013, 'try-later'],
  [1014, 'bad-gateway'],
  [1015, 'tls'],
  [4003, 'ping-timeout'],
  [4008, 'slow-consumer'],
  [4009, 'superseded'],
  [4201, 'token-expired'],
  [4202, 'token-rejected'],
  [4413, 'too-large'],
  [4429, 'limits'],
  // In no table: below 4400 retry.
  [3000, 'code-3000'],
  [4399, 'code-4399'],
];
const ENDS: readonly (readonly [code: number, name: string, error: string])[] = [
  [4400, 'bad-frame', 'protocol-error'],
  [4403, 'forbidden', 'forbidden'],
  [4406, 'no-common-version', 'protocol-error'],
  // In no table: from 4400 end.
  [4450, 'code-4450', 'protocol-error'],
  [4999, 'code-4999', 'protocol-error'],
];
const UNCLEAN = new Set([1005, 1006, 1015]);

/** Both ways in which a server may end: by `bye`, and by the socket alone. */
const end = (how: 'bye' | 'close', code: number): Required<Script>['hello'] => {
  return (_, peer) => {
    peer.send(welcome());
    if (how === 'bye') peer.bye(code);
    else if (UNCLEAN.has(code)) peer.die(code);
    else peer.close(code);
  };
};

describe.each(['bye', 'close'] as const)('a session that ends by %s', (how) => {
  it.each(RETRIES)('with %i %s is tried again by the backoff, with all that was wanted', async (code, name) => {
    const { client, clock, server, errors, read } = stage({ hello: end(how, code) });
    read('room');
    // A batch that is too large is another story.
    const receipt = name === 'too-large' ? null : client.channel('room').publish('message', 1);
    await clock.advance(0);
    expect(client.status.get()).toMatchObject({
      state: 'waiting',
      attempt: 2,
      retryAt: clock.now() + 250,
      reason: {
        code,
        name,
        by: how === 'close' && UNCLEAN.has(code) ? 'network' : 'server',
        layer: how === 'bye' ? 'session' : 'transport',
        opened: true,
      },
    });
    expect(receipt?.state.get().state ?? 'pending').toBe('pending');
    server.follow({ hello: (_, peer) => peer.send(welcome()) });
    await clock.advance(250);
    expect(client.status.get()).toMatchObject({ state: 'connected' });
    expect(server.peers).toHaveLength(2);
    expect(server.peer.got('sub')).toMatchObject([{ c: 'room' }]);
    expect(server.peer.got('pub')).toMatchObject(receipt === null ? [] : [{ c: 'room', s: 1, items: [{ d: 1 }] }]);
    expect(errors).toEqual([]);
  });

  it.each(ENDS)('with %i %s closes the client with a clear error', async (code, name, error) => {
    const { client, clock, server, errors, read } = stage();
    read('room');
    await clock.advance(0);
    // Before the client publishes anything: a batch that may be at fault is another story.
    if (how === 'bye') server.peer.bye(code, { why: 'No such luck.' });
    else server.peer.close(code);
    await clock.advance(0);
    expect(client.status.get()).toMatchObject({ state: 'closed', reason: { code, name, by: 'server' } });
    expect(client.status.get()).toHaveProperty('reason.error.code', error);
    expect(client.channel('room').status.get()).toMatchObject({ state: 'closed', error: { code: error } });
    expect(errors.map((told) => told.code)).toEqual([error]);
    expect(errors[0]?.message).toContain(how === 'bye' && error !== 'forbidden' ? 'No such luck.' : '');
    const receipt = client.channel('room').publish('message', 1);
    await expect(receipt.accepted).rejects.toMatchObject({ code: error });
    client.connect();
    client.retryNow();
    await clock.advance(600_000);
    expect(server.peers).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  it('with 4000 is tried again within the spread, and the backoff does not grow', async () => {
    const drain: Required<Script>['hello'] = (_, peer) => {
      peer.send(welcome());
      if (how === 'bye') peer.bye(4000, { spread: 20_000, after: 3000 });
      else peer.close(4000);
    };
    const { client, clock, server } = stage({ hello: drain });
    client.connect();
    for (let n = 1; n <= 4; n += 1) {
      await clock.advance(0);
      const wait = how === 'bye' ? 13_000 : 250;
      expect(client.status.get()).toMatchObject({ state: 'waiting', attempt: 1, retryAt: clock.now() + wait });
      expect(client.status.get()).toHaveProperty('reason.name', 'going-away');
      expect(server.peers).toHaveLength(n);
      await clock.advance(wait);
    }
  });
});

describe('bye', () => {
  it('sets a floor with `after` that no hint of the platform goes below', async () => {
    const { client, clock, page, server } = stage({ hello: (_, peer) => peer.bye(4429, { after: 60_000 }) });
    client.connect();
    await clock.advance(0);
    expect(client.status.get()).toMatchObject({ state: 'waiting', retryAt: clock.now() + 60_250, reason: { code: 4429 } });
    page.set({ online: false });
    page.set({ online: true });
    await clock.advance(59_999);
    expect(server.peers).toHaveLength(1);
    await clock.advance(251);
    expect(server.peers).toHaveLength(2);
  });

  it('counts before the close that follows it, and nothing after it is heard', async () => {
    const { client, clock, server, read } = stage();
    const seen = read('room');
    await clock.advance(0);
    server.peer.send(
      { t: 'bye', code: 4008, why: 'You are slow.' },
      { t: 'msg', c: 'room', items: [{ id: 'a', e: 'message', o: 1, g: 't-1' }] },
      { t: 'bye', code: 4403, why: 'And no longer welcome.' },
    );
    server.peer.close(4403);
    await clock.advance(0);
    expect(client.status.get()).toMatchObject({ state: 'waiting', reason: { code: 4008, layer: 'session' } });
    expect(client.status.get()).toHaveProperty('reason.error.message', expect.stringContaining('You are slow.'));
    expect(seen).toEqual([]);
    expect(server.peer.closed).toEqual({ by: expect.any(String), code: 1000 });
  });
});
