import { describe, expect, it } from 'vitest';
import { ack, welcome } from '../../support/scripted-frames.ts';
import { useStage } from '../../support/scripted-client.ts';
import type { TokenContext } from '../../../src/types.ts';

const stage = useStage();

describe('a welcome', () => {
  it.each([
    ['of another version', welcome({ v: 2 }), {}, 4406, 'protocol-error', /version 2/],
    ['for another user', welcome({ user: 'eve' }), { user: 'ada' }, 4403, 'unauthorized', /'eve'.*'ada'/],
    ['for a user, to an anonymous client', welcome({ user: 'eve' }), {}, 4403, 'unauthorized', /'eve'.*'anonymous'/],
    ['for nobody, to a signed-in client', welcome(), { user: 'ada' }, 4403, 'unauthorized', /'anonymous'.*'ada'/],
  ] as const)('%s closes the client before anything is published', async (_, frame, options, reason, code, message) => {
    const { client, clock, server, errors, read } = stage({ hello: (_hello, peer) => peer.send(frame) }, options);
    const seen = read('room');
    const receipt = client.channel('room').publish('message', 'secret');
    await clock.advance(0);
    expect(client.status.get()).toMatchObject({ state: 'closed', reason: { code: reason, by: 'client', error: { code } } });
    expect(errors.map((error) => error.code)).toEqual([code]);
    expect(errors[0]?.message).toMatch(message);
    await expect(receipt.accepted).rejects.toMatchObject({ code });
    await expect(client.outbox.drain()).rejects.toMatchObject({ code });
    expect(client.channel('room').status.get()).toMatchObject({ state: 'closed', error: { code } });
    expect(server.peer.got().map(({ t }) => t)).toEqual(['hello', 'sub']);
    expect(server.peer.closed).toEqual({ by: 'client', code: 1000 });
    await clock.advance(600_000);
    expect(server.peers).toHaveLength(1);
    expect(seen).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('for the user whose client it is lets it publish', async () => {
    const { client, clock, server } = stage(
      { hello: (_, peer) => peer.send(welcome({ user: 'ada' })), pub: (frame, peer) => peer.send(ack(frame, 1)) },
      { user: 'ada' },
    );
    const receipt = client.channel('room').publish('message', 1);
    await clock.advance(0);
    await expect(receipt.accepted).resolves.toEqual({ cursor: { epoch: 'epoch', offset: 1, tag: 't-1' }, maybeDuplicate: false });
    expect(server.peer.got('pub')).toHaveLength(1);
  });

  it('that comes twice counts once', async () => {
    const { client, clock, server } = stage({ hello: (_, peer) => peer.send(welcome(), welcome({ ping: 1 })) });
    client.connect();
    await clock.advance(20_000);
    expect(client.status.get()).toMatchObject({ state: 'connected' });
    expect(server.peer.got('ping')).toHaveLength(1);
  });

  it.each([{ user: 'eve' }, { mem: 'another' }])(
    'that comes again with %o ends the connection, and the next one finds out',
    async (fields) => {
      const { client, clock } = stage({ hello: (_, peer) => peer.send(welcome(), welcome(fields)) });
      client.connect();
      await clock.advance(0);
      expect(client.status.get()).toMatchObject({ state: 'waiting', reason: { code: 1012, name: 'restart', by: 'server' } });
    },
  );

  it('is waited for: what comes before it is not heard', async () => {
    const { client, clock, server, read } = stage({ hello: () => {}, sub: () => {} });
    const seen = read('room');
    await clock.advance(0);
    server.peer.send(
      { t: 'subbed', c: 'room', k: 1, cur: ['epoch', 7, 't-7'], ok: null, items: [{ id: 'a', e: 'message', o: 7, g: 't-7' }] },
      { t: 'msg', c: 'room', items: [{ id: 'b', e: 'message', o: 8, g: 't-8' }] },
      { t: 'tell', c: 'room', id: 'c', e: 'message' },
      { t: 'ping', x: 1 },
      { t: 'auth', ttl: 0 },
      { t: 'recheck' },
    );
    await clock.settle();
    expect(client.status.get()).toMatchObject({ state: 'connecting' });
    expect(seen).toEqual([]);
    expect(server.peer.got().map(({ t }) => t)).toEqual(['hello', 'sub']);
  });
});

describe('tokens', () => {
  const issuing = (): { readonly asked: TokenContext['reason'][]; readonly getToken: (context: TokenContext) => string } => {
    const asked: TokenContext['reason'][] = [];
    return { asked, getToken: ({ reason }) => `token-${asked.push(reason)}` };
  };

  it('go in hello, and afresh in auth at 80 % of their life', async () => {
    const { asked, getToken } = issuing();
    const { client, clock, server } = stage(
      { hello: (_, peer) => peer.send(welcome({ ttl: 100_000 })), auth: (_, peer) => peer.send({ t: 'auth', ttl: 10_000 }) },
      { getToken },
    );
    client.connect();
    await clock.advance(0);
    expect(server.peer.got('hello')).toMatchObject([{ token: 'token-1' }]);
    await clock.advance(20_000);
    server.peer.send({ t: 'ping' });
    await clock.advance(20_000);
    server.peer.send({ t: 'ping' });
    await clock.advance(20_000);
    server.peer.send({ t: 'ping' });
    await clock.advance(19_999);
    expect(server.peer.got('auth')).toEqual([]);
    await clock.advance(1);
    expect(server.peer.got('auth')).toEqual([{ t: 'auth', token: 'token-2' }]);
    await clock.advance(8000);
    expect(server.peer.got('auth').map(({ token }) => token)).toEqual(['token-2', 'token-3']);
    expect(asked).toEqual(['connect', 'refresh', 'refresh']);
  });

  it('are asked for at once when the server says that they have ended', async () => {
    const { asked, getToken } = issuing();
    const { client, clock, server } = stage({}, { getToken });
    client.connect();
    await clock.advance(0);
    server.peer.send({ t: 'auth', ttl: 0 });
    await clock.advance(0);
    expect(asked).toEqual(['connect', 'expired']);
    expect(server.peer.got('auth')).toEqual([{ t: 'auth', token: 'token-2' }]);
    expect(client.status.get()).toMatchObject({ state: 'connected' });
  });

  it('are renewed after 4201, each time', async () => {
    const { asked, getToken } = issuing();
    const { client, clock, server } = stage({ hello: (_, peer) => peer.bye(4201) }, { getToken });
    client.connect();
    await clock.advance(0);
    await clock.advance(250);
    await clock.advance(500);
    expect(asked).toEqual(['connect', 'expired', 'expired']);
    expect(server.peers.flatMap((peer) => peer.got('hello')).map(({ token }) => token)).toEqual([
      'token-1',
      'token-2',
      'token-3',
    ]);
    expect(client.status.get()).toMatchObject({ state: 'waiting', reason: { code: 4201, name: 'token-expired' } });
  });

  it('are renewed after 4202 once; the second time in a row ends the client', async () => {
    const { asked, getToken } = issuing();
    const { client, clock, server, errors } = stage({ hello: (_, peer) => peer.bye(4202) }, { getToken });
    client.connect();
    await clock.advance(0);
    expect(client.status.get()).toMatchObject({ state: 'waiting', reason: { code: 4202, name: 'token-rejected' } });
    await clock.advance(250);
    expect(client.status.get()).toMatchObject({ state: 'closed', reason: { code: 4202, error: { code: 'unauthorized' } } });
    expect(asked).toEqual(['connect', 'rejected']);
    expect(errors.map(({ code }) => code)).toEqual(['unauthorized']);
    expect(clock.pending).toBe(0);
    expect(server.peers).toHaveLength(2);
  });

  it('refused twice, but not in a row, do not end the client', async () => {
    const { asked, getToken } = issuing();
    const { client, clock, server } = stage({ hello: (_, peer) => peer.bye(4202) }, { getToken });
    client.connect();
    await clock.advance(0);
    server.follow({ hello: (_, peer) => peer.send(welcome()) });
    await clock.advance(250);
    await clock.advance(10_000);
    server.peer.bye(4202);
    await clock.advance(1000);
    expect(client.status.get()).toMatchObject({ state: 'connected' });
    expect(asked).toEqual(['connect', 'rejected', 'rejected']);
  });
});
