import { batches } from '../protocol/batches.ts';
import { END, endRule } from '../protocol/end-codes.ts';
import { parseMessage } from '../protocol/parse.ts';
import { SERVER_FRAMES } from '../protocol/server-frames.ts';
import { DEFAULT_LIMITS, PROTOCOL_VERSION, type ServerFrame } from '../protocol/frame.ts';
import type { End, Link, Transport } from './transport.ts';

export interface WebSocketOptions {
  /** @default the client's url + '/ws' */
  readonly url?: string;
}

/**
 * WebSocket (RFC 6455, WHATWG "WebSockets"), subprotocol `holdfast.1.<codec>`. The token travels in `hello`, never in the
 * address, which proxies log.
 */
export function webSocket(options: WebSocketOptions = {}): Transport {
  return {
    name: 'websocket',
    isSupported: ({ WebSocket }) => WebSocket !== undefined,
    open({ url, codec, opening, environment }, sink): Link {
      const address = (options.url ?? `${url}/ws`).replace(/^http/, 'ws');
      let socket: WebSocket;
      try {
        socket = new environment.WebSocket!(address, [`holdfast.${PROTOCOL_VERSION}.${codec.name}`]) as WebSocket;
      } catch (error) {
        // ws: from an https: page, or a port that browsers block: refused before there is a socket.
        const why = error instanceof Error ? error.message : String(error);
        queueMicrotask(() => sink.onEnd({ code: END.abnormal, why, by: 'browser', opened: false }));
        return { send() {}, close: () => void (sink = { onFrames() {}, onEnd() {} }), buffered: 0 };
      }
      socket.binaryType = 'arraybuffer';
      // Says nothing that `close` does not say, but in `ws` an error without a listener ends the process. Never taken off.
      socket.onerror = () => {};
      let opened = false;

      const send: Link['send'] = (frames, most = DEFAULT_LIMITS.message) => {
        // A socket that is closing throws nothing and sends nothing; its end is told by `close`.
        if (socket.readyState !== 1) return;
        for (const message of batches(codec, frames, most)) socket.send(message);
      };
      // Every way out first silences the socket: events of a socket that was given up must reach nobody, and a browser may
      // take a minute to close one whose network is gone.
      const silence = (): void => {
        socket.onopen = socket.onmessage = socket.onclose = null;
      };
      const end = (told: End): void => {
        silence();
        sink.onEnd(told);
      };

      socket.onopen = () => {
        opened = true;
        send(opening());
      };
      socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
        const bytes = typeof data === 'string' ? data : new Uint8Array(data);
        const parsed = parseMessage<ServerFrame>(codec, bytes, SERVER_FRAMES);
        if (parsed.ok) return sink.onFrames(parsed.frames);
        // The server is told that it is at fault; for the client the fault may lie with whatever is in between, so it retries.
        // First, because whoever is told of the end closes the link, and a socket keeps the first code that it is given.
        socket.close(END.badFrame);
        end({ code: END.invalidData, why: parsed.why, by: 'client', opened });
      };
      socket.onclose = ({ code, reason, wasClean }) => {
        // Browsers tell nothing of a failed handshake but 1006.
        const by = wasClean ? 'server' : 'network';
        end({ code, why: reason === '' ? endRule(code).name : reason, by, opened });
      };
      return {
        send,
        close(code = END.normal) {
          silence();
          socket.close(code);
        },
        get buffered() {
          return socket.bufferedAmount;
        },
      };
    },
  };
}
