import { beforeEach, describe, expect, it } from 'vitest';
import { OpenLine } from '../../../src/connection/line.ts';
import { type Environment, createEnvironment } from '../../../src/platform/environment.ts';
import type { ClientFrame, Hello, ServerFrame } from '../../../src/protocol/frame.ts';
import { json } from '../../../src/protocol/json.ts';
import { msgpack } from '../../../src/protocol/msgpack.ts';
import type { End, Link, Target } from '../../../src/transports/transport.ts';
import { type WebSocketOptions, webSocket } from '../../../src/transports/websocket.ts';
import { WELCOME } from '../../support/scripted-transport.ts';
import { FakeSocket } from './fake-socket.ts';

const OPENING: readonly [Hello, ...ClientFrame[]] = [
  { t: 'hello', v: [1, 1], client: 'page', gen: 1 },
  { t: 'sub', c: 'room', k: 1 },
];

const sockets = FakeSocket.made;
let frames: (readonly ServerFrame[])[];
let ends: End[];
let openings: number;
const platform = createEnvironment({ WebSocket: FakeSocket });

function open(
  options?: WebSocketOptions,
  { codec = json(), url = 'https://test.example/realtime', environment = platform } = {},
): Link {
  const opening: Target['opening'] = () => {
    openings += 1;
    return OPENING;
  };
  const sink = { onFrames: (batch: readonly ServerFrame[]) => frames.push(batch), onEnd: (end: End) => ends.push(end) };
  return webSocket(options).open({ url, codec, environment, opening, hello: () => OPENING[0] }, sink);
}
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

beforeEach(() => {
  [frames, ends, openings] = [[], [], 0];
  sockets.length = 0;
});

describe('the address', () => {
  it.each([
    ['https://test.example/realtime', 'wss://test.example/realtime/ws'],
    ['http://localhost:8080', 'ws://localhost:8080/ws'],
    ['wss://test.example', 'wss://test.example/ws'],
    ['ws://test.example/http', 'ws://test.example/http/ws'],
  ])('of %s is %s', (url, address) => {
    open({}, { url });
    expect(sockets[0]!.url).toBe(address);
  });

  it('may be given', () => {
    open({ url: 'https://sockets.example/live?shard=2' });
    expect(sockets[0]!.url).toBe('wss://sockets.example/live?shard=2');
  });

  it.each([
    [json(), 'holdfast.1.json'],
    [msgpack(), 'holdfast.1.msgpack'],
  ])('comes with the subprotocol of the codec', (codec, protocol) => {
    open({}, { codec });
    expect(sockets[0]!.protocols).toEqual([protocol]);
  });
});

describe('isSupported', () => {
  it('asks for a WebSocket', () => {
    expect(webSocket().isSupported(platform)).toBe(true);
    expect(webSocket().isSupported(createEnvironment({ WebSocket: undefined }))).toBe(false);
  });
});

describe('opening', () => {
  it('sends the opening frames as one message, made when the socket is open', () => {
    open();
    expect(openings).toBe(0);
    sockets[0]!.open();
    expect(openings).toBe(1);
    expect(sockets[0]!.sent).toEqual([JSON.stringify(OPENING)]);
  });

  it('takes bytes as an ArrayBuffer', () => {
    open({}, { codec: msgpack() });
    expect(sockets[0]!.binaryType).toBe('arraybuffer');
  });

  it('that fails is told once, as not opened', () => {
    open();
    sockets[0]!.onerror?.({});
    sockets[0]!.closed(1006, { wasClean: false });
    expect(ends).toEqual([{ code: 1006, why: 'abnormal', by: 'network', opened: false }]);
  });

  it('that the browser refuses is told once, and not before open has returned', async () => {
    const environment = createEnvironment({
      WebSocket: class {
        bufferedAmount = 0;
        constructor() {
          throw new DOMException('An insecure connection may not be initiated.', 'SecurityError');
        }
        close(): void {}
      },
    });
    const link = open({}, { environment });
    expect(ends).toEqual([]);
    link.send(OPENING);
    expect(link.buffered).toBe(0);
    await settled();
    expect(ends).toEqual([{ code: 1006, why: 'An insecure connection may not be initiated.', by: 'browser', opened: false }]);
    link.close();
  });

  it('that the browser refuses is not told to who closed it', async () => {
    const environment: Environment = createEnvironment({
      WebSocket: function () {
        throw new Error('no');
      } as unknown as Environment['WebSocket'],
    });
    const link = open({}, { environment });
    link.close();
    await settled();
    expect(ends).toEqual([]);
  });
});

describe('frames', () => {
  it('come as they were sent, batch by batch', () => {
    open();
    sockets[0]!.open();
    sockets[0]!.receive('{"t":"ping","x":1}');
    sockets[0]!.receive('[{"t":"ping"},{"t":"recheck"}]');
    expect(frames).toEqual([[{ t: 'ping', x: 1 }], [{ t: 'ping' }, { t: 'recheck' }]]);
  });

  it('come from bytes too', () => {
    const codec = msgpack();
    open({}, { codec });
    sockets[0]!.open();
    const bytes = codec.encode({ t: 'ping', x: 3 }) as Uint8Array<ArrayBuffer>;
    sockets[0]!.receive(bytes.slice().buffer);
    expect(frames).toEqual([[{ t: 'ping', x: 3 }]]);
  });

  it('go as one message for each batch', () => {
    const link = open();
    sockets[0]!.open();
    link.send([{ t: 'pong', x: 1 }]);
    link.send([{ t: 'pong' }, { t: 'ping', x: 2 }]);
    expect(sockets[0]!.sent.slice(1)).toEqual(['{"t":"pong","x":1}', '[{"t":"pong"},{"t":"ping","x":2}]']);
  });

  it('go in several messages, in order, if one would be longer than the server takes', () => {
    const link = open();
    sockets[0]!.open();
    link.send(
      [
        { t: 'pong', x: 1 },
        { t: 'pong', x: 2 },
        { t: 'pong', x: 3 },
      ],
      120,
    );
    expect(sockets[0]!.sent.slice(1)).toEqual(['[{"t":"pong","x":1},{"t":"pong","x":2}]', '{"t":"pong","x":3}']);
  });

  it.each([0, 2, 3])('to a socket in state %i are dropped, and nothing is thrown', (readyState) => {
    const link = open();
    sockets[0]!.readyState = readyState;
    link.send([{ t: 'pong' }]);
    expect(sockets[0]!.sent).toEqual([]);
  });

  it('that wait for the network are counted', () => {
    const link = open();
    sockets[0]!.bufferedAmount = 512;
    expect(link.buffered).toBe(512);
  });
});

describe('a message that cannot be read', () => {
  it.each([
    ['not JSON', '{"t":'],
    ['not a frame', '[1]'],
    ['a wrong field', '{"t":"ping","x":"1"}'],
    ['text where a frame belongs', '"ping"'],
  ])('%s: the end for the client is 1007, for the server 4400', (_, data) => {
    open();
    sockets[0]!.open();
    sockets[0]!.receive(data);
    sockets[0]!.receive('{"t":"ping"}');
    sockets[0]!.closed(4400);
    expect(frames).toEqual([]);
    expect(ends).toEqual([{ code: 1007, why: expect.any(String) as string, by: 'client', opened: true }]);
    expect(sockets[0]!.closes[0]).toBe(4400);
  });

  it('closes with 4400 first, though who is told of the end closes too', () => {
    const line = new OpenLine({
      ...{
        rung: 0,
        transport: webSocket(),
        credentials: undefined,
        url: 'https://test.example',
        codec: json(),
        environment: platform,
        user: 'anonymous',
      },
      ...{
        saves: () => false,
        nextGen: () => 1,
        hello: () => OPENING[0],
        opening: () => OPENING.slice(1),
        onWelcome() {},
        onFrame() {},
        onTokenLife() {},
        onRoundTrip() {},
        onDoubt() {},
        onLife() {},
        onUnfit() {},
      },
      onEnd: (end) => ends.push(end),
    });
    sockets[0]!.open();
    sockets[0]!.receive(JSON.stringify(WELCOME));
    sockets[0]!.receive('rubbish');
    expect(sockets[0]!.closes[0]).toBe(4400);
    expect(ends).toMatchObject([{ code: 1007, by: 'client', layer: 'session', opened: true }]);
    line.close(1000);
  });
});

describe('the end', () => {
  it.each([
    [1001, 'going away', true, 'server', 'going away'],
    [4201, '', true, 'server', 'token-expired'],
    [1006, '', false, 'network', 'abnormal'],
  ])('%i is told with its reason or name', (code, reason, wasClean, by, why) => {
    open();
    sockets[0]!.open();
    sockets[0]!.closed(code, { reason, wasClean });
    expect(ends).toEqual([{ code, why, by, opened: true }]);
  });

  it('is told once, whatever the socket does afterwards', () => {
    open();
    sockets[0]!.open();
    sockets[0]!.closed(1001);
    sockets[0]!.closed(1006);
    sockets[0]!.receive('{"t":"ping"}');
    sockets[0]!.open();
    expect(ends).toHaveLength(1);
    expect(frames).toEqual([]);
    expect(openings).toBe(1);
  });
});

describe('close', () => {
  it.each(['connecting', 'open'])('silences a socket that is %s, even if it never closes', (state) => {
    const link = open();
    if (state === 'open') sockets[0]!.open();
    link.close();
    sockets[0]!.open();
    sockets[0]!.receive('{"t":"ping"}');
    sockets[0]!.receive('rubbish');
    sockets[0]!.closed(1000);
    expect([frames, ends]).toEqual([[], []]);
    expect(openings).toBe(state === 'open' ? 1 : 0);
  });

  it('gives the code, 1000 by default', () => {
    open().close();
    open().close(4003);
    expect(sockets.map(({ closes }) => closes)).toEqual([[1000], [4003]]);
  });

  it('twice does no harm', () => {
    const link = open();
    link.close();
    link.close();
    expect(ends).toEqual([]);
  });
});
