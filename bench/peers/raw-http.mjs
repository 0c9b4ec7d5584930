/** What one writes by hand where no WebSocket comes through: `node:http`, `fetch`, JSON, one message at a time. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { createMeasures } from '../support/client.mjs';
import { payload } from '../support/payload.mjs';

/** One room: a publication goes to every member, or is stored and acknowledged by the answer to its request. */
export async function server() {
  const stored = [];
  const streams = new Set();
  /** Of each poller what it has not been given yet, and the request that waits for more. */
  const pollers = new Map();

  function broadcast(message) {
    const text = JSON.stringify(message);
    for (const stream of streams) stream.write(`data: ${text}\n\n`);
    for (const poller of pollers.values()) {
      poller.queue.push(text);
      answer(poller);
    }
  }

  function answer(poller) {
    if (poller.held === null || poller.queue.length === 0) return;
    reply(poller.held, `[${poller.queue.join()}]`);
    poller.queue = [];
    poller.held = null;
  }

  function reply(response, text) {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }).end(text);
  }

  const http = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://localhost');
    if (pathname === '/sse') {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      streams.add(response);
      return;
    }
    if (pathname === '/poll') {
      const id = searchParams.get('id');
      const poller = pollers.get(id) ?? { queue: [], held: null };
      pollers.set(id, poller);
      poller.held = response;
      // The first one tells that it is known from now on.
      if (searchParams.has('first')) {
        poller.held = null;
        return reply(response, '[]');
      }
      return answer(poller);
    }
    const { type, id, data } = await json(request);
    if (type === 'store') stored.push({ id, data });
    else broadcast({ id, data });
    reply(response, `{"ack":${id}}`);
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');

  return {
    url: () => `http://127.0.0.1:${http.address().port}`,
    forget: () => void (stored.length = 0),
    /** From the back end, in one go. */
    burst(first, count) {
      for (let number = first; number < first + count; number += 1) broadcast({ id: number, data: payload(number) });
    },
  };
}

export async function client() {
  let base;
  const { onAnswer, actions } = createMeasures(async (type, id, data) => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${base}/send`, { method: 'POST', headers, body: JSON.stringify({ type, id, data }) });
    await response.json();
    if (type === 'store') onAnswer();
  });

  async function stream(response) {
    const decoder = new TextDecoder();
    let rest = '';
    for await (const chunk of response.body) {
      const events = (rest + decoder.decode(chunk, { stream: true })).split('\n\n');
      rest = events.pop();
      for (const event of events) {
        JSON.parse(event.slice('data: '.length));
        onAnswer();
      }
    }
  }

  async function poll(id) {
    for (;;) {
      const response = await fetch(`${base}/poll?id=${id}`, { cache: 'no-store' });
      (await response.json()).forEach(onAnswer);
    }
  }

  return {
    async connect(url, { subscribe, transport }) {
      base = url;
      if (!subscribe) return;
      if (transport === 'sse') void stream(await fetch(`${base}/sse`));
      else {
        const id = crypto.randomUUID();
        await (await fetch(`${base}/poll?id=${id}&first`)).json();
        void poll(id);
      }
    },
    ...actions,
  };
}
