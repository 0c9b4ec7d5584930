/** Runs in the page: what waits in Holdfast's outbox, and the loop that people write by hand on idb-keyval and a WebSocket. */
import { clear, createStore, del, get, keys, set } from 'idb-keyval';
import { createClient, indexedDBOutbox, memoryOutbox } from '../../dist/index.js';

const TEXT = 'The quick brown fox jumps over the lazy dog, and a wise engineer keeps what he writes until it is there. ';
/** About 200 bytes as JSON. */
const payload = (number) => ({ author: 'ada', room: 7, number, text: TEXT + TEXT.slice(0, 40) });
const range = (count) => Array.from({ length: count }, (_, n) => n);

const clients = {};
let lastName = 0;
/** A client with a database of its own. */
function open(side) {
  lastName += 1;
  const store = side === 'memory' ? memoryOutbox() : indexedDBOutbox({ name: `outbox-${lastName}` });
  const client = createClient('/realtime', { outbox: { store, maxMessages: 1e6, maxBytes: 1e9 } });
  return { client, room: client.channel('room') };
}
const connected = async (client) => {
  client.connect();
  if (client.status.get().state === 'connected') return;
  await new Promise((resolve) => client.status.subscribe(() => client.status.get().state === 'connected' && resolve()));
};
async function online(side) {
  clients[side] ??= open(side);
  await connected(clients[side].client);
  return clients[side];
}
/** Never connected: what it publishes is stored and stays. */
function offline() {
  const here = open('durable');
  here.client.disconnect();
  return here;
}

const keyval = createStore('keyval', 'keyval');

async function naiveDrain(count) {
  await Promise.all(range(count).map((n) => set(n, payload(n), keyval)));
  const socket = new globalThis.WebSocket(`${globalThis.location.origin.replace('http', 'ws')}/naive`);
  await new Promise((resolve) => (socket.onopen = resolve));
  const began = performance.now();
  for (const key of (await keys(keyval)).slice(0, count)) {
    const data = await get(key, keyval);
    socket.send(JSON.stringify({ id: key, data }));
    await new Promise((resolve) => (socket.onmessage = resolve));
    await del(key, keyval);
  }
  const took = performance.now() - began;
  socket.close();
  await clear(keyval);
  return { rate: (count / took) * 1000 };
}

async function drain(count) {
  const { client, room } = open('durable');
  client.disconnect();
  await Promise.all(range(count).map((n) => room.publish('message', payload(n)).stored));
  await connected(client);
  const began = performance.now();
  await client.outbox.drain();
  const took = performance.now() - began;
  client.destroy();
  return { rate: (count / took) * 1000 };
}

globalThis.bench = {
  drain: (side, count) => (side === 'raw' ? naiveDrain(count) : drain(count)),
  /** Publications a second with at most `window` of them under way; 0: all in one go. */
  async publish(side, count, window) {
    const { client, room } = await online(side);
    const began = performance.now();
    const receipts = [];
    for (let n = 0; n < count; n += 1) {
      if (window > 0 && n >= window) await receipts[n - window];
      receipts.push(room.publish('message', payload(n)).accepted);
    }
    await Promise.all(receipts);
    const took = performance.now() - began;
    await client.outbox.drain();
    return { rate: (count / took) * 1000 };
  },
  /** ms, of each alone. */
  async roundTrips(side, count) {
    const { room } = await online(side);
    const times = [];
    for (let n = 0; n < count; n += 1) {
      const began = performance.now();
      await room.publish('message', payload(n)).accepted;
      times.push(performance.now() - began);
    }
    return times;
  },
  async storedAlone(side, count) {
    const times = [];
    const { client, room } = offline();
    for (let n = 0; n < count; n += 1) {
      const data = payload(n);
      const began = performance.now();
      await (side === 'raw' ? set(n, data, keyval) : room.publish('message', data).stored);
      times.push(performance.now() - began);
    }
    client.destroy();
    await clear(keyval);
    return times;
  },
  async storedBurst(side, count) {
    const { client, room } = offline();
    // The first one opens the database, on both sides.
    await (side === 'raw' ? set(-1, 0, keyval) : room.publish('message', 0).stored);
    const began = performance.now();
    await Promise.all(
      range(count).map((n) => (side === 'raw' ? set(n, payload(n), keyval) : room.publish('message', payload(n)).stored)),
    );
    const took = performance.now() - began;
    client.destroy();
    await clear(keyval);
    return { rate: (count / took) * 1000 };
  },
};
