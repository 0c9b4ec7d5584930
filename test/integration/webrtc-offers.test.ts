/** What is answered to offers, good and bad, by a server that listens on loopback. */
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Server, type ServerOptions, type WebRTCServerOptions, createServer } from '../../server/index.ts';
import { acquireLibrary } from '../../server/node/rtc-library.ts';
import { type Stranger, createStranger, postOffer } from '../support/stranger.ts';

// The last server of a process ends all that the library still does, and the peers of these tests are its too.
beforeAll(async () => {
  await acquireLibrary();
});

const disposers: (() => unknown)[] = [];
afterEach(async () => {
  for (const dispose of disposers.splice(0).reverse()) await dispose();
});

const LOOPBACK = { bindAddress: '127.0.0.1' } as const;

async function start(
  options: Partial<ServerOptions> = {},
  rtc: WebRTCServerOptions = LOOPBACK,
): Promise<{ readonly server: Server; readonly port: number }> {
  const http = createHttpServer((_request, response) => response.end('the app'));
  const server = createServer({ authenticate: () => ({ user: null }), channels: {}, ...options });
  server.attach(http, { webRTC: rtc });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  disposers.push(async () => {
    await server.close();
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  });
  return { server, port: (http.address() as AddressInfo).port };
}

async function invite(): Promise<Stranger> {
  const stranger = await createStranger();
  disposers.push(() => stranger.peer.close());
  return stranger;
}

describe('a request', () => {
  const offer = ['v=0', 'o=- 1 1 IN IP4 0.0.0.0', 's=-', 't=0 0', 'm=application 9 UDP/DTLS/SCTP webrtc-datachannel'].join(
    '\r\n',
  );

  it.each([
    ['GET', { method: 'GET' }, 405],
    ['another type', { body: '{}', headers: { 'content-type': 'application/json' } }, 415],
    ['an offer of 65 KiB', { body: 'v'.repeat(66_560) }, 413],
    ['an offer of 65 KiB of unknown length', { body: new Blob(['v'.repeat(66_560)]).stream(), duplex: 'half' }, 413],
    ['no offer', { body: 'hello' }, 400],
    ['an offer of a video', { body: `${offer}\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n` }, 400],
    ['an offer without keys', { body: offer }, 400],
    ['another origin', { body: offer, headers: { 'content-type': 'application/sdp', origin: 'https://evil.example' } }, 403],
  ])('with %s is refused', async (_what, init, status) => {
    const { port } = await start();
    const headers = { 'content-type': 'application/sdp' };
    const response = await fetch(`http://127.0.0.1:${port}/realtime/rtc`, { method: 'POST', headers, ...init });
    expect(response.status).toBe(status);
    expect(response.headers.get('cache-control')).toBe('no-store, no-transform');
    expect((await response.text()).length).toBeGreaterThan(5);
  });

  it('of another origin is answered as CORS asks', async () => {
    const { port } = await start({ origins: ['https://app.example'] });
    const origin = 'https://app.example';
    const asked = await fetch(`http://127.0.0.1:${port}/realtime/rtc`, { method: 'OPTIONS', headers: { origin } });
    expect(asked.status).toBe(204);
    const told = ['access-control-allow-origin', 'access-control-allow-methods', 'access-control-allow-headers', 'vary'];
    expect(told.map((name) => asked.headers.get(name))).toEqual([origin, 'POST', 'content-type', 'Origin']);
    const { offer } = await invite();
    const answered = await postOffer(port, offer, { origin });
    expect([answered.status, answered.headers.get('access-control-allow-origin')]).toEqual([201, origin]);
    const refused = await postOffer(port, offer, { origin: 'https://evil.example' });
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([403, null]);
  });

  it('to another path is the app’s, before and after the server is detached', async () => {
    const { server, port } = await start();
    const ask = async (): Promise<string> => (await fetch(`http://127.0.0.1:${port}/other`)).text();
    expect(await ask()).toBe('the app');
    await server.close();
    expect(await ask()).toBe('the app');
    expect((await postOffer(port, offer)).status).toBe(200);
  });

  it('finds all connections on one UDP port, if there is only one', async () => {
    const { port } = await start({}, { ...LOOPBACK, portRange: [45_612, 45_612] });
    const [ada, bob] = [await invite(), await invite()];
    for (const stranger of [ada, bob]) {
      const answer = await (await postOffer(port, stranger.offer)).text();
      expect(/a=candidate:.* 127\.0\.0\.1 (\d+) typ host/.exec(answer)?.[1]).toBe('45612');
      await stranger.open(answer);
    }
  });
});
