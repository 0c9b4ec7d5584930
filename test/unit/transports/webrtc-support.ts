/** The transport over a fake peer connection, and what it told. */
import { type Environment, createEnvironment } from '../../../src/platform/environment.ts';
import type { ClientFrame, Hello, ServerFrame } from '../../../src/protocol/frame.ts';
import { json } from '../../../src/protocol/json.ts';
import type { End, Link } from '../../../src/transports/transport.ts';
import { type WebRTCOptions, webRTC } from '../../../src/transports/webrtc.ts';
import { FakePeer } from './fake-peer.ts';

export const OPENING: readonly [Hello, ...ClientFrame[]] = [
  { t: 'hello', v: [1, 1], client: 'page', gen: 1 },
  { t: 'sub', c: 'room', k: 1 },
];
export const TELL = { t: 'tell', c: 'room', id: 'v', e: 'pointer', d: 1 } as const;

export const frames: (readonly ServerFrame[])[] = [];
export const ends: End[] = [];
export const timers = new Map<number, { readonly run: () => void; readonly ms: number }>();
export const requests: { readonly url: string; readonly init: RequestInit }[] = [];
export const server = { respond: (): Promise<Response> => Promise.reject(new Error('no answer was set')) };
let lastTimer = 0;

export const fake: Partial<Environment> = {
  RTCPeerConnection: FakePeer as unknown as Environment['RTCPeerConnection'],
  fetch: (url, init) => {
    requests.push({ url, init });
    return server.respond();
  },
  setTimeout: (run, ms) => {
    timers.set((lastTimer += 1), { run, ms });
    return lastTimer;
  },
  clearTimeout: (id) => void timers.delete(id as number),
};

export function open(
  options?: WebRTCOptions,
  { codec = json(), url = 'https://test.example/realtime', replaced = {} } = {},
): Link {
  const sink = { onFrames: (batch: readonly ServerFrame[]) => frames.push(batch), onEnd: (end: End) => ends.push(end) };
  const environment = createEnvironment({ ...fake, ...replaced });
  return webRTC(options).open({ url, codec, environment, opening: () => OPENING, hello: () => OPENING[0] }, sink);
}
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
export const peer = (): FakePeer => FakePeer.made[0]!;
export const textOf = (parts: readonly Uint8Array[]): readonly string[] =>
  parts.map((part) => new TextDecoder().decode(part.subarray(1)));

/** Up to the open channels. */
export async function connect(
  options?: WebRTCOptions,
): Promise<{ link: Link; frames: FakePeer['channels'][0]; tells: FakePeer['channels'][0] }> {
  const link = open(options);
  peer().gathered();
  await settled();
  for (const channel of peer().channels) channel.open();
  const [frames, tells] = peer().channels as [FakePeer['channels'][0], FakePeer['channels'][0]];
  return { link, frames, tells };
}

/** Before each test. */
export function reset(): void {
  frames.length = ends.length = requests.length = FakePeer.made.length = 0;
  timers.clear();
  server.respond = () => Promise.resolve(new Response('the answer', { status: 201 }));
}
