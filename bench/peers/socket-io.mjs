/** Socket.IO with its defaults, and one transport. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { Fetch, io } from 'socket.io-client';
import { createMeasures } from '../support/client.mjs';
import { payload } from '../support/payload.mjs';

/** Over HTTP by `fetch`, as the others: by default it opens a connection for each request in Node. */
const TRANSPORTS = { websocket: 'websocket', polling: Fetch };

/** One room: a publication goes to every member, or is stored and acknowledged. */
export async function server() {
  const http = createServer();
  const sockets = new Server(http);
  const stored = [];
  sockets.on('connection', (socket) => {
    socket.on('join', (done) => {
      void socket.join('room');
      done();
    });
    socket.on('publish', (message) => sockets.to('room').emit('message', message));
    socket.on('store', (message, done) => {
      stored.push(message);
      done(message.id);
    });
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  return {
    url: () => `http://127.0.0.1:${http.address().port}`,
    forget: () => void (stored.length = 0),
    /** From the back end, in one go. */
    burst(first, count) {
      for (let number = first; number < first + count; number += 1) {
        sockets.to('room').emit('message', { id: number, data: payload(number) });
      }
    },
  };
}

export async function client() {
  let socket;
  const { onAnswer, actions } = createMeasures((type, id, data) => {
    if (type === 'store') socket.emit('store', { id, data }, onAnswer);
    else socket.emit('publish', { id, data });
  });
  return {
    async connect(url, { subscribe, transport }) {
      socket = io(url, { transports: [TRANSPORTS[transport]] });
      socket.on('message', onAnswer);
      await new Promise((resolve, reject) => {
        socket.once('connect', resolve);
        socket.once('connect_error', reject);
      });
      if (subscribe) await socket.emitWithAck('join');
    },
    ...actions,
  };
}
