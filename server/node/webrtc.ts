import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Encoded } from '../../src/protocol/codec.ts';
import { fragments } from '../../src/protocol/fragment.ts';
import type { ServerCore } from '../types.ts';
import { acquireLibrary, releaseLibrary, type RtcConfig, type RtcLibrary } from './rtc-library.ts';
import { OFFER_BYTES, readOffer } from './rtc-offer.ts';
import { Peer, type PeerHost } from './rtc-peer.ts';

export interface WebRTCServerOptions {
  /**
   * To learn this server's public address (`stun:stun.example.com:3478`), or to be reached through a relay
   * (`turn:user:password@turn.example.com:3478`). @default none
   */
  readonly iceServers?: readonly string[];
  /** UDP ports, first and last. If they are the same, all connections share that port. @default whatever the system gives */
  readonly portRange?: readonly [first: number, last: number];
  /** Of the network interface to use. @default all of them */
  readonly bindAddress?: string;
  /** Peers that have sent an offer and no `hello` yet; one more is answered 503. @default 100 */
  readonly maxPending?: number;
}

export interface WebRTCServer {
  /** Answers one request to `/rtc`, whatever its method. */
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** Takes no more offers; connections that are open stay, and after the last one nothing keeps the process from ending. */
  close(): void;
}

type Headers = Readonly<Record<string, string>>;
/** What is answered to a request, other than with an answer to the offer. */
type Refusal = readonly [status: number, why: string, headers?: Headers];

const BODY_TIMEOUT = 10_000;
/** s, while too many are pending: as long as these may take to open, and chance, so that not all come back together. */
const AWAY = 10;

const CLOSED: Refusal = [503, 'this server is going away', retryAfter(1)];
const ABSENT = 'WebRTC needs the package node-datachannel: npm install node-datachannel';

/** @throws TypeError naming the option that is wrong */
export function createWebRTC(core: ServerCore, options: WebRTCServerOptions = {}): WebRTCServer {
  const { maxPending = 100 } = options;
  const config = configOf(options);
  const peers = new Set<Peer>();
  /** From the request to `hello`. */
  const pending = new Set<object>();
  let library: Promise<RtcLibrary | null> | null = null;
  let state: 'open' | 'closed' = 'open';
  let last: { readonly data: Encoded; readonly parts: readonly Uint8Array<ArrayBuffer>[] } | null = null;

  // A second failure would say the same. A package that is installed later needs another process anyway.
  const load = (): Promise<RtcLibrary | null> =>
    (library ??= acquireLibrary().catch((error: unknown) => {
      core.report('webrtc-unavailable', { error, why: ABSENT });
      return null;
    }));
  const closed = (): boolean => state === 'closed';
  const release = (): void => {
    if (!closed() || peers.size > 0 || pending.size > 0 || library === null) return;
    void library.then((loaded) => loaded !== null && releaseLibrary(loaded));
    library = null;
  };
  const partsOf = (data: Encoded): readonly Uint8Array<ArrayBuffer>[] => {
    if (last?.data !== data) last = { data, parts: fragments(data) };
    return last.parts;
  };

  const answer = async (request: IncomingMessage, response: ServerResponse, slot: object): Promise<Refusal | string> => {
    const loaded = await load();
    if (loaded === null) return [501, ABSENT];
    const origin = request.headers.origin ?? null;
    const host = request.headers.host ?? null;
    const turned = core.turnAway({ origin, host });
    if (turned !== null) return [turned.status, turned.why, 'after' in turned ? retryAfter(turned.after / 1000) : {}];
    const body = await readBody(request);
    if (body === null) return [413, `an offer has at most ${OFFER_BYTES} bytes`];
    const offer = readOffer(body);
    if (!offer.ok) return [400, offer.why];
    if (closed() || response.destroyed) return CLOSED;
    const info = { origin, host, admitted: true, ip: request.socket.remoteAddress ?? '' };
    const peerHost: PeerHost = {
      limit: core.limits.message,
      partsOf,
      accept: (socket, codec) => core.accept(socket, { ...info, codec }),
      onHeard: () => pending.delete(slot),
      onGone() {
        pending.delete(slot);
        peers.delete(peer);
        release();
      },
      onFault: (error) => core.report('connection-failed', { error, user: '' }),
    };
    const peer = new Peer(loaded, config, peerHost);
    peers.add(peer);
    // Nobody is there to whom the answer could be given.
    response.once('close', () => response.writableFinished || peer.end());
    try {
      return await peer.answer(offer.sdp);
    } catch (error) {
      peer.end();
      if (closed()) return CLOSED;
      return [400, `the offer cannot be answered: ${error instanceof Error ? error.message : String(error)}`];
    }
  };

  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (closed()) return say(request, response, CLOSED);
    if (pending.size >= maxPending) {
      return say(request, response, [503, 'too many connect at once', retryAfter(1 + Math.random() * AWAY)]);
    }
    const slot = {};
    pending.add(slot);
    let said: Refusal | string;
    try {
      said = await answer(request, response, slot);
    } catch (error) {
      // The request broke off, or is a fault of ours.
      if (!request.destroyed) core.report('connection-failed', { error, user: '' });
      said = [500, 'the server failed'];
    }
    if (typeof said !== 'string') {
      pending.delete(slot);
      release();
    }
    say(request, response, said);
  };

  return {
    handle(request, response) {
      // A peer that hangs up is no fault.
      response.on('error', () => undefined);
      const refusal = judge(request);
      if (refusal === null) void take(request, response);
      else say(request, response, refusal);
    },
    close() {
      state = 'closed';
      for (const peer of peers) if (!peer.open) peer.end();
      release();
    },
  };
}

function configOf({ iceServers = [], portRange, bindAddress, maxPending = 100 }: WebRTCServerOptions): RtcConfig {
  const port = (value: unknown): boolean => Number.isInteger(value) && (value as number) > 0 && (value as number) < 65_536;
  if (portRange !== undefined && !(portRange.every(port) && portRange[0] <= portRange[1])) {
    throw new TypeError('webRTC.portRange must be two ports, the lower one first');
  }
  if (!Number.isInteger(maxPending) || maxPending < 1) throw new TypeError('webRTC.maxPending must be an integer from 1');
  const strange = iceServers.find((server) => !/^(stun|turns?):./.test(server));
  if (strange !== undefined) throw new TypeError(`webRTC.iceServers: '${strange}' does not begin with stun:, turn: or turns:`);
  return {
    iceServers: [...iceServers],
    // What a stranger may make the library put together before this side sees a byte of it.
    maxMessageSize: 65_536,
    ...(bindAddress !== undefined && { bindAddress }),
    ...(portRange !== undefined && {
      portRangeBegin: portRange[0],
      portRangeEnd: portRange[1],
      enableIceUdpMux: portRange[0] === portRange[1],
    }),
  };
}

/** By its head alone. */
function judge({ method, headers }: IncomingMessage): Refusal | null {
  if (method === 'OPTIONS') {
    // Whether the origin may connect is asked with the offer, which counts as one that came; this costs nothing.
    return [204, '', { 'access-control-allow-methods': 'POST', 'access-control-allow-headers': 'content-type', 'access-control-max-age': '7200' }]; // prettier-ignore
  }
  if (method !== 'POST') return [405, 'an offer is sent with POST', { allow: 'POST, OPTIONS' }];
  if (!/^application\/sdp *(;|$)/i.test(headers['content-type'] ?? '')) return [415, 'an offer is application/sdp'];
  if (Number(headers['content-length'] ?? 0) > OFFER_BYTES) return [413, `an offer has at most ${OFFER_BYTES} bytes`];
  return null;
}

/** @returns null for one that is too large */
async function readBody(request: IncomingMessage): Promise<string | null> {
  const timer = setTimeout(() => request.destroy(), BODY_TIMEOUT);
  try {
    let text = '';
    request.setEncoding('latin1');
    // Left early it would be destroyed, and the answer with it.
    for await (const piece of request.iterator({ destroyOnReturn: false }) as AsyncIterable<string>) {
      text += piece;
      if (text.length > OFFER_BYTES) return null;
    }
    return text;
  } finally {
    clearTimeout(timer);
  }
}

function say(request: IncomingMessage, response: ServerResponse, said: Refusal | string): void {
  if (response.destroyed) return;
  const [status, text, headers = {}] = typeof said === 'string' ? ([201, said] as const) : said;
  const { origin } = request.headers;
  // Why it may not connect is not shown to a page: 403 says it to whoever looks at the network.
  const allowed = origin !== undefined && status !== 403;
  response.writeHead(status, {
    'cache-control': 'no-store, no-transform',
    vary: 'Origin',
    ...(status !== 204 && { 'content-type': status === 201 ? 'application/sdp' : 'text/plain' }),
    // What is left of a body that nobody reads would be taken for the next request.
    ...(request.complete ? undefined : { connection: 'close' }),
    ...(allowed && { 'access-control-allow-origin': origin }),
    ...headers,
  });
  response.end(status === 201 || status === 204 ? text : `${text}\n`);
}

/** RFC 9110, section 10.2.3: whole seconds. 0 would invite everybody back at once. */
function retryAfter(seconds: number): Headers {
  return { 'retry-after': String(Math.max(1, Math.ceil(seconds))) };
}
