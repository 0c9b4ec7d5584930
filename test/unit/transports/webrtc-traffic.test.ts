import { beforeEach, describe, expect, it } from 'vitest';
import { FakePeer } from './fake-peer.ts';
import { connect, ends, frames, peer, reset, settled, TELL, textOf } from './webrtc-support.ts';

beforeEach(reset);

describe('sending', () => {
  it('splits what is long, by what the peer takes', async () => {
    const { link, frames: channel } = await connect();
    channel.sent.length = 0;
    const pub = { t: 'pub', c: 'room', p: 'p', s: 1, items: [{ id: 'i', e: 'e', d: 'x'.repeat(40_000) }] } as const;
    link.send([pub]);
    expect(channel.sent.map(({ length, 0: flag }) => [length === 16_000, flag])).toEqual([[true, 1], [true, 1], [false, 0]]); // prettier-ignore
    expect(textOf(channel.sent).join('')).toBe(JSON.stringify(pub));
    for (const [maxMessageSize, longest] of [
      [1, 2],
      [5000, 5000],
      [0, 16_000],
      [Infinity, 16_000],
    ] as const) {
      channel.sent.length = 0;
      peer().sctp = { maxMessageSize };
      link.send([pub]);
      expect(Math.max(...channel.sent.map(({ length }) => length))).toBe(longest);
    }
  });

  it('gives what is volatile its own channel while that is open, unless it is too large', async () => {
    const { link, frames: channel, tells } = await connect();
    channel.sent.length = 0;
    const large = { ...TELL, d: 'x'.repeat(1100) };
    link.send([{ t: 'ping', x: 1 }, TELL, large]);
    expect(textOf(tells.sent)).toEqual([JSON.stringify(TELL)]);
    expect([...textOf(channel.sent)].sort()).toEqual([JSON.stringify(large), '{"t":"ping","x":1}'].sort());
    channel.sent.length = tells.sent.length = 0;
    tells.closed();
    link.send([TELL, { t: 'ping', x: 2 }]);
    expect(tells.sent).toEqual([]);
    expect(textOf(channel.sent)).toEqual([JSON.stringify([TELL, { t: 'ping', x: 2 }])]);
    expect(ends).toEqual([]);
  });

  it('that the browser refuses is an end, later', async () => {
    const { link, frames: channel } = await connect();
    channel.send = () => {
      throw new DOMException('RTCDataChannel send queue is full', 'OperationError');
    };
    link.send([TELL, { t: 'ping' }]);
    expect(ends).toEqual([]);
    await settled();
    expect(ends).toEqual([{ code: 1006, why: 'RTCDataChannel send queue is full', by: 'browser', opened: true }]);
  });

  it('counts what waits on both channels', async () => {
    const { link, frames: channel, tells } = await connect();
    [channel.bufferedAmount, tells.bufferedAmount] = [1000, 20];
    expect(link.buffered).toBe(1020);
  });
});

describe('receiving', () => {
  it('puts parts together', async () => {
    const { frames: channel } = await connect();
    const bytes = new TextEncoder().encode('[{"t":"ping"},{"t":"recheck"}]');
    channel.receive([1, ...bytes.subarray(0, 5)]);
    channel.receive([1, ...bytes.subarray(5, 9)]);
    expect(frames).toEqual([]);
    channel.receive([0, ...bytes.subarray(9)]);
    expect(frames).toEqual([[{ t: 'ping' }, { t: 'recheck' }]]);
  });

  it('takes nothing but volatile messages from their channel', async () => {
    const { tells } = await connect();
    tells.say([TELL, { t: 'ping' }]);
    expect(frames).toEqual([[TELL]]);
  });

  it.each([
    ['text', '{"t":"ping"}'],
    ['an unknown first byte', [9, 1]],
    ['nothing', []],
    ['no JSON', [0, 123]],
  ])('ends with %s, and says so to the server', async (_what, data) => {
    for (const at of [0, 1]) {
      FakePeer.made.length = ends.length = 0;
      const { frames: channel } = await connect();
      peer().channels[at]!.receive(data);
      expect(ends).toMatchObject([{ code: 1007, by: 'client', opened: true }]);
      expect(textOf(channel.sent).at(-1)).toBe('{"t":"bye","code":4400}');
      expect(peer().closes).toBe(1);
    }
  });

  it('ends at a part that goes on where each stands alone', async () => {
    const { tells } = await connect();
    tells.say(TELL, 1);
    expect(ends).toMatchObject([{ code: 1007, by: 'client' }]);
  });
});
