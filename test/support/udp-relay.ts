/** Stands between two ends of WebRTC, and does to the datagrams what networks do. */
import { type Socket, createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface UdpRelay extends AsyncDisposable {
  /** Of an HTTP server that passes offers on. The addresses in an offer and its answer are hidden, so all goes through here. */
  readonly port: number;
  /** What is open now goes dead for good, and nobody is told; new connections work. @returns how many carried something */
  halfOpen(): number;
  /** Nothing arrives in this direction; what is sent meanwhile is lost, as on a radio link. */
  stall(...directions: readonly ('up' | 'down')[]): void;
  heal(): void;
}

interface Flow {
  readonly client: Socket;
  readonly server: Socket;
  /** idle: nothing has come back through it yet. */
  state: 'idle' | 'alive' | 'dead';
}

const CANDIDATE = /^(a=candidate:\S+ \d+ udp \d+) (\S+) (\d+) typ host/im;
/** RFC 8838: `a=end-of-candidates` would end the search of the other side before a datagram has come. */
const CANDIDATES = /^a=(candidate:|end-of-candidates).*\r?\n/gim;

export async function createUdpRelay(target: number): Promise<UdpRelay> {
  const flows = new Set<Flow>();
  const stalled = new Set<'up' | 'down'>();

  /** @returns the port to send to instead of `to` */
  const relay = async (to: { readonly host: string; readonly port: number }): Promise<number> => {
    const [client, server] = await Promise.all([bind(), bind()]);
    const flow: Flow = { client, server, state: 'idle' };
    let from: { readonly address: string; readonly port: number } | null = null;
    flows.add(flow);
    client.on('message', (bytes, info) => {
      from = info;
      if (flow.state === 'dead' || stalled.has('up')) return;
      server.send(bytes, to.port, to.host);
    });
    server.on('message', (bytes) => {
      if (from === null || flow.state === 'dead' || stalled.has('down')) return;
      flow.state = 'alive';
      client.send(bytes, from.port, from.address);
    });
    return client.address().port;
  };

  const pass = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const offer = (await request.setEncoding('utf8').toArray()).join('');
    const answer = await fetch(`http://127.0.0.1:${target}${request.url}`, {
      method: 'POST',
      headers: { 'content-type': 'application/sdp' },
      body: offer.replaceAll(CANDIDATES, ''),
    });
    let sdp = await answer.text();
    const found = CANDIDATE.exec(sdp);
    if (found !== null) {
      const port = await relay({ host: found[2]!, port: Number(found[3]) });
      sdp = `${sdp.replaceAll(CANDIDATES, '')}${found[1]} 127.0.0.1 ${port} typ host\r\n`;
    }
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type')! }).end(sdp);
  };
  const http = createServer((request, response) => void pass(request, response).catch(() => response.destroy()));
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');

  return {
    port: (http.address() as AddressInfo).port,
    halfOpen() {
      const carrying = [...flows].filter(({ state }) => state === 'alive');
      for (const flow of flows) flow.state = 'dead';
      return carrying.length;
    },
    stall: (...directions) => directions.forEach((direction) => stalled.add(direction)),
    heal: () => stalled.clear(),
    async [Symbol.asyncDispose]() {
      for (const { client, server } of flows) [client, server].forEach((socket) => socket.close());
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

async function bind(): Promise<Socket> {
  const socket = createSocket('udp4');
  // A port that nobody has any more: what is lost is told to nobody.
  socket.on('error', () => undefined);
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}
