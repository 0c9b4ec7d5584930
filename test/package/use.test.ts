import { expect, it } from 'vitest';
import { evaluate } from './consumer.ts';

/** A server and a client from the tarball, a message from one through the other and back. */
const CONVERSATION = `
  const http = createHttpServer();
  const realtime = createServer({ authenticate: () => ({ user: { id: 'ann' } }), channels: { 'room:{id}': { subscribe: true, publish: true } } });
  realtime.attach(http, { path: '/realtime' });
  http.listen(0, '127.0.0.1', async () => {
    const url = 'ws://127.0.0.1:' + http.address().port + '/realtime';
    const client = createClient(url, { user: 'ann', codec: msgpack(), environment: { WebSocket } });
    const room = client.channel('room:1');
    const heard = new Promise((resolve) => room.subscribe('chat', (data, message) => resolve([data, message.own, message.by])));
    const { accepted } = room.publish('chat', { text: 'hello' });
    const { cursor, maybeDuplicate } = await accepted;
    console.log(JSON.stringify({ heard: await heard, offset: cursor.offset, maybeDuplicate }));
    client.destroy();
    await realtime.close();
    http.close();
  });`;

const load = {
  module: `
    import { createServer as createHttpServer } from 'node:http';
    import { createClient } from 'holdfast';
    import { msgpack } from 'holdfast/msgpack';
    import { createServer } from 'holdfast/server';
    import { WebSocket } from 'ws';`,
  commonjs: `
    const { createServer: createHttpServer } = require('node:http');
    const { createClient } = require('holdfast');
    const { msgpack } = require('holdfast/msgpack');
    const { createServer } = require('holdfast/server');
    const { WebSocket } = require('ws');`,
};

// That the program ends by itself is a part of the test: a timer or socket left behind would hold it.
it.each(['module', 'commonjs'] as const)('a conversation over a real socket, as %s', async (kind) => {
  expect(await evaluate(kind, load[kind] + CONVERSATION)).toEqual({
    heard: [{ text: 'hello' }, true, 'ann'],
    offset: 1,
    maybeDuplicate: false,
  });
});
