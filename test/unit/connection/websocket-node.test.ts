import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { WebSocket } from 'ws';
import { describe, expect, it } from 'vitest';
import { createEnvironment } from '../../../src/platform/environment.ts';
import type { ClientFrame, Hello } from '../../../src/protocol/frame.ts';
import { json } from '../../../src/protocol/json.ts';
import type { End } from '../../../src/transports/transport.ts';
import { webSocket } from '../../../src/transports/websocket.ts';
import { createDeferred } from '../../../src/util/deferred.ts';

const OPENING: readonly [Hello, ...ClientFrame[]] = [{ t: 'hello', v: [1, 1], client: 'page', gen: 1 }];
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** An address at which nobody listens any more. */
async function deadUrl(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${port}`;
}

describe('the socket of `ws`, which throws errors that nobody listens for', () => {
  const environment = createEnvironment({ WebSocket });

  it('ends by its close', async () => {
    const { promise, resolve } = createDeferred<End>();
    const target = { url: await deadUrl(), codec: json(), environment, opening: () => OPENING, hello: () => OPENING[0] };
    webSocket().open(target, { onFrames() {}, onEnd: resolve });
    expect(await promise).toMatchObject({ code: 1006, by: 'network', opened: false });
  });

  it('may be closed while it connects', async () => {
    const ends: End[] = [];
    const target = { url: await deadUrl(), codec: json(), environment, opening: () => OPENING, hello: () => OPENING[0] };
    const link = webSocket().open(target, { onFrames() {}, onEnd: (end) => ends.push(end) });
    link.close();
    await settled();
    await settled();
    expect(ends).toEqual([]);
  });
});
