import { describe, expect, it } from 'vitest';
import type { Pub } from '../../../src/protocol/frame.ts';
import { ack, welcome } from '../../support/scripted-frames.ts';
import { type Stage, useStage } from '../../support/scripted-client.ts';
import type { Peer } from '../../support/scripted-server.ts';

const stage = useStage();

/** Accepts what is good and ends the session over what is bad, as a server or a middlebox with a limit of its own. */
const picky =
  (end: (peer: Peer) => void) =>
  (frame: Pub, peer: Peer): void =>
    frame.items.some((item) => 'd' in item && item.d === 'bad') ? end(peer) : peer.send(ack(frame, frame.s));

/** Hours of silence mean nothing here. */
const hello = (_: unknown, peer: Peer): void => peer.send(welcome({ ping: 3_600_000 }));

const ENDINGS: readonly (readonly [string, (peer: Peer) => void, string])[] = [
  ['bye 4413', (peer) => peer.bye(4413), 'too-large'],
  ['close 4413', (peer) => peer.close(4413), 'too-large'],
  ['close 1009', (peer) => peer.close(1009), 'too-large'],
  ['bye 4400', (peer) => peer.bye(4400), 'invalid'],
  ['close 4400', (peer) => peer.close(4400), 'invalid'],
];

function publishAll({ client }: Stage, words: string): ReturnType<ReturnType<Stage['client']['channel']>['publish']>[] {
  return words.split(' ').map((word) => {
    const [channel, data] = word.includes('/') ? (word.split('/') as [string, string]) : (['room', word] as const);
    return client.channel(channel).publish('message', data);
  });
}

const results = (receipts: ReturnType<typeof publishAll>): readonly string[] =>
  receipts.map(({ state }) => {
    const now = state.get();
    if (now.state === 'pending') return now.state;
    return now.outcome.result === 'rejected' ? now.outcome.error.code : now.outcome.result;
  });

describe.each(ENDINGS)('a batch that is answered by %s', (_, end, code) => {
  it('goes again item by item: the guilty one is rejected, the others are accepted in order', async () => {
    const set = stage({ hello, pub: picky(end) });
    const receipts = publishAll(set, 'a b bad c d');
    await set.clock.advance(120_000);
    expect(results(receipts)).toEqual(['accepted', 'accepted', code, 'accepted', 'accepted']);
    const sent = set.server.peers.map((peer) => peer.got('pub').map(({ s, items }) => [s, items.length]));
    expect(sent[0]).toEqual([[1, 5]]);
    expect(sent[1]).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
    ]);
    expect(sent).toHaveLength(3);
    // What stands in for the guilty one is a tombstone, so that the sequence has no hole.
    const last = set.server.peers[2]!.got('pub').flatMap(({ s, items }) =>
      items.map((item, index) => [s + index, item] as const),
    );
    expect(last.find(([s]) => s === 3)?.[1]).toEqual({ id: receipts[2]!.id, x: code });
    expect(set.client.status.get()).toMatchObject({ state: 'connected' });
    expect(set.outcomes).toHaveLength(5);
    expect(set.errors).toEqual([]);
  });

  it('finds several that are guilty, in several channels', async () => {
    const set = stage({ hello, pub: picky(end) });
    const receipts = publishAll(set, 'x/a y/bad x/bad y/b x/c z/d x/bad');
    await set.clock.advance(600_000);
    expect(results(receipts)).toEqual(['accepted', code, code, 'accepted', 'accepted', 'accepted', code]);
    expect(set.client.status.get()).toMatchObject({ state: 'connected' });
  });

  it('on a doubtful connection ends that one, and the other that is on its way goes on without the guilty one', async () => {
    const once = (_: unknown, peer: Peer): void => (peer.index === 0 ? hello(_, peer) : undefined);
    const set = stage({ hello: once, ping: () => {}, pub: picky(end) });
    set.client.connect();
    await set.clock.advance(0);
    set.page.tell('network');
    // Half of 500 ms to 1 s.
    await set.clock.advance(750);
    const receipts = publishAll(set, 'bad');
    await set.clock.advance(0);
    expect(set.client.status.get()).toMatchObject({ state: 'connecting', attempt: 2 });
    hello(null, set.server.peer);
    receipts.push(...publishAll(set, 'a'));
    await set.clock.advance(1000);
    expect(results(receipts)).toEqual([code, 'accepted']);
    expect([set.server.peers.length, set.client.status.get().state]).toEqual([2, 'connected']);
    expect(set.errors).toEqual([]);
  });

  it('and what is published meanwhile waits its turn and is not blamed', async () => {
    const set = stage({ hello, pub: picky(end) });
    const receipts = publishAll(set, 'a bad');
    await set.clock.advance(0);
    receipts.push(...publishAll(set, 'b other/c'));
    await set.clock.advance(120_000);
    expect(results(receipts)).toEqual(['accepted', code, 'accepted', 'accepted']);
  });

  it('that is a single item is not sent a third time', async () => {
    const set = stage({ hello, pub: picky(end) });
    const receipts = publishAll(set, 'bad');
    await set.clock.advance(0);
    expect(set.client.status.get()).toMatchObject({ state: 'waiting', attempt: 2 });
    await set.clock.advance(20_000);
    expect(results(receipts)).toEqual([code]);
    expect(set.server.peers).toHaveLength(2);
    expect(
      set.server.peers.flatMap((peer) => peer.got('pub')).filter(({ items }) => items.some((item) => 'd' in item)),
    ).toHaveLength(1);
  });
});

describe('a publication that is blamed', () => {
  it.each(ENDINGS)(
    '%s: was accepted all the same, if an earlier connection had carried it and ended unanswered',
    async (_, end) => {
      const set = stage();
      const receipts = publishAll(set, 'a');
      await set.clock.advance(0);
      // On the second connection something between does it harm; the third shows what the server had done on the first.
      set.server.follow({ pub: (frame, peer) => (peer.index === 1 ? end(peer) : peer.send(ack(frame, 1, [[1, 't-1']]))) });
      set.server.peer.die();
      await set.clock.advance(20_000);
      expect(results(receipts)).toEqual(['accepted']);
      expect(set.outcomes).toHaveLength(1);
    },
  );
});

describe('an end that cannot be the fault of what is under way', () => {
  it('4400 with nothing under way closes the client', async () => {
    const set = stage();
    set.client.connect();
    await set.clock.advance(0);
    set.server.peer.bye(4400);
    await set.clock.advance(0);
    expect(set.client.status.get()).toMatchObject({ state: 'closed', reason: { code: 4400, error: { code: 'protocol-error' } } });
  });

  it('4400 before the welcome closes the client, and rejects nothing that was sent on an earlier connection', async () => {
    const set = stage();
    const receipts = publishAll(set, 'a');
    await set.clock.advance(0);
    expect(set.server.peer.got('pub')).toHaveLength(1);
    set.server.follow({ hello: (_, peer) => peer.bye(4400) });
    set.server.peer.die();
    await set.clock.advance(250);
    expect(set.client.status.get()).toMatchObject({ state: 'closed', reason: { code: 4400 } });
    await expect(receipts[0]!.accepted).rejects.toMatchObject({ code: 'protocol-error' });
    expect(set.outcomes).toEqual([]);
  });

  it.each([1009, 4413])('%i before the welcome rejects nothing that was sent on an earlier connection', async (code) => {
    const set = stage();
    const receipts = publishAll(set, 'a');
    await set.clock.advance(0);
    set.server.follow({ hello: (_, peer) => peer.close(code) });
    set.server.peer.die();
    await set.clock.advance(5000);
    expect(set.server.peers.length).toBeGreaterThan(2);
    expect(results(receipts)).toEqual(['pending']);
    expect(set.client.status.get()).toMatchObject({ state: 'waiting', reason: { code } });
  });

  it('4403 with something under way closes the client and says so to who waits', async () => {
    const set = stage({ pub: (_, peer) => peer.bye(4403) });
    const receipts = publishAll(set, 'a b');
    await set.clock.advance(0);
    expect(set.client.status.get()).toMatchObject({ state: 'closed' });
    await expect(receipts[0]!.accepted).rejects.toMatchObject({ code: 'forbidden' });
    expect(set.outcomes).toEqual([]);
  });
});
