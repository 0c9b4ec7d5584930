/** What each transport costs: one message there and back, many up, and many down. */
import { compare, interleave, main, quantile } from './support/measure.mjs';
import { start } from './support/processes.mjs';

/** How many messages one measure of a round takes: with polling a message takes far longer than with a socket. */
const TRANSPORTS = [
  { transport: 'websocket', name: 'WebSocket', trips: 400, up: 8000, bursts: 20, raw: 'raw', peers: ['socket-io'] },
  { transport: 'sse', name: 'SSE', trips: 60, up: 1000, bursts: 10, raw: 'raw-http', peers: [] },
  { transport: 'polling', name: 'long polling', trips: 15, up: 1000, bursts: 5, raw: 'raw-http', peers: ['socket-io'] },
];
const BURST = 250;
const WINDOW = 256;
/** What a browser has open to an origin over HTTP/1.1. One is the way down. */
const REQUESTS = 5;
const PLAN = { rounds: 7, warmUp: 3 };

async function open(peer, transport) {
  const server = await start(peer, 'server');
  const url = await server.url();
  const listener = await start(peer, 'client');
  await listener.connect(url, { transport, subscribe: true });
  const publisher = await start(peer, 'client');
  await publisher.connect(url, { transport, subscribe: false });
  const window = peer === 'raw-http' ? REQUESTS : WINDOW;
  let published = 0;
  return {
    async trips(count) {
      const times = await listener.roundTrips('publish', count);
      return { p50: quantile(times, 0.5) * 1000, p95: quantile(times, 0.95) * 1000 };
    },
    async up(count) {
      const took = await publisher.pipeline(count, window);
      await server.forget();
      return { rate: (count / took) * 1000 };
    },
    /** The next burst is published when the last one has come. */
    async down(bursts) {
      const began = performance.now();
      for (let i = 0; i < bursts; i += 1) {
        const all = listener.receive(BURST);
        await server.burst(published, BURST);
        published += BURST;
        await all;
      }
      return { rate: ((bursts * BURST) / (performance.now() - began)) * 1000 };
    },
  };
}

const MEASURES = [
  { action: 'trips', name: 'own message back, p50', figure: 'p50', unit: 'µs', better: 'lower' },
  { action: 'trips', name: 'own message back, p95', figure: 'p95', unit: 'µs', better: 'lower' },
  { action: 'up', name: 'accepted', figure: 'rate', unit: '/s', better: 'higher' },
  { action: 'down', name: 'received', figure: 'rate', unit: '/s', better: 'higher' },
];

async function measure({ transport, name, raw, peers, ...counts }) {
  const names = ['raw', ...peers.map(() => 'Socket.IO')];
  const sides = [];
  for (const peer of [raw, 'holdfast', ...peers]) sides.push(await open(peer, transport));
  const rounds = {};
  for (const [action, count] of [
    ['up', counts.up],
    ['down', counts.bursts],
    // Last: it takes the fewest messages, and the code for them is compiled by then.
    ['trips', counts.trips],
  ]) {
    rounds[action] = await interleave(
      PLAN,
      sides.map((side) => () => side[action](count)),
    );
  }
  return MEASURES.flatMap(({ action, name: what, ...figure }) =>
    names.map((peer, index) => {
      const pairs = rounds[action].map((figures) => [figures[index === 0 ? 0 : 2], figures[1]]);
      return compare(`${name}: ${what}, ${peer}`, figure, pairs);
    }),
  );
}

/** `--only sse`: of one transport. */
const only = process.argv[process.argv.indexOf('--only') + 1];
const wanted = process.argv.includes('--only') ? TRANSPORTS.filter(({ transport }) => transport === only) : TRANSPORTS;

await main(
  `Transports (${PLAN.rounds} rounds)`,
  async () => {
    const rows = [];
    for (const each of wanted) rows.push(...(await measure(each)));
    return rows;
  },
  'peer',
);
