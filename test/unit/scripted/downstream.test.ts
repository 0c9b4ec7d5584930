import { describe, expect, it } from 'vitest';
import type { ServerFrame } from '../../../src/protocol/frame.ts';
import { entry, msg, subbed, welcome } from '../../support/scripted-frames.ts';
import { useStage } from '../../support/scripted-client.ts';

const stage = useStage();
const offsets = (messages: readonly { readonly cursor: { readonly offset: number } | null }[]): readonly (number | undefined)[] =>
  messages.map(({ cursor }) => cursor?.offset);

describe('an answer to sub', () => {
  it('that comes twice counts once', async () => {
    const { client, clock, server, read } = stage({
      sub: (frame, peer) => peer.send(subbed(frame, { cur: ['epoch', 2, 't-2'], items: [entry(1), entry(2)] })),
    });
    const seen = read('room');
    await clock.advance(0);
    const again = subbed(server.peer.got('sub')[0]!, { cur: ['other', 9, 't-9'], items: [entry(8), entry(9)] });
    server.peer.send(again, { ...again, ok: false, why: 'trimmed' }, msg('room', 3));
    await clock.advance(0);
    expect(offsets(seen)).toEqual([1, 2, 3]);
    expect(seen.at(-1)?.cursor).toEqual({ epoch: 'epoch', offset: 3, tag: 't-3' });
    expect(client.channel('room').status.get()).toEqual({ state: 'live', lossy: false });
    expect(server.peer.got('sub')).toHaveLength(1);
  });

  it('with an older k is ignored, before and after the one with the right k', async () => {
    const { client, clock, server, read } = stage({ hello: (_, peer) => peer.close(1011), sub: () => {} });
    const seen = read('room');
    await clock.advance(0);
    const [first] = server.peer.got('sub');
    server.follow({ hello: (_, peer) => peer.send(welcome()) });
    await clock.advance(250);
    const [second] = server.peer.got('sub');
    expect(second!.k).toBeGreaterThan(first!.k);
    const old = subbed(first!, { cur: ['old', 1, 't-1'], items: [entry(1, 'old')] });
    server.peer.send(old);
    await clock.advance(0);
    expect(client.channel('room').status.get()).toEqual({ state: 'subscribing' });
    server.peer.send(subbed(second!, { items: [], cur: ['epoch', 4, 't-4'] }), old, msg('room', 5));
    await clock.advance(0);
    expect(seen.map(({ data, cursor }) => [data, cursor?.epoch])).toEqual([[5, 'epoch']]);
    expect(client.channel('room').status.get()).toEqual({ state: 'live', lossy: false });
  });

  it('may come late: what comes before it is not delivered twice, nor out of order', async () => {
    const { client, clock, server, read } = stage({ sub: () => {} });
    const seen = read('room');
    await clock.advance(0);
    server.peer.send(
      msg('room', 6),
      { t: 'skip', c: 'room', o: 9, g: 't-9' },
      { t: 'gap', c: 'room', cur: ['x', 1, ''], why: 'epoch' },
    );
    await clock.advance(0);
    expect(seen).toEqual([]);
    const items = [entry(5), entry(6)];
    server.peer.send(subbed(server.peer.got('sub')[0]!, { cur: ['epoch', 6, 't-6'], items }), msg('room', 6, 7));
    await clock.advance(0);
    expect(offsets(seen)).toEqual([5, 6, 7]);
    expect(client.channel('room').status.get()).toEqual({ state: 'live', lossy: false });
    expect(server.peer.got('sub')).toHaveLength(1);
  });

  it('that never comes leaves the channel subscribing, and is asked for again on the next connection', async () => {
    const { client, clock, server, read } = stage({ sub: () => {} });
    read('room');
    await clock.advance(20_000);
    expect(client.channel('room').status.get()).toEqual({ state: 'subscribing' });
    server.follow({ sub: (frame, peer) => peer.send(subbed(frame)) });
    server.peer.die();
    await clock.advance(1000);
    expect(client.channel('room').status.get()).toEqual({ state: 'live', lossy: false });
    expect(server.peers.map((peer) => peer.got('sub').length)).toEqual([1, 1]);
  });
});

describe('entries', () => {
  it('behind a hole are asked for by one sub, and not delivered before its answer', async () => {
    const { client, clock, server, read } = stage();
    const seen = read('room');
    await clock.advance(0);
    server.follow({ sub: () => {} });
    server.peer.send(msg('room', 1), msg('room', 3), msg('room', 4, 5), msg('room', 2), msg('room', 9));
    await clock.advance(0);
    expect(offsets(seen)).toEqual([1]);
    const [, second, ...more] = server.peer.got('sub');
    expect(second).toMatchObject({ c: 'room', cur: ['epoch', 1, 't-1'] });
    expect(more).toEqual([]);
    expect(client.channel('room').status.get()).toEqual({ state: 'recovering', why: 'reconnect' });
    const items = [2, 3, 4, 5].map((o) => entry(o));
    server.peer.send(subbed(second!, { items }), msg('room', 5, 6));
    await clock.advance(0);
    expect(offsets(seen)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(server.peer.got('sub')).toHaveLength(2);
    expect(client.channel('room').status.get()).toEqual({ state: 'live', lossy: false });
  });

  it('that come again are dropped, also if they say something else', async () => {
    const { clock, server, read } = stage();
    const seen = read('room');
    await clock.advance(0);
    server.peer.send(msg('room', 1, 2), msg('room', 1), { t: 'msg', c: 'room', items: [entry(2, 'forged'), entry(3)] });
    await clock.advance(0);
    expect(seen.map(({ data }) => data)).toEqual([1, 2, 3]);
    expect(server.peer.got('sub')).toHaveLength(1);
  });

  it('skipped move the cursor, forwards only', async () => {
    const { clock, server, read } = stage();
    const seen = read('room');
    await clock.advance(0);
    const skip = (o: number): ServerFrame => ({ t: 'skip', c: 'room', o, g: `s-${o}` });
    server.peer.send(skip(4), msg('room', 5), skip(2), skip(5), msg('room', 6));
    await clock.advance(0);
    expect(offsets(seen)).toEqual([5, 6]);
    server.peer.send(skip(8));
    server.peer.die();
    await clock.advance(1000);
    expect(server.peer.got('sub')).toMatchObject([{ cur: ['epoch', 8, 's-8'] }]);
  });

  it('a handler that destroys the client is the last to hear anything', async () => {
    const { client, clock, server, read } = stage();
    const seen = read('room');
    client.channel('room').subscribe('message', (data) => data === 2 && client.destroy());
    await clock.advance(0);
    server.peer.send(msg('room', 1, 2, 3), msg('room', 4), { t: 'tell', c: 'room', id: 'v', e: 'message' });
    await clock.advance(0);
    expect(seen.map(({ data }) => data)).toEqual([1, 2]);
    expect(client.status.get()).toMatchObject({ state: 'closed', reason: { by: 'app' } });
  });
});

describe('frames for a channel that nobody here asked for', () => {
  it('reach nobody and end nothing', async () => {
    const { client, clock, server, states, errors, read } = stage();
    const seen = read('room');
    await clock.advance(0);
    server.peer.send(
      { t: 'msg', c: 'other', items: [entry(1)] },
      { t: 'subbed', c: 'other', k: 1, cur: ['e', 0, ''], ok: null, items: [entry(1)] },
      { t: 'unsubbed', c: 'other', code: 'forbidden', retry: true },
      { t: 'tell', c: 'other', id: 'v-1', e: 'message', d: 1 },
      { t: 'skip', c: 'other', o: 9, g: 't' },
      { t: 'gap', c: 'other', cur: ['e', 9, 't'], why: 'trimmed' },
      { t: 'ack', c: 'other', p: 'p', s: 1, ep: 'e', r: [0] },
      { t: 'nack', c: 'other', p: 'p', s: 1, code: 'unavailable' },
      msg('room', 1),
    );
    await clock.advance(30_000);
    expect(seen.map(({ channel }) => channel)).toEqual(['room']);
    expect(client.channel('other').status.get()).toEqual({ state: 'idle' });
    expect(client.outbox.status.get()).toMatchObject({ pending: 0 });
    expect(errors).toEqual([]);
    expect(states).toEqual(['connecting', 'connected']);
    expect(server.peer.got('sub').map(({ c }) => c)).toEqual(['room']);
  });

  it('as those of one that was released, of which the server is told once', async () => {
    const { client, clock, server } = stage();
    const seen: unknown[] = [];
    const stop = client.channel('room').subscribeAll((message) => seen.push(message));
    await clock.advance(0);
    stop();
    await clock.advance(1000);
    expect(server.peer.got('unsub')).toEqual([{ t: 'unsub', c: 'room' }]);
    server.peer.send(msg('room', 1, 2), { t: 'gap', c: 'room', cur: ['e', 9, 't'], why: 'trimmed' });
    await clock.advance(1000);
    expect(seen).toEqual([]);
    expect(client.channel('room').status.get()).toEqual({ state: 'idle' });
    expect(server.peer.got('sub')).toHaveLength(1);
  });
});

describe('tell', () => {
  it('is delivered once for each id, without a place in the log', async () => {
    const { clock, server, read } = stage();
    const seen = read('room');
    await clock.advance(0);
    const tell: ServerFrame = { t: 'tell', c: 'room', id: 'v-1', e: 'moved', d: { x: 1 }, by: 'bob' };
    server.peer.send(tell, tell, { ...tell, id: 'v-2' }, tell);
    await clock.advance(0);
    expect(seen).toMatchObject([
      { id: 'v-1', event: 'moved', data: { x: 1 }, by: 'bob', cursor: null, sentAt: null, own: false },
      { id: 'v-2' },
    ]);
  });
});
