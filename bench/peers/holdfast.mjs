/** The built package, as an app imports it. */
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createClient, longPolling, sse, webSocket } from 'holdfast';
import { createServer } from 'holdfast/server';
import { WebSocket } from 'ws';
import { createCounter } from '../support/counter.mjs';
import { payload } from '../support/payload.mjs';

const TRANSPORTS = { websocket: webSocket, sse, polling: longPolling };

export async function server() {
  const core = createServer({
    authenticate: () => ({ user: null }),
    channels: { 'room:{id}': { subscribe: true, publish: true } },
    // One client publishes as fast as it can, which is what the default is there to prevent.
    limits: { publishRate: Infinity },
  });
  const http = createHttpServer();
  core.attach(http);
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  return {
    url: () => `http://127.0.0.1:${http.address().port}/realtime`,
    forget: () => undefined,
    /** From the back end, in one go. */
    async burst(first, count) {
      let last;
      for (let number = first; number < first + count; number += 1) last = core.publish('room:1', 'message', payload(number));
      await last;
    },
  };
}

export async function client() {
  let room;
  let sent = 0;
  let onMessage = () => undefined;
  const count = createCounter();
  const publish = () => {
    sent += 1;
    return room.publish('message', payload(sent));
  };
  return {
    async connect(url, { subscribe, transport = 'websocket' }) {
      const holdfast = createClient(url, { environment: { WebSocket }, transports: [TRANSPORTS[transport]()] });
      // Nobody listens for its own messages where only the acknowledgement counts, as on the raw side.
      room = holdfast.channel(subscribe ? 'room:1' : 'room:2');
      if (subscribe) room.subscribe('message', (data) => onMessage(data));
      holdfast.connect();
      const { status } = subscribe ? room : holdfast;
      const ready = subscribe ? 'live' : 'connected';
      await new Promise((resolve) => {
        const stop = status.subscribe(() => {
          if (status.get().state !== ready) return;
          stop();
          resolve();
        });
      });
    },
    /** Resolves when so many more messages have come. */
    receive(messages) {
      onMessage = count.add;
      return count.receive(messages);
    },
    /** One at a time. @returns ms of each */
    roundTrips(type, count) {
      return new Promise((resolve, reject) => {
        const times = [];
        let at = performance.now();
        const onAnswer = () => {
          const now = performance.now();
          times.push(now - at);
          if (times.length === count) return resolve(times);
          at = performance.now();
          next();
        };
        const next = () => {
          const receipt = publish();
          if (type === 'store') receipt.accepted.then(onAnswer, reject);
        };
        if (type !== 'store') onMessage = onAnswer;
        next();
      });
    },
    /** At most `window` not yet accepted. @returns ms until all are accepted */
    pipeline(count, window) {
      return new Promise((resolve, reject) => {
        const began = performance.now();
        let accepted = 0;
        let left = count;
        const fill = () => {
          left -= 1;
          publish().accepted.then(onAccepted, reject);
        };
        const onAccepted = () => {
          accepted += 1;
          if (accepted === count) resolve(performance.now() - began);
          else if (left > 0) fill();
        };
        for (let i = 0; i < window; i += 1) fill();
      });
    },
  };
}
