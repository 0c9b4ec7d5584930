import { describe, expect, it } from 'vitest';
import { ack, subbed, welcome } from '../../support/scripted-frames.ts';
import { useStage } from '../../support/scripted-client.ts';
import type { Limits } from '../../../src/protocol/frame.ts';
import type { Peer } from '../../support/scripted-server.ts';

const stage = useStage();
const welcoming =
  (limits: Partial<Limits>) =>
  (_: unknown, peer: Peer): void =>
    peer.send(welcome({ limits }));

describe('limits that the server announces', () => {
  it('of one item and ten bytes are kept by what is published later', async () => {
    const { client, clock, server, outcomes } = stage({ hello: welcoming({ items: 1, frame: 10, binary: 4 }) });
    client.connect();
    await clock.advance(0);
    const channel = client.channel('room');
    const fitting = ['12345678', [1, 2, 3], new Uint8Array(4)].map((data) => channel.publish('message', data));
    const refused = ['123456789', { a: 12345 }, new Uint8Array(5)].map((data) => channel.publish('message', data));
    await clock.advance(0);
    for (const receipt of refused) await expect(receipt.accepted).rejects.toMatchObject({ code: 'too-large' });
    const pubs = server.peer.got('pub');
    expect(pubs).toMatchObject([
      { s: 1, items: [{ d: '12345678' }] },
      { s: 2, items: [{ d: [1, 2, 3] }] },
      { s: 3, items: [{ d: new Uint8Array(4) }] },
    ]);
    pubs.forEach((pub, index) => server.peer.send(ack(pub, index + 1)));
    await expect(fitting[2]!.accepted).resolves.toMatchObject({ cursor: { offset: 3 } });
    expect(outcomes.map(({ result }) => result)).toEqual([...refused.map(() => 'rejected'), ...fitting.map(() => 'accepted')]);
    expect(() => channel.publishVolatile('message', '123456789')).toThrow(expect.objectContaining({ code: 'too-large' }));
    expect(channel.publishVolatile('message', '12345678')).toBe(true);
    await clock.advance(0);
    expect(server.peer.got('tell')).toMatchObject([{ c: 'room', e: 'message', d: '12345678' }]);
  });

  it('may be lower than what was published before: that goes out, and the server says what becomes of it', async () => {
    const { client, clock, server } = stage({
      hello: welcoming({ frame: 10 }),
      pub: (frame, peer) => peer.send(ack(frame, 0, [{ code: 'too-large', message: 'At most 10 bytes.' }])),
    });
    const receipt = client.channel('room').publish('message', 'more than ten bytes');
    await clock.advance(0);
    await expect(receipt.accepted).rejects.toMatchObject({ code: 'too-large', message: 'At most 10 bytes.' });
    expect(server.peer.got('pub')).toHaveLength(1);
  });

  it('of nesting and keys make a payload invalid', async () => {
    const { client, clock, server } = stage({ hello: welcoming({ depth: 1, keys: 1 }) });
    client.connect();
    await clock.advance(0);
    const channel = client.channel('room');
    for (const data of [{ a: [1] }, { a: 1, b: 2 }]) {
      await expect(channel.publish('message', data).accepted).rejects.toMatchObject({ code: 'invalid' });
    }
    channel.publish('message', { a: 1 });
    await clock.advance(0);
    expect(server.peer.got('pub')).toMatchObject([{ s: 1, items: [{ d: { a: 1 } }] }]);
  });

  it('of a batch are kept by every pub of more than one item', async () => {
    const { client, clock, server } = stage({
      hello: welcoming({ batch: 20 }),
      pub: (frame, peer) => peer.send(ack(frame, frame.s)),
    });
    const data = ['12345678', '12345678', 'larger than a whole batch', '1', '2', '3', '4', '5', '6', '7'];
    const receipts = data.map((item) => client.channel('room').publish('message', item));
    await clock.advance(0);
    await expect(receipts.at(-1)!.accepted).resolves.toMatchObject({ cursor: { offset: 10 } });
    expect(server.peer.got('pub').map(({ s, items }) => [s, items.length])).toEqual([
      [1, 2],
      [3, 1],
      [4, 6],
      [10, 1],
    ]);
  });

  it('of another server hold from its welcome on', async () => {
    const { client, clock, server } = stage({ hello: welcoming({ frame: 10 }) });
    client.connect();
    await clock.advance(0);
    const long = 'more than ten bytes';
    await expect(client.channel('room').publish('message', long).accepted).rejects.toMatchObject({ code: 'too-large' });
    server.follow({ hello: welcoming({}), pub: (frame, peer) => peer.send(ack(frame, 1)) });
    server.peer.die();
    await clock.advance(250);
    await expect(client.channel('room').publish('message', long).accepted).resolves.toMatchObject({ cursor: { offset: 1 } });
  });

  it('of the life of a publication cap its ttl', async () => {
    const { client, clock, server, outcomes } = stage({ hello: welcoming({ outboxTtl: 5000 }) });
    client.connect();
    await clock.advance(0);
    const receipt = client.channel('room').publish('message', 1, { ttl: 3_600_000 });
    await clock.advance(5000);
    // It was sent, so only the server knows.
    expect(receipt.state.get()).toMatchObject({ state: 'pending' });
    server.peer.die();
    await clock.advance(250);
    expect(server.peer.got('pub')).toMatchObject([{ s: 1, items: [{ id: receipt.id, x: 'expired' }] }]);
    server.peer.send(ack(server.peer.got('pub')[0]!, 0, [{ code: 'expired' }]));
    await expect(receipt.accepted).rejects.toMatchObject({ code: 'expired' });
    expect(outcomes.map(({ result }) => result)).toEqual(['expired']);
  });

  it('of a transport message are kept however much is published at once', async () => {
    const { client, clock, server } = stage({
      sub: (frame, peer) => peer.send(subbed(frame)),
      pub: (frame, peer) => peer.send(ack(frame, frame.s)),
    });
    client.connect();
    await clock.advance(0);
    const text = 'x'.repeat(60_000);
    const receipts = ['a', 'b', 'c'].flatMap((name) => {
      return Array.from({ length: 20 }, () => client.channel(name).publish('message', text));
    });
    await clock.advance(0);
    await Promise.all(receipts.map(({ accepted }) => accepted));
    expect(server.peers).toHaveLength(1);
    expect(Math.max(...server.peer.raw.map(({ length }) => length))).toBeLessThanOrEqual(welcome().limits.message);
    expect(server.peer.got('pub').flatMap(({ items }) => items)).toHaveLength(60);
  });
});
