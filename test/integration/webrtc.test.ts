// Holds I14, I17 (docs/guarantees.md).
/** Both ends of a data channel in Node, over loopback. */
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PeerConnection } from 'node-datachannel';
import { RTCPeerConnection as Polyfill } from 'node-datachannel/polyfill';
import { afterEach, describe, expect, it } from 'vitest';
import { type Server, type ServerEvent, type ServerOptions, type WebRTCServerOptions, createServer } from '../../server/index.ts';
import { composeClient, json, webRTC } from '../../src/index.ts';
import { msgpack } from '../../src/protocol/msgpack.ts';
import type { Channel, Client, ClientOptions, Environment, Message, Transport } from '../../src/types.ts';

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

function connect(port: number, options: Partial<ClientOptions> = {}): Client {
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

/** Resolves when `condition` holds, told by whatever changes it. */
async function until(subscribe: (check: () => void) => unknown, condition: () => boolean): Promise<void> {
  await new Promise<void>((resolve) => {
    const check = (): void => {
      if (condition()) resolve();
    };
    subscribe(check);
    check();
  });
}

async function live(channel: Channel): Promise<void> {
  channel.subscribeAll(() => {});
  await until(
    (check) => channel.status.subscribe(check),
    () => channel.status.get().state === 'live',
  );
}

async function next(channel: Channel, event: string): Promise<Message> {
  for await (const message of channel.messages({ events: [event] })) return message;
  throw new Error('the channel ended');
}

async function request(port: number, init: RequestInit, path = '/realtime/rtc'): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers: { 'content-type': 'application/sdp' }, ...init });
}

/** An offer whose sender never looks at the answer. */
async function makeOffer(): Promise<string> {
  const peer = new PeerConnection('stranger', { iceServers: [], ...LOOPBACK });
  disposers.push(() => peer.close());
  return new Promise((resolve) => {
    peer.onGatheringStateChange((state) => {
      if (state === 'complete') resolve(peer.localDescription()!.sdp);
    });
    peer.createDataChannel('frames', { protocol: 'holdfast.1.json' });
  });
}

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
