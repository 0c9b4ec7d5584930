/** What one writes by hand: `ws` with JSON, one message at a time. */
import { once } from 'node:events';
import { WebSocket, WebSocketServer } from 'ws';
import { payload } from '../support/payload.mjs';

/** One room: a publication goes to every member, or is stored and acknowledged. */
export async function server() {
  const sockets = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  const stored = [];
  sockets.on('connection', (socket) => {
    socket.on('message', (text) => {
      const { type, id, data } = JSON.parse(text);
      if (type === 'store') {
        stored.push({ id, data });
        socket.send(JSON.stringify({ ack: id }));
      } else broadcast({ id, data });
    });
  });
  await once(sockets, 'listening');

  function broadcast(message) {
    const text = JSON.stringify(message);
    for (const member of sockets.clients) member.send(text);
  }

  return {
    url: () => `ws://127.0.0.1:${sockets.address().port}`,
    forget: () => void (stored.length = 0),
    /** From the back end, in one go. */
    burst(first, count) {
      for (let number = first; number < first + count; number += 1) broadcast({ id: number, data: payload(number) });
    },
  };
}

export async function client() {
  let socket;
  let onAnswer;
  let sent = 0;
  const send = (type) => {
    sent += 1;
    socket.send(JSON.stringify({ type, id: sent, data: payload(sent) }));
  };
  return {
    async connect(url) {
      socket = new WebSocket(url, { perMessageDeflate: false });
      socket.on('message', (text) => onAnswer(JSON.parse(text)));
      await once(socket, 'open');
    },
    /** One at a time. @returns ms of each */
    roundTrips(type, count) {
      return new Promise((resolve) => {
        const times = [];
        let at = performance.now();
        onAnswer = () => {
          const now = performance.now();
          times.push(now - at);
          if (times.length === count) return resolve(times);
          at = performance.now();
          send(type);
        };
        send(type);
      });
    },
    /** At most `window` unacknowledged. @returns ms until all are acknowledged */
    pipeline(count, window) {
      return new Promise((resolve) => {
        const began = performance.now();
        let acked = 0;
        let left = count;
        const fill = () => {
          left -= 1;
          send('store');
        };
        onAnswer = () => {
          acked += 1;
          if (acked === count) resolve(performance.now() - began);
          else if (left > 0) fill();
        };
        for (let i = 0; i < window; i += 1) fill();
      });
    },
  };
}
