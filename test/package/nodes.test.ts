/** The package in each Node that it is made for: client and server, imported and required. */
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { folder, home, manifest } from './consumer.ts';

const execute = promisify(execFile);

/** Node itself has a WebSocket from 22 on. */
const nodes = [20, 22, 24].map((major) => ({ major, native: major >= 22 }));

/** `npm test` has found or installed them. */
function programOf(major: number): string {
  const named = process.env[`HOLDFAST_NODE_${major}`];
  if (named !== undefined) return named;
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const installed = `node_modules/node-${process.platform}-${process.arch}/bin/node`;
  return join(tmpdir(), `holdfast-node-${major}`, installed);
}

const load = {
  module: `
    import { createServer as createHttpServer } from 'node:http';
    import * as holdfast from 'holdfast';
    import { msgpack } from 'holdfast/msgpack';
    import { createServer } from 'holdfast/server';
    import * as ws from 'ws';`,
  commonjs: `
    const { createServer: createHttpServer } = require('node:http');
    const holdfast = require('holdfast');
    const { msgpack } = require('holdfast/msgpack');
    const { createServer } = require('holdfast/server');
    const ws = require('ws');`,
};

/** Through a server of the same program: what came back to each client, by which transport, or how the client ended. */
const CONVERSATIONS = `
  const { createClient, longPolling, sse, webSocket } = holdfast;
  const http = createHttpServer();
  const realtime = createServer({ authenticate: () => ({ user: null }), channels: { '{room}': { subscribe: true, publish: true } } });
  realtime.attach(http);
  async function talk(name, options) {
    const client = createClient('http://127.0.0.1:' + http.address().port + '/realtime', options);
    try {
      const room = client.channel(name);
      const ended = new Promise((resolve) => client.on('error', (error) => resolve(error.code + ': ' + error.message)));
      const heard = new Promise((resolve) => room.subscribe('chat', (data) => resolve(client.status.get().transport + ' ' + data)));
      const live = new Promise((resolve) => room.status.subscribe(() => room.status.get().state === 'live' && resolve(null)));
      const end = await Promise.race([ended, live]);
      if (end !== null) return end;
      await room.publish('chat', name).accepted;
      return await heard;
    } finally {
      client.destroy();
    }
  }
  http.listen(0, '127.0.0.1', async () => {
    const told = [];
    told.push(await talk('default'));
    told.push(await talk('socket', { transports: [webSocket()] }));
    told.push(await talk('given', { transports: [webSocket()], codec: msgpack(), environment: { WebSocket: ws.WebSocket } }));
    told.push(await talk('stream', { transports: [sse()], codec: msgpack() }));
    told.push(await talk('polls', { transports: [longPolling()], codec: msgpack() }));
    await realtime.close();
    http.close();
    console.log(JSON.stringify({ node: process.versions.node.split('.')[0], told }));
  });`;

const UNSUPPORTED =
  'unsupported: This platform supports none of the transports given (websocket). ' +
  'Pass one: environment: { WebSocket }. Or add sse() or longPolling().';

describe.each(nodes)('Node $major', ({ major, native }) => {
  // That the program ends by itself, and warns of nothing, is a part of it.
  it.each(['module', 'commonjs'] as const)('carries messages over each transport, as %s', async (kind) => {
    const args = [`--input-type=${kind}`, '--eval', load[kind] + CONVERSATIONS];
    const { stdout, stderr } = await execute(programOf(major), args, { cwd: folder, timeout: 30_000 });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({
      node: String(major),
      told: [
        native ? 'websocket default' : 'sse default',
        native ? 'websocket socket' : UNSUPPORTED,
        ...['websocket given', 'sse stream', 'long-polling polls'],
      ],
    });
  });

  it('runs the command', async () => {
    const { stdout } = await execute(programOf(major), [join(home, manifest.bin['holdfast']!), '--help'], { cwd: folder });
    expect(stdout).toContain('npx holdfast');
  });
});
