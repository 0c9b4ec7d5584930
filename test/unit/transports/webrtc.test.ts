// Holds I16 (docs/guarantees.md).
import { beforeEach, describe, expect, it } from 'vitest';
import { type Environment, createEnvironment } from '../../../src/platform/environment.ts';
import type { ClientFrame, Hello, ServerFrame } from '../../../src/protocol/frame.ts';
import { json } from '../../../src/protocol/json.ts';
import { msgpack } from '../../../src/protocol/msgpack.ts';
import type { End, Link } from '../../../src/transports/transport.ts';
import { type WebRTCOptions, webRTC } from '../../../src/transports/webrtc.ts';
import { FakePeer } from './fake-peer.ts';

const OPENING: readonly [Hello, ...ClientFrame[]] = [
  { t: 'hello', v: [1, 1], client: 'page', gen: 1 },
  { t: 'sub', c: 'room', k: 1 },
];
const TELL = { t: 'tell', c: 'room', id: 'v', e: 'pointer', d: 1 } as const;

let frames: (readonly ServerFrame[])[];
let ends: End[];
let timers: Map<number, { readonly run: () => void; readonly ms: number }>;
let requests: { readonly url: string; readonly init: RequestInit }[];
let respond: () => Promise<Response>;
let lastTimer = 0;

const fake: Partial<Environment> = {
  RTCPeerConnection: FakePeer as unknown as Environment['RTCPeerConnection'],
  fetch: (url, init) => {
    requests.push({ url, init });
    return respond();
  },
  setTimeout: (run, ms) => {
    timers.set((lastTimer += 1), { run, ms });
    return lastTimer;
  },
  clearTimeout: (id) => void timers.delete(id as number),
};

function open(options?: WebRTCOptions, { codec = json(), url = 'https://test.example/realtime', replaced = {} } = {}): Link {
  const sink = { onFrames: (batch: readonly ServerFrame[]) => frames.push(batch), onEnd: (end: End) => ends.push(end) };
  const environment = createEnvironment({ ...fake, ...replaced });
  return webRTC(options).open({ url, codec, environment, opening: () => OPENING, hello: () => OPENING[0] }, sink);
}
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const peer = (): FakePeer => FakePeer.made[0]!;
const textOf = (parts: readonly Uint8Array[]): readonly string[] =>
  parts.map((part) => new TextDecoder().decode(part.subarray(1)));

/** Up to the open channels. */
async function connect(
  options?: WebRTCOptions,
): Promise<{ link: Link; frames: FakePeer['channels'][0]; tells: FakePeer['channels'][0] }> {
  const link = open(options);
  peer().gathered();
  await settled();
  for (const channel of peer().channels) channel.open();
  const [frames, tells] = peer().channels as [FakePeer['channels'][0], FakePeer['channels'][0]];
  return { link, frames, tells };
}

beforeEach(() => {
  [frames, ends, requests, timers] = [[], [], [], new Map()];
  FakePeer.made.length = 0;
  respond = () => Promise.resolve(new Response('the answer', { status: 201 }));
});

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
    respond = () => Promise.resolve(new Response('no', { status, headers }));
    open();
    peer().gathered();
    await settled();
    expect(ends).toEqual([{ why: `the offer was answered with ${status}`, opened: false, ...end }]);
    expect(peer().closes).toBe(1);
  });

  it('a request that fails', async () => {
    respond = () => Promise.reject(new TypeError('Failed to fetch'));
    open();
    peer().gathered();
    await settled();
    expect(ends).toEqual([{ code: 1006, why: 'Failed to fetch', by: 'network', opened: false }]);
  });

  it('an answer that cannot be read', async () => {
    respond = () => Promise.resolve(new Response('garbage', { status: 201 }));
    open();
    peer().gathered();
    await settled();
    expect(ends).toEqual([{ code: 1006, why: 'Failed to parse SessionDescription.', by: 'network', opened: false }]);
  });

  it('a browser that makes no peer connection', async () => {
    const Broken = class {
      constructor() {
        throw new DOMException('Cannot create so many PeerConnections', 'UnknownError');
      }
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

describe('sending', () => {
  it('splits what is long, by what the peer takes', async () => {
    const { link, frames: channel } = await connect();
    channel.sent.length = 0;
    const pub = { t: 'pub', c: 'room', p: 'p', s: 1, items: [{ id: 'i', e: 'e', d: 'x'.repeat(40_000) }] } as const;
    link.send([pub]);
    expect(channel.sent.map(({ length, 0: flag }) => [length === 16_000, flag])).toEqual([[true, 1], [true, 1], [false, 0]]); // prettier-ignore
    expect(textOf(channel.sent).join('')).toBe(JSON.stringify(pub));
    for (const [maxMessageSize, longest] of [
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
    respond = () => new Promise((resolve) => (answer = resolve));
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
