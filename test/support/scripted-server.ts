/** A server that says what a script tells it to, right or wrong, to clients whose WebSocket msw intercepts. */
import { CloseEvent, WebSocket as UndiciWebSocket } from 'undici';
import { ws } from 'msw';
import { setupServer } from 'msw/node';
import { CLIENT_FRAMES } from '../../src/protocol/client-frames.ts';
import type { Codec, Encoded } from '../../src/protocol/codec.ts';
import type { ClientFrame, ServerBye, ServerFrame } from '../../src/protocol/frame.ts';
import { json } from '../../src/protocol/json.ts';
import { parseMessage } from '../../src/protocol/parse.ts';
import { pong, subbed, welcome } from './scripted-frames.ts';

export type FrameOf<T extends ClientFrame['t']> = Extract<ClientFrame, { readonly t: T }>;
type Answers = { readonly [T in ClientFrame['t']]?: (frame: FrameOf<T>, peer: Peer) => void };

/** What is not named is done as by a good server: `welcome`, `subbed` at the cursor given, `pong`; nothing else is answered. */
export interface Script extends Answers {
  /** Before the handshake is answered: refuse or hang here. */
  readonly connect?: (peer: Peer) => void;
}

/** One connection, as the server sees it. */
export interface Peer {
  /** Counted from 0. */
  readonly index: number;
  readonly url: string;
  /** Offered in the handshake. */
  readonly protocols: readonly string[];
  /** Whatever came, message by message. */
  readonly raw: readonly Encoded[];
  readonly messages: readonly (readonly ClientFrame[])[];
  /** Every frame of a type, or every frame. */
  got(): readonly ClientFrame[];
  got<T extends ClientFrame['t']>(type: T): readonly FrameOf<T>[];
  /** One batch. */
  send(...frames: readonly ServerFrame[]): void;
  /** A message that need not be one. */
  sendRaw(data: string | Uint8Array): void;
  /** `bye`, and a close with its code. */
  bye(code: number, more?: Partial<ServerBye>): void;
  /** A clean close. */
  close(code: number): void;
  /** The connection or the handshake fails, without a closing handshake. */
  die(code?: number): void;
  /** The handshake is never answered. */
  hang(): void;
  /** How the socket was closed; null while it is not. */
  readonly closed: { readonly by: 'client' | 'server'; readonly code: number } | null;
}

export interface ScriptedServer {
  readonly url: string;
  /** The class that clients are given. */
  readonly WebSocket: typeof WebSocket;
  readonly peers: readonly Peer[];
  /** The newest connection. */
  readonly peer: Peer;
  /** What clients sent that is against the protocol. */
  readonly faults: readonly string[];
  /** From now on; adds to the script. */
  follow(script: Script): void;
  stop(): void;
}

const URL_OF_SERVER = 'https://server.test/realtime';
/** One for all: each has a BroadcastChannel listener that is never removed. */
const link = ws.link('wss://server.test/realtime/ws');

/** The parts of msw's socket that a failure of the network changes. */
type Breakable = EventTarget & { readyState: number };

export function createScriptedServer(first: Script = {}, codec: Codec = json()): ScriptedServer {
  const peers: Peer[] = [];
  const faults: string[] = [];
  let script: Script = { hello: (_, peer) => peer.send(welcome()), sub: (frame, peer) => peer.send(subbed(frame)), ping: pong };
  script = { ...script, ...first };

  const answer = (peer: Peer, frame: ClientFrame): void => {
    (script[frame.t] as ((frame: ClientFrame, peer: Peer) => void) | undefined)?.(frame, peer);
  };

  const network = setupServer(
    link.addEventListener('connection', ({ client, info }) => {
      const raw: Encoded[] = [];
      const messages: (readonly ClientFrame[])[] = [];
      const { socket } = client as unknown as { readonly socket: Breakable };
      let closing: 'client' | 'server' = 'client';
      let closed: Peer['closed'] = null;
      // msw hands over what is sent in a microtask, and drops it if the socket has begun to close by then.
      const afterwards = (run: () => void): void => {
        closing = 'server';
        queueMicrotask(run);
      };
      const peer: Peer = {
        index: peers.length,
        url: client.url.href,
        protocols: [info.protocols ?? []].flat(),
        raw,
        messages,
        got: (type?: ClientFrame['t']) => messages.flat().filter((frame) => type === undefined || frame.t === type) as never,
        send: (...frames) => peer.sendRaw(codec.join(frames.map((frame) => codec.encode(frame)))),
        // A browser makes an ArrayBuffer of bytes, msw hands on what it got.
        sendRaw: (data) => client.send(typeof data === 'string' ? data : new Uint8Array(data).buffer),
        bye(code, more = {}) {
          peer.send({ t: 'bye', code, why: 'by script', ...more });
          peer.close(code);
        },
        close: (code) => afterwards(() => client.close(code)),
        die: (code = 1006) =>
          afterwards(() => {
            if (socket.readyState >= 2) return;
            socket.readyState = 3;
            socket.dispatchEvent(new Event('error'));
            socket.dispatchEvent(new CloseEvent('close', { code, wasClean: false }));
          }),
        hang() {
          const dispatch = socket.dispatchEvent.bind(socket);
          socket.dispatchEvent = (event) => {
            if (event.type !== 'open') return dispatch(event);
            socket.readyState = 0;
            return true;
          };
        },
        get closed() {
          return closed;
        },
      };
      client.addEventListener('message', ({ data }) => {
        const bytes = typeof data === 'string' ? data : new Uint8Array(data as Uint8Array<ArrayBuffer>);
        const parsed = parseMessage<ClientFrame>(codec, bytes, CLIENT_FRAMES);
        raw.push(bytes);
        if (!parsed.ok) return void faults.push(parsed.why);
        messages.push(parsed.frames);
        for (const frame of parsed.frames) answer(peer, frame);
      });
      client.addEventListener('close', ({ code }) => {
        if (closed !== null) return;
        closed = { by: closing, code };
        // msw keeps a listener for each connection until it hears of a close, and is deaf in the tick of the handshake.
        setImmediate(() => socket.dispatchEvent(new CloseEvent('close', { code }) as unknown as Event));
      });
      peers.push(peer);
      script.connect?.(peer);
    }),
  );

  // Node has a WebSocket of its own from version 22 on; msw only replaces one that is there.
  const before = Object.getOwnPropertyDescriptor(globalThis, 'WebSocket');
  globalThis.WebSocket ??= UndiciWebSocket as unknown as typeof WebSocket;
  network.listen({ onUnhandledRequest: 'error' });

  return {
    url: URL_OF_SERVER,
    WebSocket: globalThis.WebSocket,
    peers,
    get peer() {
      return peers.at(-1)!;
    },
    faults,
    follow(more) {
      script = { ...script, ...more };
    },
    stop() {
      network.close();
      if (before === undefined) Reflect.deleteProperty(globalThis, 'WebSocket');
    },
  };
}
