import { describe, expect, it } from 'vitest';
import type { Result } from '../../../src/protocol/frame.ts';
import { ack, nack, welcome } from '../../support/scripted-frames.ts';
import type { Peer } from '../../support/scripted-server.ts';
import { type Stage, useStage } from '../../support/scripted-client.ts';

const stage = useStage();
const publish = (
  { client }: Stage,
  ...data: readonly unknown[]
): ReturnType<ReturnType<Stage['client']['channel']>['publish']>[] =>
  data.map((item) => client.channel('room').publish('message', item));

describe('a publication whose ack never comes', () => {
  it('stays pending and is sent again after a reconnect, the same to the letter', async () => {
    const set = stage();
    const [receipt] = publish(set, { text: 'hello' });
    await set.clock.advance(30_000);
    const [first] = set.server.peer.got('pub');
    expect(first).toMatchObject({
      c: 'room',
      s: 1,
      first: true,
      items: [{ id: receipt!.id, e: 'message', d: { text: 'hello' } }],
    });
    expect(set.server.peer.got('pub')).toHaveLength(1);
    expect(receipt!.state.get()).toEqual({ state: 'pending', stored: true, attempted: true });
    expect(set.client.outbox.status.get()).toMatchObject({ pending: 1 });

    set.server.peer.die();
    await set.clock.advance(1000);
    expect(set.server.peers).toHaveLength(2);
    expect(set.server.peer.got('pub')).toEqual([first]);
    expect(receipt!.state.get()).toMatchObject({ state: 'pending' });

    set.server.peer.send(ack(first!, 7));
    await expect(receipt!.accepted).resolves.toEqual({
      cursor: { epoch: 'epoch', offset: 7, tag: 't-7' },
      maybeDuplicate: false,
    });
    await expect(set.client.outbox.drain()).resolves.toBeUndefined();
    expect(set.outcomes.map(({ result }) => result)).toEqual(['accepted']);
  });

  it('keeps its place in the order when more is published meanwhile', async () => {
    const set = stage();
    publish(set, 'a', 'b');
    await set.clock.advance(0);
    set.server.peer.die();
    publish(set, 'c');
    await set.clock.advance(250);
    const [pub, ...more] = set.server.peer.got('pub');
    expect(pub).toMatchObject({ s: 1, first: true, items: [{ d: 'a' }, { d: 'b' }, { d: 'c' }] });
    expect(more).toEqual([]);
    expect(pub!.p).toBe(set.server.peers[0]!.got('pub')[0]!.p);
  });

  it('does not claim to start its lane before a server with another memory', async () => {
    const set = stage({ hello: (_, peer) => peer.send(welcome({ mem: `mem-${peer.index}` })) });
    const [receipt] = publish(set, 'a');
    await set.clock.advance(0);
    set.server.peer.die();
    await set.clock.advance(250);
    const [again] = set.server.peer.got('pub');
    expect(again).toMatchObject({ s: 1, items: [{ id: receipt!.id, d: 'a' }] });
    expect(again).not.toHaveProperty('first');
    set.server.peer.send(nack(again!, 'unknown-producer'));
    await set.clock.advance(0);
    expect(set.server.peer.got('pub').at(-1)).toEqual({ ...again, first: true });
    set.server.peer.send(ack(again!, 3));
    await expect(receipt!.accepted).resolves.toEqual({ cursor: { epoch: 'epoch', offset: 3, tag: 't-3' }, maybeDuplicate: true });
  });

  it.each([
    ['surface', 'uncertain'],
    ['drop', 'closed'],
  ] as const)('is not sent twice if in doubt the app wants to %s: it ends as %s', async (whenInDoubt, result) => {
    const set = stage({ hello: (_, peer) => peer.send(welcome({ mem: `mem-${peer.index}` })) }, { outbox: { whenInDoubt } });
    const [doubtful] = publish(set, 'a');
    await set.clock.advance(0);
    set.server.peer.die();
    const [fresh] = publish(set, 'b');
    await set.clock.advance(250);
    set.server.peer.send(nack(set.server.peer.got('pub')[0]!, 'unknown-producer'));
    await set.clock.advance(0);
    const last = set.server.peer.got('pub').at(-1)!;
    expect(last).toMatchObject({
      s: 1,
      first: true,
      items: [
        { id: doubtful!.id, x: 'closed' },
        { id: fresh!.id, d: 'b' },
      ],
    });
    set.server.peer.send(ack(last, 0, [{ code: 'closed' }, [1, 't-1']]));
    await expect(doubtful!.accepted).rejects.toMatchObject({ code: result });
    await expect(fresh!.accepted).resolves.toMatchObject({ maybeDuplicate: false });
    expect(set.outcomes.map((outcome) => outcome.result)).toEqual([result, 'accepted']);
  });

  it('if in doubt the app wants to drop it: ends as the server says, for another page may have sent it', async () => {
    const hello = (_: unknown, peer: Peer): void => peer.send(welcome({ mem: `mem-${peer.index}` }));
    const set = stage({ hello }, { outbox: { whenInDoubt: 'drop' } });
    const [receipt] = publish(set, 'a');
    await set.clock.advance(0);
    set.server.peer.die();
    await set.clock.advance(250);
    const [again] = set.server.peer.got('pub');
    // It is withdrawn already when the server is another one.
    expect(again).toMatchObject({ items: [{ id: receipt!.id, x: 'closed' }] });
    set.server.peer.send(nack(again!, 'unknown-producer'));
    await set.clock.advance(0);
    set.server.peer.send(ack(again!, 3, [[3, 't-3']]));
    await expect(receipt!.accepted).resolves.toMatchObject({ cursor: { offset: 3 } });
    expect(set.outcomes.map((outcome) => outcome.result)).toEqual(['accepted']);
  });
});

describe('an ack', () => {
  it('that comes twice counts once', async () => {
    const set = stage();
    const [one] = publish(set, 'a');
    await set.clock.advance(0);
    const [first] = set.server.peer.got('pub');
    set.server.peer.send(ack(first!, 1), ack(first!, 99, [{ code: 'forbidden' }]), ack(first!, 1));
    await set.clock.advance(0);
    await expect(one!.accepted).resolves.toMatchObject({ cursor: { offset: 1 } });
    const [two] = publish(set, 'b');
    await set.clock.advance(0);
    // What answers the first again must not answer the second.
    set.server.peer.send(ack(first!, 1));
    await set.clock.advance(0);
    expect(two!.state.get()).toMatchObject({ state: 'pending' });
    set.server.peer.send(ack(set.server.peer.got('pub')[1]!, 2));
    await expect(two!.accepted).resolves.toMatchObject({ cursor: { offset: 2 } });
    expect(set.outcomes.map(({ result }) => result)).toEqual(['accepted', 'accepted']);
  });

  it.each([
    ['of another producer', { p: 'somebody-else' }],
    ['of another channel', { c: 'other' }],
    ['of a sequence beyond', { s: 5 }],
  ])('%s settles nothing', async (_, wrong) => {
    const set = stage();
    const [receipt] = publish(set, 'a');
    await set.clock.advance(0);
    const right = ack(set.server.peer.got('pub')[0]!, 1);
    set.server.peer.send({ ...right, ...wrong });
    await set.clock.advance(0);
    expect(receipt!.state.get()).toMatchObject({ state: 'pending' });
    set.server.peer.send(right);
    await expect(receipt!.accepted).resolves.toMatchObject({ cursor: { offset: 1 } });
  });

  it('with results for more than was sent settles what was sent', async () => {
    const set = stage();
    const receipts = publish(set, 'a', 'b');
    await set.clock.advance(0);
    const results: readonly Result[] = [0, [2, 't-2'], [3, 't-3'], { code: 'forbidden' }];
    set.server.peer.send(ack(set.server.peer.got('pub')[0]!, 1, results));
    await expect(receipts[0]!.accepted).resolves.toEqual({ cursor: null, maybeDuplicate: false });
    await expect(receipts[1]!.accepted).resolves.toMatchObject({ cursor: { offset: 2 } });
    const [later] = publish(set, 'c');
    await set.clock.advance(0);
    expect(later!.state.get()).toMatchObject({ state: 'pending' });
    expect(set.server.peer.got('pub')[1]).toMatchObject({ s: 3, items: [{ d: 'c' }] });
  });

  it('after none was asked for is ignored', async () => {
    const set = stage();
    set.client.connect();
    await set.clock.advance(0);
    set.server.peer.send({ t: 'ack', c: 'room', p: 'p', s: 1, ep: 'e', r: [[1, 't']] }, { t: 'recheck' });
    await set.clock.advance(0);
    expect(set.client.status.get()).toMatchObject({ state: 'connected' });
    expect(set.outcomes).toEqual([]);
    expect(set.server.peer.got('pub')).toEqual([]);
  });

  it.each([
    [{ code: 'forbidden' }, 'rejected', 'forbidden'],
    [{ code: 'invalid', message: 'No log is kept here.' }, 'rejected', 'invalid'],
    [{ code: 'too-large' }, 'rejected', 'too-large'],
    [{ code: 'app', app: 'not-your-move' }, 'rejected', 'app'],
    [{ code: 'moon-phase' }, 'rejected', 'app'],
    [{ code: 'cancelled' }, 'cancelled', 'cancelled'],
    [{ code: 'expired' }, 'expired', 'expired'],
    [{ code: 'closed' }, 'closed', 'closed'],
    [{ code: 'unknown' }, 'uncertain', 'uncertain'],
  ] as const)('with %j is told as %s', async (refusal, result, code) => {
    const set = stage();
    const [refused, next] = publish(set, 'a', 'b');
    await set.clock.advance(0);
    set.server.peer.send(ack(set.server.peer.got('pub')[0]!, 0, [refusal, [1, 't-1']]));
    await expect(refused!.accepted).rejects.toMatchObject({ code });
    await expect(next!.accepted).resolves.toMatchObject({ cursor: { offset: 1 } });
    expect(set.outcomes.map((outcome) => outcome.result)).toEqual([result, 'accepted']);
    if ('message' in refusal) await expect(refused!.accepted).rejects.toMatchObject({ message: refusal.message });
    if ('app' in refusal) await expect(refused!.accepted).rejects.toMatchObject({ details: { appCode: 'not-your-move' } });
    expect(set.client.outbox.status.get()).toMatchObject({ pending: 0, bytes: 0 });
  });

  it('with conflict has it published anew, under a fresh producer and the same id', async () => {
    const set = stage();
    const [receipt] = publish(set, 'a');
    await set.clock.advance(0);
    const [first] = set.server.peer.got('pub');
    set.server.peer.send(ack(first!, 0, [{ code: 'conflict' }]));
    await set.clock.advance(0);
    const again = set.server.peer.got('pub')[1]!;
    expect(again).toMatchObject({ s: 1, first: true, items: [{ id: receipt!.id, d: 'a' }] });
    expect(again.p).not.toBe(first!.p);
    expect(receipt!.state.get()).toMatchObject({ state: 'pending' });
    set.server.peer.send(ack(again, 4));
    await expect(receipt!.accepted).resolves.toMatchObject({ cursor: { offset: 4 } });
    expect(set.outcomes).toHaveLength(1);
  });
});

describe('what was accepted', () => {
  it('is shown again after a reconnect, before what waits, and told as lost if the server says so', async () => {
    const set = stage();
    const [one] = publish(set, 'a');
    await set.clock.advance(0);
    set.server.peer.send(ack(set.server.peer.got('pub')[0]!, 1));
    await one!.accepted;
    set.server.peer.die();
    const [two] = publish(set, 'b');
    await set.clock.advance(250);
    const [again] = set.server.peer.got('pub');
    expect(again).toMatchObject({
      s: 1,
      items: [
        { id: one!.id, d: 'a' },
        { id: two!.id, d: 'b' },
      ],
    });
    expect(again).not.toHaveProperty('first');
    set.server.peer.send(ack(again!, 0, [{ code: 'closed' }, [1, 't-1']]));
    await expect(two!.accepted).resolves.toMatchObject({ cursor: { offset: 1 } });
    expect(set.outcomes.map(({ id, result }) => [id, result])).toEqual([
      [one!.id, 'accepted'],
      [one!.id, 'lost'],
      [two!.id, 'accepted'],
    ]);
  });
});
