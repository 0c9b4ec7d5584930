import { beforeEach, describe, expect, it } from 'vitest';
import { createEnvironment } from '../../../src/platform/environment.ts';
import { msgpack } from '../../../src/protocol/msgpack.ts';
import { webRTC } from '../../../src/transports/webrtc.ts';
import {
  connect,
  ends,
  fake,
  frames,
  open,
  OPENING,
  peer,
  requests,
  reset,
  server,
  settled,
  TELL,
  textOf,
  timers,
} from './webrtc-support.ts';

beforeEach(reset);

it('is an upgrade only, and supported where there are peer connections and fetch', () => {
  expect(webRTC().upgradeOnly).toBe(true);
  expect(webRTC().isSupported(createEnvironment(fake))).toBe(true);
  expect(webRTC().isSupported(createEnvironment({ ...fake, RTCPeerConnection: undefined }))).toBe(false);
  expect(webRTC().isSupported(createEnvironment({ ...fake, fetch: undefined }))).toBe(false);
});

describe('opening', () => {
  it('makes two channels in-band, of the codec', () => {
    const iceServers = [{ urls: 'stun:stun.example' }];
    open({ iceServers, iceTransportPolicy: 'relay' }, { codec: msgpack() });
    const protocol = 'holdfast.1.msgpack';
    expect(peer().configuration).toEqual({ iceServers, iceTransportPolicy: 'relay' });
    expect(peer().channels.map(({ label, init }) => [label, init])).toEqual([
      ['frames', { protocol }],
      ['tells', { protocol, ordered: false, maxRetransmits: 0 }],
    ]);
    expect(peer().channels.map(({ binaryType }) => binaryType)).toEqual(['arraybuffer', 'arraybuffer']);
  });

  it.each([
    [undefined, 'https://test.example/realtime', 'https://test.example/realtime/rtc'],
    [undefined, 'wss://test.example', 'https://test.example/rtc'],
    [undefined, 'ws://localhost:8080/x', 'http://localhost:8080/x/rtc'],
    ['https://rtc.example/offer', 'https://test.example', 'https://rtc.example/offer'],
  ])('asks at %s of %s: %s', async (address, url, expected) => {
    open(address === undefined ? {} : { url: address }, { url });
    peer().gathered();
    await settled();
    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatchObject({
      url: expected,
      init: {
        method: 'POST',
        body: 'the offer',
        credentials: 'omit',
        redirect: 'error',
        headers: { 'content-type': 'application/sdp' },
      },
    });
    expect(peer().answer).toEqual({ type: 'answer', sdp: 'the answer' });
  });

  it('says hello, with no token in the request, when the first channel is open', async () => {
    const { frames: channel } = await connect();
    expect(textOf(channel.sent)).toEqual([JSON.stringify(OPENING)]);
    expect(ends).toEqual([]);
  });

  it.each([
    ['1 s after the first candidate', true, 1000],
    ['3 s in all', false, 3000],
  ])('waits for candidates until %s', async (_what, some, ms) => {
    open();
    if (some) for (let n = 0; n < 3; n += 1) peer().candidate();
    await settled();
    expect([...timers.values()].map((timer) => timer.ms)).toEqual(some ? [3000, 1000] : [3000]);
    expect(requests).toEqual([]);
    [...timers.values()].find((timer) => timer.ms === ms)!.run();
    await settled();
    expect(requests).toHaveLength(1);
    expect(timers.size).toBe(0);
  });
});

describe('an opening that fails is told once, after open has returned:', () => {
  it.each([
    [404, {}, { code: 1008, by: 'server' }],
    [501, {}, { code: 1014, by: 'server' }],
    [503, { 'retry-after': '7' }, { code: 1013, by: 'server', after: 7000 }],
    [503, {}, { code: 1013, by: 'server' }],
    [200, {}, { code: 1008, by: 'server' }],
  ])('status %s', async (status, headers: Record<string, string>, end) => {
    server.respond = () => Promise.resolve(new Response('no', { status, headers }));
    open();
    peer().gathered();
    await settled();
    expect(ends).toEqual([{ why: `the offer was answered with ${status}`, opened: false, ...end }]);
    expect(peer().closes).toBe(1);
  });

  it('a request that fails', async () => {
    server.respond = () => Promise.reject(new TypeError('Failed to fetch'));
    open();
    peer().gathered();
    await settled();
    expect(ends).toEqual([{ code: 1006, why: 'Failed to fetch', by: 'network', opened: false }]);
  });

  it('an answer that cannot be read', async () => {
    server.respond = () => Promise.resolve(new Response('garbage', { status: 201 }));
    open();
    peer().gathered();
    await settled();
    expect(ends).toEqual([{ code: 1006, why: 'Failed to parse SessionDescription.', by: 'network', opened: false }]);
  });

  it('a browser that makes no peer connection', async () => {
    const Broken = function (): never {
      throw new DOMException('Cannot create so many PeerConnections', 'UnknownError');
    };
    const link = open({}, { replaced: { RTCPeerConnection: Broken } });
    expect(ends).toEqual([]);
    expect(link.buffered).toBe(0);
    link.send(OPENING);
    await settled();
    expect(ends).toEqual([{ code: 1006, why: 'Cannot create so many PeerConnections', by: 'browser', opened: false }]);
    link.close();
  });

  it('ICE', async () => {
    open();
    peer().turn({ iceConnectionState: 'failed', connectionState: 'failed' });
    await settled();
    expect(ends).toEqual([{ code: 1006, why: 'no way to the server over UDP was found', by: 'network', opened: false }]);
  });
});

describe('an end', () => {
  it.each([
    ['frames closes', () => peer().channels[0]!.closed(), { code: 1005, by: 'server' }],
    ['ICE is disconnected', () => peer().turn({ iceConnectionState: 'disconnected' }), { code: 1006, by: 'network' }],
    ['DTLS fails', () => peer().turn({ connectionState: 'failed' }), { code: 1006, by: 'network' }],
    ['the peer connection closes', () => peer().turn({ connectionState: 'closed' }), { code: 1006, by: 'network' }],
  ])('comes when %s, once', async (_what, happen, end) => {
    const { frames: channel } = await connect();
    happen();
    peer().turn({ connectionState: 'failed', iceConnectionState: 'failed' });
    channel.closed();
    channel.say({ t: 'ping' });
    await settled();
    expect(ends).toEqual([
      { ...end, opened: true, why: expect.stringMatching(/^the (server closed|peer connection is) /) as string },
    ]);
    expect(frames).toEqual([]);
  });

  it('does not come when only the second channel closes, nor while all is well', async () => {
    const { tells } = await connect();
    peer().turn({ connectionState: 'connected', iceConnectionState: 'completed' });
    tells.closed();
    expect(ends).toEqual([]);
  });
});

describe('close', () => {
  const stages: readonly (readonly [string, () => Promise<void>])[] = [
    ['at once', () => Promise.resolve()],
    ['while candidates are gathered', settled],
    ['while the offer is on its way', async () => (peer().gathered(), settled())],
  ];

  it.each(stages)('%s leaves nothing, and nobody is told', async (_when, wait) => {
    let answer = (_response: Response): void => {};
    server.respond = () => new Promise((resolve) => (answer = resolve));
    const link = open();
    await wait();
    link.close();
    link.close();
    expect(timers.size).toBe(0);
    expect(peer().closes).toBeGreaterThan(0);
    if (requests[0]) expect(requests[0].init.signal!.aborted).toBe(true);
    peer().gathered();
    answer(new Response('the answer', { status: 201 }));
    await settled();
    expect(peer().answer).toBeNull();
    for (const channel of peer().channels) {
      channel.open();
      channel.say(TELL);
      channel.closed();
    }
    peer().turn({ connectionState: 'failed' });
    link.send(OPENING);
    await settled();
    expect([frames, ends, peer().channels.flatMap(({ sent }) => sent)]).toEqual([[], [], []]);
  });
});
