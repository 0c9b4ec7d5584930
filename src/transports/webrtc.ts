import { batches } from '../protocol/batches.ts';
import type { Encoded } from '../protocol/codec.ts';
import { END } from '../protocol/end-codes.ts';
import { Assembler, PACKET, PART, fragments } from '../protocol/fragment.ts';
import { DEFAULT_LIMITS, PROTOCOL_VERSION, type ClientFrame, type ServerFrame } from '../protocol/frame.ts';
import { parseMessage } from '../protocol/parse.ts';
import { SERVER_FRAMES } from '../protocol/server-frames.ts';
import { retryAfter } from './retry-after.ts';
import type { End, Link, Transport } from './transport.ts';

/** W3C "WebRTC", `RTCIceServer`. Written out, since a server's declarations must not need the DOM. */
export interface IceServer {
  readonly urls: string | readonly string[];
  readonly username?: string;
  readonly credential?: string;
}

export interface WebRTCOptions {
  /** Where the offer is sent. @default the client's url + '/rtc' */
  readonly url?: string;
  /** STUN and TURN servers. A server with a public address needs none, unless clients sit where UDP is blocked. @default [] */
  readonly iceServers?: readonly IceServer[];
  /** `relay`: through TURN only. @default 'all' */
  readonly iceTransportPolicy?: 'all' | 'relay';
}

/** Bytes of a message that a server may make this page hold. What servers send by default stays far below. */
const LARGEST = 16_777_216;
/** Most candidates come at once; one that waits for a TURN server that is down would come after 10 s or never. */
const GATHER = { first: 1000, all: 3000 } as const;
const NO_STATUS = 1005;

/**
 * WebRTC data channels (RFC 8831), offered with one request as in WHIP (RFC 9725). Only ever an upgrade: a volatile message
 * that is lost holds up no other. UDP is blocked in many offices, so there is always another transport beside it.
 */
export function webRTC({ url: address, iceServers = [], iceTransportPolicy = 'all' }: WebRTCOptions = {}): Transport {
  return {
    name: 'webrtc',
    upgradeOnly: true,
    isSupported: ({ RTCPeerConnection, fetch }) => RTCPeerConnection !== undefined && fetch !== undefined,
    open({ url, codec, opening, credentials = 'omit', environment }, sink): Link {
      const { setTimeout, clearTimeout, fetch } = environment;
      const gone = new AbortController();
      const { signal } = gone;
      const timers: unknown[] = [];
      let opened = false;
      let peer: RTCPeerConnection | undefined;
      let frames: RTCDataChannel | undefined;
      let tells: RTCDataChannel | undefined;

      // Every way out first silences the peer connection. It is closed at once, and not after its channels: one that is open
      // keeps a page out of the back/forward cache. What was sent before that still leaves.
      const silence = (): void => {
        gone.abort();
        for (const timer of timers) clearTimeout(timer);
        if (frames) frames.onopen = frames.onmessage = frames.onclose = null;
        if (tells) tells.onmessage = null;
        if (!peer) return;
        peer.onicecandidate =
          peer.onicegatheringstatechange =
          peer.oniceconnectionstatechange =
          peer.onconnectionstatechange =
            null;
        peer.close();
      };
      const end = (why: string, code: number = END.abnormal, by: End['by'] = 'network', after?: number): void => {
        if (signal.aborted) return;
        silence();
        sink.onEnd({ code, why, by, opened, ...(after !== undefined && { after }) });
      };

      const send = (list: readonly ClientFrame[], most = DEFAULT_LIMITS.message): void => {
        if (signal.aborted || frames?.readyState !== 'open') return;
        // Of an answer that says 0, "as much as you like", some browsers make 0 and some Infinity; old ones have no `sctp`.
        // A part that holds nothing but its first byte would never end.
        const room = Math.max(2, Math.min(PART, peer!.sctp?.maxMessageSize || PART));
        const put = (message: Encoded): void => fragments(message, room).forEach((part) => frames!.send(part));
        try {
          const volatile = tells?.readyState === 'open' ? list.filter(({ t }) => t === 'tell') : [];
          for (const message of batches(codec, volatile, PACKET)) {
            const [part, more] = fragments(message, room);
            if (more || part!.length > PACKET) put(message);
            else tells!.send(part!);
          }
          const rest = volatile.length > 0 ? list.filter(({ t }) => t !== 'tell') : list;
          for (const message of batches(codec, rest, most)) put(message);
        } catch (error) {
          // A channel whose buffer is full, 16 MiB in Chromium, throws; some close it as well.
          queueMicrotask(() => end(textOf(error), END.abnormal, 'browser'));
        }
      };

      const receive = (channel: RTCDataChannel, assembler: Assembler, wanted: (frame: ServerFrame) => boolean): void => {
        // Firefox had Blobs by default, which can only be read later, and so out of order.
        channel.binaryType = 'arraybuffer';
        channel.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
          const taken = assembler.take(typeof data === 'string' ? data : new Uint8Array(data));
          if (taken.state === 'partial') return;
          const parsed =
            taken.state === 'whole'
              ? parseMessage<ServerFrame>(codec, taken.message, SERVER_FRAMES)
              : { ok: false as const, why: taken.why };
          if (parsed.ok) return sink.onFrames(parsed.frames.filter(wanted));
          // The server is told that it is at fault; for the client the fault may lie elsewhere, so it retries.
          send([{ t: 'bye', code: END.badFrame }]);
          end(parsed.why, END.invalidData, 'client');
        };
      };

      const connect = async (): Promise<void> => {
        peer = new environment.RTCPeerConnection!({ iceServers: [...iceServers], iceTransportPolicy }) as RTCPeerConnection;
        const protocol = `holdfast.${PROTOCOL_VERSION}.${codec.name}`;
        // In-band: with `negotiated` both sides must agree on ids, and whoever opens first may send before the other listens.
        frames = peer.createDataChannel('frames', { protocol });
        tells = peer.createDataChannel('tells', { protocol, ordered: false, maxRetransmits: 0 });
        receive(frames, new Assembler(LARGEST), () => true);
        receive(tells, new Assembler(PART, 'one'), ({ t }) => t === 'tell');
        frames.onopen = () => {
          opened = true;
          send(opening());
        };
        frames.onclose = () => end('the server closed the channel', NO_STATUS, 'server');
        const judge = (): void => {
          // Both: `connectionState` alone knows of a failed DTLS, and Firefox before 113 has the other one only.
          const state = [peer!.connectionState, peer!.iceConnectionState].find((one) => /failed|disc|closed/.test(one));
          if (state) end(opened ? `the peer connection is ${state}` : 'no way to the server over UDP was found');
        };
        peer.onconnectionstatechange = peer.oniceconnectionstatechange = judge;
        const gathered = new Promise<void>((resolve) => {
          const within = (ms: number): unknown => timers.push(setTimeout(resolve, ms));
          within(GATHER.all);
          peer!.onicecandidate = () => timers.length < 2 && within(GATHER.first);
          peer!.onicegatheringstatechange = () => peer!.iceGatheringState === 'complete' && resolve();
        });
        // Without an argument it makes the offer too.
        await peer.setLocalDescription();
        await gathered;
        for (const timer of timers) clearTimeout(timer);
        if (signal.aborted) return;
        const response = await fetch!(address ?? `${url.replace(/^ws/, 'http')}/rtc`, {
          method: 'POST',
          headers: { 'content-type': 'application/sdp' },
          body: peer.localDescription!.sdp,
          cache: 'no-store',
          redirect: 'error',
          credentials,
          signal,
        });
        const { status } = response;
        if (status !== 201) {
          const after = retryAfter(response.headers.get('retry-after'), environment.now());
          const code = status === 429 || status === 503 ? 1013 : status < 500 ? 1008 : 1014;
          return end(`the offer was answered with ${status}`, code, 'server', after || undefined);
        }
        const sdp = await response.text();
        if (!signal.aborted) await peer.setRemoteDescription({ type: 'answer', sdp });
      };

      // Not now: what the browser refuses at once must not be told before this function has returned.
      connect().catch((error: unknown) => end(textOf(error), END.abnormal, peer ? 'network' : 'browser'));
      return {
        send,
        close: silence,
        get buffered() {
          return frames?.readyState === 'open' ? frames.bufferedAmount + (tells?.bufferedAmount ?? 0) : 0;
        },
      };
    },
  };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
