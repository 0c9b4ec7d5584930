/** Deliveries a second when the back end publishes to a room that a thousand sockets listen to. */
import { compare, interleave, main } from './support/measure.mjs';
import { start } from './support/processes.mjs';

const SUBSCRIBERS = 1000;
const PLAN = { rounds: 5, warmUp: 1 };

async function open(peer) {
  const server = await start(peer, 'server');
  const receivers = await start('receivers', peer);
  const url = await server.url();
  await receivers.connect(peer === 'raw' ? url : `${url.replace('http', 'ws')}/ws`, SUBSCRIBERS);
  let published = 0;
  /** The next burst is published when everybody has the last one. */
  return async (bursts, size) => {
    const began = performance.now();
    for (let i = 0; i < bursts; i += 1) {
      const all = receivers.receive(size * SUBSCRIBERS);
      await server.burst(published, size);
      published += size;
      await all;
    }
    return { rate: ((bursts * size * SUBSCRIBERS) / (performance.now() - began)) * 1000 };
  };
}

await main(`Fan-out to ${SUBSCRIBERS.toLocaleString('en-US')} sockets, deliveries (${PLAN.rounds} rounds)`, async () => {
  const sides = [await open('raw'), await open('holdfast')];
  const rows = [];
  for (const [name, bursts, size, target] of [
    ['a burst of 100 messages', 1, 100, 1.5],
    ['one message at a time', 20, 1, undefined],
  ]) {
    const pairs = await interleave(
      PLAN,
      sides.map((side) => () => side(bursts, size)),
    );
    rows.push(compare(name, { figure: 'rate', unit: '/s', better: 'higher', target }, pairs));
  }
  return rows;
});
