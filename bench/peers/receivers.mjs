/**
 * Many light clients in one process: `ws`, JSON.parse and a counter, nothing else. The same for both sides, so that the
 * server is what is measured; on the Holdfast side they speak just enough of the protocol.
 */
import { once } from 'node:events';
import { WebSocket } from 'ws';

/** Opened at once: more would overflow the listener's backlog. */
const AT_ONCE = 100;

/** A message of the raw server is one delivery. */
export const raw = () => receivers(undefined, { open: () => undefined, count: () => 1 });

/** A batch is as many deliveries as the entries in its `msg` frames. */
export const holdfast = () =>
  receivers('holdfast.1.json', {
    open(socket, number) {
      const hello = { t: 'hello', v: [1, 1], client: `receiver-${number}`, gen: 1 };
      socket.send(JSON.stringify([hello, { t: 'sub', c: 'room:1', k: 1 }]));
    },
    count(message, socket) {
      let entries = 0;
      for (const frame of Array.isArray(message) ? message : [message]) {
        if (frame.t === 'msg') entries += frame.items.length;
        else if (frame.t === 'subbed') socket.emit('subscribed');
        else if (frame.t === 'ping') socket.send('{"t":"pong"}');
        else if (frame.t === 'bye') throw new Error(`the server ended the connection: ${frame.code} ${frame.why}`);
      }
      return entries;
    },
  });

function receivers(protocol, { open, count }) {
  let received = 0;
  let wanted = Infinity;
  let onAll;

  async function connectOne(url, number) {
    const socket = new WebSocket(url, protocol, { perMessageDeflate: false });
    const subscribed = protocol === undefined ? null : once(socket, 'subscribed');
    socket.on('message', (text) => {
      received += count(JSON.parse(text), socket);
      if (received >= wanted) onAll();
    });
    await once(socket, 'open');
    open(socket, number);
    await subscribed;
  }

  return {
    async connect(url, total) {
      for (let first = 0; first < total; first += AT_ONCE) {
        await Promise.all(Array.from({ length: Math.min(AT_ONCE, total - first) }, (_, index) => connectOne(url, first + index)));
      }
    },
    /** Resolves when so many more deliveries have come. */
    receive(deliveries) {
      return new Promise((resolve) => {
        received -= deliveries;
        wanted = 0;
        onAll = () => {
          wanted = Infinity;
          resolve();
        };
        if (received >= 0) onAll();
      });
    },
  };
}
