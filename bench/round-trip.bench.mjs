/** How long one message takes, one at a time: there and back, and until the server says that it has it. */
import { compare, interleave, main, quantile } from './support/measure.mjs';
import { start } from './support/processes.mjs';

const COUNT = 500;
const PLAN = { rounds: 25, warmUp: 6 };

async function figuresOf(client, type) {
  const times = await client.roundTrips(type, COUNT);
  return { p50: quantile(times, 0.5) * 1000, p95: quantile(times, 0.95) * 1000 };
}

async function open(peer, subscribe) {
  const server = await start(peer, 'server');
  const client = await start(peer, 'client');
  await client.connect(await server.url(), { subscribe });
  return client;
}

await main(`Round trip, one message at a time (${PLAN.rounds} rounds of ${COUNT})`, async () => {
  const rows = [];
  for (const [name, type, target] of [
    ['own message back', 'publish', 1.3],
    ['accepted', 'store', undefined],
  ]) {
    const sides = [await open('raw', true), await open('holdfast', type === 'publish')];
    const pairs = await interleave(
      PLAN,
      sides.map((client) => () => figuresOf(client, type)),
    );
    rows.push(compare(`${name}, p50`, { figure: 'p50', unit: 'µs', better: 'lower', target }, pairs));
    rows.push(compare(`${name}, p95`, { figure: 'p95', unit: 'µs', better: 'lower' }, pairs));
  }
  return rows;
});
