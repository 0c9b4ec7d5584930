import { type IncomingMessage, type Server as HttpServer, STATUS_CODES } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { type ServerOptions, WebSocketServer } from 'ws';
import type { ServerCore, Turned } from '../types.ts';
import { retryAfter } from '../admission.ts';
import { NodeExchange } from './http.ts';
import { type Route, takeRequests } from './routes.ts';
import { createWebRTC, type WebRTCServerOptions } from './webrtc.ts';
import { chooseProtocol, codecs, FrameWriter, serveWebSocket } from './websocket.ts';

export interface AttachOptions {
  /** Of all transports: `${path}/ws` of the WebSocket, `${path}/sse`, `/poll` and `/send` of HTTP. @default '/realtime' */
  readonly path?: string;
  /** WebRTC at `${path}/rtc`; needs the package `node-datachannel`. @default off */
  readonly webRTC?: WebRTCServerOptions;
}

const HTTP_TRANSPORTS = ['/sse', '/poll', '/send'];

/** How long a peer may take to answer the end of a connection. */
const CLOSE_TIMEOUT = 2000;

/** Takes the requests of the transports under `path`; every other request is left to whoever else listens. */
export function attach(
  core: ServerCore,
  server: HttpServer | HttpsServer,
  { path = '/realtime', webRTC }: AttachOptions = {},
): () => void {
  if (!path.startsWith('/') || path.endsWith('/')) throw new TypeError(`path must begin with / and not end with it: '${path}'`);
  const address = `${path}/ws`;
  const writer = new FrameWriter();
  const known = codecs();
  // The types of `ws` do not know closeTimeout yet.
  const options: ServerOptions & { readonly closeTimeout: number } = {
    noServer: true,
    clientTracking: false,
    // Compression keeps a window of memory for each connection and delays each message; it also leaks lengths (CRIME).
    perMessageDeflate: false,
    maxPayload: core.limits.message,
    handleProtocols: chooseProtocol,
    closeTimeout: CLOSE_TIMEOUT,
  };
  const sockets = new WebSocketServer(options);

  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (request.url?.split('?', 1)[0] !== address) {
      // From here on the socket is the listeners': an error that nobody hears would end the process.
      socket.on('error', () => socket.destroy());
      // Node leaves an upgrade that somebody listens for to the listeners: without another one it would hang for ever.
      if (server.listenerCount('upgrade') === 1) refuse(socket, NOTHING_HERE);
      return;
    }
    const origin = request.headers.origin ?? null;
    const host = request.headers.host ?? null;
    const turned = core.turnAway({ origin, host });
    if (turned !== null) return refuse(socket, turned);
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const codec = known.get(webSocket.protocol) ?? known.get('')!;
      serveWebSocket(core, webSocket, socket, writer, {
        origin,
        host,
        codec,
        admitted: true,
        ip: request.socket.remoteAddress ?? '',
      });
    });
  };

  const routeTo =
    (suffix: string): Route =>
    (request, response) =>
      core.serve(new NodeExchange(request, response, suffix));
  const bySuffix = new Map(HTTP_TRANSPORTS.map((suffix) => [suffix, routeTo(suffix)]));
  const rtc = webRTC === undefined ? null : createWebRTC(core, webRTC);
  if (rtc !== null) bySuffix.set('/rtc', (request, response) => rtc.handle(request, response));
  const giveBack = takeRequests(server, { path, bySuffix, other: routeTo('/') });
  server.on('upgrade', onUpgrade);
  return () => {
    giveBack();
    rtc?.close();
    server.off('upgrade', onUpgrade);
    sockets.close();
  };
}

const NOTHING_HERE = { status: 404, why: 'nothing is here' } as const;

function refuse(socket: Duplex, turned: Turned | typeof NOTHING_HERE): void {
  const { status, why } = turned;
  // A peer that hangs up first is no fault.
  socket.on('error', () => socket.destroy());
  // Ended on this side only, it would stay for as long as the peer likes.
  socket.once('finish', () => socket.destroy());
  const retry = 'after' in turned ? `Retry-After: ${retryAfter(turned.after)}\r\n` : '';
  const body = `${why}\n`.replaceAll(/[^\x20-\x7e\n]/g, '?');
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: text/plain\r\n${retry}Content-Length: ${body.length}\r\n\r\n${body}`,
  );
}
