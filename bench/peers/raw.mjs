/** What one writes by hand: `ws` with JSON, one message at a time. */
import { once } from 'node:events';
import { WebSocket, WebSocketServer } from 'ws';
import { createMeasures } from '../support/client.mjs';
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
  const { onAnswer, actions } = createMeasures((type, id, data) => socket.send(JSON.stringify({ type, id, data })));
  return {
    async connect(url) {
      socket = new WebSocket(url, { perMessageDeflate: false });
      socket.on('message', (text) => {
        JSON.parse(text);
        onAnswer();
      });
      await once(socket, 'open');
    },
    ...actions,
  };
}
