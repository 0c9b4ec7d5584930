/** What the durable outbox costs in Chromium: sending what waits, publishing online, and storing offline. */
import { parseArgs } from 'node:util';
import { WebSocketServer } from 'ws';
import { createServer } from '../dist/server.js';
import { openPage } from './support/chromium.mjs';
import { compare, interleave, main, quantile } from './support/measure.mjs';

const { values } = parseArgs({ options: { only: { type: 'string' }, json: { type: 'boolean' } } });
const QUEUE = 10_000;
const ALONE = 200;

/** Holdfast's server, and one that only says that it has it. */
function attach(http) {
  const server = createServer({
    authenticate: () => ({ user: null }),
    channels: { '{room}': { subscribe: true, publish: true } },
    limits: { publishRate: Infinity, connections: 1000 },
  });
  server.attach(http);
  const naive = new WebSocketServer({ noServer: true });
  http.on('upgrade', (request, socket, head) => {
    if (request.url !== '/naive') return;
    naive.handleUpgrade(request, socket, head, (ws) => {
      ws.on('message', (data) => ws.send(JSON.stringify({ ack: JSON.parse(data.toString()).id })));
    });
  });
  return async () => {
    for (const ws of naive.clients) ws.terminate();
    await server.close();
  };
}

async function measure() {
  const { page, close } = await openPage('./outbox-page.mjs', attach);
  const ask = (name, ...args) => page.evaluate(([what, given]) => globalThis.bench[what](...given), [name, args]);
  const rows = [];
  const wanted = (name) => values.only === undefined || name.includes(values.only);
  const rates = async (name, plan, target, sides, run) => {
    if (!wanted(name)) return;
    const pairs = await interleave(plan, sides.map((side) => () => run(side))); // prettier-ignore
    rows.push(compare(name, { figure: 'rate', unit: '/s', better: 'higher', target }, pairs));
  };
  const times = async (name, plan, target, sides, run) => {
    if (!wanted(name)) return;
    const figures = (side) => async () => {
      const all = await run(side);
      return { p50: quantile(all, 0.5) * 1000, p95: quantile(all, 0.95) * 1000 };
    };
    const pairs = await interleave(plan, sides.map(figures));
    rows.push(compare(`${name}, p50`, { figure: 'p50', unit: 'µs', better: 'lower', target }, pairs));
    rows.push(compare(`${name}, p95`, { figure: 'p95', unit: 'µs', better: 'lower' }, pairs));
  };
  const loop = ['raw', 'holdfast'];
  const stores = ['memory', 'durable'];
  try {
    await rates(`drain of ${QUEUE.toLocaleString('en-US')}, by hand`, { rounds: 5, settle: 3000 }, 20, loop, (side) =>
      ask('drain', side, QUEUE),
    );
    await times('one stored offline, idb-keyval', { rounds: 9, warmUp: 2 }, 1.5, loop, (side) => ask('storedAlone', side, ALONE));
    const burst = 'bursts of 1,000 stored offline, idb-keyval';
    await rates(burst, { rounds: 9, warmUp: 2 }, 6, loop, (side) => ask('storedBurst', side, 1000));
    for (const window of [32, 64]) {
      const name = `online, ${window} under way, memory`;
      await rates(name, { rounds: 9, warmUp: 3 }, 0.9, stores, (side) => ask('publish', side, 5000, window));
    }
    await rates('online, bursts of 5,000, memory', { rounds: 9, warmUp: 3 }, 0.9, stores, (side) =>
      ask('publish', side, 5000, 0),
    );
    await times('online, one at a time, memory', { rounds: 9, warmUp: 3 }, undefined, stores, (side) =>
      ask('roundTrips', side, 300),
    );
    return rows;
  } finally {
    await close();
  }
}

await main('The durable outbox in Chromium', measure, 'beside');
