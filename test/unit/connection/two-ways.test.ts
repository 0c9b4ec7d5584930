/** An event stream comes down one way, and what is published goes up another. */
import { afterEach, expect, it } from 'vitest';
import { composeClient } from '../../../src/client.ts';
import { json } from '../../../src/protocol/json.ts';
import { sse } from '../../../src/transports/sse.ts';
import type { Client } from '../../../src/types.ts';
import { createFakePage } from '../../support/page.ts';
import { createScriptedFetch } from '../../support/scripted-fetch.ts';
import { WELCOME } from '../../support/scripted-transport.ts';
import { createVirtualClock } from '../../support/virtual-clock.ts';

let client: Client;
afterEach(() => client.destroy());

it('that the way up works says nothing of the way down: a silent stream is asked for anew although publications are answered', async () => {
  const net = createScriptedFetch(json());
  const clock = createVirtualClock();
  const { now, setTimeout, clearTimeout } = clock;
  client = composeClient({
    url: 'https://test.example/realtime',
    transports: [sse()],
    environment: { now, setTimeout, clearTimeout, page: createFakePage(), fetch: net.fetch, random: () => 0.5 },
  });
  client.connect();
  await clock.settle();
  const [stream] = net.to('sse');
  stream!.respond();
  stream!.event(WELCOME, { t: 'ping' });
  await clock.settle();
  for (let n = 1; n <= 3; n += 1) {
    await clock.advance(10_000);
    client.channel('room').publish('message', n);
    await clock.settle();
    const pub = net
      .to('send')
      .at(-1)!
      .frames.find((frame) => frame.t === 'pub')!;
    net
      .to('send')
      .at(-1)!
      .answer([{ t: 'ack', c: 'room', p: pub.p, s: pub.s, ep: 'e', r: pub.items.map(() => 0) }]);
    await clock.settle();
  }
  expect(net.to('sse')).toHaveLength(1);
  // 6 s after the heartbeat that did not come.
  await clock.advance(1050);
  expect(net.to('sse')).toHaveLength(2);
});
