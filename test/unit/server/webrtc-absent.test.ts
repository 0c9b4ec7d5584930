/** Without the optional package: a sentence that says which, and no more than one event. */
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { type ServerEvent, createServer } from '../../../server/index.ts';

vi.mock('node-datachannel', () => {
  throw new Error("Cannot find package 'node-datachannel'");
});

const options = { authenticate: () => ({ user: null }), channels: {} };

describe('without node-datachannel', () => {
  it('an offer is answered 501, and the log is told once', async () => {
    const events: ServerEvent[] = [];
    const server = createServer({ ...options, onEvent: (event) => events.push(event) });
    const http = createHttpServer();
    server.attach(http, { webRTC: {} });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/realtime/rtc`;
    for (let n = 0; n < 3; n += 1) {
      const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/sdp' }, body: 'v=0' });
      expect([response.status, await response.text()]).toEqual([501, 'WebRTC needs the package node-datachannel: npm install node-datachannel\n']); // prettier-ignore
    }
    expect(events.map(({ name }) => name)).toEqual(['webrtc-unavailable']);
    expect(events[0]!.detail).toMatchObject({
      error: expect.any(Error) as Error,
      why: expect.stringContaining('npm install') as string,
    });
    await server.close();
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  });
});

describe('options', () => {
  it.each([
    [{ portRange: [0, 10] }, 'portRange'],
    [{ portRange: [20, 10] }, 'portRange'],
    [{ portRange: [20, 70_000] }, 'portRange'],
    [{ maxPending: 0 }, 'maxPending'],
    [{ iceServers: ['stun.example.com'] }, 'iceServers'],
  ])('%j are refused at once', (webRTC, name) => {
    const server = createServer(options);
    expect(() => server.attach(createHttpServer(), { webRTC: webRTC as object })).toThrow(name);
  });
});
