/** Both ends of a data channel in Node, over loopback. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { RTCPeerConnection as Polyfill } from 'node-datachannel/polyfill';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Server, type ServerEvent, type ServerOptions, type WebRTCServerOptions, createServer } from '../../server/index.ts';
import { acquireLibrary } from '../../server/node/rtc-library.ts';
import { composeClient, json, webRTC } from '../../src/index.ts';
import { msgpack } from '../../src/protocol/msgpack.ts';
import { type Stranger, createStranger, postOffer } from '../support/stranger.ts';
import type { Channel, Client, ClientOptions, Environment, Message, Transport } from '../../src/types.ts';
import { told, toldLive } from '../support/told.ts';

// The last server of a process ends all that the library still does, and the peers of these tests are its too.
beforeAll(async () => {
  await acquireLibrary();
});

const disposers: (() => unknown)[] = [];
afterEach(async () => {
  for (const dispose of disposers.splice(0).reverse()) await dispose();
});

/** Real peer connections, and what was sent on their channels. */
const sent: { readonly label: string; readonly bytes: number }[] = [];
class Recorded extends Polyfill {
  override createDataChannel(...args: Parameters<Polyfill['createDataChannel']>): ReturnType<Polyfill['createDataChannel']> {
    const channel = super.createDataChannel(...args);
    const send = channel.send.bind(channel);
    channel.send = (data) => {
      sent.push({ label: channel.label, bytes: (data as unknown as Uint8Array).byteLength });
      send(data);
    };
    return channel;
  }
}
const RTCPeerConnection = Recorded as unknown as NonNullable<Environment['RTCPeerConnection']>;

const LOOPBACK = { bindAddress: '127.0.0.1' } as const;
const { upgradeOnly: _, ...alone } = webRTC();
const transport: Transport = alone;

interface House {
  readonly server: Server;
  readonly port: number;
  readonly events: ServerEvent[];
}

async function start(options: Partial<ServerOptions> = {}, rtc: WebRTCServerOptions = LOOPBACK): Promise<House> {
  const http = createHttpServer((_request, response) => response.end('the app'));
  const events: ServerEvent[] = [];
  const server = createServer({
    authenticate: ({ token }) => (token === 'bad' ? null : { user: null }),
    channels: { '{room}': { subscribe: true, publish: true } },
    limits: { publishRate: Infinity },
    onEvent: (event) => events.push(event),
    ...options,
  });
  server.attach(http, { webRTC: rtc });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  disposers.push(async () => {
    await server.close();
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  });
  return { server, port: (http.address() as AddressInfo).port, events };
}

function connect(port: number, options: Partial<ClientOptions & { url: string }> = {}): Client {
  const client = composeClient({
    url: `http://127.0.0.1:${port}/realtime`,
    transports: [transport],
    timing: { backoffBase: 20, backoffCap: 100 },
    environment: { RTCPeerConnection },
    ...options,
  });
  disposers.push(() => client.destroy());
  return client;
}

async function live(channel: Channel): Promise<void> {
  channel.subscribeAll(() => {});
  await toldLive(channel);
}

async function next(channel: Channel, event: string): Promise<Message> {
  for await (const message of channel.messages({ events: [event] })) return message;
  throw new Error('the channel ended');
}

async function invite(protocol?: string, label?: string): Promise<Stranger> {
  const stranger = await createStranger(protocol, label);
  disposers.push(() => stranger.peer.close());
  return stranger;
}

const connections = ({ server }: House): number | undefined => server.metrics.get()['connections'];

describe('a connection', () => {
  it.each([json(), msgpack()])('carries messages both ways, large ones in parts', async (codec) => {
    const { server, port } = await start({ limits: { publishRate: Infinity, frame: 400_000 } });
    const [ada, bob] = [connect(port, { codec }).channel('room'), connect(port, { codec }).channel('room')];
    await Promise.all([live(ada), live(bob)]);
    expect(ada.status.get()).toEqual({ state: 'live', lossy: false });
    sent.length = 0;
    const large = 'ü'.repeat(150_000);
    const heard = next(bob, 'large');
    const { cursor } = await ada.publish('large', large).accepted;
    expect(cursor!.offset).toBe(1);
    expect((await heard).data).toBe(large);
    expect(sent.filter(({ bytes }) => bytes === 16_000).length).toBeGreaterThan(17);
    expect(Math.max(...sent.map(({ bytes }) => bytes))).toBe(16_000);
    const bytes = next(ada, 'bytes');
    await server.publish('room', 'bytes', new Uint8Array([0, 255, 7]));
    expect((await bytes).data).toEqual(new Uint8Array([0, 255, 7]));
  });

  it('sends what is volatile on a channel of its own, both ways, and what is too large for it on the other', async () => {
    const { port } = await start();
    const [ada, bob] = [connect(port).channel('room'), connect(port).channel('room')];
    await Promise.all([live(ada), live(bob)]);
    sent.length = 0;
    const [small, large] = [next(bob, 'small'), next(bob, 'large')];
    expect(ada.publishVolatile('small', 'x')).toBe(true);
    expect((await small).data).toBe('x');
    expect(sent.filter(({ bytes }) => bytes > 20).map(({ label }) => label)).toEqual(['tells']);
    ada.publishVolatile('large', 'x'.repeat(2000));
    expect((await large).data).toHaveLength(2000);
    expect(sent.find(({ bytes }) => bytes > 2000)?.label).toBe('frames');
  });
});

describe('an end', () => {
  it('is told by bye when the token is refused, and the client asks for another', async () => {
    const { port } = await start();
    const tokens = ['bad', 'good'];
    const client = connect(port, { getToken: () => tokens.shift()! });
    const reasons: unknown[] = [];
    client.status.subscribe(() => {
      const status = client.status.get();
      if ('reason' in status) reasons.push(status.reason?.code);
    });
    await live(client.channel('room'));
    expect(reasons).toContain(4202);
    expect(tokens).toEqual([]);
  });

  it('by the server reaches the client with its code, after all that was sent', async () => {
    const house = await start();
    const client = connect(house.port);
    const room = client.channel('room');
    await live(room);
    const got: unknown[] = [];
    room.subscribe('last', (data) => got.push(data));
    for (let n = 0; n < 20; n += 1) void house.server.publish('room', 'last', 'x'.repeat(30_000));
    await house.server.publish('room', 'last', 'bye');
    await house.server.close();
    await told(
      (check) => client.status.subscribe(check),
      () => client.status.get().state === 'waiting' || client.status.get().state === 'connecting',
    );
    expect(client.status.get()).toMatchObject({ reason: { code: 1001, by: 'server', transport: 'webrtc' } });
    expect(got).toHaveLength(21);
    expect(got.at(-1)).toBe('bye');
  });

  it('by the client reaches the server at once', async () => {
    const house = await start();
    const client = connect(house.port);
    await live(client.channel('room'));
    expect(connections(house)).toBe(1);
    client.destroy();
    await expect.poll(() => connections(house)).toBe(0);
    expect(house.events.map(({ name }) => name)).toContain('connection-lost');
  });
});

describe('a stranger', { timeout: 20_000 }, () => {
  /** Opens a channel and sends `parts`; @returns what it is told */
  async function tell(house: House, parts: readonly (string | Uint8Array)[]): Promise<unknown> {
    const stranger = await invite();
    await stranger.open(await (await postOffer(house.port, stranger.offer)).text());
    for (const part of parts) {
      if (typeof part === 'string') stranger.frames.sendMessage(part);
      else stranger.frames.sendMessageBinary(part);
    }
    await stranger.closed;
    await expect.poll(() => connections(house), { timeout: 5000 }).toBe(0);
    return JSON.parse(Buffer.concat(stranger.heard.map((part) => part.subarray(1))).toString());
  }
  const part = (flag: number, bytes: number): Uint8Array => new Uint8Array(bytes + 1).fill(32).fill(flag, 0, 1);
  const HELLO = Buffer.from(`\0${JSON.stringify({ t: 'hello', v: [1, 1], client: 'x', gen: 1 })}`);

  it.each([
    ['text', ['{"t":"hello"}'], 4400],
    ['an unknown first byte', [part(7, 10)], 4400],
    ['an empty part that goes on', [part(1, 0)], 4400],
    ['nothing', [part(0, 0)], 4400],
    ['a frame that is not hello', [Buffer.from('\0{"t":"ping"}')], 4400],
    ['hello for another version', [Buffer.from('\0{"t":"hello","v":[7,9],"client":"x","gen":1}')], 4406],
    ['parts without an end', Array.from({ length: 40 }, () => part(1, 15_000)), 1009],
    ['many small parts without an end', Array.from({ length: 5000 }, () => part(1, 120)), 1009],
  ])('that sends %s is told why it is refused', async (_what, parts, code) => {
    expect(await tell(await start(), parts)).toMatchObject({ t: 'bye', code });
  });

  it('is welcomed whatever way its hello is cut', async () => {
    const house = await start();
    const stranger = await invite();
    await stranger.open(await (await postOffer(house.port, stranger.offer)).text());
    for (const byte of HELLO.subarray(1, -1)) stranger.frames.sendMessageBinary(Buffer.from([1, byte]));
    stranger.frames.sendMessageBinary(Buffer.from([0, HELLO.at(-1)!]));
    await expect.poll(() => stranger.heard.length).toBe(1);
    expect(JSON.parse(stranger.heard[0]!.subarray(1).toString())).toMatchObject({ t: 'welcome' });
  });

  it.each([
    ['other', 'holdfast.1.json'],
    ['frames', 'chat'],
    ['frames', ''],
  ])('finds its channel %s of protocol "%s" closed', async (label, protocol) => {
    const house = await start();
    const stranger = await invite(protocol, label);
    await stranger.open(await (await postOffer(house.port, stranger.offer)).text());
    await stranger.closed;
    expect(connections(house)).toBe(0);
  });

  it('cannot make the server hold more peers than it likes: 50 offers that go nowhere', async () => {
    const house = await start({}, { ...LOOPBACK, maxPending: 20 });
    const { offer } = await invite();
    const answers = await Promise.all(Array.from({ length: 50 }, () => postOffer(house.port, offer)));
    const statuses = answers.map(({ status }) => status);
    expect([201, 503].map((wanted) => statuses.filter((status) => status === wanted).length)).toEqual([20, 30]);
    const waits = answers.filter(({ status }) => status === 503).map(({ headers }) => Number(headers.get('retry-after')));
    expect(waits.every((wait) => wait >= 1 && wait <= 11)).toBe(true);
    expect(new Set(waits).size).toBeGreaterThan(1);
  });

  it('that says hello makes room for the next', async () => {
    const house = await start({}, { ...LOOPBACK, maxPending: 1 });
    await live(connect(house.port).channel('room'));
    await live(connect(house.port).channel('room'));
    expect(connections(house)).toBe(2);
  });
});

it('a process that closes its server ends, though it had connections', async () => {
  const file = fileURLToPath(new URL('../support/rtc-server.mjs', import.meta.url));
  const program = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] });
  disposers.push(() => program.kill('SIGKILL'));
  const [line] = (await once(program.stdout, 'data')) as [Buffer];
  const client = connect(0, { url: line.toString().trim() });
  await live(client.channel('room'));
  const ended = once(program, 'exit');
  program.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});
