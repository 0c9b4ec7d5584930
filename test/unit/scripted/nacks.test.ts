import { describe, expect, it } from 'vitest';
import type { Nack, Pub } from '../../../src/protocol/frame.ts';
import { ack, nack, welcome } from '../../support/scripted-frames.ts';
import { useStage } from '../../support/scripted-client.ts';

const stage = useStage();

describe('a transient refusal', () => {
  it.each<[string, Partial<Nack>]>([
    ['unavailable', {}],
    ['rate-limited', { after: 2000 }],
    ['token-expired', {}],
    ['out-of-order', {}],
    ['out-of-order', { expected: 1 }],
    ['out-of-order', { expected: 9 }],
    ['unknown-producer', {}],
    ['moon-phase', { after: 40 }],
  ])('with %s %j keeps the publication, which goes again after a growing pause', async (code, more) => {
    const { client, clock, server, errors, outcomes } = stage({ pub: (frame, peer) => peer.send(nack(frame, code, more)) });
    const receipts = ['a', 'b'].map((data) => client.channel('room').publish('message', data));
    await clock.advance(0);
    const [first] = server.peer.got('pub');
    for (const [index, pause] of [250, 500, 1000].entries()) {
      const wait = pause + (more.after ?? 0);
      await clock.advance(wait - 1);
      expect(server.peer.got('pub')).toHaveLength(index + 1);
      await clock.advance(1);
      expect(server.peer.got('pub')).toHaveLength(index + 2);
    }
    expect(server.peer.got('pub')).toEqual([first, first, first, first]);
    expect(receipts.map(({ state }) => state.get().state)).toEqual(['pending', 'pending']);
    server.follow({ pub: (frame, peer) => peer.send(ack(frame, 1)) });
    await clock.advance(2000 + (more.after ?? 0));
    await expect(receipts[1]!.accepted).resolves.toMatchObject({ cursor: { offset: 2 } });
    expect(outcomes.map(({ result }) => result)).toEqual(['accepted', 'accepted']);
    expect(server.peers).toHaveLength(1);
    expect(errors).toEqual([]);
  });

  it('of token-expired is over when the app has given the fresh token that the server asked for', async () => {
    const asked: string[] = [];
    const { client, clock, server } = stage(
      {
        pub(frame, peer) {
          if (peer.got('auth').length === 0) peer.send({ t: 'auth', ttl: 0 }, nack(frame, 'token-expired'));
          else peer.send(ack(frame, 1));
        },
      },
      { getToken: ({ reason }) => `token-${asked.push(reason)}` },
    );
    const receipt = client.channel('room').publish('message', 'a');
    await clock.advance(250);
    expect(asked).toEqual(['connect', 'expired']);
    expect(server.peer.got('auth')).toEqual([{ t: 'auth', token: 'token-2' }]);
    await expect(receipt.accepted).resolves.toMatchObject({ cursor: { offset: 1 } });
    expect(server.peer.got('pub')).toHaveLength(2);
  });

  it('in the middle of a batch goes on from there, and what follows it is not sent twice', async () => {
    const { client, clock, server, outcomes } = stage();
    const publish = (data: string): unknown => client.channel('room').publish('message', data);
    publish('a');
    publish('b');
    await clock.advance(0);
    publish('c');
    await clock.advance(0);
    const [ab, c] = server.peer.got('pub');
    server.peer.send(
      { ...ack(ab!, 1), r: [[1, 't-1']] },
      nack({ ...ab!, s: 2 }, 'unavailable'),
      nack(c!, 'out-of-order', { expected: 2 }),
    );
    await clock.advance(249);
    expect(server.peer.got('pub')).toHaveLength(2);
    await clock.advance(1);
    const [, , again, ...more] = server.peer.got('pub');
    expect(again).toMatchObject({ s: 2, p: ab!.p, items: [{ d: 'b' }, { d: 'c' }] });
    expect(more).toEqual([]);
    server.peer.send(ack(again!, 2));
    await clock.advance(0);
    expect(outcomes.map((outcome) => outcome.result === 'accepted' && outcome.cursor?.offset)).toEqual([1, 2, 3]);
  });

  it('of one channel holds up no other', async () => {
    const { client, clock, server } = stage({
      pub: (frame, peer) => peer.send(frame.c === 'room' ? nack(frame, 'unavailable', { after: 60_000 }) : ack(frame, 1)),
    });
    const [held, free] = ['room', 'other'].map((name) => client.channel(name).publish('message', name));
    await clock.advance(0);
    await expect(free!.accepted).resolves.toMatchObject({ cursor: { offset: 1 } });
    expect(held!.state.get()).toMatchObject({ state: 'pending' });
    expect(server.peer.got('pub').map(({ c }) => c)).toEqual(['room', 'other']);
  });

  it('is over with the connection: the next one sends at once', async () => {
    const { client, clock, server } = stage({
      pub: (frame, peer) => peer.send(nack(frame, 'unavailable', { after: 3_600_000 })),
    });
    const receipt = client.channel('room').publish('message', 'a');
    await clock.advance(0);
    server.follow({ pub: (frame, peer) => peer.send(ack(frame, 1)) });
    server.peer.die();
    await clock.advance(250);
    await expect(receipt.accepted).resolves.toMatchObject({ cursor: { offset: 1 } });
  });
});

describe('out-of-order', () => {
  it('below what is held is closed by tombstones, so that nothing blocks the lane', async () => {
    const { client, clock, server, outcomes } = stage({ pub: (frame, peer) => peer.send(ack(frame, frame.s)) });
    for (const data of ['a', 'b', 'c']) client.channel('room').publish('message', data);
    await clock.advance(0);
    // Answered ones are forgotten after a minute.
    for (let minute = 0; minute < 6; minute += 1) {
      await clock.advance(30_000);
      server.peer.send({ t: 'ping' });
    }
    server.follow({ pub: (frame, peer) => frame.s === 4 && peer.send(nack(frame, 'out-of-order', { expected: 2 })) });
    const receipt = client.channel('room').publish('message', 'd');
    await clock.settle();
    const [, fourth, again] = server.peer.got('pub');
    expect(fourth).toMatchObject({ s: 4, items: [{ d: 'd' }] });
    expect(again).toMatchObject({ s: 2, items: [{ x: 'closed' }, { x: 'closed' }, { id: receipt.id, d: 'd' }] });
    server.peer.send(ack(again!, 0, [{ code: 'closed' }, { code: 'closed' }, [9, 't-9']]));
    await expect(receipt.accepted).resolves.toMatchObject({ cursor: { offset: 9 } });
    expect(outcomes.map(({ result }) => result)).toEqual(['accepted', 'accepted', 'accepted', 'accepted']);
  });
});

describe('a nack without need', () => {
  it('changes nothing: for nothing, for what is answered, for another lane', async () => {
    const { client, clock, server, errors } = stage();
    client.connect();
    await clock.advance(0);
    const none = { t: 'pub', c: 'room', p: 'p', s: 1, items: [] } as const;
    server.peer.send(nack(none, 'unavailable'), nack(none, 'unknown-producer'), nack(none, 'out-of-order', { expected: 1 }));
    const receipt = client.channel('room').publish('message', 'a');
    await clock.advance(0);
    const [first] = server.peer.got('pub');
    server.peer.send(ack(first!, 1));
    await receipt.accepted;
    server.peer.send(
      nack(first!, 'unavailable'),
      nack(first!, 'unknown-producer'),
      nack(first!, 'out-of-order', { expected: 1 }),
    );
    await clock.advance(20_000);
    expect(server.peer.got('pub')).toHaveLength(1);
    const next = client.channel('room').publish('message', 'b');
    await clock.advance(0);
    expect(server.peer.got('pub')[1]).toMatchObject({ s: 2, items: [{ d: 'b' }] });
    server.peer.send(ack(server.peer.got('pub')[1]!, 2));
    await expect(next.accepted).resolves.toMatchObject({ cursor: { offset: 2 } });
    expect(errors).toEqual([]);
  });

  it.each([2, 99, Number.MAX_SAFE_INTEGER])('for sequence %i, which was never sent, blocks no lane', async (s) => {
    const { client, clock, server } = stage();
    const receipt = client.channel('room').publish('message', 'a');
    await clock.advance(0);
    const [first] = server.peer.got('pub');
    server.peer.send(nack({ ...first!, s }, 'unavailable'));
    await clock.advance(10_000);
    server.peer.send(ack(first!, 1));
    await clock.advance(0);
    expect(receipt.state.get()).toMatchObject({ state: 'settled' });
    server.follow({ pub: (frame, peer) => peer.send(ack(frame, frame.s)) });
    const receipts = ['room', 'other'].map((name) => client.channel(name).publish('message', name));
    await clock.advance(0);
    expect(receipts.map(({ state }) => state.get())).toMatchObject([
      { state: 'settled', outcome: { result: 'accepted', cursor: { offset: 2 } } },
      { state: 'settled', outcome: { result: 'accepted', cursor: { offset: 1 } } },
    ]);
  });
});

describe('a repair that is refused in the middle', () => {
  it('goes on after the pause, also if what is before it is answered only then', async () => {
    const { client, clock, server } = stage({
      hello: (_, peer) => peer.send(welcome({ limits: { items: 1 } })),
      pub: (frame, peer) => peer.send(ack(frame, frame.s)),
    });
    ['a', 'b'].forEach((data) => client.channel('room').publish('message', data));
    await clock.advance(0);
    const held: Pub[] = [];
    server.follow({
      pub(frame, peer) {
        if (frame.first !== true && held.length === 0) peer.send(nack(frame, 'unknown-producer'));
        else if (frame.first === true) held.push(frame);
        else peer.send(nack(frame, 'rate-limited'));
      },
    });
    server.peer.send({ t: 'recheck' });
    await clock.advance(5000);
    expect(held).toMatchObject([{ s: 1 }]);
    server.follow({ pub: (frame, peer) => peer.send(ack(frame, frame.s)) });
    const before = server.peer.got('pub').length;
    server.peer.send(ack(held[0]!, 1));
    await clock.advance(0);
    expect(server.peer.got('pub').slice(before)).toMatchObject([{ s: 2, items: [{ d: 'b' }] }]);
  });
});
